// SPDX-License-Identifier: GPL-3.0-or-later
// What the controls of a colour scale act on: a heat map or a surface.
#pragma once

#include <QString>
#include <optional>

#include "widgets/plots/heat_scale.h"

namespace rolora::widgets {

class ScaledPlot {
 public:
  virtual ~ScaledPlot() = default;
  virtual const HeatScale& scale() const = 0;
  virtual void fit_scale() = 0;              ///< to all values of all panels
  virtual void fit_scale_to_visible() = 0;   ///< F
  virtual void fit_scale_percentiles() = 0;  ///< P: 1 to 99 % of what is visible
  virtual void toggle_log() = 0;
  virtual void set_colours(const QString& map) = 0;
  virtual const QString& colours() const = 0;
  /// The magnitude from which on a value is an outlier: where Ctrl+arrow jumps to.
  virtual double threshold() const = 0;
  /// Nothing: the usual one of what is shown (usual_threshold).
  virtual void set_threshold(std::optional<double> magnitude) = 0;
};

}  // namespace rolora::widgets
