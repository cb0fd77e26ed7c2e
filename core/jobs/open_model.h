// SPDX-License-Identifier: GPL-3.0-or-later
// Opens any MODEL folder — plain, rotated, quantized by this program, or in another library's quantized format — as one source.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/model/weights.h"
#include "core/rotation/record.h"
#include "core/rotation/samples.h"

namespace rolora {

struct OpenedModel {
  std::shared_ptr<const ModelSource> source;
  std::shared_ptr<const ModelSource> sampled;  ///< what the folder's sample logits are of: the source, or its weights alone
  std::filesystem::path folder;
  std::optional<RotationRecord> rotation;  ///< of rotated folders and of quantized ones made from them
  bool quantized = false;
  std::string stored_as = "rolora";    ///< the folder's form: "rolora", "hf", "llama2.c", "compressed-tensors" or "gptq"
  std::optional<Json> quantization{};  ///< of a quantized folder in another library's format: bits, groups and symmetry, as info shows them
  at::ScalarType stored = at::kFloat;  ///< type of the linears (of what they were made from, when quantized)
  std::vector<std::string> notes;      ///< what a user should know about the folder though it loads
  /// Identity of the weights (and of their rotation), for records. Reads every tensor once, so it is computed when asked for.
  std::string hash() const { return identity(); }
  std::function<std::string()> identity;
  /// The key of a quantized folder's config.json that says so, for refusals.
  const char* quantized_key() const { return quantization ? "quantization_config.quant_method" : "rolora.kind"; }
};

/// Recognises the kind by config.json; a plain Hugging Face folder with rotation.json beside it is rotated, one with a
/// quantization_config of compressed-tensors or GPTQ is quantized. InputError on anything broken.
OpenedModel open_model(const std::filesystem::path& folder);

/// Runs the sample tokens that a rotated, quantized or exported folder carries, in fp32 on `device`: GateError when it does not give the
/// logits stored beside them, since then something in it belongs to another model. Nothing for folders without samples.
std::optional<SampleCheck> require_samples(const OpenedModel& model, at::Device device, Monitor& monitor);

}  // namespace rolora
