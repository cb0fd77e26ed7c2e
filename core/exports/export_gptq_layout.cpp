// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "core/base/error.h"
#include "core/exports/exported_folder.h"
#include "core/exports/gptq_layout.h"
#include "core/exports/rounded_model.h"
#include "core/rotation/gate.h"
#include "core/rotation/samples.h"
#include "core/storage/atomic_file.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

bool holds_gate_and_up_in_one(const std::vector<WholeLinear>& linears) {
  return std::any_of(linears.begin(), linears.end(), [](const WholeLinear& linear) {
    return linear.parts.size() > 1 && std::find(linear.parts.begin(), linear.parts.end(), LinearKind::gate) != linear.parts.end();
  });
}

// The first line: it must be true of this folder.
std::string where_it_loads(const ExportPlan& plan, bool refused_version) {
  if (holds_gate_and_up_in_one(plan.linears)) {
    return "Does not load in GPTQModel (7.7), which declares gate_proj and up_proj apart, where this family's files hold one "
           "gate_up_proj: --to compressed-tensors makes a folder that transformers loads. This folder opens in RoLoRA Workbench again.";
  }
  if (refused_version) {
    return "Does not load in GPTQModel, which refuses sym=False in the layout's first version from other programs: export with "
           "--gptq-v2 for it. Loads in engines whose GPTQ kernels take asymmetric weights of this version.";
  }
  return "Loads in GPTQModel, in transformers with optimum and GPTQModel installed, and in engines with GPTQ kernels.";
}

void add_notes(const QuantizedExport& from, bool second_version, ExportPlan& plan) {
  const bool symmetric = from.model.record().spec.weights.symmetric;
  plan.notes.push_back(where_it_loads(plan, !symmetric && !second_version));
  plan.notes.push_back("Scales are " + dtype_name(from.store) + "; rotation_samples.safetensors has the logits in fp32 arithmetic.");
  if (second_version) {
    plan.notes.push_back(
        "checkpoint_format is gptq_v2: zero points are stored as they are. A loader that does not read the key takes them "
        "for the first version's and is wrong by one step of every weight, silently.");
  } else if (!symmetric) {
    plan.notes.push_back("Zero points are stored less one, as the first version of the layout does.");
  }
  if (from.model.record().spec.gptq.act_order) {
    plan.notes.push_back("Columns were quantized by act-order with static groups: they stand in their own order, and g_idx counts them.");
  }
  bool uneven = false, repeated = false;
  for (const WholeLinear& linear : plan.linears) {
    uneven = uneven || linear.layout.in % 32 != 0 || linear.layout.out % 32 != 0;
    repeated = repeated || group_falls_back(linear.layout.in, from.model.record().spec.weights.group);
  }
  if (uneven)
    plan.notes.push_back(
        "Some widths are no multiples of 32: AutoGPTQ and the fast kernels refuse them, GPTQModel's torch kernel does not.");
  if (repeated) {
    plan.notes.push_back("Where the group does not divide a linear's width, its one scale per output is repeated for every group.");
  }
}

// Nothing where every value that is stored in the type is one of it already.
std::optional<double> rounding_of(const QuantizedExport& from, const Compute& compute, Monitor& monitor) {
  if (from.store == at::kFloat) return std::nullopt;  // what scales are
  const std::vector<int64_t> ids = gate_tokens(from.model.config(), 0);
  const Compute exact{compute.type == at::kDouble ? at::kDouble : at::kFloat, compute.device};
  const at::Tensor own = logits_of_text(from.model, ids, exact, monitor, "export: own scales").to(at::kDouble);
  const RoundedModel rounded(from.model, from.store);
  const at::Tensor stored = logits_of_text(rounded, ids, exact, monitor, "export: stored scales").to(at::kDouble);
  const double difference = ((stored - own).norm() / own.norm()).item<double>();
  return difference == 0 ? std::nullopt : std::optional(difference);
}

}  // namespace

QuantizedCheck export_gptq_layout(const QuantizedExport& from, const fs::path& out, const GptqLayoutOptions& how, bool force,
                                  const Compute& compute, Monitor& monitor) {
  ExportPlan plan;
  plan.format = "GPTQ";
  plan.linears = exportable_linears(from);
  plan.quantization_config = gptq_config(from.model, plan.linears, how.second_version, (from.folder / kQuantizationFile).string());
  add_notes(from, how.second_version, plan);
  QuantizedCheck check;
  check.rounding = rounding_of(from, compute, monitor);
  if (check.rounding) {
    plan.notes.push_back("Scales and what is not quantized are rounded to " + dtype_name(from.store) +
                         ": the logits of 64 sample tokens differ by a relative " + Json(*check.rounding).dump() +
                         " from the model's (--store float32 rounds nothing).");
  }
  PendingFolder pending(out, force);
  write_exported(from, plan, GptqFormat(plan.quantization_config, from.store, "config.json"), pending.path(), monitor);
  write_file_atomically(pending.path() / "quantize_config.json", json_text(plan.quantization_config));

  const auto format =
      std::make_shared<const GptqFormat>(read_quantization_config(pending.path()), from.store, (pending.path() / "config.json").string());
  const ExportedFolder written(pending.path(), format, plan.linears, {});
  // Against the model at the stored scales to the last bit of the arithmetic; what their rounding costs is told.
  const RoundedModel stored(from.model, from.store);
  check.logits = verify_exported(stored, written, at::kFloat, compute, monitor);
  save_samples(written, pending.path(), 0, monitor);
  pending.commit();
  check.notes = plan.notes;
  return check;
}

}  // namespace rolora
