// SPDX-License-Identifier: GPL-3.0-or-later
// Reads the pickles that torch.save writes, without being able to execute anything: a pickle names functions to call, and this reader
// knows five names, each of which only describes a tensor or a dictionary. Everything else is refused by name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/storage/stored_type.h"

namespace rolora {

/// What PyTorch may well have written, and what this reader does not take: PyTorch itself can make another file of it.
class ForPytorch : public InputError {
 public:
  ForPytorch(std::string_view file, std::string_view key, std::string_view expected, std::string_view found, bool runs_code = false)
      : InputError(file, key, expected, found), runs_code_(runs_code) {}
  bool runs_code() const { return runs_code_; }  ///< PyTorch reads it with Python's own reader alone, which executes what the file names

 private:
  bool runs_code_;
};

/// Bytes of a tensor that lie elsewhere in the file, under this key.
struct PickledStorage {
  StoredType type = StoredType::F32;
  std::string key;
  int64_t elements = 0;
};

struct PickledTensor {
  PickledStorage storage;
  int64_t offset = 0;  ///< of its first element in the storage
  std::vector<int64_t> shape;
  bool contiguous = true;  ///< row after row, without gaps
};

/// What a file of weights holds: names and tensors, in name order.
struct PickledWeights {
  std::map<std::string, PickledTensor> tensors;
  size_t bytes = 0;    ///< of the pickle, up to and with its end
  bool newer = false;  ///< protocol 4 or 5: what ForPytorch calls runs_code
};

/// A dictionary of tensors by name (an OrderedDict or a dict), protocols 2 to 5. InputError(file, "pickle, byte N" or the tensor's name, …)
/// for anything else (ForPytorch where it may be sound): other functions and classes, other values, sizes that do not fit, more than 32 MiB
/// or 200 000 values.
PickledWeights read_pickled_weights(std::span<const std::byte> pickle, const std::string& file);

/// A pickled list of strings: the order of the storages in a file of PyTorch before 1.6. `used`: bytes up to and with its end.
std::vector<std::string> read_pickled_strings(std::span<const std::byte> pickle, const std::string& file, size_t& used);

/// Steps over a pickle of plain values (numbers, strings, containers) and says how long it is.
size_t skip_pickle(std::span<const std::byte> pickle, const std::string& file);

}  // namespace rolora
