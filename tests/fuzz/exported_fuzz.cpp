// SPDX-License-Identifier: GPL-3.0-or-later
// A quantized folder in another library's format: config.json with its quantization_config, and the tensors.
#include "core/exports/open_exported.h"
#include "tests/fuzz/small_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  const fuzz::Pair files = fuzz::split(fuzz::as_text(data, size));
  folder.write("config.json", files.first);
  folder.write("model.safetensors", files.second);
  return fuzz::expect_typed([&] {
    if (exported_format(folder.path()).empty()) return;
    fuzz::read_all(*open_exported(folder.path()).model);
  });
}
