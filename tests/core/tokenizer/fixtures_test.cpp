// SPDX-License-Identifier: GPL-3.0-or-later
// Every supported component against ids of the reference libraries (make_fixtures.py, make_hard_fixtures.py, make_ties.py).
#include "core/storage/atomic_file.h"
#include "tests/core/tokenizer/support.h"

namespace rolora::test {
namespace {

using Ids = std::vector<int64_t>;

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  return bytes;
}

Ids around(const Json& row, const Ids& ids) {
  Ids all = row.at("front").get<Ids>();
  all.insert(all.end(), ids.begin(), ids.end());
  for (const Json& id : row.at("back")) all.push_back(id.get<int64_t>());
  return all;
}

void check_documents(const char* file, size_t least) {
  const Json fixtures = read_json_file(fixture(file));
  const Scratch scratch;
  ASSERT_GE(fixtures.at("tokenizers").size(), least);
  for (const Json& row : fixtures.at("tokenizers")) {
    const auto name = row.at("name").get<std::string>();
    Json document = row.at("rest");
    document["version"] = "1.0";
    document["model"] = fixtures.at("models").at(row.at("model").get<std::string>());
    document["model"].update(row.at("options"));
    const auto tokenizer = open_document(scratch, document);
    EXPECT_EQ(tokenizer->prefix(), row.at("front").get<Ids>()) << name;
    for (size_t i = 0; i < row.at("texts").size(); ++i) {
      const auto index = row.at("texts")[i].get<size_t>();
      const auto text = fixtures.at("texts")[index].get<std::string>();
      SCOPED_TRACE(name + ", text " + std::to_string(index));
      const Ids ids = row.at("ids")[i].get<Ids>();
      EXPECT_EQ(tokenizer->encode(text, false), ids);
      EXPECT_EQ(tokenizer->encode(text, true), around(row, ids));
      EXPECT_EQ(tokenizer->decode(ids), row.at("decoded").value(std::to_string(index), text));
    }
  }
}

TEST(TokenizerFixtures, TokenizerJson) { check_documents("tokenizers.json", 60); }

TEST(TokenizerFixtures, HardTextsAndUnigram) { check_documents("hard.json", 16); }

TEST(TokenizerFixtures, Tiktoken) {
  const Json fixtures = read_json_file(fixture("tiktoken.json"));
  const Scratch scratch;
  const auto tokenizer = open_tokenizer(scratch.write("tokenizer.model", read_file(fixture("tiktoken.model"))));
  const int64_t ranks = fixtures.at("ranks").get<int64_t>();
  EXPECT_EQ(tokenizer->kind(), "tiktoken llama3");
  EXPECT_EQ(tokenizer->vocabulary(), ranks + 256);
  EXPECT_EQ(tokenizer->bos(), ranks);
  EXPECT_EQ(tokenizer->eos(), ranks + 1);
  for (size_t i = 0; i < fixtures.at("special").size(); ++i) {
    const auto name = fixtures.at("special")[i].get<std::string>();
    EXPECT_EQ(tokenizer->piece(ranks + static_cast<int64_t>(i)), name);
    EXPECT_EQ(tokenizer->special_token(name), ranks + static_cast<int64_t>(i));
  }
  for (size_t i = 0; i < fixtures.at("texts").size(); ++i) {
    SCOPED_TRACE("text " + std::to_string(i));
    const auto text = fixtures.at("texts")[i].get<std::string>();
    const Ids ids = fixtures.at("ids")[i].get<Ids>();
    EXPECT_EQ(tokenizer->encode(text, false), ids);
    Ids with_begin = ids;
    with_begin.insert(with_begin.begin(), ranks);
    EXPECT_EQ(tokenizer->encode(text, true), with_begin);
    EXPECT_EQ(tokenizer->decode(with_begin), text);
  }
}

// Where many spellings have the same score the rounding of sums decides, and beyond 100 000 the library begins its sums again.
TEST(TokenizerFixtures, SentencePieceTies) {
  const Json fixtures = read_json_file(fixture("ties.json"));
  for (const auto& [name, model] : fixtures.at("models").items()) {
    const auto tokenizer = open_tokenizer(fixture(name));
    for (const Json& row : model.at("rows")) {
      EXPECT_EQ(tokenizer->encode(row.at("text").get<std::string>(), false), row.at("ids").get<Ids>()) << name << ": " << row.at("text");
    }
    const Json& expected = model.at("long");
    std::string text;
    for (int n = 1; n < 4000; n += 250) {
      for (const auto& letter : expected.at("letters")) {
        for (int i = 0; i < n; ++i) text += letter.get<std::string>();
      }
    }
    const Ids ids = tokenizer->encode(text, false);
    EXPECT_EQ(ids.size(), expected.at("ids").get<size_t>()) << name;
    int64_t sum = 0;
    for (size_t i = 0; i < ids.size(); ++i) sum += ids[i] * static_cast<int64_t>(i % 97 + 1);
    EXPECT_EQ(sum, expected.at("sum").get<int64_t>()) << name;
  }
}

// SentencePiece's library takes bytes: each one that belongs to no character counts as U+FFFD, whatever stands beside it.
TEST(TokenizerFixtures, SentencePieceBytes) {
  const Json fixtures = read_json_file(fixture("bytes.json"));
  for (const Json& row : fixtures.at("models")) {
    const auto tokenizer = open_tokenizer(fixture(row.at("name").get<std::string>() + ".model"));
    for (size_t i = 0; i < fixtures.at("texts").size(); ++i) {
      SCOPED_TRACE(row.at("name").get<std::string>() + ", text " + std::to_string(i));
      const Ids ids = row.at("ids")[i].get<Ids>();
      EXPECT_EQ(tokenizer->encode(from_hex(fixtures.at("texts")[i].get<std::string>()), false), ids);
      EXPECT_EQ(tokenizer->decode(ids), row.at("decoded")[i].get<std::string>());
    }
  }
}

TEST(TokenizerFixtures, SentencePiece) {
  const Json fixtures = read_json_file(fixture("sentencepiece.json"));
  for (const Json& row : fixtures.at("models")) {
    const auto name = row.at("name").get<std::string>();
    const auto tokenizer = open_tokenizer(fixture(name + ".model"));
    EXPECT_EQ(tokenizer->kind(), "sentencepiece " + name);
    EXPECT_EQ(tokenizer->vocabulary(), row.at("size").get<int64_t>());
    const int64_t bos = row.at("bos").get<int64_t>();
    EXPECT_EQ(tokenizer->bos(), bos < 0 ? std::nullopt : std::optional<int64_t>(bos));
    EXPECT_EQ(tokenizer->eos(), row.at("eos").get<int64_t>());
    EXPECT_EQ(tokenizer->prefix(), bos < 0 ? Ids{} : Ids{bos});
    for (size_t i = 0; i < fixtures.at("texts").size(); ++i) {
      SCOPED_TRACE(name + ", text " + std::to_string(i));
      const auto text = fixtures.at("texts")[i].get<std::string>();
      const Ids ids = row.at("ids")[i].get<Ids>();
      EXPECT_EQ(tokenizer->encode(text, false), ids);
      Ids with_bos = tokenizer->prefix();
      with_bos.insert(with_bos.end(), ids.begin(), ids.end());
      EXPECT_EQ(tokenizer->encode(text, true), with_bos);
      EXPECT_EQ(tokenizer->decode(ids), row.at("decoded")[i].get<std::string>());
    }
  }
}

}  // namespace
}  // namespace rolora::test
