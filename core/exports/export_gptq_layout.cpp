// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/exports/exported_folder.h"
#include "core/exports/gptq_layout.h"
#include "core/rotation/samples.h"
#include "core/storage/atomic_file.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

void add_notes(const QuantizedExport& from, bool second_version, ExportPlan& plan) {
  plan.notes.push_back(
      "Loads in GPTQModel, in transformers with optimum and GPTQModel installed, and in engines with GPTQ kernels. Scales are " +
      dtype_name(from.store) + "; rotation_samples.safetensors has the logits in fp32 arithmetic.");
  const bool symmetric = from.model.record().spec.weights.symmetric;
  if (second_version) {
    plan.notes.push_back(
        "checkpoint_format is gptq_v2: zero points are stored as they are. A loader that does not read the key takes them "
        "for the first version's and is wrong by one step of every weight, silently.");
  } else if (!symmetric) {
    plan.notes.push_back(
        "Zero points are stored less one, as the first version of the layout does. GPTQModel refuses asymmetric folders of "
        "this version that it did not write itself; for it export with --gptq-v2.");
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

}  // namespace

QuantizedCheck export_gptq_layout(const QuantizedExport& from, const fs::path& out, const GptqLayoutOptions& how, bool force,
                                  const Compute& compute, Monitor& monitor) {
  ExportPlan plan;
  plan.format = "GPTQ";
  plan.linears = exportable_linears(from);
  plan.quantization_config = gptq_config(from.model, plan.linears, how.second_version, (from.folder / kQuantizationFile).string());
  add_notes(from, how.second_version, plan);
  PendingFolder pending(out, force);
  write_exported(from, plan, GptqFormat(plan.quantization_config, from.store, "config.json"), pending.path(), monitor);
  write_file_atomically(pending.path() / "quantize_config.json", json_text(plan.quantization_config));

  const GptqFormat format(read_quantization_config(pending.path()), from.store, (pending.path() / "config.json").string());
  const ExportedFolder written(pending.path(), format, plan.linears, {});
  QuantizedCheck check;
  check.logits = verify_exported(from.model, written, from.store, compute, monitor);
  save_samples(written, pending.path(), 0, monitor);
  pending.commit();
  check.notes = plan.notes;
  return check;
}

}  // namespace rolora
