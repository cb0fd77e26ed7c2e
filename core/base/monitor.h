// SPDX-License-Identifier: GPL-3.0-or-later
// How long work reports and how it is asked to stop. Engines take a Monitor&; front ends implement it.
#pragma once

#include <cstdint>
#include <string_view>

namespace rolora {

class Monitor {
 public:
  virtual ~Monitor() = default;
  /// `done` of `total` units of the named stage are finished ("statistics: layer", "finetune: step").
  virtual void progress(std::string_view stage, int64_t done, int64_t total) = 0;
  /// A live signal, e.g. ("loss", step, 2.31).
  virtual void metric(std::string_view name, int64_t step, double value) = 0;
  /// One line for the user that is not an error (a warning, a named fallback).
  virtual void notice(std::string_view line) = 0;
  /// True once the user or the system asked to stop; engines finish the step, save and throw Cancelled.
  virtual bool stop_requested() const = 0;
};

/// Reports nothing and never stops.
class SilentMonitor final : public Monitor {
 public:
  void progress(std::string_view, int64_t, int64_t) override {}
  void metric(std::string_view, int64_t, double) override {}
  void notice(std::string_view) override {}
  bool stop_requested() const override { return false; }
};

/// Throws Cancelled when a stop was requested. Call it between units of work that have been saved or leave nothing behind.
void throw_if_stopped(const Monitor& monitor);

}  // namespace rolora
