// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/smoothing.h"

#include <cmath>
#include <limits>

namespace rolora::widgets {

std::vector<double> smoothed(const std::vector<double>& values, double beta) {
  std::vector<double> result;
  result.reserve(values.size());
  double mean = 0, weight = 0;  // weight = 1 − βⁿ
  for (const double value : values) {
    if (std::isfinite(value)) {
      mean = beta * mean + (1 - beta) * value;
      weight = beta * weight + (1 - beta);
    }
    result.push_back(weight > 0 ? mean / weight : std::numeric_limits<double>::quiet_NaN());
  }
  return result;
}

}  // namespace rolora::widgets
