// SPDX-License-Identifier: GPL-3.0-or-later
// JSON from outside: what is accepted reads back as the same document.
#include "core/storage/json_file.h"
#include "tests/fuzz/entry.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  return fuzz::expect_typed([&] {
    const Json document = parse_json(fuzz::as_text(data, size), "file.json");
    const std::string written = json_text(document);
    if (parse_json(written, "written.json") != document) fuzz::finding("a document that changes when it is written", written);
  });
}
