// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/report/chart.h"

#include <algorithm>
#include <cmath>

#include "core/jobs/report/svg_text.h"
#include "core/jobs/report/table.h"

namespace rolora {
namespace {

using namespace svg_parts;

constexpr double kWidth = 760, kPlotHeight = 260, kLeft = 66, kRight = 744, kTop = 34;

struct Legend {
  std::vector<std::string> names;
  std::vector<int> styles;
};

Legend legend_of(const std::vector<Series>& series) {
  Legend entries;
  for (const Series& s : series) {
    if (s.faint) continue;
    entries.names.push_back(s.name);
    entries.styles.push_back(s.style);
  }
  return entries;
}

std::vector<double> all_values(const std::vector<Series>& series, std::vector<double> Series::*which) {
  std::vector<double> values;
  for (const Series& s : series) values.insert(values.end(), (s.*which).begin(), (s.*which).end());
  return values;
}

bool drawable(double x, double y, const Axis& ya) { return std::isfinite(x) && std::isfinite(y) && (!ya.log || y > 0); }

std::string curve(const Series& s, const Axis& xa, const Axis& ya) {
  std::string path;
  bool pen_down = false;
  for (size_t i = 0; i < s.x.size(); ++i) {
    if (!drawable(s.x[i], s.y[i], ya)) {
      pen_down = false;
      continue;
    }
    path += (pen_down ? "L" : "M") + at(xa(s.x[i])) + " " + at(ya(s.y[i]));
    pen_down = true;
  }
  const std::string cls = (s.faint ? "f" : "l") + std::to_string(s.style % 7);
  return "<path d=\"" + path + "\" class=\"" + cls + "\"/>\n";
}

std::string point_name(const LineChart& chart, double x) {
  const auto index = static_cast<size_t>(x);
  return chart.categories.empty() || index >= chart.categories.size() ? chart.x_label + " " + readable(x) : chart.categories[index];
}

std::string marks(const LineChart& chart, const Series& s, const Axis& xa, const Axis& ya) {
  std::string out;
  for (size_t i = 0; i < s.x.size(); ++i) {
    if (!drawable(s.x[i], s.y[i], ya)) continue;
    out += marker(xa(s.x[i]), ya(s.y[i]), s.style, s.name + ", " + point_name(chart, s.x[i]) + ": " + readable(s.y[i])) + "\n";
  }
  return out;
}

std::string y_axis(const Axis& ya, const std::string& label) {
  std::string out;
  for (const double tick : ya.ticks(6)) {
    out += line(kLeft, ya(tick), kRight, ya(tick), "g") + text(kLeft - 8, ya(tick) + 4, "end", readable(tick), "q");
  }
  return out + text(kLeft - 50, ya.to - 12, "start", label + (ya.log ? " (log scale)" : ""), "q");
}

std::string x_axis(const LineChart& chart, const Axis& xa, double bottom) {
  std::string out = line(kLeft, bottom, kRight, bottom, "a");
  if (chart.categories.empty()) {
    for (const double tick : xa.ticks(9)) out += text(xa(tick), bottom + 18, "middle", readable(tick), "q");
  } else {
    double widest = 1;
    for (const std::string& name : chart.categories) widest = std::max(widest, text_width(name) + 8);
    const double pitch = (kRight - kLeft) / static_cast<double>(chart.categories.size());
    const auto every = static_cast<size_t>(std::max(1.0, std::ceil(widest / pitch)));
    for (size_t i = 0; i < chart.categories.size(); i += every) {
      out += text(xa(static_cast<double>(i)), bottom + 18, "middle", chart.categories[i], "q");
    }
  }
  return out + text((kLeft + kRight) / 2, bottom + 36, "middle", chart.x_label, "q");
}

Axis category_axis(const LineChart& chart) {
  Axis axis;
  axis.from = kLeft;
  axis.to = kRight;
  axis.low = -0.5;
  axis.high = static_cast<double>(chart.categories.size()) - 0.5;
  return axis;
}

}  // namespace

std::string svg(const LineChart& chart) {
  const Legend entries = legend_of(chart.series);
  double legend_height = 0;
  const std::string names = legend(kLeft, 12, kRight, entries.names, entries.styles, legend_height);
  const double top = kTop + legend_height, bottom = top + kPlotHeight;
  const Axis xa = chart.categories.empty() ? axis_around(all_values(chart.series, &Series::x), false, kLeft, kRight) : category_axis(chart);
  const Axis ya = axis_around(all_values(chart.series, &Series::y), chart.log_y, bottom, top);
  std::string out = open(kWidth, bottom + 46, chart.id, chart.title, chart.description) + names + y_axis(ya, chart.y_label);
  for (const Series& s : chart.series) out += curve(s, xa, ya);
  for (const Series& s : chart.series) {
    if (s.markers && !s.faint) out += marks(chart, s, xa, ya);
  }
  return out + x_axis(chart, xa, bottom) + "</svg>\n";
}

std::string svg(const DotPlot& plot) {
  double widest = 0;
  for (const std::string& row : plot.rows) widest = std::max(widest, text_width(row));
  const double left = std::min(widest + 16, 0.5 * kWidth), pitch = 26;
  const Legend entries = legend_of(plot.series);
  double legend_height = 0;
  const std::string names = legend(8, 12, kRight, entries.names, entries.styles, legend_height);
  const double top = legend_height + 12, bottom = top + pitch * static_cast<double>(plot.rows.size());
  const Axis xa = axis_around(all_values(plot.series, &Series::x), false, left, kRight - 8);
  std::string out = open(kWidth, bottom + 46, plot.id, plot.title, plot.description) + names;
  for (const double tick : xa.ticks(8)) {
    out += line(xa(tick), top, xa(tick), bottom, "g") + text(xa(tick), bottom + 18, "middle", readable(tick), "q");
  }
  for (size_t i = 0; i < plot.rows.size(); ++i) {
    const double y = top + pitch * (static_cast<double>(i) + 0.5);
    out += line(left, y, kRight, y, "g") + text(left - 8, y + 4, "end", plot.rows[i]);
    for (const Series& s : plot.series) {
      if (i >= s.x.size() || !std::isfinite(s.x[i])) continue;
      out += marker(xa(s.x[i]), y, s.style, plot.rows[i] + ", " + s.name + ": " + readable(s.x[i])) + "\n";
    }
  }
  return out + line(left, bottom, kRight, bottom, "a") + text((left + kRight) / 2, bottom + 36, "middle", plot.x_label, "q") + "</svg>\n";
}

std::vector<double> nice_ticks(double low, double high, int wanted) {
  std::vector<double> ticks;
  if (!(high > low) || wanted < 1) return {low};
  const double raw = (high - low) / wanted, power = std::pow(10.0, std::floor(std::log10(raw)));
  const double share = raw / power;
  const double step = power * (share <= 1 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10);
  for (auto k = static_cast<int64_t>(std::ceil(low / step - 1e-9)); static_cast<double>(k) * step <= high + 1e-9 * step; ++k) {
    ticks.push_back(static_cast<double>(k) * step);
  }
  return ticks;
}

std::vector<double> log_ticks(double low, double high) {
  std::vector<double> ticks;
  const bool few = std::log10(high / low) < 3;
  for (auto power = static_cast<int>(std::floor(std::log10(low))); power <= static_cast<int>(std::ceil(std::log10(high))); ++power) {
    for (const double digit : few ? std::vector<double>{1, 2, 5} : std::vector<double>{1}) {
      const double tick = digit * std::pow(10.0, power);
      if (tick >= low && tick <= high) ticks.push_back(tick);
    }
  }
  return ticks;
}

std::vector<double> running_mean(const std::vector<double>& values, size_t window) {
  std::vector<double> means(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    double sum = 0, count = 0;
    for (size_t k = i + 1 >= window ? i + 1 - window : 0; k <= i; ++k) {
      if (!std::isfinite(values[k])) continue;
      sum += values[k];
      count += 1;
    }
    means[i] = sum / count;
  }
  return means;
}

}  // namespace rolora
