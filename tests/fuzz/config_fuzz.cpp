// SPDX-License-Identifier: GPL-3.0-or-later
// config.json and, behind it, generation_config.json.
#include "core/model/config.h"
#include "core/model/generation_config.h"
#include "tests/fuzz/entry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  const fuzz::Pair files = fuzz::split(fuzz::as_text(data, size));
  folder.write("config.json", files.first);
  folder.write("generation_config.json", files.second.empty() ? "{}" : files.second);
  return fuzz::expect_typed([&] {
    const ModelConfig config = read_model_config(folder.path());
    if (parameter_count(config) < 0) fuzz::finding("a number of parameters that overflows", "");
    (void)derived_config(config, "rotated", "float32", config.tied);
    (void)read_generation_tokens(folder.path(), config);
  });
}
