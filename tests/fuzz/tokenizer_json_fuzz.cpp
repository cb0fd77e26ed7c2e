// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.json: every component, its patterns and maps, and what the tokenizer then does with texts.
#include "core/tokenizer/tokenizer_json.h"
#include "tests/fuzz/entry.h"
#include "tests/fuzz/use_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  const auto file = folder.write("tokenizer.json", fuzz::as_text(data, size));
  return fuzz::expect_typed([&] { fuzz::use(*open_tokenizer_json(file)); });
}
