// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace rolora::widgets {

/// A value, or the one line that says why there is none.
template <class T>
struct Result {
  T value{};
  QString error;
  bool ok() const { return error.isEmpty(); }
};

}  // namespace rolora::widgets
