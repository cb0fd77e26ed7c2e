// SPDX-License-Identifier: GPL-3.0-or-later
// Weights of torch.save, both formats: the zip directory, the pickles, and where each tensor is said to lie.
#include "core/storage/torch_file.h"
#include "tests/fuzz/entry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  return fuzz::expect_typed([&] {
    for (const auto& [name, entry] : read_torch_file(std::as_bytes(std::span(data, size)), "pytorch_model.bin")) {
      if (entry.begin > entry.end || entry.end > size) fuzz::finding("a tensor that leaves the file", name);
    }
  });
}
