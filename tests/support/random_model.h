// SPDX-License-Identifier: GPL-3.0-or-later
// Random checkpoints of a given configuration, written as a Hugging Face folder.
#pragma once

#include <ATen/Functions.h>

#include <filesystem>
#include <map>
#include <string>

#include "core/base/random.h"
#include "core/model/checkpoint.h"
#include "core/storage/json_file.h"
#include "tests/support/folders.h"

namespace rolora::test {

/// A small LLaMA: 2 layers, width 24, intermediate 40, 4 heads on 2 key/value heads of 6, vocabulary 50, context 64, untied.
inline Json small_config() {
  return {{"architectures", {"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"hidden_size", 24},
          {"intermediate_size", 40},
          {"num_hidden_layers", 2},
          {"num_attention_heads", 4},
          {"num_key_value_heads", 2},
          {"vocab_size", 50},
          {"max_position_embeddings", 64},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 10000.0},
          {"hidden_act", "silu"},
          {"tie_word_embeddings", false},
          {"bos_token_id", 1},
          {"eos_token_id", 2},
          {"torch_dtype", "float32"}};
}

using NamedTensors = std::map<std::string, at::Tensor>;

/// Gaussian weights of deviation 1/√in, gains around 1, biases of deviation 0.1: big enough that every part shows in the logits.
inline NamedTensors random_tensors(const ModelConfig& config, uint64_t seed) {
  NamedTensors tensors;
  for (const auto& declared : expected_tensors(config, StoredType::F64, !config.tied)) {
    Random random(seed, declared.name);
    at::Tensor values = at::empty(declared.shape, at::kDouble);
    double* data = values.mutable_data_ptr<double>();
    const bool matrix = declared.shape.size() == 2, gain = declared.name.find("norm") != std::string::npos;
    const double deviation = matrix ? 1 / std::sqrt(static_cast<double>(declared.shape[1])) : 0.1;
    for (int64_t i = 0; i < values.numel(); ++i) data[i] = (gain ? 1.0 : 0.0) + deviation * random.normal();
    tensors[declared.name] = values;
  }
  return tensors;
}

inline void write_tensors(const std::filesystem::path& file, const NamedTensors& tensors, at::ScalarType type) {
  std::vector<SafetensorsWriter::Declared> declared;
  for (const auto& [name, tensor] : tensors) declared.push_back({name, stored_type(type), tensor.sizes().vec()});
  SafetensorsWriter writer(file, declared);
  for (const auto& [name, tensor] : tensors) writer.write(name, bytes_of_tensor(tensor.to(type).contiguous()));
  writer.finish();
}

/// config.json and model.safetensors; returns the tensors in fp64 before rounding to `type`.
inline NamedTensors write_random_model(const std::filesystem::path& folder, const Json& config, uint64_t seed = 1,
                                       at::ScalarType type = at::kFloat) {
  std::filesystem::create_directories(folder);
  write_text(folder / "config.json", json_text(config));
  NamedTensors tensors = random_tensors(parse_model_config(config, "config.json"), seed);
  write_tensors(folder / "model.safetensors", tensors, type);
  return tensors;
}

/// Seeded ids [rows, columns] below the vocabulary.
inline at::Tensor random_ids(int64_t rows, int64_t columns, int64_t vocabulary, uint64_t seed = 1) {
  Random random(seed, "test ids");
  at::Tensor ids = at::empty({rows, columns}, at::kLong);
  for (int64_t i = 0; i < ids.numel(); ++i) {
    ids.mutable_data_ptr<int64_t>()[i] = static_cast<int64_t>(random.below(static_cast<uint64_t>(vocabulary)));
  }
  return ids;
}

}  // namespace rolora::test
