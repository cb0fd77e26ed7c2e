// SPDX-License-Identifier: GPL-3.0-or-later
// The one-file checkpoints of Karpathy's llama2.c: a header of sizes, then fp32 values of a LLaMA model in a fixed order without names.
// Read: the original form and version 1 of its successor; version 2 holds 8-bit integers and is refused.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

#include "core/storage/json_file.h"
#include "core/storage/tensor_file.h"

namespace rolora {

struct Llama2c {
  Json config;                                 ///< what config.json would say
  std::map<std::string, TensorEntry> tensors;  ///< by the names of a Hugging Face folder, offsets from the start of the file
};

/// InputError(file, the field of the header or "file", …) for sizes that are impossible or do not give the file's own size.
Llama2c read_llama2c(const std::filesystem::path& file);

/// llama.cpp's files, quantized for the most part: InputError(file, key, …) that says what serves.
[[noreturn]] void refuse_gguf(const std::filesystem::path& file, const char* key);

/// For what needs a folder: InputError when `model` is a file, naming the command that makes a folder of it.
void require_model_folder(const std::filesystem::path& model);

/// Rows of W_q and W_k lie in pairs that RoPE turns together (x0, y0, x1, y1, …); Hugging Face keeps the halves apart (x0, x1, …, y0, y1,
/// …). [heads · dh, d] → the same rows in Hugging Face's order.
at::Tensor halves_apart(const at::Tensor& weight, int64_t head_dim);

}  // namespace rolora
