// SPDX-License-Identifier: GPL-3.0-or-later
// What the room promises beyond ids: which file of a folder counts, BOS and EOS, text that is not UTF-8, special tokens in front.
#include "core/storage/atomic_file.h"
#include "tests/core/tokenizer/support.h"

namespace rolora::test {
namespace {

using Ids = std::vector<int64_t>;

Json with_ends() {
  Json document = small_document();
  for (const auto& [content, id] : {std::pair("<s>", 6), std::pair("</s>", 7)}) {
    document["added_tokens"].push_back({{"id", id},
                                        {"content", content},
                                        {"single_word", false},
                                        {"lstrip", false},
                                        {"rstrip", false},
                                        {"normalized", false},
                                        {"special", true}});
  }
  document["post_processor"] = Json::parse(R"({"type":"TemplateProcessing","pair":[],
      "single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
      "special_tokens":{"<s>":{"id":"<s>","ids":[6],"tokens":["<s>"]},"</s>":{"id":"</s>","ids":[7],"tokens":["</s>"]}}})");
  return document;
}

TEST(Tokenizer, JsonComesBeforeModel) {
  const Scratch scratch;
  scratch.write("tokenizer.model", read_file(fixture("bpe.model")));
  EXPECT_TRUE(has_tokenizer(scratch.path()));
  EXPECT_EQ(open_tokenizer(scratch.path())->kind(), "sentencepiece bpe");
  scratch.write("tokenizer.json", small_document().dump());
  EXPECT_EQ(open_tokenizer(scratch.path())->kind(), "tokenizer.json bpe");
  EXPECT_EQ(open_tokenizer(scratch.path() / "tokenizer.model")->kind(), "sentencepiece bpe");
}

TEST(Tokenizer, PostProcessorGivesBosAndEos) {
  const Scratch scratch;
  const auto tokenizer = open_document(scratch, with_ends());
  EXPECT_EQ(tokenizer->encode("abc", true), (Ids{6, 5, 7}));
  EXPECT_EQ(tokenizer->encode("abc", false), Ids{5});
  EXPECT_EQ(tokenizer->encode("", true), (Ids{6, 7}));
  EXPECT_EQ(tokenizer->prefix(), Ids{6});
  EXPECT_EQ(tokenizer->bos(), 6);
  EXPECT_EQ(tokenizer->eos(), 7);
  const auto plain = open_document(scratch, small_document());
  EXPECT_EQ(plain->prefix(), Ids{});
  EXPECT_EQ(plain->bos(), std::nullopt);
  EXPECT_EQ(plain->eos(), std::nullopt);
}

TEST(Tokenizer, ConfigNamesBosAndEos) {
  const Scratch scratch;
  scratch.write("tokenizer_config.json", R"({"bos_token": null, "eos_token": {"content": "ab", "lstrip": false}})");
  const auto tokenizer = open_document(scratch, with_ends());
  EXPECT_EQ(tokenizer->bos(), std::nullopt);
  EXPECT_EQ(tokenizer->eos(), 4);
  EXPECT_EQ(tokenizer->prefix(), Ids{6});  // the post-processor alone decides what is added
  scratch.write("tokenizer_config.json", R"({"bos_token": "</s>", "eos_token": "<unheard-of>"})");
  EXPECT_EQ(open_document(scratch, with_ends())->bos(), 7);
  EXPECT_EQ(open_document(scratch, with_ends())->eos(), std::nullopt);
  scratch.write("tokenizer_config.json", R"({"bos_token": 5})");
  EXPECT_THROW(open_document(scratch, with_ends()), InputError);
}

TEST(Tokenizer, TextsThatAreNotUtf8) {
  const Scratch scratch;
  Json document = small_document();
  document["model"]["vocab"]["\xEF\xBF\xBD"] = 6;
  const auto json = open_document(scratch, document);
  EXPECT_EQ(json->encode("a\xE2\x82"
                         "b\xFF\xC0\xAF",
                         false),
            (Ids{1, 6, 2, 6, 6, 6}));
  const auto model = open_tokenizer(fixture("bpe.model"));
  EXPECT_EQ(model->encode("a\xE2\x82"
                          "b\xFF",
                          false),
            model->encode("a\xEF\xBF\xBD\xEF\xBF\xBD"
                          "b\xEF\xBF\xBD",
                          false));
  const auto ranks = open_tokenizer(fixture("tiktoken.model"));
  EXPECT_EQ(ranks->encode("a\xE2\x82"
                          "b\xFF",
                          false),
            ranks->encode("a\xEF\xBF\xBD"
                          "b\xEF\xBF\xBD",
                          false));
}

TEST(Tokenizer, SpecialTokensByTheirText) {
  const Scratch scratch;
  const auto json = open_document(scratch, with_ends());
  EXPECT_EQ(json->special_token("</s>"), 7);
  EXPECT_EQ(json->special_token("ab"), std::nullopt);  // a piece, but no special one
  EXPECT_TRUE(json->finds_special_tokens());
  const auto model = open_tokenizer(fixture("bpe.model"));
  EXPECT_EQ(model->special_token("</s>"), model->eos());
  EXPECT_EQ(model->special_token("<mask>"), std::nullopt);  // defined by the user: found in texts as any piece
  EXPECT_FALSE(model->finds_special_tokens());
  const auto ranks = open_tokenizer(fixture("tiktoken.model"));
  EXPECT_EQ(ranks->special_token("<|im_start|>"), std::nullopt);
  EXPECT_FALSE(ranks->finds_special_tokens());
}

TEST(Tokenizer, EmbeddedZeros) {
  const std::string text("a\0b\0\0c", 6);
  for (const char* name : {"bpe.model", "unigram.model"}) {
    const auto tokenizer = open_tokenizer(fixture(name));
    EXPECT_GE(tokenizer->encode(text, false).size(), 5u) << name;
  }
  const auto bytes = open_tokenizer(fixture("bpe.model"));
  EXPECT_EQ(bytes->decode(bytes->encode(text, false)), text);
}

TEST(Tokenizer, MetaspaceInItsOldForm) {
  const Scratch scratch;
  Json document = small_document();
  document["model"]["vocab"]["_"] = 6;
  document["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "_"}, {"add_prefix_space", true}, {"str_rep", "_"}};
  EXPECT_EQ(open_document(scratch, document)->encode("a b", false), (Ids{6, 1, 6, 2}));
  document["pre_tokenizer"]["add_prefix_space"] = false;
  EXPECT_EQ(open_document(scratch, document)->encode("a b", false), (Ids{1, 6, 2}));
}

// GPT-2's own file names no model type.
TEST(Tokenizer, OldFilesWithoutModelType) {
  const Scratch scratch;
  Json document = small_document();
  document["model"].erase("type");
  document["model"]["merges"] = {"#version: 0.2", "a b", "ab c"};
  EXPECT_EQ(open_document(scratch, document)->encode("abcab", false), (Ids{5, 4}));
}

// Behind an added token a piece begins with a character of several bytes, which a normalizer looks at alone.
TEST(Tokenizer, NormalizedTextBehindAnAddedToken) {
  const Scratch scratch;
  Json document = with_ends();
  document["model"]["vocab"] = {{"?", 0}, {"a", 1}, {"\u1ABF", 2}, {"\u032C", 3}, {"x", 4}, {"y", 5}};
  document["model"]["merges"] = Json::array();
  document["normalizer"] = {{"type", "NFKC"}};
  const auto tokenizer = open_document(scratch, document);
  EXPECT_EQ(tokenizer->encode("<s>\u1ABF\u032Ca", false), (Ids{6, 2, 3, 1}));  // U+1ABF is younger than the reference's marks: not sorted
}

TEST(Tokenizer, OldUnigramFilesWithoutModelType) {
  const Scratch scratch;
  Json document = small_document();
  document["model"] = Json::parse(R"({"unk_id": 0, "vocab": [["?", 0], ["a", -1], ["b", -2], ["ab", -3.5]]})");
  const auto tokenizer = open_document(scratch, document);
  EXPECT_EQ(tokenizer->kind(), "tokenizer.json unigram");
  EXPECT_EQ(tokenizer->encode("abxya", false), (Ids{1, 2, 0, 1}));
  document["model"]["vocab"][3][1] = -3;  // as good as a and b: the one found first, which is the shorter last piece's, stays
  EXPECT_EQ(open_document(scratch, document)->encode("ab", false), Ids{3});
}

TEST(Tokenizer, TruncationAndPaddingAreNotApplied) {
  const Scratch scratch;
  Json document = small_document();
  document["truncation"] = {{"direction", "Right"}, {"max_length", 1}, {"strategy", "LongestFirst"}, {"stride", 0}};
  document["padding"] = {{"strategy", {{"Fixed", 8}}}, {"direction", "Right"}, {"pad_id", 0}, {"pad_token", "?"}};
  EXPECT_EQ(open_document(scratch, document)->encode("abcab", false), (Ids{5, 4}));
}

}  // namespace
}  // namespace rolora::test
