// SPDX-License-Identifier: GPL-3.0-or-later
// Where the members of a zip archive lie, for archives whose members are stored as they are (torch.save writes such), also beyond 4 GiB.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace rolora {

struct ZipMember {
  uint64_t begin = 0, size = 0;  ///< of its bytes, from the start of the file
};

/// Members by name. InputError(file, "zip" or the member's name, …) for an archive in several parts, compressed or encrypted members, names
/// that occur twice, members that leave the file or overlap, a directory over 64 MiB or a million members. ForPytorch for a program of
/// TorchScript.
std::map<std::string, ZipMember> read_zip_directory(std::span<const std::byte> archive, const std::string& file);

}  // namespace rolora
