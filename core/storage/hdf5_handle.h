// SPDX-License-Identifier: GPL-3.0-or-later
// Identifiers of the HDF5 C library that close themselves, and its error stack as one line; private to storage.
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

namespace rolora {

/// The innermost reason on the library's error stack ("unable to open file"), or "no reason given".
std::string hdf5_reason();

/// To be called before anything else of the library. Keeps it from printing its errors to stderr in this thread (they become exceptions
/// here) and from running at the program's exit: after a close that failed on a full disk, HDF5 1.10 touches freed memory there, and a
/// program that has said what was wrong would end by a crash. Nothing is lost by it: every file is closed by its owner.
void hdf5_prepare();

/// Owns one identifier together with the call that closes its kind.
class Hdf5Id {
 public:
  using Close = herr_t (*)(hid_t);
  Hdf5Id() = default;
  Hdf5Id(hid_t id, Close close) : id_(id), close_(close) {}
  ~Hdf5Id() { reset(); }
  Hdf5Id(Hdf5Id&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Hdf5Id& operator=(Hdf5Id&& other) noexcept {
    if (this != &other) {
      reset();
      id_ = std::exchange(other.id_, H5I_INVALID_HID);
      close_ = other.close_;
    }
    return *this;
  }
  hid_t get() const { return id_; }
  bool valid() const { return id_ >= 0; }
  /// Closes now; false when the library says that it failed (data may not have reached the disk).
  bool reset() {
    const hid_t id = std::exchange(id_, H5I_INVALID_HID);
    return id < 0 || close_(id) >= 0;
  }

 private:
  hid_t id_ = H5I_INVALID_HID;
  Close close_ = nullptr;
};

/// A variable-length UTF-8 string type (an invalid identifier when the library fails).
Hdf5Id hdf5_text_type();

}  // namespace rolora
