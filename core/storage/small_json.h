// SPDX-License-Identifier: GPL-3.0-or-later
// Limits of the JSON files that only describe: configurations, lists of shards, records. Without them a file of 24 MB takes a gigabyte of
// memory before its first key is looked at. The list of the largest LLaMA (405B) has 150 kB.
#pragma once

#include "core/storage/json_file.h"

namespace rolora {

inline constexpr JsonLimits kSmallJson = {.bytes = 16ull << 20, .depth = 64, .values = 2'000'000};

}  // namespace rolora
