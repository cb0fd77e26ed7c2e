// SPDX-License-Identifier: GPL-3.0-or-later
// A rotation in words, for `rotate` and `info`.
#pragma once

#include <string>

#include "core/storage/json_file.h"

namespace rolora::app {

/// Four lines, R1 to R4, of the object that rotation_json() gives.
std::string rotation_text(const Json& rotation);

}  // namespace rolora::app
