// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.model: a SentencePiece model that passes our own walk goes to the library, which must then bear it.
#include "core/tokenizer/sentencepiece.h"
#include "tests/fuzz/entry.h"
#include "tests/fuzz/use_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  const auto file = folder.write("tokenizer.model", fuzz::as_text(data, size));
  return fuzz::expect_typed([&] { fuzz::use(*open_sentencepiece(file)); });
}
