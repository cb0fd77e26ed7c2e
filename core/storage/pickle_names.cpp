// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/pickle_names.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace rolora {
namespace {

struct StorageName {
  std::string_view name;
  StoredType type;
};
constexpr std::array<StorageName, 10> kStorages = {{{"torch.FloatStorage", StoredType::F32},
                                                    {"torch.HalfStorage", StoredType::F16},
                                                    {"torch.BFloat16Storage", StoredType::BF16},
                                                    {"torch.DoubleStorage", StoredType::F64},
                                                    {"torch.LongStorage", StoredType::I64},
                                                    {"torch.IntStorage", StoredType::I32},
                                                    {"torch.ShortStorage", StoredType::I16},
                                                    {"torch.CharStorage", StoredType::I8},
                                                    {"torch.ByteStorage", StoredType::U8},
                                                    {"torch.BoolStorage", StoredType::BOOL}}};

// Python's own types, under both of its modules' names.
bool is_builtin(std::string_view name, std::initializer_list<std::string_view> types) {
  const std::string_view type = name.substr(name.find('.') + 1);
  return (name.starts_with("builtins.") || name.starts_with("__builtin__.")) && std::find(types.begin(), types.end(), type) != types.end();
}

}  // namespace

const StoredType* find_storage(std::string_view name) {
  const auto found = std::find_if(kStorages.begin(), kStorages.end(), [&](const StorageName& s) { return s.name == name; });
  return found == kStorages.end() ? nullptr : &found->type;
}

bool describes_tensors(std::string_view name) {
  return name == kOrderedDict || name == kTensor || name == kOldTensor || name == kParameter || find_storage(name) != nullptr;
}

bool is_read_by_torch(std::string_view name) {
  return (name.starts_with("torch.") && !name.starts_with("torch.nn.modules.")) || name == "_codecs.encode" ||
         name == "collections.defaultdict" || is_builtin(name, {"set", "bytearray", "complex"});
}

// Classes begin with a capital letter.
bool is_code_of_others(std::string_view name) {
  if (is_read_by_torch(name) || name.starts_with("subprocess.")) return false;
  const size_t last = name.rfind('.') + 1;
  return name.starts_with("numpy.") || is_builtin(name, {"frozenset", "slice", "range"}) ||
         (last < name.size() && name[last] >= 'A' && name[last] <= 'Z');
}

}  // namespace rolora
