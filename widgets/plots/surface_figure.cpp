// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/surface_figure.h"

#include <QCoreApplication>

#include "widgets/base/format.h"

namespace rolora::widgets {

namespace {

constexpr int kChannels = 128, kTokens = 64;  // finer than print, and a vector file that a paper can carry
constexpr double kPen = 0.15;                 // points: closes the seams between polygons

class SurfaceFigure : public Figure {
 public:
  SurfaceFigure(const SurfaceScene& scene, QString name, const QString& caption) : scene_(scene), name_(std::move(name)) {
    for (const HeatPanel& panel : scene_.panels) grids_.emplace_back(*panel.source, scene_.shown, kChannels, kTokens);
    QStringList sentences;
    if (!caption.isEmpty()) sentences.append(caption);
    const CellBlock& b = scene_.shown;
    const CellBlock all = all_cells(*scene_.panels.front().source);
    if (b.row_begin > 0 || b.column_begin > 0 || b.row_end < all.row_end || b.column_end < all.column_end) {
      sentences.append(text("Channels %1 to %2 of tokens %3 to %4.")
                           .arg(grouped(b.column_begin), grouped(b.column_end - 1), grouped(b.row_begin), grouped(b.row_end - 1)));
    }
    const auto [tokens, channels] = grids_.front().pooled();
    if (tokens > 1 || channels > 1) {
      sentences.append(
          text("A point of the surface is the largest magnitude of up to %1×%2 values (tokens × channels).").arg(tokens).arg(channels));
    }
    caption_ = sentences.join(QLatin1Char(' '));
  }
  QString name() const override { return name_; }
  QString caption() const override { return caption_; }
  bool paints_anywhere() const override { return true; }
  double height_to_width() const override { return scene_.panels.size() > 1 ? 0.42 : 0.75; }
  /// What is drawn: the value of largest magnitude of each block of neighbours.
  FigureTable table() const override {
    FigureTable out;
    out.columns = {QStringLiteral("token"), QStringLiteral("channel"), QStringLiteral("tokens"), QStringLiteral("channels")};
    for (const HeatPanel& panel : scene_.panels) out.columns.append(scene_.panels.size() > 1 ? panel.title : scene_.value_label);
    const HeatSource& source = *scene_.panels.front().source;
    const SurfaceGrid& grid = grids_.front();
    for (int t = 0; t < grid.tokens; ++t) {
      for (int c = 0; c < grid.channels; ++c) {
        const CellBlock block = grid.block(source, t, c);
        QStringList row = {QString::number(block.row_begin), QString::number(block.column_begin),
                           QString::number(block.row_end - block.row_begin), QString::number(block.column_end - block.column_begin)};
        for (const SurfaceGrid& each : grids_) row.append(exact(each.at(t, c)));
        out.rows.push_back(std::move(row));
      }
    }
    return out;
  }
  void paint(QPainter& painter, QSizeF size, const PlotStyle& style) const override {
    if (style.background.alpha() > 0) painter.fillRect(QRectF(QPointF(0, 0), size), style.background);
    const std::vector<QRectF> places = scene_.places(size);
    for (size_t i = 0; i < scene_.panels.size(); ++i) {
      scene_.paint_frame(painter, i, places[i], style, grids_[i].pooled());
      paint_pieces(painter, scene_.pieces(grids_[i], scene_.box_room(places[i], style)), kPen);
    }
  }

 private:
  static QString text(const char* source) { return QCoreApplication::translate("SurfaceFigure", source); }
  SurfaceScene scene_;
  QString name_, caption_;
  std::vector<SurfaceGrid> grids_;
};

}  // namespace

FigurePtr surface_figure(const SurfaceScene& scene, const QString& name, const QString& caption) {
  if (scene.panels.empty()) return nullptr;
  return std::make_shared<SurfaceFigure>(scene, name, caption);
}

}  // namespace rolora::widgets
