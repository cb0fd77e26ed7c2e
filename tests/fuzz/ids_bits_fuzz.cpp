// SPDX-License-Identifier: GPL-3.0-or-later
// Two files that a user hands to the command line: --ids and --bits; the first byte says which.
#include "core/evaluation/corpus.h"
#include "core/quantization/spec.h"
#include "tests/fuzz/entry.h"
#include "tests/fuzz/small_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  static const ModelConfig model = fuzz::small_model();
  if (size == 0) return 0;
  const auto file = folder.write("file.json", fuzz::as_text(data + 1, size - 1));
  return fuzz::expect_typed([&] {
    if (data[0] % 2 == 0) {
      (void)whole_windows(ids_of_file(file, model.vocabulary), 4, 0);
    } else {
      (void)read_bits_file(file, QuantizationSpec{}, model);
    }
  });
}
