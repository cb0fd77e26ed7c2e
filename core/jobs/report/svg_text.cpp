// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/report/svg_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/jobs/report/chart.h"
#include "core/jobs/report/table.h"

namespace rolora::svg_parts {
namespace {

constexpr int kStyles = 7;

}  // namespace

std::string at(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.2f", value);
  std::string text = buffer;
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string open(double width, double height, const std::string& id, const std::string& title, const std::string& description) {
  const std::string size = at(width) + " " + at(height);
  return "<svg viewBox=\"0 0 " + size + "\" role=\"img\" aria-labelledby=\"" + id + "-t " + id + "-d\">\n<title id=\"" + id + "-t\">" +
         escaped(title) + "</title><desc id=\"" + id + "-d\">" + escaped(description) + "</desc>\n";
}

std::string text(double x, double y, const std::string& anchor, const std::string& content, const std::string& style_class) {
  const std::string cls = style_class.empty() ? "" : " class=\"" + style_class + "\"";
  return "<text x=\"" + at(x) + "\" y=\"" + at(y) + "\" text-anchor=\"" + anchor + "\"" + cls + ">" + escaped(content) + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const std::string& style_class) {
  return "<line x1=\"" + at(x1) + "\" y1=\"" + at(y1) + "\" x2=\"" + at(x2) + "\" y2=\"" + at(y2) + "\" class=\"" + style_class + "\"/>\n";
}

std::string marker(double x, double y, int style, const std::string& tooltip) {
  const std::string cls = " class=\"m" + std::to_string(style % kStyles) + "\"";
  const std::string tip = tooltip.empty() ? "/>" : "><title>" + escaped(tooltip) + "</title></";
  const auto shape = [&](const std::string& name, const std::string& geometry) {
    return "<" + name + " " + geometry + cls + (tooltip.empty() ? tip : tip + name + ">");
  };
  const auto polygon = [&](const std::vector<std::pair<double, double>>& corners) {
    std::string points;
    for (const auto& [dx, dy] : corners) points += (points.empty() ? "" : " ") + at(x + dx) + "," + at(y + dy);
    return shape("polygon", "points=\"" + points + "\"");
  };
  switch (style % kStyles) {
    case 1:
      return polygon({{-3, -3}, {3, -3}, {3, 3}, {-3, 3}});
    case 2:
      return polygon({{0, -4}, {4, 3}, {-4, 3}});
    case 3:
      return polygon({{0, -4}, {4, 0}, {0, 4}, {-4, 0}});
    case 4:
      return polygon({{0, 4}, {4, -3}, {-4, -3}});
    case 5:
      return polygon({{-4, -1.5}, {4, -1.5}, {4, 1.5}, {-4, 1.5}});
    case 6:
      return polygon({{-1.5, -4}, {1.5, -4}, {1.5, 4}, {-1.5, 4}});
    default:
      return shape("circle", "cx=\"" + at(x) + "\" cy=\"" + at(y) + "\" r=\"3.2\"");
  }
}

double text_width(const std::string& content) {
  const auto starts = std::count_if(content.begin(), content.end(), [](char c) { return (c & 0xC0) != 0x80; });  // UTF-8 characters
  return 6.6 * static_cast<double>(starts);
}

std::string legend(double x, double y, double right, const std::vector<std::string>& names, const std::vector<int>& styles,
                   double& height) {
  std::string out;
  double column = x, row = y;
  for (size_t i = 0; i < names.size(); ++i) {
    const double width = 34 + text_width(names[i]) + 14;
    if (column > x && column + width > right) {
      column = x;
      row += 18;
    }
    out += line(column, row, column + 26, row, "l" + std::to_string(styles[i] % kStyles));
    out += marker(column + 13, row, styles[i], "");
    out += text(column + 32, row + 4, "start", names[i]);
    column += width;
  }
  height = names.empty() ? 0 : row - y + 18;
  return out;
}

double Axis::operator()(double value) const {
  const double share = log ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
  return from + share * (to - from);
}

std::vector<double> Axis::ticks(int wanted) const { return log ? log_ticks(low, high) : nice_ticks(low, high, wanted); }

Axis axis_around(const std::vector<double>& values, bool log, double from, double to) {
  Axis axis;
  axis.from = from;
  axis.to = to;
  axis.log = log;
  double low = 0, high = 0;
  bool any = false;
  for (const double v : values) {
    if (!std::isfinite(v) || (log && v <= 0)) continue;
    low = any ? std::min(low, v) : v;
    high = any ? std::max(high, v) : v;
    any = true;
  }
  if (!any) low = high = 1;
  if (log) {
    axis.low = low / 1.12;
    axis.high = high * 1.12;
  } else {
    const double room = high > low ? 0.06 * (high - low) : std::max(1e-12, 0.1 * std::abs(high));
    axis.low = low - room;
    axis.high = high + room;
    if (low >= 0 && axis.low < 0) axis.low = 0;
  }
  return axis;
}

}  // namespace rolora::svg_parts
