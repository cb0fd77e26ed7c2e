// SPDX-License-Identifier: GPL-3.0-or-later
// A checkpoint in shards: model.safetensors.index.json and its first shard; config.json and the second shard are sound.
#include "core/model/checkpoint.h"
#include "tests/fuzz/small_folder.h"
#include "tests/fuzz/small_model.h"

namespace {

// The seeds' second shard: all zeros but its header.
std::string second_shard() {
  const std::string header =
      R"({"model.norm.weight":{"dtype":"F32","shape":[8],"data_offsets":[0,32]},"lm_head.weight":{"dtype":"F32","shape":[16,8],"data_offsets":[32,544]}})";
  const uint64_t length = header.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof length);
  return file + header + std::string(544, '\0');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  static const auto config = folder.write("config.json", fuzz::kSmallConfig);
  static const auto second = folder.write("b.safetensors", second_shard());
  const fuzz::Pair files = fuzz::split(fuzz::as_text(data, size));
  folder.write("model.safetensors.index.json", files.first);
  folder.write("a.safetensors", files.second);
  return fuzz::expect_typed([&] { fuzz::read_all(Checkpoint(folder.path())); });
}
