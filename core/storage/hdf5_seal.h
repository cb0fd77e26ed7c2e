// SPDX-License-Identifier: GPL-3.0-or-later
// A checksum behind the end of an HDF5 file. The format's own checksums do not cover its heap of texts, and the library crashes on damage
// there (found by flipping bytes), so that only files that bear it are read. Readers of HDF5 pass over what follows the end that the file
// declares; a program that writes into the file cuts it off. Private to storage and to tests that make files of their own.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace rolora {

/// Appends the seal to a closed file.
void seal_hdf5(const std::filesystem::path& file);

/// InputError when the whole file's `bytes` do not end with a seal, or their content is another than the sealed one. `name` stands for the
/// file in messages.
void check_hdf5_seal(std::span<const std::byte> bytes, const std::string& name);

}  // namespace rolora
