// SPDX-License-Identifier: GPL-3.0-or-later
// Where the tokenizer tests find and put their files.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/storage/json_file.h"
#include "core/tokenizer/tokenizer.h"

namespace rolora::test {

inline std::filesystem::path source_folder() {
  const char* folder = std::getenv("ROLORA_SOURCE");
  return folder == nullptr ? std::filesystem::path() : std::filesystem::path(folder);
}
inline std::filesystem::path fixture(const std::string& name) { return source_folder() / "tests/core/tokenizer/fixtures" / name; }
inline std::filesystem::path shared_file(const std::string& name) { return source_folder().parent_path() / "shared" / name; }

/// A folder that goes with the test.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "rolora-tokenizer-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder");
    path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    const std::filesystem::path file = path_ / name;
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }

 private:
  std::filesystem::path path_;
};

/// The smallest tokenizer.json that is useful: letters a, b, c, the merges ab and abc, an unknown piece; components to be filled in.
inline Json small_document() {
  return Json::parse(R"({
    "version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
    "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
    "model": {"type": "BPE", "dropout": null, "unk_token": "?", "continuing_subword_prefix": null, "end_of_word_suffix": null,
              "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
              "vocab": {"?": 0, "a": 1, "b": 2, "c": 3, "ab": 4, "abc": 5}, "merges": ["a b", "ab c"]}})");
}

inline std::unique_ptr<Tokenizer> open_document(const Scratch& scratch, const Json& document) {
  return open_tokenizer(scratch.write("tokenizer.json", document.dump()));
}

}  // namespace rolora::test
