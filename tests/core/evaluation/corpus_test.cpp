// SPDX-License-Identifier: GPL-3.0-or-later
// The corpus conventions on texts small enough to write their results down, and windows against a plain loop.
#include "core/evaluation/corpus.h"

#include <gtest/gtest.h>
#include <torch/types.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "core/base/error.h"
#include "core/storage/atomic_file.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

using Ids = std::vector<int64_t>;

class CorpusTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "rolora-corpus-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path write(const std::string& bytes) const {
    std::ofstream(folder_ / "text", std::ios::binary) << bytes;
    return folder_ / "text";
  }
  std::string message_of(const std::string& bytes, Corpus corpus) const {
    try {
      read_corpus(write(bytes), corpus);
    } catch (const InputError& e) {
      return e.what();
    }
    return "no error";
  }
  std::filesystem::path folder_;
};

TEST_F(CorpusTest, Conventions) {
  const std::string text = "one\n\n two \r\nthree\x0b\xe2\x80\xa8 four";  // only \n ends a line: not \r, \v or U+2028
  EXPECT_EQ(read_corpus(write(text), Corpus::text), text);
  // Python: "\n\n".join(["one\n", "\n", " two \r\n", "three… four"])
  EXPECT_EQ(read_corpus(write(text), Corpus::wikitext2), "one\n\n\n\n\n\n two \r\n\n\nthree\x0b\xe2\x80\xa8 four");
  EXPECT_EQ(read_corpus(write(text), Corpus::ptb), "one   two \r three\x0b\xe2\x80\xa8 four");
  EXPECT_EQ(read_corpus(write(text + "\n"), Corpus::wikitext2), "one\n\n\n\n\n\n two \r\n\n\nthree\x0b\xe2\x80\xa8 four\n");
  EXPECT_EQ(read_corpus(write(text + "\n"), Corpus::ptb), "one   two \r three\x0b\xe2\x80\xa8 four");
  for (const Corpus corpus : {Corpus::text, Corpus::wikitext2, Corpus::ptb, Corpus::c4}) EXPECT_EQ(read_corpus(write(""), corpus), "");
  EXPECT_EQ(read_corpus(write("\n"), Corpus::wikitext2), "\n");
}

TEST_F(CorpusTest, JsonLines) {
  EXPECT_EQ(read_corpus(write("{\"text\":\"a\\nb\",\"url\":1}\n{\"text\":\"\"}\n\n{\"text\":\"c\\u00e9\"}\n"), Corpus::c4), "a\nb  cé");
  EXPECT_NE(message_of("{\"text\":\"a\"}\n{\"txt\":\"b\"}\n", Corpus::c4).find("line 2: text: expected"), std::string::npos);
  EXPECT_NE(message_of("{\"text\":\"a\"}\n{\"text\":", Corpus::c4).find("line 2"), std::string::npos);
  EXPECT_NE(message_of("{\"text\":3}", Corpus::c4).find("line 1: text: expected"), std::string::npos);
  EXPECT_NE(message_of("[]", Corpus::c4).find("line 1"), std::string::npos);
}

TEST_F(CorpusTest, Names) {
  EXPECT_EQ(parse_corpus("text"), Corpus::text);
  EXPECT_EQ(parse_corpus("wikitext2"), Corpus::wikitext2);
  EXPECT_EQ(parse_corpus("c4"), Corpus::c4);
  EXPECT_EQ(parse_corpus("ptb"), Corpus::ptb);
  EXPECT_THROW(parse_corpus("wikitext"), UsageError);
  EXPECT_THROW(read_corpus(folder_ / "missing", Corpus::text), InputError);
}

TEST_F(CorpusTest, StreamStartsWithTheTokenizersPrefix) {
  const char* source = std::getenv("ROLORA_SOURCE");
  ASSERT_NE(source, nullptr) << "ROLORA_SOURCE must name the project's folder";
  const auto tokenizer = open_tokenizer(std::filesystem::path(source) / "tests/core/tokenizer/fixtures/bpe.model");
  const auto file = write("the wheel\nturns\n");
  const IdStream stream = ids_of_text(file, Corpus::wikitext2, *tokenizer);
  Ids expected = {1};
  for (const int64_t id : tokenizer->encode("the wheel\n\n\nturns\n", false)) expected.push_back(id);
  EXPECT_EQ(stream.ids, expected);
  EXPECT_EQ(stream.source, file.string());
  EXPECT_EQ(stream.text_hash, sha256_of_text("the wheel\nturns\n"));
}

