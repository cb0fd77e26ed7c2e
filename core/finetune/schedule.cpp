// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/error.h"

namespace rolora {

std::string_view name_of(ScheduleKind kind) {
  switch (kind) {
    case ScheduleKind::cosine:
      return "cosine";
    case ScheduleKind::linear:
      return "linear";
    case ScheduleKind::constant:
      return "constant";
  }
  return "";
}

ScheduleKind parse_schedule(const std::string& name) {
  for (const ScheduleKind kind : {ScheduleKind::cosine, ScheduleKind::linear, ScheduleKind::constant}) {
    if (name == name_of(kind)) return kind;
  }
  throw InputError("finetune", "--schedule", "cosine, linear or constant", printable(name));
}

double Schedule::rate(int64_t k) const {
  if (k < warmup) return peak * static_cast<double>(k) / static_cast<double>(std::max<int64_t>(1, warmup));
  const double length = static_cast<double>(std::max<int64_t>(1, total - warmup));
  switch (kind) {
    case ScheduleKind::cosine: {
      const double progress = static_cast<double>(k - warmup) / length;
      return peak * std::max(0.0, 0.5 * (1.0 + std::cos(std::numbers::pi * progress)));
    }
    case ScheduleKind::linear:
      return peak * std::max(0.0, static_cast<double>(total - k) / length);
    case ScheduleKind::constant:
      return peak;
  }
  return peak;
}

int64_t warmup_steps(int64_t total, double ratio) { return static_cast<int64_t>(std::ceil(static_cast<double>(total) * ratio)); }

}  // namespace rolora
