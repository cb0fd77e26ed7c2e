// SPDX-License-Identifier: GPL-3.0-or-later
// What is looked at in the bytes of an HDF5 file before the library sees them: it believes its heaps of texts, which no checksum of the
// format covers. HDF5 1.10 walks a heap for ever when an object there has no size (found by fuzzing) and leaves it when one is too large.
// Private to storage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace rolora {

/// InputError unless the file begins as this program writes it: the signature, a superblock of version 2, addresses and lengths of eight
/// bytes (HDF5 File Format Specification 3.0, II.A). `name` stands for the file in messages.
void check_hdf5_superblock(std::span<const std::byte> file, const std::string& name);

/// Walks every global heap collection (same, III.E): InputError when one is smaller than the format's least or lies in another, or an
/// object in it does not lie within it. They are found by their first five bytes wherever those stand, for nothing says where collections
/// are; what declares more bytes than follow is none, and the library refuses it as one. Returns the bytes of the largest object.
uint64_t check_hdf5_heaps(std::span<const std::byte> file, const std::string& name);

}  // namespace rolora
