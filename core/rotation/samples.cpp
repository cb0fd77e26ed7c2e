// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/samples.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "core/model/tensor_store.h"
#include "core/rotation/gate.h"
#include "core/rotation/record.h"
#include "core/storage/json_file.h"

namespace rolora {
namespace {

constexpr int64_t kMostTokens = 64;  // gate_tokens gives no more
constexpr double kMostBound = 1e-2;
constexpr const char* kRotationKey = "rotation";

at::Tensor last_logits(const ModelSource& model, const std::vector<int64_t>& ids, const Compute& compute, Monitor& monitor) {
  const at::Tensor all = logits_of_text(model, ids, compute, monitor, "samples: layer");
  return all[static_cast<int64_t>(ids.size()) - 1].cpu().contiguous();
}

// A copy of a stored tensor of one dimension.
at::Tensor read_vector(const SafetensorsFile& file, const std::string& name, StoredType type) {
  const TensorEntry& entry = file.entry(name);
  if (entry.type != type || entry.shape.size() != 1 || entry.shape[0] < 1) {
    throw InputError(file.path().string(), name, "one dimension of " + std::string(name_of(type)),
                     std::string(name_of(entry.type)) + " " + shape_text(entry.shape));
  }
  at::Tensor values = at::empty(entry.shape, at::TensorOptions().dtype(torch_type(type)));
  std::memcpy(values.mutable_data_ptr(), file.bytes(name).data(), file.bytes(name).size());
  return values;
}

struct Samples {
  std::vector<int64_t> ids;
  at::Tensor logits;  // [V] fp64
};

Samples read_samples(const std::filesystem::path& path, const ModelConfig& config) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  const at::Tensor tokens = read_vector(file, "sample_ids", StoredType::I64);
  if (tokens.numel() > kMostTokens) {
    throw InputError(path.string(), "sample_ids", std::to_string(kMostTokens) + " tokens at most", std::to_string(tokens.numel()));
  }
  if (tokens.min().item<int64_t>() < 0 || tokens.max().item<int64_t>() >= config.vocabulary) {
    throw InputError(path.string(), "sample_ids", "ids below " + std::to_string(config.vocabulary), "an id outside the vocabulary");
  }
  const at::Tensor logits = read_vector(file, "sample_logits", StoredType::F32).to(at::kDouble);
  if (logits.numel() != config.vocabulary) {
    throw InputError(path.string(), "sample_logits", std::to_string(config.vocabulary) + " values", std::to_string(logits.numel()));
  }
  const double norm = logits.norm().item<double>();
  if (!std::isfinite(norm) || norm == 0) throw InputError(path.string(), "sample_logits", "finite values, not all zero", "others");
  const int64_t* first = tokens.const_data_ptr<int64_t>();
  return {{first, first + tokens.numel()}, logits};
}

// Relative L2; both [V] in fp64.
double distance(const at::Tensor& found, const at::Tensor& expected) {
  return ((found - expected).norm() / expected.norm()).item<double>();
}

}  // namespace

void save_samples(const ModelSource& model, const std::filesystem::path& folder, uint64_t seed, Monitor& monitor) {
  const std::vector<int64_t> ids = gate_tokens(model.config(), seed);
  const at::Tensor tokens = at::tensor(ids, at::kLong), logits = last_logits(model, ids, {at::kFloat, at::kCPU}, monitor);
  const std::string rotation = has_rotation(folder) ? load_rotation(folder).checksum() : "";
  SafetensorsWriter writer(
      folder / kSamplesFile,
      {{"sample_ids", StoredType::I64, tokens.sizes().vec()}, {"sample_logits", StoredType::F32, logits.sizes().vec()}},
      {{kRotationKey, rotation}});
  writer.write("sample_ids", bytes_of_tensor(tokens));
  writer.write("sample_logits", bytes_of_tensor(logits));
  writer.finish();
}

std::optional<SampleCheck> verify_samples(const ModelSource& model, const std::filesystem::path& folder, at::Device device,
                                          Monitor& monitor) {
  const std::filesystem::path path = folder / kSamplesFile;
  if (!std::filesystem::exists(path)) return std::nullopt;
  const Samples samples = read_samples(path, model.config());
  const at::Tensor found = last_logits(model, samples.ids, {at::kFloat, device}, monitor).to(at::kDouble);
  SampleCheck check;
  check.relative_l2 = distance(found, samples.logits);
  check.passed = check.relative_l2 <= check.bound;  // false for NaN
  if (check.passed) return check;
  const at::Tensor exact = last_logits(model, samples.ids, {at::kDouble, at::kCPU}, monitor);
  check.bound = std::min(kMostBound, std::max(check.bound, 10 * distance(found, exact)));
  check.relative_l2 = distance(samples.logits, exact);
  check.passed = check.relative_l2 <= check.bound;
  return check;
}

std::optional<SampleCheck> require_samples(const ModelSource& model, const std::filesystem::path& folder, at::Device device,
                                           Monitor& monitor) {
  const auto check = verify_samples(model, folder, device, monitor);
  if (!check || check->passed) return check;
  const std::string found =
      std::isfinite(check->relative_l2) ? "a difference of " + Json(check->relative_l2).dump() : "logits that are no numbers";
  throw GateError((folder / kSamplesFile).string() + ": sample_logits: expected the model's logits within a relative " +
                  Json(check->bound).dump() + ", found " + found + " (weights, config.json or rotation of another model, or damaged)");
}

void require_samples_of_rotation(const std::filesystem::path& folder, const std::string& rotation, bool must) {
  const std::filesystem::path path = folder / kSamplesFile;
  const auto shown = [](const std::string& checksum) { return checksum.empty() ? std::string("none") : printable(checksum); };
  const std::string expected = "the checksum of the rotation.json beside it, " + shown(rotation);
  if (!std::filesystem::exists(path)) {
    if (must)
      throw InputError(path.string(), "file", "sample tokens stored with rotation.json, without which its record counts for nothing",
                       "none");
    return;
  }
  const SafetensorsFile file = SafetensorsFile::open(path);
  const auto said = file.metadata().find(kRotationKey);
  if (said == file.metadata().end()) {
    if (must) throw InputError(path.string(), kRotationKey, expected, "no word of a rotation");
    return;
  }
  if (said->second != rotation) throw InputError(path.string(), kRotationKey, expected, shown(said->second));
}

}  // namespace rolora
