// SPDX-License-Identifier: GPL-3.0-or-later
// A folder of `rolora quantize`: quantization.json and the tensors; its config.json is sound.
#include "core/quantization/quantized_folder.h"
#include "tests/fuzz/small_folder.h"
#include "tests/fuzz/small_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  static const auto config = folder.write("config.json", fuzz::small_config_of_kind("quantized"));
  const fuzz::Pair files = fuzz::split(fuzz::as_text(data, size));
  folder.write(kQuantizationFile, files.first);
  folder.write("model.safetensors", files.second);
  return fuzz::expect_typed([&] { fuzz::read_all(QuantizedFolder(folder.path())); });
}
