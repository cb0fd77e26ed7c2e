// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/samples.h"

#include <ATen/Functions.h>

#include <cstring>

#include "core/base/error.h"
#include "core/model/tensor_store.h"
#include "core/rotation/gate.h"

namespace rolora {
namespace {

at::Tensor last_logits(const ModelSource& model, const std::vector<int64_t>& ids, at::Device device, Monitor& monitor) {
  const at::Tensor all = logits_of_text(model, ids, {at::kFloat, device}, monitor, "samples: layer");
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

}  // namespace

void save_samples(const ModelSource& model, const std::filesystem::path& folder, uint64_t seed, Monitor& monitor) {
  const std::vector<int64_t> ids = gate_tokens(model.config(), seed);
  const at::Tensor tokens = at::tensor(ids, at::kLong), logits = last_logits(model, ids, at::kCPU, monitor);
  SafetensorsWriter writer(folder / kSamplesFile, {{"sample_ids", StoredType::I64, tokens.sizes().vec()},
                                                   {"sample_logits", StoredType::F32, logits.sizes().vec()}});
  writer.write("sample_ids", bytes_of_tensor(tokens));
  writer.write("sample_logits", bytes_of_tensor(logits));
  writer.finish();
}

std::optional<SampleCheck> verify_samples(const ModelSource& model, const std::filesystem::path& folder, at::Device device,
                                          Monitor& monitor) {
  const std::filesystem::path path = folder / kSamplesFile;
  if (!std::filesystem::exists(path)) return std::nullopt;
  const SafetensorsFile file = SafetensorsFile::open(path);
  const at::Tensor tokens = read_vector(file, "sample_ids", StoredType::I64);
  const at::Tensor expected = read_vector(file, "sample_logits", StoredType::F32).to(at::kDouble);
  const int64_t vocabulary = model.config().vocabulary;
  if (tokens.min().item<int64_t>() < 0 || tokens.max().item<int64_t>() >= vocabulary) {
    throw InputError(path.string(), "sample_ids", "ids below " + std::to_string(vocabulary), "an id outside the vocabulary");
  }
  if (expected.numel() != vocabulary) {
    throw InputError(path.string(), "sample_logits", std::to_string(vocabulary) + " values", std::to_string(expected.numel()));
  }
  const int64_t* first = tokens.const_data_ptr<int64_t>();
  const at::Tensor found = last_logits(model, std::vector<int64_t>(first, first + tokens.numel()), device, monitor).to(at::kDouble);
  SampleCheck check;
  check.relative_l2 = ((found - expected).norm() / expected.norm()).item<double>();
  check.passed = check.relative_l2 <= check.bound;  // false for NaN
  return check;
}

}  // namespace rolora
