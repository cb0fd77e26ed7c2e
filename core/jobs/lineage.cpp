// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/lineage.h"

#include "core/base/error.h"

namespace rolora {
namespace {

std::string part(const char* name, OrthogonalKind kind) {
  return std::string(name) + (kind == OrthogonalKind::hadamard ? "" : " " + std::string(name_of(kind)));
}

ModelState after(const Job& job, const Station& station, const RotateStation& s) {
  ModelState state = state_of(job, s.model);
  const std::string label = rotation_label(s.rotation, station.seed);
  state.label = state.tuned ? state.label + " → " + label : label;
  state.rotated = true;
  state.turned = label != "folded";
  return state;
}

ModelState after(const Job& job, const Station&, const FinetuneStation& s) {
  ModelState state = state_of(job, s.model);
  state.tuned = true;
  state.unmerged = !s.training.full;
  state.label += s.training.full ? " + full training" : s.training.lora.dora ? " + DoRA" : " + LoRA";
  return state;
}

ModelState after(const Job& job, const Station&, const MergeStation& s) {
  ModelState state = state_of(job, s.model);
  state.unmerged = false;
  return state;
}

ModelState after(const Job& job, const Station&, const QuantizeStation& s) {
  ModelState state = state_of(job, s.model);
  state.quantized = true;
  state.quantization = quantization_label(s.how.spec);
  return state;
}

ModelState after(const Job&, const Station& station, const auto&) { throw Error("job: " + station.id + " makes no model"); }

}  // namespace

ModelState state_of(const Job& job, const std::string& model) {
  if (model == kBaseModel) {
    ModelState plain;
    plain.label = job.base.label;
    plain.rotated = job.base.rotated;
    plain.quantized = job.base.quantized;
    if (plain.quantized) plain.quantization = "as it came";
    plain.unquantized = model;
    return plain;
  }
  const Station& station = job.station(model);
  ModelState state = std::visit([&](const auto& s) { return after(job, station, s); }, station.settings);
  if (!state.quantized) state.unquantized = model;
  return state;
}

std::string quantization_label(const QuantizationSpec& spec) {
  const auto group = [](int64_t g) { return g > 0 ? " g" + std::to_string(g) : std::string(); };
  std::string label = spec.method == WeightMethod::rtn ? "RTN" : "GPTQ";
  label += " W" + std::to_string(spec.weights.bits) + "A" + std::to_string(spec.activations.bits);
  if (spec.kv_bits < 16) label += " KV" + std::to_string(spec.kv_bits);
  label += group(spec.weights.group);
  if (!spec.weights.symmetric) label += " asym";
  if (spec.weights.clip_search) label += " clip-search";
  if (spec.method == WeightMethod::gptq && spec.gptq.act_order) label += " act-order";
  if (spec.activations.group > 0) label += " a" + group(spec.activations.group).substr(1);
  if (!spec.activations.symmetric) label += " a-asym";
  if (spec.activations.clip < 1) label += " a-clip " + Json(spec.activations.clip).dump();
  if (spec.activations.convention == ScaleConvention::compressed_tensors) label += " ct-scale";
  if (spec.down_bits) label += " down" + std::to_string(*spec.down_bits);
  if (!spec.per_linear.empty()) label += " mixed";
  return label;
}

std::string rotation_label(const RotationSettings& rotation, uint64_t seed) {
  std::string label;
  const auto add = [&](const std::string& name) { label += (label.empty() ? "" : "+") + name; };
  if (!rotation.fold_only) {
    if (rotation.r1 != OrthogonalKind::none) add(part("R1", rotation.r1));
    if (rotation.r2) add("R2");
    if (rotation.r3) add("R3");
    if (rotation.r4 != OrthogonalKind::none) add(part("R4", rotation.r4));
  }
  return label.empty() ? "folded" : label + ", seed " + std::to_string(seed);
}

}  // namespace rolora
