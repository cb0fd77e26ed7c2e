// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/peft_folder.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/finetune/adapter.h"
#include "core/rotation/record.h"
#include "core/storage/atomic_file.h"
#include "core/storage/json_file.h"
#include "core/storage/safetensors.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWeights = "adapter_model.safetensors";
constexpr const char* kConfig = "adapter_config.json";
constexpr const char* kOwnFile = "rolora_adapter.json";

/// Every A has its B, of one rank, and in a DoRA a magnitude of B's rows.
void expect_pairs(const TensorFile& file, bool dora) {
  if (file.tensors().empty()) throw InputError(file.path().string(), "file", "tensors of an adapter", "none");
  for (const auto& [name, entry] : file.tensors()) {
    const size_t at = name.find(".lora_A.");
    if (at == std::string::npos) continue;
    std::string other = name;
    other[at + std::string_view(".lora_").size()] = 'B';
    if (entry.shape.size() != 2) throw InputError(file.path().string(), name, "a matrix", "another shape");
    const TensorEntry& b = file.entry(other);
    if (b.shape.size() != 2 || b.shape[1] != entry.shape[0]) {
      throw InputError(file.path().string(), other, "columns for a rank of " + std::to_string(entry.shape[0]), "another shape");
    }
    const std::string magnitude = name.substr(0, at) + ".lora_magnitude_vector";
    const bool there = file.tensors().contains(magnitude);
    if (there != dora) {
      throw InputError(file.path().string(), magnitude,
                       dora ? "a magnitude of every target, since use_dora is true" : "none, since use_dora is not true",
                       there ? "one" : "none");
    }
    if (dora && file.entry(magnitude).shape != std::vector<int64_t>{b.shape[0]}) {
      throw InputError(file.path().string(), magnitude, "[" + std::to_string(b.shape[0]) + "]", "another shape");
    }
  }
}

/// The record of the rotation that the adapter stands on. PEFT has no online rotations: InputError for a record with one, and where a
/// rotated base left none.
std::optional<RotationRecord> rotation_of(const fs::path& adapter) {
  if (!has_rotation(adapter)) {
    if (!fs::exists(adapter / kOwnFile)) return {};
    const Json own = read_json_file(adapter / kOwnFile);
    const std::string rotation = JsonObject(own, (adapter / kOwnFile).string()).string_or("rotation", "");
    if (rotation.empty()) return {};
    throw InputError((adapter / "rotation.json").string(), "file", "the record of the rotation that its base has, " + printable(rotation),
                     "none");
  }
  RotationRecord record = load_rotation(adapter);
  for (const auto& [map, name] : {std::pair(&record.r3, "R3"), std::pair(&record.r4, "R4")}) {
    if (!*map) continue;
    throw InputError(
        (adapter / "rotation.json").string(), name == std::string("R3") ? "r3" : "r4",
        "none: no folder that PEFT loads rotates online (rolora convert ROTATED ADAPTER --to plain carries the adapter onto the "
        "plain model, for which it can be exported; or rolora merge puts it into the rotated model)",
        std::string("an adapter of a base with ") + name);
  }
  return record;
}

/// PEFT computes with whatever model of fitting shapes it is given, so the config must not name one of another basis.
void expect_base(const RotationRecord& record, const std::string& base) {
  if (!fs::exists(fs::path(base) / "config.json")) return;  // a name that is found elsewhere
  const std::string found = has_rotation(base) ? load_rotation(base).checksum() : "none (a plain model)";
  if (found == record.checksum()) return;
  throw InputError(base + "/rotation.json", "rotation", "the adapter's, " + record.checksum(), found);
}

void copy_tensors(const TensorFile& from, const fs::path& to) {
  std::vector<SafetensorsWriter::Declared> declared;
  for (const auto& [name, entry] : from.tensors()) declared.push_back({name, entry.type, entry.shape});
  SafetensorsWriter writer(to, declared, {{"format", "pt"}});
  for (const SafetensorsWriter::Declared& tensor : declared) writer.write(tensor.name, from.bytes(tensor.name));
  writer.finish();
}

void expect_equal(const TensorFile& from, const TensorFile& to) {
  for (const auto& [name, entry] : from.tensors()) {
    const auto a = from.bytes(name), b = to.bytes(name);
    if (entry.shape == to.entry(name).shape && std::equal(a.begin(), a.end(), b.begin(), b.end())) continue;
    throw GateError("export: " + name + ": expected the adapter's values in the folder as written, found others");
  }
}

}  // namespace

int64_t export_peft(const fs::path& adapter, const std::string& base, const fs::path& out, bool force) {
  Json config = read_json_file(adapter / kConfig);
  const JsonObject peft(config, (adapter / kConfig).string());
  (void)peft.string("peft_type");
  const TensorFile from = TensorFile::open(adapter_weights(adapter));
  expect_pairs(from, peft.boolean_or("use_dora", false));
  const std::optional<RotationRecord> rotation = rotation_of(adapter);
  if (rotation && !base.empty()) expect_base(*rotation, base);
  if (!base.empty()) config["base_model_name_or_path"] = base;
  PendingFolder pending(out, force);
  copy_tensors(from, pending.path() / kWeights);
  write_file_atomically(pending.path() / kConfig, json_text(config));
  if (rotation) save_rotation(*rotation, pending.path());
  expect_equal(from, TensorFile::open(pending.path() / kWeights));
  pending.commit();
  return static_cast<int64_t>(from.tensors().size());
}

}  // namespace rolora
