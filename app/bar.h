// SPDX-License-Identifier: GPL-3.0-or-later
// One line of a terminal (stderr) that is drawn over and over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rolora::app {

/// `label [####----]  45 %  12/27  1:05 left  tail`, cut to `width` columns. The bar has 24 cells, one more filled for every whole 24th
/// that is done; no estimate once all is done, and 0 % where the total is not known (0).
std::string bar_line(std::string_view label, int64_t done, int64_t total, std::optional<double> eta_seconds, std::string_view tail,
                     size_t width);

class Bar {
 public:
  ~Bar() { clear(); }
  /// bar_line() as wide as the terminal, in place of what was drawn before.
  void draw(std::string_view label, int64_t done, int64_t total, std::optional<double> eta_seconds, std::string_view tail = "");
  /// A line of its own above the bar.
  void print(std::string_view line);
  /// Removes the bar, so that what is printed next stands alone.
  void clear();

 private:
  std::string shown_;
};

/// "1:05", "2:03:09"
std::string duration_text(double seconds);
bool stderr_is_terminal();

}  // namespace rolora::app
