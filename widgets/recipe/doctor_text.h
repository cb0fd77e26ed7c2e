// SPDX-License-Identifier: GPL-3.0-or-later
// What `rolora info` tells of a model, as a page to read: shapes, constructions and what they cost, what rotates and what does not, and
// what working on it takes.
#pragma once

#include <QString>
#include <nlohmann/json.hpp>

namespace rolora::widgets {

/// HTML of the answer of `rolora info MODEL --json`. Keys that are missing are left out.
QString doctor_text(const nlohmann::json& info);
/// Of its "forecasts"."recipe": every station with time, memory, VRAM and disk, the sums, and the arithmetic of the station that needs
/// most.
QString doctor_forecast(const nlohmann::json& forecast);

}  // namespace rolora::widgets
