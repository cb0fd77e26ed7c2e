// SPDX-License-Identifier: GPL-3.0-or-later
// The small folders of every family that make_family_fixtures.py wrote.
#pragma once

#include <array>
#include <filesystem>

#include "tests/support/folders.h"

namespace rolora::test {

inline constexpr std::array kFamilyFixtures = {"llama3_tied",         "llama_dynamic_steps",   "mistral_window",    "mistral_old_keys",
                                               "qwen2_tied",          "qwen2_window_old_keys", "qwen2_layer_types", "qwen3",
                                               "qwen3_tied_old_keys", "phi3_window",           "phi3_longrope",     "phi3_old_keys"};

inline std::filesystem::path family_fixture(const char* name) { return source_folder() / "tests/core/model/family_fixtures" / name; }

}  // namespace rolora::test
