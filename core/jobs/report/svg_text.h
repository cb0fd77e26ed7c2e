// SPDX-License-Identifier: GPL-3.0-or-later
// Small pieces of SVG; private to the charts.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace rolora::svg_parts {

/// A coordinate with at most two decimals.
std::string at(double value);
/// <svg …><title/><desc/>
std::string open(double width, double height, const std::string& id, const std::string& title, const std::string& description);
std::string text(double x, double y, const std::string& anchor, const std::string& content, const std::string& style_class = "");
std::string line(double x1, double y1, double x2, double y2, const std::string& style_class);
/// A mark in the style's shape with a tooltip.
std::string marker(double x, double y, int style, const std::string& tooltip);
/// Names of series with their marks, in rows from (x, y) to `right`; sets `height` to what they took.
std::string legend(double x, double y, double right, const std::vector<std::string>& names, const std::vector<int>& styles, double& height);
/// Roughly how wide a text of the chart's size is.
double text_width(const std::string& content);

/// A linear or logarithmic axis from values to coordinates.
struct Axis {
  double low = 0, high = 1, from = 0, to = 1;
  bool log = false;
  double operator()(double value) const;
  std::vector<double> ticks(int wanted) const;
};
/// Widened a little around the values; a single value gets room on both sides.
Axis axis_around(const std::vector<double>& values, bool log, double from, double to);

}  // namespace rolora::svg_parts
