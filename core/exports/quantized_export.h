// SPDX-License-Identifier: GPL-3.0-or-later
// A folder that this program quantized, as other libraries load it: the compressed-tensors format and GPTQ's layout.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/base/monitor.h"
#include "core/exports/hf_folder.h"
#include "core/quantization/quantized_folder.h"

namespace rolora {

struct QuantizedExport {
  const QuantizedFolder& model;
  std::filesystem::path folder;  ///< of the model: tokenizer and generation files are copied from here
  at::ScalarType store = at::kFloat;
};

struct QuantizedCheck {
  ExportCheck logits;                 ///< of the folder as written against the model's
  std::optional<double> other_scale;  ///< relative L2 of the logits between the two scales of activations, where they differ
  std::optional<double> rounding;     ///< relative L2 of the logits that narrower stored scales cost, where they cost any
  std::vector<std::string> notes;     ///< what to know before running the folder elsewhere; NOTE.md in it says the same
};

struct CompressedTensorsOptions {
  /// Export activations that were quantized with scales max/(2^(b−1)−1) though the format's are max/((2^b−1)/2).
  bool accept_other_scale = false;
  bool online_transform = false;  ///< write R4 as a transform_config, which transformers does not read
};

/// The format of compressed-tensors 0.20, as transformers 5.23 reads it: per set of bits, symmetry and group one config_group; weights
/// alone pack-quantized, weights with dynamic per-token activations int-quantized; unquantized linears and the head ignored. Integers,
/// zeros and fp32 scales are the model's own; what is not quantized is stored in `store`. InputError for what the format cannot say, naming
/// what serves. Writes rotation record, sample tokens with the logits of the weights (activations as they come), and NOTE.md. The folder is
/// read back from its own config.json and compared before it gets its name (GateError).
QuantizedCheck export_compressed_tensors(const QuantizedExport& from, const std::filesystem::path& out, const CompressedTensorsOptions& how,
                                         bool force, const Compute& compute, Monitor& monitor);

struct GptqLayoutOptions {
  /// Zero points as they are (checkpoint_format "gptq_v2") instead of less one ("gptq", what older loaders know).
  bool second_version = false;
};

/// GPTQ's layout: qweight [in·b/32, out], qzeros [groups, out·b/32], scales [groups, out] in `store`, g_idx [in]; one number of bits (2, 4
/// or 8) for all linears, nothing else quantized. A linear whose width the group does not divide repeats its one scale for every group.
/// Compared
/// with the model at the stored scales; what their rounding costs is `rounding`. Otherwise as above.
QuantizedCheck export_gptq_layout(const QuantizedExport& from, const std::filesystem::path& out, const GptqLayoutOptions& how, bool force,
                                  const Compute& compute, Monitor& monitor);

}  // namespace rolora
