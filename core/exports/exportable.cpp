// SPDX-License-Identifier: GPL-3.0-or-later
// What no format of another library can say of a quantized model.
#include "core/base/error.h"
#include "core/exports/exported_folder.h"

namespace rolora {
namespace {

// One line each: the setting, what the formats hold, what was found.
void refuse_settings(const QuantizedExport& from, const std::string& file) {
  const QuantizationSpec& spec = from.model.record().spec;
  const auto refuse = [&](const char* key, const std::string& expected, const std::string& found) {
    throw InputError(file, std::string("settings.") + key, expected, found);
  };
  if (spec.kv_bits != kFullBits) {
    refuse("kv_bits", "16 (other formats hold one stored scale for the KV cache, not one per token and head; quantize without --kv)",
           std::to_string(spec.kv_bits));
  }
  if (!quantizes_weights(spec, from.model.config())) {
    refuse("weights.bits", "2 to 8 in some linear (a model of unquantized weights is exported with --to hf)", "16 in all");
  }
  if (!quantizes_activations(spec, from.model.config())) return;
  const ActivationQuant& a = spec.activations;
  if (!a.symmetric) refuse("activations.symmetric", "symmetric activations (quantize without --activation-asymmetric)", "asymmetric");
  if (a.group != 0) {
    refuse("activations.group", "one scale per token (quantize without --activation-group)", "groups of " + std::to_string(a.group));
  }
  if (a.clip != 1.0) {
    refuse("activations.clip", "1 (other libraries take the whole range; quantize without --activation-clip)", Json(a.clip).dump());
  }
}

}  // namespace

std::vector<WholeLinear> exportable_linears(const QuantizedExport& from) {
  const std::string file = (from.folder / kQuantizationFile).string();
  refuse_settings(from, file);
  if (from.model.rotation() && from.model.rotation()->r3) {
    throw InputError((from.folder / "rotation.json").string(), "parts.r3",
                     "none (R3 serves a quantized KV cache only, which is not exported; rotate again without --r3)",
                     "R3 on queries and keys while the model runs");
  }
  return whole_linears(from.model, file);
}

}  // namespace rolora
