// SPDX-License-Identifier: GPL-3.0-or-later
// A PEFT folder for a small model: adapter_config.json and the tensors.
#include "core/finetune/adapter.h"
#include "tests/fuzz/entry.h"
#include "tests/fuzz/small_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  static const ModelConfig model = fuzz::small_model();
  const fuzz::Pair files = fuzz::split(fuzz::as_text(data, size));
  folder.write("adapter_config.json", files.first);
  folder.write("adapter_model.safetensors", files.second);
  return fuzz::expect_typed([&] { (void)load_adapter(folder.path(), model); });
}
