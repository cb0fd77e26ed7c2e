// SPDX-License-Identifier: GPL-3.0-or-later
// What can go wrong, as types. Every message is one line that a user can act on.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace rolora {

/// Root of every error this program raises itself. `what()` is one line without the word "error".
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Something given from outside is not what it must be: `FILE: KEY: expected …, found …`, always one line.
class InputError : public Error {
 public:
  InputError(std::string_view file, std::string_view key, std::string_view expected, std::string_view found);
  const std::string& file() const { return file_; }
  const std::string& key() const { return key_; }
  const std::string& expected() const { return expected_; }
  const std::string& found() const { return found_; }

 private:
  std::string file_, key_, expected_, found_;
};

/// The call itself is wrong (unknown option, impossible combination): exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// The user or the system asked to stop; what was finished has been saved: exit code 130.
class Cancelled : public Error {
 public:
  using Error::Error;
};

/// The machine lacks what was asked for (device, plug-in, disk space).
class DeviceError : public Error {
 public:
  using Error::Error;
};

/// A rotated model does not compute what the original does (method: equality gate). The message names the likely cause.
class GateError : public Error {
 public:
  using Error::Error;
};

/// A computation could not be completed (a Hessian that stays indefinite, a loss that is not finite).
class NumericError : public Error {
 public:
  using Error::Error;
};

/// A foreign string as a printable single line of UTF-8, for use inside messages: control characters and ill-formed parts become "?"; what
/// exceeds `limit` bytes is cut between characters and ends in "…" (which comes on top of the limit).
std::string printable(std::string_view text, size_t limit = 80);

}  // namespace rolora
