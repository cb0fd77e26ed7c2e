// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>

namespace rolora {

/// "NaN at element 5" or "infinity at element 5" (the first one, row-major) of a contiguous floating-point CPU tensor; nothing when all
/// values are finite. Runs at the speed of memory, so that every load can afford it.
std::optional<std::string> first_not_finite(const at::Tensor& values);

}  // namespace rolora
