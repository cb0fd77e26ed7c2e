// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/monitor.h"

#include "core/base/error.h"

namespace rolora {

void throw_if_stopped(const Monitor& monitor) {
  if (monitor.stop_requested()) throw Cancelled("stopped on request");
}

}  // namespace rolora
