// SPDX-License-Identifier: GPL-3.0-or-later
// GPTQ's layout, as AutoGPTQ wrote it first: for a linear NAME of b bits
//   NAME.qweight  I32 [in·b/32, out]      columns packed downwards, asymmetric integers 0 … 2^b−1 (symmetric ones + 2^(b−1))
//   NAME.qzeros   I32 [groups, out·b/32]  zero points packed along the outputs, less one in the first version of the format
//   NAME.scales   [groups, out]
//   NAME.g_idx    I32 [in]                the group of each input
// W[o, i] = scales[g, o] · (qweight[i, o] − zero[g, o]), g = g_idx[i].
#pragma once

#include <set>
#include <string>
#include <vector>

#include "core/exports/linear_format.h"
#include "core/storage/json_file.h"

namespace rolora {

/// The settings of config.json's quantization_config and of quantize_config.json, which are the same. InputError (file) for what one set
/// of settings cannot say: several numbers of bits, quantized activations, unquantized linears, and widths that the words do not hold.
Json gptq_config(const QuantizedFolder& model, const std::vector<WholeLinear>& linears, bool second_version, const std::string& file);

class GptqFormat final : public LinearFormat {
 public:
  /// `scales` is the type that scales are written in; read are all. Everything in the settings must be understood, as above. A missing
  /// checkpoint_format (in some writers `format`, which must agree where both stand) is the first version's, a missing sym true.
  GptqFormat(const Json& quantization_config, at::ScalarType scales, const std::string& file);
  std::vector<SafetensorsWriter::Declared> declared(const WholeLinear& linear) const override;
  /// NumericError for a zero point of 0 in the first version, and for scales that their type cannot hold.
  std::vector<at::Tensor> tensors(const WholeLinear& linear, const QuantizedWeight& weight) const override;
  /// Without g_idx in a file that has none, when desc_act is false: groups then follow one another.
  std::vector<SafetensorsWriter::Declared> expected(const TensorStore& file, const WholeLinear& linear) const override;
  /// Biases of linears that have none.
  std::vector<IdleTensor> idle(const WholeLinear& linear) const override;
  at::Tensor dequantized(const TensorStore& file, const WholeLinear& linear) const override;
  WeightLayout layout(const std::string& linear, int64_t out, int64_t in) const override;
  /// InputError unless a list of modules_in_block_to_quantize names these linears and nothing else; lm_head is a key of its own.
  void require_linears_alone(const std::set<std::string>& linears, const std::vector<std::string>& others) const override;

 private:
  void read_modules(const JsonObject& root);
  int64_t groups_of(const WholeLinear& linear) const;
  at::Tensor groups_in_order(const WholeLinear& linear) const;  // int32 [in]
  int64_t group_length(const WholeLinear& linear) const;
  at::ScalarType scales_;
  std::string file_;
  int bits_ = 4, less_ = 1;  // what zero points are stored less
  int64_t group_ = -1;
  bool symmetric_ = true, in_order_ = false;
  std::set<std::string> modules_;  ///< as in a block, "self_attn.q_proj"; empty: all linears
};

}  // namespace rolora