TEST_F(CorpusTest, IdsFromAFile) {
  EXPECT_EQ(ids_of_file(write("{\"ids\":[3,0,9]}"), 10).ids, (Ids{3, 0, 9}));
  for (const char* broken :
       {"{\"ids\":[3,10]}", "{\"ids\":[-1]}", "{\"ids\":[1.5]}", "{\"ids\":3}", "{\"tokens\":[1]}", "[1]", "{\"ids\":[\"1\"]}"}) {
    EXPECT_THROW(ids_of_file(write(broken), 10), InputError) << broken;
  }
}

TEST(Windows, AreContiguous) {
  IdStream stream{{}, "some.txt", ""};
  for (int64_t i = 0; i < 11; ++i) stream.ids.push_back(100 + i);
  for (const bool keep_tail : {false, true}) {
    const Windows windows = cut_windows(stream, 4, keep_tail);
    ASSERT_EQ(windows.full.sizes(), (at::IntArrayRef{2, 4}));
    EXPECT_EQ(windows.context, 4);
    for (int64_t w = 0; w < 2; ++w) {
      for (int64_t t = 0; t < 4; ++t) EXPECT_EQ(windows.full[w][t].item<int64_t>(), 100 + 4 * w + t);
    }
    ASSERT_EQ(windows.tail.defined(), keep_tail);
    if (keep_tail) {
      EXPECT_TRUE(at::equal(windows.tail, at::tensor({108, 109, 110}, at::kLong)));
    }
  }
  EXPECT_EQ(cut_windows(stream, 4, true, 1).full.size(0), 1);
  EXPECT_FALSE(cut_windows(stream, 4, true, 1).tail.defined());
  EXPECT_EQ(cut_windows(stream, 4, false, 9).full.size(0), 2);
  EXPECT_FALSE(cut_windows(stream, 5, true).tail.defined());  // one id predicts nothing
  EXPECT_EQ(cut_windows(stream, 20, true).full.size(0), 0);
  EXPECT_EQ(cut_windows(stream, 20, true).tail.size(0), 11);
}

TEST(Windows, ShortTextsAreRefused) {
  const IdStream stream{{1, 2, 3}, "some.txt", ""};
  try {
    cut_windows(stream, 8, false);
    ADD_FAILURE() << "cut";
  } catch (const InputError& e) {
    for (const char* part : {"some.txt", "8", "--keep-tail", "found 3 tokens"})
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
  }
  EXPECT_THROW(cut_windows({{1}, "some.txt", ""}, 8, true), InputError);
  EXPECT_THROW(cut_windows({{}, "some.txt", ""}, 8, true), InputError);
  EXPECT_THROW(cut_windows(stream, 1, false), UsageError);
}

// Only an evaluation can keep a tail; whoever cannot is not told to.
TEST(Windows, ShortTextsWithoutAnyUseForATail) {
  const IdStream stream{{1, 2, 3}, "some.txt", ""};
  const auto refusal = [&](const auto&... setting) {
    try {
      whole_windows(stream, 8, 0, setting...);
    } catch (const InputError& e) {
      return std::string(e.what());
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refusal(), "some.txt: text: expected at least one window of --context 8 tokens, found 3 tokens");
  EXPECT_EQ(refusal("block"), "some.txt: text: expected at least one window of block 8 tokens, found 3 tokens");
  EXPECT_EQ(whole_windows(stream, 3, 0).full.size(0), 1);
  EXPECT_FALSE(whole_windows(stream, 2, 0).tail.defined());
}

TEST(Windows, DefaultContext) {
  ModelConfig config;
  config.context = 512;
  EXPECT_EQ(default_context(config, std::nullopt), 512);
  config.context = 131072;
  EXPECT_EQ(default_context(config, std::nullopt), 2048);
  EXPECT_EQ(default_context(config, 4096), 4096);
  EXPECT_THROW(default_context(config, 1), UsageError);
}

}  // namespace
}  // namespace rolora
