// SPDX-License-Identifier: GPL-3.0-or-later
// rotation.json and rotation.safetensors: writing, and reading with everything validated before use.
#include <ATen/Functions.h>

#include <array>
#include <bit>
#include <cstring>
#include <set>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/model/finite.h"
#include "core/model/tensor_store.h"
#include "core/rotation/record.h"
#include "core/storage/atomic_file.h"
#include "core/storage/json_file.h"
#include "core/storage/safetensors.h"
#include "core/storage/small_json.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr int kFormat = 1;
constexpr const char* kJsonName = "rotation.json";
constexpr const char* kTensorsName = "rotation.safetensors";
constexpr int64_t kMostOrder = int64_t{1} << 24;
constexpr double kOrthogonal = 1e-10;  // fp64 QR of a few thousand rows stays far below

struct NamedPart {
  const char* name;
  OrthogonalMap RotationRecord::*map;
};
constexpr std::array<NamedPart, 4> kParts = {
    {{"r1", &RotationRecord::r1}, {"r2", &RotationRecord::r2}, {"r3", &RotationRecord::r3}, {"r4", &RotationRecord::r4}}};

struct NamedGains {
  const char* name;
  at::Tensor RotationRecord::*gains;
};
constexpr std::array<NamedGains, 3> kGains = {{{"input_gains", &RotationRecord::input_gains},
                                               {"post_attention_gains", &RotationRecord::post_attention_gains},
                                               {"final_gain", &RotationRecord::final_gain}}};

// A ±1 factor is stored as bytes, any other in fp64.
at::Tensor stored_factor(const at::Tensor& factor) {
  const bool signs_only = factor.abs().eq(1).all().item<bool>();
  return signs_only ? factor.to(at::kChar) : factor.contiguous();
}

std::vector<std::pair<std::string, at::Tensor>> tensors_of(const RotationRecord& record) {
  std::vector<std::pair<std::string, at::Tensor>> list;
  for (const NamedPart& part : kParts) {
    const OrthogonalMap& map = record.*part.map;
    if (!map) continue;
    list.emplace_back(std::string(part.name) + ".signs", map.signs);
    list.emplace_back(std::string(part.name) + ".factor", stored_factor(map.factor));
  }
  for (const NamedGains& one : kGains) {
    if ((record.*one.gains).defined()) list.emplace_back(one.name, (record.*one.gains).contiguous());
  }
  return list;
}

// A copy that owns its memory.
at::Tensor read_tensor(const SafetensorsFile& file, const std::string& name, const std::vector<int64_t>& shape) {
  const TensorEntry& entry = file.entry(name);
  if (entry.type != StoredType::F64 && entry.type != StoredType::I8) {
    throw InputError(file.path().string(), name, "type F64 or I8", std::string(name_of(entry.type)));
  }
  if (entry.shape != shape) throw InputError(file.path().string(), name, "shape " + shape_text(shape), "shape " + shape_text(entry.shape));
  at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(torch_type(entry.type)));
  const std::span<const std::byte> bytes = file.bytes(name);
  if (!bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
  if (entry.type == StoredType::F64) {
    if (const auto found = first_not_finite(tensor)) throw InputError(file.path().string(), name, "finite values", *found);
  }
  return tensor;
}

// K Kᵀ · m · scale² must be I; of large factors a few random rows are checked.
bool is_orthogonal(const OrthogonalMap& map) {
  const int64_t k = map.factor.size(0), rows = std::min<int64_t>(k, 1024);
  at::Tensor probe = at::eye(k, at::kDouble).narrow(0, 0, rows);
  if (rows < k) {
    Random random(0, "orthogonality probe");
    probe = at::empty({8, k}, at::kDouble);
    for (int64_t i = 0; i < probe.numel(); ++i) probe.mutable_data_ptr<double>()[i] = random.sign();
  }
  const double scale = map.scale * map.scale * static_cast<double>(map.sylvester);
  const double error = (probe.matmul(map.factor).matmul(map.factor.t()) * scale - probe).abs().max().item<double>();
  return error <= kOrthogonal;  // false for NaN
}

