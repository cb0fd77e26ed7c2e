// SPDX-License-Identifier: GPL-3.0-or-later
// The stack machine of pickles, reduced to values. Private to storage.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/storage/pickle.h"

namespace rolora {

/// A value names others by their place in the machine: so values that hold each other, or nest deeply, cost nothing to end.
struct PickleValue {
  enum class Kind { none, boolean, integer, number, text, sequence, mapping, global, storage, tensor };
  Kind kind = Kind::none;
  int64_t integer = 0;          ///< also of a boolean
  std::string text;             ///< of a text; "module.name" of a global
  std::vector<uint32_t> items;  ///< of a sequence; of a mapping key and value by turns
  PickledStorage storage;       ///< of a storage
  PickledTensor tensor;         ///< of a tensor
};

std::string_view kind_name(PickleValue::Kind kind);  ///< "a dictionary", for messages

class PickleMachine {
 public:
  PickleMachine(std::span<const std::byte> pickle, const std::string& file);
  /// Runs to the pickle's end. Once.
  const PickleValue& run();
  const PickleValue& at(uint32_t place) const { return values_[place]; }
  size_t used() const { return at_; }
  bool is_newer() const { return newer_; }  ///< protocol 4 or 5, which torch.load reads with weights_only=False alone
  [[noreturn]] void refuse(std::string_view expected, std::string_view found) const;
  [[noreturn]] void refuse_for_pytorch(std::string_view expected, std::string_view found, bool runs_code = false) const;

 private:
  using Value = PickleValue;
  // The bytes.
  uint64_t number(int bytes);  // little-endian
  std::string_view bytes(uint64_t count);
  std::string_view line();
  // The stack.
  void push(Value value);
  uint32_t pop();
  std::vector<uint32_t> pop_to_mark();
  Value& top(Value::Kind kind);
  // One operation each.
  bool step(uint8_t code);           // false when it is the end
  bool step_constant(uint8_t code);  // false when it is none of its
  bool step_container(uint8_t code);
  bool step_memory(uint8_t code);
  bool step_object(uint8_t code);
  void push_text(uint64_t count);
  void push_sequence(std::vector<uint32_t> items);
  void push_long(uint64_t count);
  void append(const std::vector<uint32_t>& items);
  void set_items(const std::vector<uint32_t>& items);
  void remember(uint64_t key);
  void recall(uint64_t key);
  void push_global(std::string_view module, std::string_view name);
  void push_storage();
  void reduce();
  void rebuild_tensor(const Value& arguments);
  void build();
  const Value& argument(const Value& arguments, size_t index, Value::Kind kind) const;
  std::vector<int64_t> sizes(const Value& sequence) const;

  std::span<const std::byte> pickle_;
  std::string file_;
  size_t at_ = 0, operation_ = 0;
  bool newer_ = false;
  std::deque<Value> values_;
  std::vector<uint32_t> stack_;
  std::vector<size_t> marks_;
  std::map<uint64_t, uint32_t> memory_;
};

}  // namespace rolora
