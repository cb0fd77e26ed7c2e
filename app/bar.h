// SPDX-License-Identifier: GPL-3.0-or-later
// One line of a terminal (stderr) that is drawn over and over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rolora::app {

class Bar {
 public:
  ~Bar() { clear(); }
  /// `label [####----]  45 %  12/27  1:05 left  tail`, cut to the terminal's width.
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
