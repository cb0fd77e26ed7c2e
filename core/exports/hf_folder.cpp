// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/hf_folder.h"

#include <string>

#include "core/base/error.h"
#include "core/exports/open_exported.h"
#include "core/model/checkpoint.h"
#include "core/model/write_folder.h"
#include "core/rotation/gate.h"
#include "core/rotation/samples.h"
#include "core/storage/atomic_file.h"

namespace rolora {
namespace {

void refuse_what_needs_more(const HfExport& model) {
  const std::string file = (model.folder / "config.json").string();
  if (model.quantized) {
    const char* key = exported_format(model.folder).empty() ? "rolora.kind" : "quantization_config.quant_method";
    throw InputError(file, key, "a floating-point model (--to compressed-tensors and --to gptq export quantized ones)", "a quantized one");
  }
  if (!model.rotation) return;
  const auto refuse = [&](const char* part, const char* without) {
    throw InputError(file, "rolora.kind", std::string("a model without online rotations (") + without + ")",
                     std::string(part) + ", which is applied while the model runs: other programs would leave it out");
  };
  if (model.rotation->r4) {
    refuse("R4 at down_proj's input", "rotate it again with --r4 none; or quantize it: --to compressed-tensors --online-transform says R4");
  }
  if (model.rotation->r3) refuse("R3 on queries and keys", "rotate it again without --r3");
}

}  // namespace

ExportCheck export_hf(const HfExport& model, const std::filesystem::path& out, bool force, const Compute& compute, Monitor& monitor) {
  refuse_what_needs_more(model);
  const ModelConfig& config = model.source.config();
  PendingFolder pending(out, force);
  write_file_atomically(pending.path() / "config.json", json_text(plain_config(config, dtype_name(model.store), config.tied)));
  write_weights(model.source, pending.path(), {.stored = model.store, .stage = "export: layer", .indexed = true}, monitor);
  copy_companions(model.folder, pending.path());
  if (model.rotation) save_rotation(*model.rotation, pending.path());

  const Checkpoint written(pending.path());  // as anyone else will open it
  const Compute exact{compute.type == at::kDouble ? at::kDouble : at::kFloat, compute.device};
  const GateBounds bounds = gate_bounds(model.store == at::kDouble ? at::kFloat : model.store);
  const GateResult compared = equality_gate(model.source, written, {gate_tokens(config, 0)}, exact, {bounds.relative_l2}, monitor);
  if (!compared.passed) {
    throw GateError("export: expected logits within " + Json(bounds.relative_l2).dump() + " of the model's, found " +
                    Json(compared.relative_l2).dump());
  }
  save_samples(written, pending.path(), 0, monitor);
  pending.commit();
  return {compared.relative_l2, bounds.relative_l2, compared.tokens};
}

}  // namespace rolora
