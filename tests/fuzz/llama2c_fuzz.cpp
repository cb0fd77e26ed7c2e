// SPDX-License-Identifier: GPL-3.0-or-later
// A model file of llama2.c: seven numbers that must give the file's own size.
#include "core/model/config.h"
#include "core/model/llama2c.h"
#include "tests/fuzz/entry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  const auto file = folder.write("model.bin", fuzz::as_text(data, size));
  return fuzz::expect_typed([&] {
    for (const auto& [name, entry] : read_llama2c(file).tensors) {
      if (entry.begin > entry.end || entry.end > size) fuzz::finding("a tensor that leaves the file", name);
    }
    (void)read_model_config(file);
  });
}
