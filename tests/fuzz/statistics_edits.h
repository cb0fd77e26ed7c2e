// SPDX-License-Identifier: GPL-3.0-or-later
// A small sound statistics file and edits of it that the HDF5 library makes, so that what comes out is whole as HDF5 and wrong as
// statistics: the bytes of an input are a list of edits.
#pragma once

#include <hdf5.h>

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/storage/hdf5_handle.h"
#include "tests/fuzz/entry.h"

namespace rolora::fuzz {

/// The input, a byte at a time; zeros behind its end.
class Choices {
 public:
  Choices(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  bool more() const { return at_ < size_; }
  uint8_t byte() { return at_ < size_ ? data_[at_++] : 0; }
  size_t below(size_t count) { return (byte() + 256U * byte()) % count; }
  template <class List>
  const auto& one_of(const List& list) {
    return list[below(std::size(list))];
  }
  std::string text() {
    std::string out;
    for (size_t n = byte() % 16; n > 0; --n) out += static_cast<char>(byte());
    const size_t times = byte() == 255 ? 20'000 : 1;
    std::string all;
    for (size_t i = 0; i < times; ++i) all += out;
    return all;
  }
  double number() {
    constexpr double kNumbers[] = {0,
                                   1,
                                   -1,
                                   0.5,
                                   3,
                                   4,
                                   1e300,
                                   -1e300,
                                   0x1p31,
                                   0x1p32,
                                   0x1p53,
                                   0x1p63,
                                   -0x1p63,
                                   5e-324,
                                   17728,
                                   std::numeric_limits<double>::quiet_NaN(),
                                   std::numeric_limits<double>::infinity()};
    return one_of(kNumbers);
  }
  hsize_t side() {
    constexpr hsize_t kSides[] = {0, 1, 2, 3, 4, 5, 8, 60, 4096, 17729, hsize_t{1} << 31, hsize_t{1} << 32, hsize_t{1} << 62};
    return one_of(kSides);
  }

 private:
  const uint8_t* data_;
  size_t size_, at_ = 0;
};

/// What is in the sound file.
struct Sound {
  std::vector<std::string> objects;                             // paths of groups and datasets
  std::vector<std::pair<std::string, std::string>> attributes;  // of which object, name
};

Sound read_sound(const std::filesystem::path& path);

/// Makes the edits that the choices say in a copy of the sound file; those that the library refuses change nothing.
void edit(const std::filesystem::path& path, const Sound& sound, Choices& choices);

}  // namespace rolora::fuzz
