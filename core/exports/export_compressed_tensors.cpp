// SPDX-License-Identifier: GPL-3.0-or-later
#include <ATen/Functions.h>

#include "core/base/error.h"
#include "core/exports/compressed_tensors.h"
#include "core/exports/exported_folder.h"
#include "core/exports/online_transform.h"
#include "core/rotation/gate.h"
#include "core/rotation/samples.h"
#include "core/storage/atomic_file.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

bool has_other_scale(const QuantizedFolder& model) {
  const QuantizationSpec& spec = model.record().spec;
  return quantizes_activations(spec, model.config()) && spec.activations.convention != ScaleConvention::compressed_tensors;
}

void require_scale(const QuantizedExport& from, bool accepted) {
  if (!has_other_scale(from.model) || accepted) return;
  throw InputError((from.folder / kQuantizationFile).string(), "settings.activations.scale_convention",
                   "compressed-tensors, whose dynamic scales are max|x|/((2^b-1)/2), at 4 bits max/7.5 (quantize again with "
                   "--scale-convention compressed-tensors, or export as it is with --accept-other-scale)",
                   "quarot, max|x|/(2^(b-1)-1), at 4 bits max/7");
}

std::optional<OnlineTransform> transform_of(const QuantizedExport& from, bool accepted) {
  const auto& rotation = from.model.rotation();
  if (!rotation || !rotation->r4) return std::nullopt;
  if (!accepted) {
    throw InputError((from.folder / "rotation.json").string(), "parts.r4",
                     "no R4, which transformers would leave out silently (rotate again with --r4 none; or --online-transform writes it as "
                     "a transform_config for engines that read it)",
                     "R4 at down_proj's input (" + rotation->r4.construction + ")");
  }
  return online_transform(rotation->r4, from.model.config());
}

void add_notes(const QuantizedExport& from, const std::optional<OnlineTransform>& transform, ExportPlan& plan) {
  const bool activations = quantizes_activations(from.model.record().spec, from.model.config());
  plan.notes.push_back(
      "Loads in transformers with compressed-tensors 0.20 (0.15 or later) installed. Weight scales are fp32: load with "
      "dtype=torch.float32 for the logits in rotation_samples.safetensors; in a half type the scales are rounded to it.");
  if (activations) {
    plan.notes.push_back(
        "Inputs of linears are rounded while the model runs, per token, with scales max|x|/((2^b-1)/2); the sample logits are of "
        "the weights alone (module.quantization_enabled = False), since rounding tips at ties from one program to the other.");
  }
  bool odd = false, packed_zeros = false;
  for (const WholeLinear& linear : plan.linears) {
    const int bits = linear.layout.bits;
    if (bits == kFullBits || linear.activation_bits != kFullBits) continue;  // not packed
    odd = odd || (bits != 2 && bits != 4 && bits != 8);
    packed_zeros = packed_zeros || !linear.layout.symmetric;
  }
  if (odd) {
    plan.notes.push_back(
        "Weights of 3, 5, 6 or 7 bits are packed without gaps, as compressed-tensors 0.20 does; earlier versions lay them out otherwise "
        "and "
        "vLLM has no kernel for them.");
  }
  if (packed_zeros) {
    plan.notes.push_back(
        "Asymmetric packed weights load in transformers 5.23 with quantization_config=CompressedTensorsConfig(dequantize=True); without it "
        "that version expects zero points of another shape and refuses the folder.");
  }
  if (!transform) return;
  plan.notes.push_back("R4 at down_proj's input is in transform_config: " + transform->described + ".");
  plan.notes.push_back(
      "WRONG, and silently: transformers (5.23 reads no transform_config and leaves R4 out), and whatever loads by it alone. "
      "Right: compressed_tensors.transform.apply_transform_config(model, config) after from_pretrained" +
      std::string(transform->named ? "" : ", then the stored matrix copied into the module's R4_input.weight") + ".");
  plan.notes.push_back(transform->named
                           ? "vLLM's source applies this named transform with its hadacore kernel on one GPU (no tensor parallelism, no "
                             "bias on down_proj); it was not run here: compare with rotation_samples.safetensors first."
                           : "vLLM's source multiplies by the stored matrix on one GPU (no tensor parallelism, no bias on down_proj), "
                             "slower than a named one, which rotate --r4 blocks gives at any even width; it was not run here: compare with "
                             "rotation_samples.safetensors first.");
}

// The online part does what the record's R4 does?
void verify_transform(const Json& quantization_config, const ExportedFolder& written, const OrthogonalMap& r4) {
  const double error = transform_error(quantization_config["transform_config"], written.store(), written.config(), r4);
  if (!(error <= kTransformBound)) {
    throw GateError("export: transform_config: expected R4 within " + Json(kTransformBound).dump() + ", found " + Json(error).dump());
  }
}

// What the format computes: the model's weights, activations on the format's scales.
QuantizationSpec spec_of_format(const QuantizedFolder& model) {
  QuantizationSpec spec = model.record().spec;
  spec.activations.convention = ScaleConvention::compressed_tensors;
  return spec;
}

double scale_difference(const QuantizedFolder& model, const ModelSource& other, const Compute& compute, Monitor& monitor) {
  const std::vector<int64_t> ids = gate_tokens(model.config(), 0);
  const at::Tensor a = logits_of_text(model, ids, compute, monitor, "export: own scales").to(at::kDouble);
  const at::Tensor b = logits_of_text(other, ids, compute, monitor, "export: the format's scales").to(at::kDouble);
  return ((b - a).norm() / a.norm()).item<double>();
}

}  // namespace

QuantizedCheck export_compressed_tensors(const QuantizedExport& from, const fs::path& out, const CompressedTensorsOptions& how, bool force,
                                         const Compute& compute, Monitor& monitor) {
  ExportPlan plan;
  plan.format = "compressed-tensors";
  plan.linears = exportable_linears(from);
  require_scale(from, how.accept_other_scale);
  const auto transform = transform_of(from, how.online_transform);
  plan.quantization_config = compressed_tensors_config(plan.linears, (from.folder / kQuantizationFile).string());
  if (transform) {
    plan.quantization_config["transform_config"] = transform->config;
    plan.extra = transform->extra;
  }
  add_notes(from, transform, plan);

  QuantizedCheck check;
  const OtherActivations served(from.model, spec_of_format(from.model));
  if (has_other_scale(from.model)) {
    check.other_scale = scale_difference(from.model, served, compute, monitor);
    plan.notes.push_back(
        "This model was quantized with activations on scales max|x|/(2^(b-1)-1); on this format's its logits on 64 sample "
        "tokens differ by a relative " +
        Json(*check.other_scale).dump() + ".");
  }
  PendingFolder pending(out, force);
  write_exported(from, plan, CompressedTensorsFormat(plan.quantization_config, "config.json"), pending.path(), monitor);

  const Json read = read_quantization_config(pending.path());  // from here on only what the folder says
  const auto format = std::make_shared<const CompressedTensorsFormat>(read, (pending.path() / "config.json").string());
  std::map<std::string, int> activations;
  for (const WholeLinear& linear : plan.linears) activations[linear.name] = format->activation_bits(linear.name);
  const ExportedFolder written(pending.path(), format, plan.linears, activations);
  if (transform) verify_transform(read, written, from.model.rotation()->r4);
  check.logits = verify_exported(served, written, from.store, compute, monitor);
  save_samples(ExportedFolder(pending.path(), format, plan.linears, {}), pending.path(), 0, monitor);
  pending.commit();
  check.notes = plan.notes;
  return check;
}

}  // namespace rolora
