// SPDX-License-Identifier: GPL-3.0-or-later
// Colour maps of magnitudes and of signed differences, as stops (colour_stops.inc, made by colour_stops.py) and as tables of 256 colours.
#pragma once

#include <qcustomplot.h>

#include <QColor>
#include <QString>
#include <QStringList>
#include <array>

namespace rolora::widgets {

using ColourTable = std::array<QRgb, 256>;

/// "cividis" (the default), "viridis", "magma", "greys" (white to black): of magnitudes, in the order in which C cycles through them.
QStringList colour_map_names();
/// The one after `name`, the first one after the last or after an unknown name.
QString next_colour_map(const QString& name);
/// What a menu calls it.
QString colour_map_title(const QString& name);
/// Of a map of magnitudes or of "diverging": blue–white–red, white in the middle. An unknown name gives cividis.
const ColourTable& colour_table(const QString& name);
QCPColorGradient colour_gradient(const QString& name);
/// What a value that is not a number is painted with: in no map, told from every colour of the map by its lightness or hue.
QColor not_a_number_colour();

}  // namespace rolora::widgets
