// SPDX-License-Identifier: GPL-3.0-or-later
// A checksum behind the end of an HDF5 file. The format's own checksums do not cover its heap of texts, and the library crashes on damage
// there (found by flipping bytes). Readers of HDF5 pass over what follows the end that the file declares. Private to storage.
#pragma once

#include <filesystem>

namespace rolora {

/// Appends the seal to a closed file.
void seal_hdf5(const std::filesystem::path& file);

/// InputError when the file bears a seal and its content is another one. A file without a seal (of another program, or changed by one)
/// passes.
void check_hdf5_seal(const std::filesystem::path& file);

}  // namespace rolora
