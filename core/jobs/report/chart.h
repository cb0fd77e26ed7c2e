// SPDX-License-Identifier: GPL-3.0-or-later
// Charts as inline SVG, without scripts: colours come from the page's variables (light and dark), series differ by marker and dash too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rolora {

struct Series {
  std::string name;
  std::vector<double> x, y;  ///< values that are not finite leave a gap
  int style = 0;             ///< colour, dash and marker
  bool faint = false;        ///< raw values behind a smoothed line: thin, no marker, not in the legend
  bool markers = true;
};

struct LineChart {
  std::string id, title, description;  ///< id is unique in the page; title and description are what a screen reader says
  std::string x_label, y_label;
  bool log_y = false;
  std::vector<Series> series;
  std::vector<std::string> categories;  ///< names of x = 0, 1, 2, … (thinned when there are many); empty: a numeric axis
};
std::string svg(const LineChart& chart);

/// One row a category, one mark a series: for comparing states.
struct DotPlot {
  std::string id, title, description, x_label;
  std::vector<std::string> rows;
  std::vector<Series> series;  ///< x[i] is the value in row i; y is not read
};
std::string svg(const DotPlot& plot);

/// Magnitudes [rows, columns] of several panels on one logarithmic cividis scale, pooled by maximum to at most 64 rows and 172 columns.
struct HeatMap {
  struct Panel {
    std::string name;
    int64_t rows = 0, columns = 0;
    std::vector<double> values;  ///< row-major
  };
  std::string id, title, description, row_label, column_label;
  std::vector<Panel> panels;
};
std::string svg(const HeatMap& map);

/// Ticks at 1, 2 or 5 times a power of ten, about `wanted` of them, within [low, high].
std::vector<double> nice_ticks(double low, double high, int wanted);
/// The same on a logarithmic axis: powers of ten, with 2 and 5 between when there are few.
std::vector<double> log_ticks(double low, double high);

/// Maximum over blocks: values [rows, columns] → [to_rows, to_columns]; every value lies in exactly one block.
std::vector<double> pooled_by_maximum(const HeatMap::Panel& panel, int64_t to_rows, int64_t to_columns);

/// Mean over the last `window` values (fewer at the beginning).
std::vector<double> running_mean(const std::vector<double>& values, size_t window);

}  // namespace rolora
