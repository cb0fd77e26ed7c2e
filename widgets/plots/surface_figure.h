// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "widgets/plots/figure.h"
#include "widgets/plots/surface_scene.h"

namespace rolora::widgets {

/// A scene on paper, pooled to what print can show; the caption says how.
FigurePtr surface_figure(const SurfaceScene& scene, const QString& name, const QString& caption);

}  // namespace rolora::widgets
