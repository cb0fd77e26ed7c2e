// SPDX-License-Identifier: GPL-3.0-or-later
// Any model's weights as a Hugging Face folder: what rotations, merges and full trainings are written by.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/monitor.h"
#include "core/model/weights.h"
#include "core/storage/safetensors.h"

namespace rolora {

struct WriteOptions {
  at::ScalarType stored = at::kFloat;
  int64_t shard_bytes = int64_t{4} << 30;    ///< weights beyond this are cut into shards, as Hugging Face folders are
  std::string stage = "write model: layer";  ///< what progress is called
  bool indexed = false;                      ///< an index even for one shard: programs that take every *.safetensors then leave others out
};

/// Writes all tensors under their Hugging Face names (the head too, unless it is tied) into an existing folder: model.safetensors, or
/// shards with their index. The source is asked in the stored type, on the CPU, one layer in memory at a time. NumericError names a value
/// that the stored type cannot hold.
void write_weights(const ModelSource& source, const std::filesystem::path& folder, const WriteOptions& options, Monitor& monitor);

/// model.safetensors.index.json of files that are written otherwise: `shards` are the tensors of each, file i of n has the name
/// indexed_name(i, n).
void write_index(const std::vector<std::vector<SafetensorsWriter::Declared>>& shards, const std::filesystem::path& folder);
std::string indexed_name(size_t index, size_t count);

/// Copies what stands beside the weights of a folder and holds for models made from it: the tokenizer's files, the chat templates, how to
/// generate.
void copy_companions(const std::filesystem::path& from, const std::filesystem::path& to);
/// Bytes of what copy_companions would copy.
uint64_t companion_bytes(const std::filesystem::path& folder);

}  // namespace rolora
