// SPDX-License-Identifier: GPL-3.0-or-later
// What a checkpoint's config.json says, validated.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/storage/json_file.h"
#include "core/storage/safetensors.h"

namespace rolora {

struct FamilyDescription;

enum class RopeKind { plain, llama3, linear, dynamic };

struct RopeSettings {
  double theta = 10000.0;
  RopeKind kind = RopeKind::plain;
  double factor = 1.0;
  double low_freq_factor = 1.0, high_freq_factor = 4.0;  // llama3
  int64_t original_context = 0;                          // llama3, dynamic
};

struct ModelConfig {
  const FamilyDescription* family = nullptr;  ///< names and options of this family, as data
  std::string model_type;                     ///< of the architecture ("llama"), also for this program's rotated and quantized folders
  int64_t hidden = 0, intermediate = 0, layers = 0, heads = 0, kv_heads = 0, head_dim = 0, vocabulary = 0, context = 0;
  double rms_epsilon = 1e-6;
  RopeSettings rope;
  bool tied = false;                 ///< one tensor serves as embedding and head
  bool attention_bias = false;       ///< q, k, v and o carry biases
  bool qkv_bias = false;             ///< q, k, v carry biases (o does not, unless attention_bias)
  bool mlp_bias = false;
  std::optional<int64_t> bos;
  std::vector<int64_t> eos;
  Json raw;                          ///< the file as read; derived folders keep what they do not change
};

/// Reads and validates config.json of a folder (old rope_theta/rope_scaling and transformers 5's rope_parameters). InputError on anything impossible.
ModelConfig read_model_config(const std::filesystem::path& folder);
/// The same from a parsed document; `file` stands in messages.
ModelConfig parse_model_config(const Json& document, const std::string& file);

}  // namespace rolora
