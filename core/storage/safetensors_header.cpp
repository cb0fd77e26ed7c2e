// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/safetensors_header.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/error.h"
#include "core/storage/json_file.h"

namespace rolora {
namespace {

constexpr std::string_view kMetadata = "__metadata__";

// Types of the format that this program does not read: the refusal says that the file is sound.
constexpr std::array<std::string_view, 12> kForeignTypes = {"U16",     "U32",     "U64", "F8_E4M3", "F8_E5M2", "F8_E8M0",
                                                            "F6_E2M3", "F6_E3M2", "F4",  "C64",     "U1",      "I4"};

Json parse_header(std::string_view text, const std::string& file) {
  if (text.empty() || text.front() != '{') throw InputError(file, "header", "a JSON object", "something else");
  try {
    return parse_json(text, file, {.bytes = kMostHeaderBytes, .depth = 8});
  } catch (const InputError& e) {
    if (!e.key().starts_with("line ")) throw;
    throw InputError(file, "header", e.expected(), e.found() + " at " + e.key());
  }
}

std::map<std::string, std::string> read_metadata(const Json& value, const std::string& file) {
  const JsonObject object(value, file, std::string(kMetadata));
  std::map<std::string, std::string> metadata;
  for (const auto& [key, text] : value.items()) metadata.emplace(key, object.string(key));
  return metadata;
}

StoredType read_type(const std::string& dtype, const std::string& file, const std::string& name) {
  if (const std::optional<StoredType> type = stored_type(dtype)) return *type;
  const bool foreign = std::find(kForeignTypes.begin(), kForeignTypes.end(), dtype) != kForeignTypes.end();
  throw InputError(file, name, "one of the types F64 F32 F16 BF16 I64 I32 I16 I8 U8 BOOL",
                   foreign ? dtype + ", which this program does not read" : "\"" + printable(dtype) + "\"");
}

TensorEntry read_entry(const std::string& name, const Json& value, uint64_t data_bytes, const std::string& file) {
  const auto refuse = [&](const std::string& expected, const std::string& found) { throw InputError(file, name, expected, found); };
  TensorEntry entry{};
  std::vector<int64_t> offsets;
  if (!value.is_object()) refuse("an object with dtype, shape and data_offsets", value.type_name());
  try {
    const JsonObject object(value, file);
    entry.type = read_type(object.string("dtype"), file, name);
    entry.shape = object.integers("shape");
    offsets = object.integers("data_offsets");
  } catch (const InputError& e) {
    if (e.key() == name) throw;
    refuse(e.key() + " as " + e.expected(), e.found());
  }
  for (const int64_t side : entry.shape) {
    if (side < 0) refuse("a shape of sizes from 0", std::to_string(side));
  }
  if (offsets.size() != 2) refuse("data_offsets of two numbers", std::to_string(offsets.size()));
  if (offsets[0] < 0 || offsets[1] < offsets[0]) {
    refuse("data_offsets [begin, end] with 0 <= begin <= end", "[" + std::to_string(offsets[0]) + ", " + std::to_string(offsets[1]) + "]");
  }
  entry.begin = static_cast<uint64_t>(offsets[0]);
  entry.end = static_cast<uint64_t>(offsets[1]);
  if (entry.end > data_bytes) {
    refuse("an end within the file's " + std::to_string(data_bytes) + " data bytes", std::to_string(entry.end) + " (a truncated file?)");
  }
  const std::optional<uint64_t> needed = stored_bytes(entry.type, entry.shape);
  if (!needed) refuse("a shape whose size fits 63 bits", "a larger one");
  if (entry.end - entry.begin != *needed) {
    refuse(std::to_string(*needed) + " bytes for its shape and type", std::to_string(entry.end - entry.begin));
  }
  return entry;
}

// Every data byte belongs to exactly one tensor.
void check_cover(const std::map<std::string, TensorEntry>& tensors, uint64_t data_bytes, const std::string& file) {
  std::vector<const std::pair<const std::string, TensorEntry>*> order;
  order.reserve(tensors.size());
  for (const auto& tensor : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::pair(a->second.begin, a->second.end) < std::pair(b->second.begin, b->second.end);
  });
  uint64_t covered = 0;
  for (const auto* tensor : order) {
    const uint64_t begin = tensor->second.begin;
    if (begin != covered) {
      throw InputError(file, tensor->first, "data from byte " + std::to_string(covered) + " on",
                       std::to_string(begin) + (begin < covered ? ", overlapping the tensor before" : ", leaving a hole"));
    }
    covered = tensor->second.end;
  }
  if (covered != data_bytes) {
    throw InputError(file, "header", "tensors that cover all " + std::to_string(data_bytes) + " data bytes", std::to_string(covered));
  }
}

}  // namespace

SafetensorsHeader read_safetensors_header(std::string_view text, uint64_t data_bytes, const std::string& file) {
  const Json json = parse_header(text, file);
  SafetensorsHeader header;
  for (const auto& [name, value] : json.items()) {
    if (name == kMetadata) {
      header.metadata = read_metadata(value, file);
    } else {
      header.tensors.emplace(name, read_entry(name, value, data_bytes, file));
    }
  }
  check_cover(header.tensors, data_bytes, file);
  return header;
}

}  // namespace rolora
