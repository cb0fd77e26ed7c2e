// SPDX-License-Identifier: GPL-3.0-or-later
// Progress on stderr: a bar with ETA on a terminal, JSON lines for the window and scripts, or nothing.
#pragma once

#include <memory>
#include <string_view>

#include "core/base/monitor.h"

namespace rolora::app {

struct GeneralOptions;

/// A monitor that is also told how the verb ended: "done", "failed" (with the message) or "stopped".
class FrontMonitor : public Monitor {
 public:
  /// What is shown makes room for a result on the same terminal.
  virtual void clear() {}
  virtual void ending(std::string_view event, std::string_view message) = 0;
};

std::unique_ptr<FrontMonitor> make_monitor(const GeneralOptions& options);

}  // namespace rolora::app
