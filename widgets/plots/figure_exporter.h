// SPDX-License-Identifier: GPL-3.0-or-later
// The one place that puts figures on paper: painters for PDF, SVG and PNG are set up here and nowhere else.
#pragma once

#include <QByteArray>
#include <QImage>
#include <QMimeData>
#include <QObject>
#include <QString>
#include <functional>
#include <memory>
#include <vector>

#include "widgets/base/plot_style.h"
#include "widgets/data/result.h"
#include "widgets/plots/figure.h"

namespace rolora::widgets {

/// Of a figure's name: letters, digits, dot, dash and underscore, safe in shells and in LaTeX.
QString figure_file_name(const QString& name);

/// How a figure is put on paper.
struct FigureSettings {
  double width_inches = 3.25;
  double height_inches = 0;  ///< 0: by the figure's own shape
  double tick_points = 7, label_points = 8, line_points = 1;
  QString font;                ///< a family; empty: a sans that papers take
  int dots_per_inch = 600;     ///< of PNG
  bool transparent = false;    ///< of PNG and SVG: no ground
  bool text_outlines = false;  ///< of SVG: texts as paths, for programs that do not have the font
  PlotStyle style() const;
  /// In points, whole ones: what the page measures.
  QSizeF size(const Figure& figure) const;
};

/// Widths that papers use: name and inches.
struct PaperWidth {
  QString name;
  double inches;
};
std::vector<PaperWidth> paper_widths();

/// The page is as large as the figure, one unit is one point; fonts are embedded, images are lossless; no dates.
QByteArray figure_pdf(const Figure& figure, const FigureSettings& settings);
/// The same input gives the same bytes.
QByteArray figure_svg(const Figure& figure, const FigureSettings& settings);
QImage figure_image(const Figure& figure, const FigureSettings& settings);
QByteArray figure_png(const Figure& figure, const FigureSettings& settings);
/// RFC 4180, UTF-8, one header line; `separator` a comma or a tab.
QByteArray figure_csv(const Figure& figure, char separator = ',');
/// What goes to the clipboard.
struct FigureParts {
  QImage image;
  QByteArray svg, csv;
  QString caption;
};
FigureParts painted_parts(const Figure& figure, const FigureSettings& settings);  ///< without the table
FigureParts figure_parts(const Figure& figure, const FigureSettings& settings);
std::unique_ptr<QMimeData> clipboard_of(const FigureParts& parts);
/// An image, the caption as text and the table as CSV: for the clipboard.
std::unique_ptr<QMimeData> figure_clipboard(const Figure& figure, const FigureSettings& settings);
/// By the ending of the file's name: pdf, svg, png, csv, tsv. Written under another name and renamed. The error is one line.
Result<QString> save_figure(const Figure& figure, const FigureSettings& settings, const QString& file);
/// The same as work for any thread. `paint_now`: painted before this returns (a plot paints on the GUI thread only); else the work paints,
/// and the figure must live until it is done.
std::function<Result<QString>()> prepared_save(const Figure& figure, const FigureSettings& settings, const QString& file, bool paint_now);

}  // namespace rolora::widgets
