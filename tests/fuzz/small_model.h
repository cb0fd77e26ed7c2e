// SPDX-License-Identifier: GPL-3.0-or-later
// The model that adapters, records and bits are read for (the numbers are those of the seeds, see make_seeds.py).
#pragma once

#include "core/model/config.h"
#include "tests/fuzz/entry.h"

namespace rolora::fuzz {

inline constexpr std::string_view kSmallConfig = R"({"model_type": "llama", "hidden_size": 8, "intermediate_size": 12,
  "num_hidden_layers": 1, "num_attention_heads": 2, "vocab_size": 16, "max_position_embeddings": 32, "torch_dtype": "float32"})";

inline ModelConfig small_model() {
  const Folder folder;
  folder.write("config.json", kSmallConfig);
  ModelConfig config = read_model_config(folder.path());
  std::filesystem::remove_all(folder.path());
  return config;
}

/// config.json of a folder that this program made of it ("rotated", "quantized").
inline std::string small_config_of_kind(const std::string& kind) {
  const ModelConfig config = small_model();
  return derived_config(config, kind, "float32", config.tied).dump();
}

}  // namespace rolora::fuzz
