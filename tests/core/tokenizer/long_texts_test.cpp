// SPDX-License-Identifier: GPL-3.0-or-later
// Lines of a megabyte in every kind of tokenizer: time that grows with the square of the length would be minutes or hours here.
#include <chrono>

#include "core/storage/atomic_file.h"
#include "core/tokenizer/unicode.h"
#include "tests/core/tokenizer/support.h"

namespace rolora::test {
namespace {

constexpr size_t kLength = 1 << 20;

std::string repeated(const std::string& part) {
  std::string text;
  while (text.size() < kLength) text += part;
  return text;
}

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

const std::vector<std::string>& long_texts() {
  static const std::vector<std::string> texts = {repeated("a"),   repeated("wheelturnsthe"), repeated(" "),       repeated("\n"),
                                                 repeated(" \n"), repeated("車輪"),          repeated("1"),       repeated("\xFF"),
                                                 repeated("<s>"), repeated("  <mask>  "),    repeated("e\u0301"), repeated("!?")};
  return texts;
}

void expect_quick(const Tokenizer& tokenizer, const std::string& name, const std::vector<std::string>& texts = long_texts()) {
  for (const std::string& text : texts) {
    std::vector<int64_t> ids;
    EXPECT_LT(seconds_of([&] { ids = tokenizer.encode(text, false); }), 20) << name << ": " << printable(text.substr(0, 12));
    EXPECT_LT(seconds_of([&] { tokenizer.decode(ids); }), 20) << name << ": " << printable(text.substr(0, 12));
  }
}

TEST(LongTexts, ModelFiles) {
  expect_quick(*open_tokenizer(fixture("tiktoken.model")), "tiktoken.model");
  for (const char* name : {"bpe.model", "unigram_bytes.model"})
    expect_quick(*open_tokenizer(fixture(name)), name, {repeated("a"), repeated(" "), repeated("車輪"), repeated("\xFF")});
  // Without byte fallback the library itself joins runs of unknown characters in quadratic time: here only texts that the models know.
  for (const char* name : {"unigram.model", "suffix.model"})
    expect_quick(*open_tokenizer(fixture(name)), name, {repeated("wheelturnsthe"), repeated(" ")});
}

TEST(LongTexts, TokenizerJson) {
  const Json fixtures = read_json_file(fixture("hard.json"));
  const Scratch scratch;
  for (const Json& row : fixtures.at("tokenizers")) {
    const auto name = row.at("name").get<std::string>();
    if (name != "llama3" && name != "llama2" && name != "unigram_xlm" && name != "normalizer_nfkc") continue;
    Json document = row.at("rest");
    document["model"] = fixtures.at("models").at(row.at("model").get<std::string>());
    expect_quick(*open_document(scratch, document), name);
  }
}

// Marks that must be sorted: an insertion sort of a long run is quadratic.
TEST(LongTexts, RunsOfCombiningMarks) {
  std::string text = "a";
  for (size_t i = 0; i < kLength / 4; ++i) text += i % 2 == 0 ? "\u0301" : "\u0323";
  std::string sorted;
  EXPECT_LT(seconds_of([&] { sorted = normal_form(text, NormalForm::nfd); }), 20);
  EXPECT_EQ(sorted.size(), text.size());
  EXPECT_EQ(sorted.find("\u0301"), 1 + text.size() / 2);  // all marks below (class 220) before those above (230)
  EXPECT_EQ(normal_form(sorted, NormalForm::nfd), sorted);
}

}  // namespace
}  // namespace rolora::test
