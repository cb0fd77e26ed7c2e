// SPDX-License-Identifier: GPL-3.0-or-later
// Learning-rate schedules of transformers (get_cosine/linear/constant_schedule_with_warmup), step for step.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rolora {

enum class ScheduleKind { cosine, linear, constant };
std::string_view name_of(ScheduleKind kind);
/// InputError ("--schedule") for an unknown name.
ScheduleKind parse_schedule(const std::string& name);

struct Schedule {
  ScheduleKind kind = ScheduleKind::cosine;
  double peak = 1e-4;  ///< learning rate after warm-up
  int64_t warmup = 0;  ///< steps; with any, the first step has rate 0
  int64_t total = 1;   ///< steps of the whole training
  /// Rate of step k, counted from 0.
  double rate(int64_t k) const;
};

/// ceil(total · ratio), as transformers' Trainer.
int64_t warmup_steps(int64_t total, double ratio);

}  // namespace rolora
