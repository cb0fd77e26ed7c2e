// SPDX-License-Identifier: GPL-3.0-or-later
// The one place that speaks to the HDF5 C library: its return codes become typed errors that carry the library's own reason.
// Object times are off and the writer is deterministic: the same calls give the same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rolora {

/// Writes one file (format of HDF5 1.8, a line with the SHA-256 of the content behind its end) under a temporary name; `commit()` renames
/// it to its target. Missing parent groups are made; an attribute set again is replaced. Texts are variable-length UTF-8: what is not UTF-8
/// in them becomes U+FFFD and a NUL byte, which the format cannot hold, U+2400. Error (DeviceError without space) names file, object and
/// reason. DeviceError from the constructor in a build without HDF5.
class Hdf5Writer {
 public:
  explicit Hdf5Writer(std::filesystem::path target);
  ~Hdf5Writer();
  /// Creates the group and its parents ("/plain/layers.0.down_in").
  void group(const std::string& path);
  void dataset(const std::string& path, std::span<const float> values, const std::vector<int64_t>& shape);
  void dataset(const std::string& path, std::span<const double> values, const std::vector<int64_t>& shape);
  void dataset(const std::string& path, std::span<const int64_t> values, const std::vector<int64_t>& shape);
  void dataset(const std::string& path, std::span<const std::string> values);  ///< variable-length UTF-8
  void attribute(const std::string& object, const std::string& name, const std::string& value);
  void attribute(const std::string& object, const std::string& name, double value);
  void attribute(const std::string& object, const std::string& name, int64_t value);
  void attribute(const std::string& object, const std::string& name, const std::vector<std::string>& values);
  void commit();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads files of this program's layout; every failure is an InputError that names file and object. Damage to a file of this program is
/// found on opening, which reads it once as a whole. DeviceError from the constructor in a build without HDF5.
class Hdf5Reader {
 public:
  explicit Hdf5Reader(const std::filesystem::path& file);
  ~Hdf5Reader();
  bool has(const std::string& path) const;
  std::vector<std::string> children(const std::string& path) const;  ///< sorted
  std::vector<int64_t> shape(const std::string& path) const;
  std::vector<double> numbers(const std::string& path) const;       ///< any numeric type, as fp64
  std::vector<std::string> strings(const std::string& path) const;  ///< variable or fixed length
  std::string text_attribute(const std::string& object, const std::string& name) const;
  double number_attribute(const std::string& object, const std::string& name) const;
  std::vector<std::string> texts_attribute(const std::string& object, const std::string& name) const;  ///< one or many
  /// Every attribute that is one number, by name, in one go: far quicker than one by one.
  std::map<std::string, double> number_attributes(const std::string& object) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rolora
