// SPDX-License-Identifier: GPL-3.0-or-later
// A file of the container: header, cover of the data, and every byte of every tensor read.
#include "core/storage/safetensors.h"
#include "tests/fuzz/entry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  const auto file = folder.write("model.safetensors", fuzz::as_text(data, size));
  return fuzz::expect_typed([&] {
    const SafetensorsFile opened = SafetensorsFile::open(file);
    volatile unsigned sum = 0;
    for (const auto& [name, entry] : opened.tensors()) {
      for (const std::byte byte : opened.bytes(name)) sum = sum + std::to_integer<unsigned>(byte);
    }
  });
}
