// SPDX-License-Identifier: GPL-3.0-or-later
// The compressed-tensors format: its quantization_config, and how a linear lies in the file for each of its config_groups.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/exports/linear_format.h"
#include "core/rotation/orthogonal.h"
#include "core/storage/json_file.h"

namespace rolora {

/// config_groups of equal bits, symmetry and group; the head and unquantized linears in `ignore`. One group targets "Linear"; of several
/// each targets kinds of linears by a regular expression, or the linears by name where a kind is not alike in all layers. InputError (file)
/// for activations below 16 bits on weights of 16.
Json compressed_tensors_config(const std::vector<WholeLinear>& linears, const std::string& file);

class CompressedTensorsFormat final : public LinearFormat {
 public:
  /// `quantization_config` as config.json holds it; `file` stands in messages. Everything in it must be understood: InputError for keys
  /// that are not known, and for what this program cannot compute (static activations, blocks, floating-point types, a quantized KV cache).
  /// A transform_config is left to whoever opens the folder.
  CompressedTensorsFormat(const Json& quantization_config, std::string file);
  std::vector<SafetensorsWriter::Declared> declared(const WholeLinear& linear) const override;
  std::vector<at::Tensor> tensors(const WholeLinear& linear, const QuantizedWeight& weight) const override;
  /// Zero points beside symmetric weights.
  std::vector<IdleTensor> idle(const WholeLinear& linear) const override;
  at::Tensor dequantized(const TensorStore& file, const WholeLinear& linear) const override;
  WeightLayout layout(const std::string& linear, int64_t out, int64_t in) const override;
  int activation_bits(const std::string& linear) const override;
  void require_linears_alone(const std::set<std::string>& linears, const std::vector<std::string>& others) const override;

 private:
  struct Scheme {
    std::vector<std::string> targets;
    int bits = 8;
    bool symmetric = true, packed = false;
    int64_t group = 0;
    int activation_bits = 16;
  };
  Scheme read_scheme(const JsonObject& group, const std::string& usual_format) const;
  /// By a name or a regular expression; nullptr where there is none. InputError where several groups do.
  const Scheme* scheme_by_name(const std::string& module) const;
  /// nullptr for what is ignored or not targeted.
  const Scheme* scheme_of(const std::string& linear) const;
  const Scheme& quantized_scheme(const std::string& linear) const;
  std::vector<Scheme> schemes_;
  std::vector<std::string> ignored_;
  std::string file_;
};

}  // namespace rolora
