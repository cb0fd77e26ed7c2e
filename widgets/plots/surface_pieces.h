// SPDX-License-Identifier: GPL-3.0-or-later
// What a surface on paper is made of: polygons of one colour, far to near. Vector files are written with as few of them as can be seen.
#pragma once

#include <QColor>
#include <QPainter>
#include <QPointF>
#include <QPolygonF>
#include <vector>

namespace rolora::widgets {

struct SurfacePiece {
  QPolygonF polygon;
  QRgb colour = 0;
};

/// A corner of a polygon with its height.
struct SurfaceCorner {
  QPointF at;
  double height = 0;
};
/// The part of a polygon between two heights; empty where there is none.
QPolygonF band_of(const std::vector<SurfaceCorner>& polygon, double from, double to);

/// Without the pieces that nearer ones hide, to half a dot of `dots` a unit.
std::vector<SurfacePiece> visible_pieces(std::vector<SurfacePiece> pieces, double dots);
/// Colours in so few steps that neighbours share them: what a print shows.
QRgb paper_colour(QRgb colour);
/// Neighbours of one colour as one path, with a thin line around that closes the seams.
void paint_pieces(QPainter& painter, const std::vector<SurfacePiece>& pieces, double line_width);

}  // namespace rolora::widgets
