// SPDX-License-Identifier: GPL-3.0-or-later
// How one series of a line figure looks. Colour never speaks alone: dashes and markers tell the same.
#pragma once

#include <QColor>
#include <QPainter>
#include <QPen>
#include <QRectF>

#include "widgets/base/plot_style.h"

namespace rolora::widgets {

enum class Marker { none, disc, square, diamond, triangle, triangle_down, cross };

struct LineLook {
  QColor colour;
  QColor fill;  ///< under the line; invalid: none
  double width = 1;
  Qt::PenStyle dash = Qt::SolidLine;
  Marker marker = Marker::none;
  double marker_size = 5;
  bool hollow = false;         ///< the marker shows `ground`
  QColor ground;               ///< of hollow markers
  double marker_distance = 0;  ///< least distance of two markers, in plot units; 0: every point has one
  QPen pen() const;
};

/// The look of series `index`: colour, dash and marker of its own, repeating only after every combination was used.
LineLook series_look(const PlotStyle& style, int index);
/// The colour of a state, the same in every plot: hues by lineage (plain, rotated by seed 0, folded, further seeds), a fine-tuned state in
/// a stronger shade of what it was tuned from. `state` is its name anywhere: "plain", "story: rotated (seed 0) + LoRA, GPTQ W4A4".
QColor state_colour(const PlotStyle& style, const QString& state);
/// series_look() with the state's colour; `index` gives dash and marker.
/// Where a state stands in a list: plain, folded, rotated by seed, others, then the tuned ones in the same order.
int state_order(const QString& state);
/// Without the shade that tuned states have.
QColor state_hue(const PlotStyle& style, const QString& state);
LineLook state_look(const PlotStyle& style, const QString& state, int index);
/// The marker alone, its centre at `centre`.
void draw_marker(QPainter& painter, const LineLook& look, QPointF centre);
/// A short piece of the line with its marker or fill, as legends show it.
void draw_icon(QPainter& painter, const LineLook& look, const QRectF& rect);

}  // namespace rolora::widgets
