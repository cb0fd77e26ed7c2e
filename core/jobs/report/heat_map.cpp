// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include "core/jobs/report/chart.h"
#include "core/jobs/report/svg_text.h"
#include "core/jobs/report/table.h"

namespace rolora {
namespace {

using namespace svg_parts;

constexpr double kWidth = 760, kLeft = 40, kRight = 744;
constexpr int64_t kMostRows = 64, kMostColumns = 172;
constexpr int kLevels = 64;

struct Colour {
  double r, g, b;
};

// cividis (Nuñez, Anderton, Renslow 2018), sampled at ten places: read the same with and without red-green deficiency.
constexpr std::array<Colour, 10> kCividis = {{{0, 34, 78},
                                              {18, 53, 112},
                                              {59, 73, 108},
                                              {87, 93, 109},
                                              {112, 113, 115},
                                              {138, 134, 120},
                                              {165, 156, 116},
                                              {195, 179, 105},
                                              {225, 204, 85},
                                              {254, 232, 56}}};

std::string cividis(double share) {
  const double place = std::clamp(share, 0.0, 1.0) * static_cast<double>(kCividis.size() - 1);
  const auto i = std::min(static_cast<size_t>(place), kCividis.size() - 2);
  const double t = place - static_cast<double>(i);
  const auto mix = [&](double Colour::*c) { return static_cast<int>(std::lround(kCividis[i].*c * (1 - t) + kCividis[i + 1].*c * t)); };
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", mix(&Colour::r), mix(&Colour::g), mix(&Colour::b));
  return text;
}

struct Scale {
  double low = 1, high = 2;
  double share(double value) const { return value <= low ? 0 : std::log(value / low) / std::log(high / low); }
};

Scale common_scale(const std::vector<HeatMap::Panel>& panels) {
  double low = INFINITY, high = 0;
  for (const HeatMap::Panel& panel : panels) {
    for (const double v : panel.values) {
      if (!std::isfinite(v) || v <= 0) continue;
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  if (!(high > 0)) return {};
  return {std::min(low, high / 1.5), high};
}

// Cells of one colour share a path, which keeps the page small.
std::string cells(const std::vector<double>& values, int64_t rows, int64_t columns, const Scale& scale, double top, double cell_height) {
  std::map<int, std::string> paths;
  const double cell_width = (kRight - kLeft) / static_cast<double>(columns);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) {
      const double v = values[static_cast<size_t>(r * columns + c)];
      const int level = std::isfinite(v) ? static_cast<int>(std::lround(scale.share(v) * (kLevels - 1))) : 0;
      paths[level] += "M" + at(kLeft + cell_width * static_cast<double>(c)) + " " + at(top + cell_height * static_cast<double>(r)) + "h" +
                      at(cell_width + 0.15) + "v" + at(cell_height) + "h-" + at(cell_width + 0.15) + "z";
    }
  }
  std::string out;
  for (const auto& [level, path] : paths) {
    out += "<path fill=\"" + cividis(static_cast<double>(level) / (kLevels - 1)) + "\" d=\"" + path + "\"/>\n";
  }
  return out;
}

std::string colour_bar(const Scale& scale, double top) {
  std::string out;
  const double width = 260, step = width / kLevels;
  for (int i = 0; i < kLevels; ++i) {
    out += "<rect x=\"" + at(kLeft + step * i) + "\" y=\"" + at(top) + "\" width=\"" + at(step + 0.15) + "\" height=\"10\" fill=\"" +
           cividis(static_cast<double>(i) / (kLevels - 1)) + "\"/>";
  }
  for (const double tick : log_ticks(scale.low, scale.high)) {
    out += text(kLeft + width * scale.share(tick), top + 24, "middle", readable(tick), "q");
  }
  return out + text(kLeft + width + 14, top + 10, "start", "log scale, the same for all panels; maximum " + readable(scale.high), "q");
}

std::string pooling_note(const HeatMap::Panel& panel, int64_t rows, int64_t columns) {
  if (rows == panel.rows && columns == panel.columns) return "";
  const auto per = [](int64_t from, int64_t to) { return readable(static_cast<double>(from) / static_cast<double>(to)); };
  return ", maximum of " + per(panel.rows, rows) + "×" + per(panel.columns, columns) + " values a cell";
}

}  // namespace

std::vector<double> pooled_by_maximum(const HeatMap::Panel& panel, int64_t to_rows, int64_t to_columns) {
  std::vector<double> out(static_cast<size_t>(to_rows * to_columns), -INFINITY);
  for (int64_t r = 0; r < panel.rows; ++r) {
    for (int64_t c = 0; c < panel.columns; ++c) {
      const int64_t block = (r * to_rows / panel.rows) * to_columns + c * to_columns / panel.columns;
      double& cell = out[static_cast<size_t>(block)];
      cell = std::max(cell, panel.values[static_cast<size_t>(r * panel.columns + c)]);
    }
  }
  return out;
}

std::string svg(const HeatMap& map) {
  const Scale scale = common_scale(map.panels);
  std::string body;
  double y = 8;
  for (const HeatMap::Panel& panel : map.panels) {
    if (panel.rows == 0 || panel.columns == 0) continue;
    const int64_t rows = std::min(panel.rows, kMostRows), columns = std::min(panel.columns, kMostColumns);
    const double cell_height = std::clamp(160.0 / static_cast<double>(rows), 3.0, 14.0);
    body += text(kLeft, y + 12, "start", panel.name + pooling_note(panel, rows, columns));
    y += 20;
    body += cells(pooled_by_maximum(panel, rows, columns), rows, columns, scale, y, cell_height);
    const double height = cell_height * static_cast<double>(rows);
    body += text(kLeft - 6, y + 11, "end", "0", "q");
    if (panel.rows > 1) body += text(kLeft - 6, y + height, "end", std::to_string(panel.rows - 1), "q");
    y += height + 14;
  }
  body += text(kLeft, y + 4, "start", "rows: " + map.row_label + ", columns: " + map.column_label, "q");
  body += colour_bar(scale, y + 16);
  return open(kWidth, y + 48, map.id, map.title, map.description) + body + "</svg>\n";
}

}  // namespace rolora