uint64_t read_seed(const JsonObject& json) {
  const Json& value = json.raw("seed");
  if (!value.is_number_integer() || (!value.is_number_unsigned() && value.get<int64_t>() < 0)) {
    json.refuse("seed", "a non-negative integer", printable(value.dump()));
  }
  return value.get<uint64_t>();
}

void read_numbers(const JsonObject& json, OrthogonalMap& map) {
  map.kind = parse_orthogonal_kind(json.string("kind"), json.file(), json.key_path("kind"));
  if (!map) json.refuse("kind", "hadamard, orthogonal or blocks (null where there is no rotation)", "none");
  map.order = json.integer("order", 1, kMostOrder);
  map.construction = json.string("construction");
  map.seed = read_seed(json);
  map.signed_rows = json.boolean("signs");
  map.sylvester = json.integer("sylvester", 1, map.order);
  map.scale = json.number("scale", 0, 1);
  const int64_t factor = json.integer("factor", 1, map.order);
  if (!std::has_single_bit(static_cast<uint64_t>(map.sylvester)) || map.order % map.sylvester != 0 || map.order / map.sylvester != factor) {
    json.refuse("sylvester", "a power of two that makes factor x sylvester = order", std::to_string(map.sylvester));
  }
  map.checksum = json.string("checksum");
  json.refuse_unknown();
}

// What follows from the rest is compared with it: the checksum does not cover it. A matrix drawn at random is not drawn again: QR's last
// bits depend on the machine.
void require_derived(const OrthogonalMap& map, const JsonObject& json, const std::string& part) {
  const std::string name = construction_name(map.kind, map.order, map.sylvester);
  if (map.construction != name) {
    const std::string order = std::to_string(map.order), factor = std::to_string(map.order / map.sylvester);
    json.refuse("construction", name.empty() ? "one of order " + order + " with a factor of order " + factor : name,
                printable(map.construction));
  }
  if (map.signed_rows && !at::equal(map.signs, random_signs_of(map.order, map.seed, part))) {
    json.refuse("seed", "the one that " + part + ".signs in " + kTensorsName + " were drawn with", std::to_string(map.seed));
  }
}

// One seed draws them all. Where signs have proved a part's seed, the record's own is the wrong one.
void require_one_seed(const RotationRecord& record, const JsonObject& json) {
  const uint64_t seed = record.settings.seed;
  for (const bool proved : {true, false}) {
    for (const NamedPart& part : kParts) {
      const OrthogonalMap& map = record.*part.map;
      if (!map || map.seed == seed || map.signed_rows != proved) continue;
      const std::string name = part.name;
      if (proved) json.refuse("seed", std::to_string(map.seed) + " (which " + name + ".signs were drawn with)", std::to_string(seed));
      json.refuse("parts." + name + ".seed", std::to_string(seed) + " (the record's seed)", std::to_string(map.seed));
    }
  }
}

OrthogonalMap read_part(const JsonObject& json, const SafetensorsFile& file, const std::string& part) {
  OrthogonalMap map;
  read_numbers(json, map);
  const int64_t k = map.order / map.sylvester;
  map.signs = read_tensor(file, part + ".signs", {map.order});
  map.factor = read_tensor(file, part + ".factor", {k, k}).to(at::kDouble);
  const std::string name = file.path().string();
  if (map.signs.scalar_type() != at::kChar || !map.signs.abs().eq(1).all().item<bool>()) {
    throw InputError(name, part + ".signs", "+1 and -1 as I8", "other values");
  }
  if (!map.signed_rows && !map.signs.eq(1).all().item<bool>()) throw InputError(name, part + ".signs", "only +1 (signs is false)", "-1");
  if (!is_orthogonal(map)) throw InputError(name, part + ".factor", "an orthogonal matrix", "one that is not");
  const std::string found = checksum_of(map);
  if (found != map.checksum) json.refuse("checksum", found + " (of the tensors in " + kTensorsName + ")", printable(map.checksum));
  require_derived(map, json, part);
  return map;
}

