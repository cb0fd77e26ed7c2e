// SPDX-License-Identifier: GPL-3.0-or-later
// LLaMA-3's ranks.
#include "core/tokenizer/tiktoken.h"
#include "tests/fuzz/entry.h"
#include "tests/fuzz/use_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  const std::string_view bytes = fuzz::as_text(data, size);
  (void)looks_like_tiktoken(bytes);
  return fuzz::expect_typed([&] { fuzz::use(*open_tiktoken(bytes, "tokenizer.model")); });
}
