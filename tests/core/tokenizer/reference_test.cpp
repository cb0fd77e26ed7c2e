// SPDX-License-Identifier: GPL-3.0-or-later
// Real tokenizers against ids that their own libraries gave. The files are not part of the project.
#include <cstdint>

#include "core/storage/atomic_file.h"
#include "core/storage/sha256.h"
#include "tests/core/tokenizer/support.h"

namespace rolora::test {
namespace {

Json shared_json_or_skip(const std::string& name) {
  return std::filesystem::exists(shared_file(name)) ? read_json_file(shared_file(name)) : Json();
}

using Ids = std::vector<int64_t>;

TEST(TokenizerReference, HardTexts) {
  const Json reference = shared_json_or_skip("reference/tokenizers.json");
  if (reference.is_null()) GTEST_SKIP() << "missing: ../shared/reference/tokenizers.json";
  const Json& texts = reference.at("texts");
  for (const auto& [name, expected] : reference.at("tokenizers").items()) {
    const auto tokenizer = open_tokenizer(shared_file(expected.at("file").get<std::string>()));
    ASSERT_EQ(texts.size(), expected.at("entries").size());
    for (size_t i = 0; i < texts.size(); ++i) {
      const Json& entry = expected.at("entries")[i];
      SCOPED_TRACE(name + ": " + entry.at("name").get<std::string>());
      ASSERT_EQ(texts[i].at("name"), entry.at("name"));
      const auto text = texts[i].at("text").get<std::string>();
      EXPECT_EQ(tokenizer->encode(text, false), entry.at("ids").get<Ids>());
      EXPECT_EQ(tokenizer->encode(text, true), entry.at("ids_special").get<Ids>());
      EXPECT_EQ(tokenizer->decode(entry.at("ids").get<Ids>()), entry.at("decoded").get<std::string>());
    }
  }
}

TEST(TokenizerReference, Goldens) {
  const Json goldens = shared_json_or_skip("reference/goldens.json");
  if (goldens.is_null()) GTEST_SKIP() << "missing: ../shared/reference/goldens.json";
  const auto llama2 = open_tokenizer(shared_file("tokenizers/llama2/tokenizer.model"));
  for (const auto& [text, ids] : goldens.at("llama2_tokenizer").items()) EXPECT_EQ(llama2->encode(text, false), ids.get<Ids>()) << text;
  const auto text = goldens.at("text").get<std::string>();
  for (const std::string name : {"story", "stories260K"}) {
    EXPECT_EQ(open_tokenizer(shared_file("models/" + name))->encode(text, true), goldens.at(name).at("ids").get<Ids>()) << name;
  }
}

// The whole file is one word for `story`, which has no pre-tokenizer.
TEST(TokenizerReference, WholeFile) {
  const Json quantization = shared_json_or_skip("reference/quantization.json");
  if (quantization.is_null()) GTEST_SKIP() << "missing: ../shared/reference/quantization.json";
  const std::string text = read_file(shared_file("data/tinystories.txt"));
  for (const std::string name : {"story", "stories260K"}) {
    const Json& expected = quantization.at("models").at(name).at("ids");
    const auto tokenizer = open_tokenizer(shared_file("models/" + name));
    EXPECT_EQ(tokenizer->prefix(), Ids{1});
    Ids ids = tokenizer->prefix();
    for (const int64_t id : tokenizer->encode(text, false)) ids.push_back(id);
    ASSERT_EQ(static_cast<int64_t>(ids.size()), expected.at("count").get<int64_t>());
    std::string bytes;
    for (const int64_t id : ids) {
      for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((id >> shift) & 0xFF);  // int32, little-endian
    }
    EXPECT_EQ(sha256_of_text(bytes), expected.at("sha256_le_int32").get<std::string>()) << name;
  }
}

TEST(TokenizerReference, BosAndEos) {
  if (!std::filesystem::exists(shared_file("models"))) GTEST_SKIP() << "missing: ../shared/models";
  for (const std::string name : {"models/story", "models/stories260K", "tokenizers/llama2"}) {
    const auto tokenizer = open_tokenizer(shared_file(name));
    EXPECT_EQ(tokenizer->bos(), 1) << name;
    EXPECT_EQ(tokenizer->eos(), 2) << name;
  }
  EXPECT_EQ(open_tokenizer(shared_file("models/story"))->kind(), "tokenizer.json bpe");
  EXPECT_EQ(open_tokenizer(shared_file("tokenizers/llama2"))->kind(), "sentencepiece bpe");
}

}  // namespace
}  // namespace rolora::test
