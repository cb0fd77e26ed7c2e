// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <compare>

namespace rolora::widgets {

/// A model in one state as it was measured: a file of statistics and the state's label in it.
struct StateRef {
  QString file;
  QString state;
  bool valid() const { return !file.isEmpty() && !state.isEmpty(); }
  bool operator==(const StateRef&) const = default;
  bool operator<(const StateRef& other) const { return file != other.file ? file < other.file : state < other.state; }
};

}  // namespace rolora::widgets
