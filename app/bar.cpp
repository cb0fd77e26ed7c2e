// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/bar.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>

namespace rolora::app {
namespace {

constexpr int kCells = 24;

size_t terminal_width() {
  winsize size = {};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<long long>(std::llround(std::clamp(seconds, 0.0, 1e9)));
  char text[48];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }

std::string bar_line(std::string_view label, int64_t done, int64_t total, std::optional<double> eta_seconds, std::string_view tail,
                     size_t width) {
  const double share = total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 0;
  const auto filled = static_cast<size_t>(share * kCells);
  char numbers[64];
  std::snprintf(numbers, sizeof numbers, "] %3d %%  %lld/%lld", static_cast<int>(share * 100), static_cast<long long>(done),
                static_cast<long long>(total));
  std::string line = std::string(label) + " [" + std::string(filled, '#') + std::string(kCells - filled, '-') + numbers;
  if (eta_seconds && done < total) line += "  " + duration_text(*eta_seconds) + " left";
  if (!tail.empty()) line += "  " + std::string(tail);
  line.resize(std::min(line.size(), width));
  return line;
}

void Bar::draw(std::string_view label, int64_t done, int64_t total, std::optional<double> eta_seconds, std::string_view tail) {
  // One column is left free: a full line would make some terminals wrap.
  const std::string line = bar_line(label, done, total, eta_seconds, tail, terminal_width() - 1);
  if (line == shown_) return;
  shown_ = line;
  std::cerr << "\r\033[K" << line << std::flush;
}

void Bar::print(std::string_view line) {
  const std::string bar = shown_;
  clear();
  std::cerr << line << '\n';
  if (!bar.empty()) std::cerr << bar << std::flush;
  shown_ = bar;
}

void Bar::clear() {
  if (!shown_.empty()) std::cerr << "\r\033[K" << std::flush;
  shown_.clear();
}

}  // namespace rolora::app
