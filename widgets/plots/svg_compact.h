// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>

namespace rolora::widgets {

/// The same picture without what Qt's SVG writer repeats for every change of colour: fonts around paths (texts carry their own), identity
/// transforms, full opacities, empty groups; neighbours of equal looks share a group. Text that is drawn stays as it is.
QByteArray compact_svg(const QByteArray& svg);

}  // namespace rolora::widgets
