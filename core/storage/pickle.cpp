// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/pickle.h"

#include "core/base/error.h"
#include "core/storage/pickle_machine.h"

namespace rolora {

using Kind = PickleValue::Kind;

PickledWeights read_pickled_weights(std::span<const std::byte> pickle, const std::string& file) {
  PickleMachine machine(pickle, file);
  const PickleValue& root = machine.run();
  if (root.kind != Kind::mapping) machine.refuse("a dictionary of tensors", kind_name(root.kind));
  PickledWeights weights;
  for (size_t i = 0; i + 1 < root.items.size(); i += 2) {
    const PickleValue &key = machine.at(root.items[i]), &value = machine.at(root.items[i + 1]);
    if (key.kind != Kind::text) machine.refuse("tensors by name", kind_name(key.kind));
    if (value.kind != Kind::tensor) {
      throw ForPytorch(file, printable(key.text), "a tensor", kind_name(value.kind), machine.is_newer());
    }
    if (!weights.tensors.emplace(key.text, value.tensor).second) throw InputError(file, printable(key.text), "each name once", "twice");
  }
  weights.bytes = machine.used();
  weights.newer = machine.is_newer();
  return weights;
}

std::vector<std::string> read_pickled_strings(std::span<const std::byte> pickle, const std::string& file, size_t& used) {
  PickleMachine machine(pickle, file);
  const PickleValue& root = machine.run();
  if (root.kind != Kind::sequence) machine.refuse("a list of storages", kind_name(root.kind));
  std::vector<std::string> out;
  for (const uint32_t place : root.items) {
    if (machine.at(place).kind != Kind::text) machine.refuse("storages' keys as texts", kind_name(machine.at(place).kind));
    out.push_back(machine.at(place).text);
  }
  used = machine.used();
  return out;
}

size_t skip_pickle(std::span<const std::byte> pickle, const std::string& file) {
  PickleMachine machine(pickle, file);
  (void)machine.run();
  return machine.used();
}

}  // namespace rolora
