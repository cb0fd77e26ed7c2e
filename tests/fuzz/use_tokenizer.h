// SPDX-License-Identifier: GPL-3.0-or-later
// A tokenizer that opened is used: what its file says must not break the encoding of a text either.
#pragma once

#include "core/tokenizer/tokenizer.h"
#include "tests/fuzz/entry.h"

namespace rolora::fuzz {

inline void use(const Tokenizer& tokenizer) {
  (void)tokenizer.prefix();
  (void)tokenizer.kind();
  for (const char* text :
       {"", "Hello  world 123\n\n", "\xc3\xa9 e\xcc\x81 \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb </s><s>",
        "a\xff\xfe\x01\t b"}) {
    const std::vector<int64_t> ids = tokenizer.encode(text, true);
    for (const int64_t id : ids) {
      if (id < 0 || id >= tokenizer.vocabulary()) finding("an id outside the vocabulary", std::to_string(id));
      (void)tokenizer.piece(id);
    }
    (void)tokenizer.decode(ids);
  }
}

}  // namespace rolora::fuzz