void read_gains(RotationRecord& record, const SafetensorsFile& file) {
  const TensorEntry& final_gain = file.entry("final_gain");
  const TensorEntry& input = file.entry("input_gains");
  if (final_gain.shape.size() != 1 || input.shape.size() != 2) {
    throw InputError(file.path().string(), "input_gains", "shapes [layers, width] and [width]", "others");
  }
  record.final_gain = read_tensor(file, "final_gain", final_gain.shape);
  const std::vector<int64_t> shape = {input.shape[0], final_gain.shape[0]};
  record.input_gains = read_tensor(file, "input_gains", shape);
  record.post_attention_gains = read_tensor(file, "post_attention_gains", shape);
  for (const NamedGains& one : kGains) {
    if ((record.*one.gains).scalar_type() != at::kDouble) throw InputError(file.path().string(), one.name, "type F64", "I8");
  }
}

void refuse_extra_tensors(const RotationRecord& record, const SafetensorsFile& file) {
  std::set<std::string> known;
  for (const auto& [name, tensor] : tensors_of(record)) known.insert(name);
  for (const auto& [name, entry] : file.tensors()) {
    if (known.count(name) == 0)
      throw InputError(file.path().string(), name, "only tensors that rotation.json speaks of", "an extra tensor");
  }
}

void set_settings_from_parts(RotationRecord& record) {
  RotationSettings& s = record.settings;
  s.r1 = record.r1.kind;
  s.r2 = static_cast<bool>(record.r2);
  s.r3 = static_cast<bool>(record.r3);
  s.r4 = record.r4.kind;
  s.r4_signs = record.r4.signed_rows;
  s.fold_only = record.gains_folded && !record.r1 && !record.r2 && !record.r3 && !record.r4;
}

}  // namespace

bool has_rotation(const fs::path& folder) { return fs::exists(folder / kJsonName); }

void save_rotation(const RotationRecord& record, const fs::path& folder) {
  const auto tensors = tensors_of(record);
  std::vector<SafetensorsWriter::Declared> declared;
  for (const auto& [name, tensor] : tensors) declared.push_back({name, stored_type(tensor.scalar_type()), tensor.sizes().vec()});
  SafetensorsWriter writer(folder / kTensorsName, declared);
  for (const auto& [name, tensor] : tensors) writer.write(name, bytes_of_tensor(tensor));
  writer.finish();
  Json json = rotation_json(record), parts = Json::object();
  for (const NamedPart& part : kParts) {
    parts[part.name] = json[part.name];
    json.erase(part.name);
  }
  json["parts"] = parts;
  json["format"] = kFormat;
  json["tool_version"] = record.tool_version;
  json["base_hash"] = record.base_hash;
  write_file_atomically(folder / kJsonName, json_text(json));
}

RotationRecord load_rotation(const fs::path& folder) {
  const fs::path json_file = folder / kJsonName;
  const Json document = read_json_file(json_file, kSmallJson);
  const JsonObject json(document, json_file.string());
  json.integer("format", kFormat, kFormat);
  const SafetensorsFile file = SafetensorsFile::open(folder / kTensorsName);
  RotationRecord record;
  record.settings.seed = read_seed(json);
  record.gains_folded = json.boolean("gains_folded");
  record.tool_version = json.string("tool_version");
  record.base_hash = json.string("base_hash");
  const JsonObject parts = json.object("parts");
  for (const NamedPart& part : kParts) {
    if (parts.has(part.name)) record.*part.map = read_part(parts.object(part.name), file, part.name);
  }
  parts.refuse_unknown();
  require_one_seed(record, json);
  if (record.gains_folded) read_gains(record, file);
  if (record.r1 && !record.gains_folded) json.refuse("gains_folded", "true (r1 needs folded gains)", "false");
  refuse_extra_tensors(record, file);
  set_settings_from_parts(record);
  const std::string found = record.checksum(), stored = json.string("checksum");
  if (found != stored) json.refuse("checksum", found + " (of the parts and gains)", printable(stored));
  json.refuse_unknown();
  return record;
}

}  // namespace rolora
