// SPDX-License-Identifier: GPL-3.0-or-later
// How a model is quantized, as data. Defaults are the command's contract.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace rolora {

enum class ScaleConvention { quarot, compressed_tensors };  ///< max/(2^(b−1)−1) and max/((2^b−1)/2)
enum class WeightMethod { rtn, gptq };

struct WeightQuant {
  int bits = 16;  ///< 2–8; 16 = not quantized
  int64_t group = 0;  ///< inputs per scale; 0 = one scale per output row
  bool symmetric = true;
  bool clip_search = false;
  ScaleConvention convention = ScaleConvention::quarot;
};

struct ActivationQuant {
  int bits = 16;  ///< 2–8; 16 = not quantized
  int64_t group = 0;
  bool symmetric = true;
  double clip = 1.0;
  ScaleConvention convention = ScaleConvention::quarot;
};

struct GptqOptions {
  bool act_order = false;
  double damping = 0.01;
  int64_t block = 128;
};

struct LinearBits {
  int weights = 16, activations = 16;
};

struct QuantizationSpec {
  WeightMethod method = WeightMethod::rtn;
  WeightQuant weights;
  ActivationQuant activations;
  int kv_bits = 16;  ///< per token and head, asymmetric
  GptqOptions gptq;
  std::optional<int> down_bits;                    ///< weights and activations of down_proj
  std::map<std::string, LinearBits> per_linear;    ///< by linear name ("model.layers.0.mlp.down_proj")
};

}  // namespace rolora
