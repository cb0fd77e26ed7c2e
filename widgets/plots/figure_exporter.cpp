// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/figure_exporter.h"

#include <QBuffer>
#include <QCoreApplication>
#include <QFileInfo>
#include <QPageLayout>
#include <QPainter>
#include <QPdfWriter>
#include <QSaveFile>
#include <QSvgGenerator>
#include <cmath>

#include "widgets/plots/painter_bridge.h"
#include "widgets/plots/svg_compact.h"

namespace rolora::widgets {

namespace {

QString text(const char* source) { return QCoreApplication::translate("FigureExporter", source); }

void paint_outlined(QPainter& painter, const Figure& figure, QSizeF size, const PlotStyle& style) {
  PainterBridge bridge(painter, size, true);
  QPainter inner(&bridge);
  figure.paint(inner, size, style);
}

/// Qt writes the time into its files; a figure made twice is the same file twice.
QByteArray without_dates(QByteArray pdf) {
  for (const char* key : {"/CreationDate (", "/ModDate ("}) {
    const qsizetype at = pdf.indexOf(key);
    if (at < 0) continue;
    const qsizetype begin = at + static_cast<qsizetype>(qstrlen(key)), end = pdf.indexOf(')', begin);
    const QByteArray constant = QByteArray("D:20000101000000Z").leftJustified(end - begin, ' ', true);
    pdf.replace(begin, end - begin, constant);  // of the same length: the table of offsets stays true
  }
  return pdf;
}

QByteArray quoted(const QString& cell, char separator) {
  const bool quotes = cell.contains(QLatin1Char(separator)) || cell.contains(QLatin1Char('"')) || cell.contains(QLatin1Char('\n'));
  if (!quotes) return cell.toUtf8();
  QString out = cell;
  out.replace(QLatin1Char('"'), QStringLiteral("\"\""));
  return '"' + out.toUtf8() + '"';
}

QByteArray csv_line(const QStringList& cells, char separator) {
  QByteArray out;
  for (qsizetype i = 0; i < cells.size(); ++i) {
    if (i > 0) out += separator;
    out += quoted(cells[i], separator);
  }
  return out + '\n';
}

}  // namespace

QString figure_file_name(const QString& name) {
  QString safe;
  for (const QChar c : name) {
    const bool good = (c.unicode() < 128 && c.isLetterOrNumber()) || c == QLatin1Char('_') || c == QLatin1Char('.');
    if (good) {
      safe += c;
    } else if (!safe.endsWith(QLatin1Char('-'))) {
      safe += QLatin1Char('-');
    }
  }
  while (safe.endsWith(QLatin1Char('-'))) safe.chop(1);
  return safe;
}

PlotStyle FigureSettings::style() const { return PlotStyle::on_paper(font, tick_points, label_points, line_points); }

QSizeF FigureSettings::size(const Figure& figure) const {
  const double width = std::round(width_inches * 72);
  const double height = height_inches > 0 ? std::round(height_inches * 72) : std::round(width * figure.height_to_width());
  return QSizeF(std::max(1.0, width), std::max(1.0, height));
}

std::vector<PaperWidth> paper_widths() { return {{text("One column"), 3.25}, {text("Text width"), 5.5}, {text("Both columns"), 6.75}}; }

QByteArray figure_pdf(const Figure& figure, const FigureSettings& settings) {
  const QSizeF size = settings.size(figure);
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  {
    QPdfWriter writer(&buffer);
    writer.setPdfVersion(QPagedPaintDevice::PdfVersion_1_6);
    writer.setResolution(1200);  // positions within 1/1200 inch
    writer.setPageLayout(QPageLayout(QPageSize(size, QPageSize::Point, QString(), QPageSize::ExactMatch), QPageLayout::Portrait,
                                     QMarginsF(), QPageLayout::Point, QMarginsF()));
    writer.setTitle(figure.name());
    writer.setCreator(QStringLiteral("RoLoRA Workbench"));
    QPainter painter(&writer);
    painter.setRenderHint(QPainter::LosslessImageRendering);
    painter.scale(1200.0 / 72, 1200.0 / 72);
    figure.paint(painter, size, settings.style());
  }
  return without_dates(bytes);
}

QByteArray figure_svg(const Figure& figure, const FigureSettings& settings) {
  const QSizeF size = settings.size(figure);
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  {
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setResolution(72);  // one unit is one point; the size is written in millimetres
    generator.setSize(size.toSize());
    generator.setViewBox(QRectF(QPointF(0, 0), size));
    generator.setTitle(figure.name());
    generator.setDescription(figure.caption());
    PlotStyle style = settings.style();
    if (settings.transparent) style.background = Qt::transparent;
    QPainter painter(&generator);
    if (settings.text_outlines) {
      paint_outlined(painter, figure, size, style);
    } else {
      figure.paint(painter, size, style);
    }
  }
  return compact_svg(bytes);
}

QImage figure_image(const Figure& figure, const FigureSettings& settings) {
  const QSizeF size = settings.size(figure);
  const double scale = settings.dots_per_inch / 72.0;
  QImage image(static_cast<int>(std::lround(size.width() * scale)), static_cast<int>(std::lround(size.height() * scale)),
               QImage::Format_ARGB32_Premultiplied);
  image.setDotsPerMeterX(static_cast<int>(std::lround(settings.dots_per_inch / 0.0254)));
  image.setDotsPerMeterY(image.dotsPerMeterX());
  PlotStyle style = settings.style();
  image.fill(settings.transparent ? QColor(Qt::transparent) : style.background);
  if (settings.transparent) style.background = Qt::transparent;
  QPainter painter(&image);
  painter.setRenderHint(QPainter::Antialiasing);
  painter.scale(image.width() / size.width(), image.height() / size.height());
  figure.paint(painter, size, style);
  return image;
}

namespace {

QByteArray png_of(const QImage& painted, bool transparent, const QString& title, const QString& description) {
  QImage image = painted.convertToFormat(transparent ? QImage::Format_ARGB32 : QImage::Format_RGB888);
  image.setText(QStringLiteral("Title"), title);
  image.setText(QStringLiteral("Description"), description);
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  image.save(&buffer, "PNG");
  return bytes;
}

Result<QString> write_out(const QString& file, const QByteArray& bytes) {
  QSaveFile out(file);
  if (!out.open(QIODevice::WriteOnly) || out.write(bytes) != bytes.size() || !out.commit()) {
    return {{}, QStringLiteral("%1: %2").arg(file, out.errorString())};
  }
  return {file, {}};
}

}  // namespace

QByteArray figure_png(const Figure& figure, const FigureSettings& settings) {
  return png_of(figure_image(figure, settings), settings.transparent, figure.name(), figure.caption());
}

QByteArray figure_csv(const Figure& figure, char separator) {
  const FigureTable table = figure.table();
  QByteArray out = csv_line(table.columns, separator);
  for (const QStringList& row : table.rows) out += csv_line(row, separator);
  return out;
}

FigureParts painted_parts(const Figure& figure, const FigureSettings& settings) {
  FigureSettings image = settings;
  image.dots_per_inch = std::min(settings.dots_per_inch, 300);
  return {figure_image(figure, image), figure_svg(figure, settings), {}, figure.caption()};
}

FigureParts figure_parts(const Figure& figure, const FigureSettings& settings) {
  FigureParts parts = painted_parts(figure, settings);
  parts.csv = figure_csv(figure);
  return parts;
}

std::unique_ptr<QMimeData> clipboard_of(const FigureParts& parts) {
  auto data = std::make_unique<QMimeData>();
  data->setImageData(parts.image);
  data->setText(parts.caption);
  data->setData(QStringLiteral("image/svg+xml"), parts.svg);
  data->setData(QStringLiteral("text/csv"), parts.csv);
  return data;
}

std::unique_ptr<QMimeData> figure_clipboard(const Figure& figure, const FigureSettings& settings) {
  return clipboard_of(figure_parts(figure, settings));
}

std::function<Result<QString>()> prepared_save(const Figure& figure, const FigureSettings& settings, const QString& file, bool paint_now) {
  const QString ending = QFileInfo(file).suffix().toLower();
  const auto written = [file, paint_now](std::function<QByteArray()> make) -> std::function<Result<QString>()> {
    if (!paint_now) return [file, make = std::move(make)] { return write_out(file, make()); };
    return [file, bytes = make()] { return write_out(file, bytes); };
  };
  if (ending == QLatin1String("pdf")) return written([&figure, settings] { return figure_pdf(figure, settings); });
  if (ending == QLatin1String("svg")) return written([&figure, settings] { return figure_svg(figure, settings); });
  if (ending == QLatin1String("csv") || ending == QLatin1String("tsv")) {
    return written([&figure, tab = ending == QLatin1String("tsv")] { return figure_csv(figure, tab ? '\t' : ','); });
  }
  if (ending == QLatin1String("png")) {  // compressing takes longer than painting
    if (!paint_now) return [file, &figure, settings] { return write_out(file, figure_png(figure, settings)); };
    return [file, image = figure_image(figure, settings), clear = settings.transparent, name = figure.name(), caption = figure.caption()] {
      return write_out(file, png_of(image, clear, name, caption));
    };
  }
  const QString error = text("%1: expected an ending pdf, svg, png, csv or tsv, found \"%2\"").arg(file, ending);
  return [error] { return Result<QString>{{}, error}; };
}

Result<QString> save_figure(const Figure& figure, const FigureSettings& settings, const QString& file) {
  return prepared_save(figure, settings, file, false)();
}

}  // namespace rolora::widgets
