// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace rolora {

/// Written into every record, statistics file and run (keep equal to CMakeLists.txt; a test compares them).
inline constexpr const char* kToolVersion = "0.1.0";

}  // namespace rolora
