// SPDX-License-Identifier: GPL-3.0-or-later
// Weights as torch.save writes them: a zip archive (PyTorch 1.6 and later) or a row of pickles with the bytes behind (before). Nothing in
// such a file is executed.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "core/storage/tensor_file.h"

namespace rolora {

/// Does the file begin as one of the two?
bool is_torch_file(std::span<const std::byte> file);
/// Tensors by name, with offsets from the start of the file. Several may share bytes (tied weights do). InputError(file, the tensor's name
/// or the part of the file, …), with the command that converts it where PyTorch can read it: big-endian files, tensors that are not row
/// after row, storages that are missing or too short.
std::map<std::string, TensorEntry> read_torch_file(std::span<const std::byte> file, const std::string& name);

}  // namespace rolora
