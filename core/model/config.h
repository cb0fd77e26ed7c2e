// SPDX-License-Identifier: GPL-3.0-or-later
// What a checkpoint's config.json says, validated.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/model/family.h"
#include "core/storage/json_file.h"
#include "core/storage/safetensors.h"

namespace rolora {

struct RopeSettings {
  double theta = 10000.0;
  RopeKind kind = RopeKind::plain;
  double factor = 1.0;
  double low_freq_factor = 1.0, high_freq_factor = 4.0;  // llama3
  int64_t original_context = 0;                          // llama3, longrope
  std::vector<double> short_factors, long_factors;       // longrope: per frequency, for lengths up to original_context and beyond
  double attention_scaling = 1.0;                        // longrope: on cosines and sines
  int64_t dims = 0;                                      // of each head are turned, the first ones; the others pass
};

struct ModelConfig {
  const FamilyDescription* family = nullptr;  ///< names and options of this family, as data
  std::string model_type;                     ///< of the architecture ("llama"), also for this program's rotated and quantized folders
  std::string own_kind;                       ///< "" for other people's folders, "rotated" or "quantized" for this program's
  int64_t hidden = 0, intermediate = 0, layers = 0, heads = 0, kv_heads = 0, head_dim = 0, vocabulary = 0, context = 0;
  double rms_epsilon = 1e-6;
  RopeSettings rope;
  bool tied = false;            ///< one tensor serves as embedding and head
  bool attention_bias = false;  ///< q, k, v and o carry biases
  bool qkv_bias = false;        ///< q, k, v carry biases (o does not, unless attention_bias)
  bool mlp_bias = false;
  std::vector<int64_t> windows;  ///< by layer: how many keys a query sees, itself included; 0 = all. Empty: all in every layer
  std::optional<int64_t> bos;
  std::vector<int64_t> eos;
  bool single_file = false;  ///< a llama2.c file: a generation_config.json beside it is another model's
  Json raw;                  ///< the file as read; derived folders keep what they do not change
};

/// The folder of a MODEL, which is a folder or, where it is one llama2.c file, the file: there its tokenizer lies.
std::filesystem::path folder_of_model(const std::filesystem::path& model);
/// Reads and validates config.json of a folder (old rope_theta/rope_scaling and transformers 5's rope_parameters), or the header of a
/// llama2.c file. InputError on anything impossible.
ModelConfig read_model_config(const std::filesystem::path& folder);
/// The same from a parsed document; `file` stands in messages.
ModelConfig parse_model_config(const Json& document, const std::string& file);

/// Does this linear carry a bias?
bool has_bias(const ModelConfig& config, LinearKind kind);
struct LinearShape {
  int64_t out = 0, in = 0;
};
LinearShape linear_shape(const ModelConfig& config, LinearKind kind);
/// The layer's entry of `windows`, 0 where there is none.
int64_t window_of(const ModelConfig& config, LayerIndex layer);

/// Where files hold a linear's weight or bias: a tensor of its own, or some rows of one that several linears share.
struct StoredPart {
  std::string name;
  bool whole = true;
  int64_t first = 0, rows = 0;  // of the tensor's first dimension, unless whole
};
/// `tail` is ".weight" or ".bias".
StoredPart stored_part(const ModelConfig& config, LayerIndex layer, LinearKind kind, std::string_view tail);
/// Number of parameters, a tied pair counted once.
int64_t parameter_count(const ModelConfig& config);

/// config.json of a folder that this program writes from a model: `kind` is "rotated" or "quantized", `dtype` the name of the stored type
/// ("bfloat16"). model_type becomes "rolora_<type>" and the architecture's name changes too, so that no other library runs the folder
/// without its online operations; the architecture's own names stay under the key "rolora".
Json derived_config(const ModelConfig& config, const std::string& kind, const std::string& dtype, bool tied);
/// config.json of a folder that any library runs: the architecture's own names, without what only this program reads (the mark of a tuning
/// stays).
Json plain_config(const ModelConfig& config, const std::string& dtype, bool tied);
/// Says in a config.json in which type its weights are stored and whether head and embedding are one.
void describe_weights(Json& document, const std::string& dtype, bool tied);

}  // namespace rolora
