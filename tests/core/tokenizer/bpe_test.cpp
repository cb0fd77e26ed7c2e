// SPDX-License-Identifier: GPL-3.0-or-later
// The merge loop and the search for added tokens against definitions written down plainly (quadratic), on random input.
#include <algorithm>
#include <chrono>
#include <map>

#include "core/base/random.h"
#include "core/tokenizer/added_tokens.h"
#include "core/tokenizer/bpe.h"
#include "tests/core/tokenizer/support.h"

namespace rolora::test {
namespace {

struct RandomModel {
  Json json;
  std::vector<std::string> pieces;
  std::map<std::pair<std::string, std::string>, size_t> rank;
};

RandomModel random_model(Random& random, const std::string& letters, size_t merges) {
  RandomModel model;
  for (const char letter : letters) model.pieces.push_back(std::string(1, letter));
  Json lines = Json::array();
  for (size_t tries = 0; model.rank.size() < merges && tries < 100 * merges; ++tries) {
    const std::string left = model.pieces[random.below(model.pieces.size())], right = model.pieces[random.below(model.pieces.size())];
    if (left.size() + right.size() > 12 || !model.rank.emplace(std::pair(left, right), model.rank.size()).second) continue;
    lines.push_back(left + " " + right);
    if (std::find(model.pieces.begin(), model.pieces.end(), left + right) == model.pieces.end()) model.pieces.push_back(left + right);
  }
  Json vocabulary = Json::object();
  for (size_t i = 0; i < model.pieces.size(); ++i) vocabulary[model.pieces[i]] = i;
  model.json = {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", lines}};
  return model;
}

// Of all neighbours that have a merge, the one of lowest rank, the leftmost of equals; until there is none.
std::vector<std::string> merged_plainly(const RandomModel& model, const std::string& word) {
  std::vector<std::string> parts;
  for (const char letter : word) parts.push_back(std::string(1, letter));
  while (true) {
    size_t best = parts.size(), best_rank = model.rank.size();
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      const auto entry = model.rank.find({parts[i], parts[i + 1]});
      if (entry == model.rank.end() || entry->second >= best_rank) continue;
      best = i;
      best_rank = entry->second;
    }
    if (best == parts.size()) return parts;
    parts[best] += parts[best + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(Bpe, MergesAsDefined) {
  Random random(7, "bpe test");
  for (int round = 0; round < 60; ++round) {
    const RandomModel model = random_model(random, "abcd", 4 + random.below(60));
    const BpeModel bpe(JsonObject(model.json, "model"));
    for (int i = 0; i < 20; ++i) {
      std::string word;
      for (size_t length = 1 + random.below(60); word.size() < length;) word += static_cast<char>('a' + random.below(4));
      std::vector<int64_t> ids;
      bpe.encode(word, ids);
      std::vector<std::string> found;
      for (const int64_t id : ids) found.push_back(*bpe.piece_of(id));
      EXPECT_EQ(found, merged_plainly(model, word)) << word;
    }
  }
}

// A quadratic loop would need minutes here.
TEST(Bpe, LongWordsStayFast) {
  Random random(9, "bpe test");
  const RandomModel model = random_model(random, "abcd", 200);
  const BpeModel bpe(JsonObject(model.json, "model"));
  std::string word;
  while (word.size() < 1'000'000) word += static_cast<char>('a' + random.below(4));
  const auto begin = std::chrono::steady_clock::now();
  std::vector<int64_t> ids;
  bpe.encode(word, ids);
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(), 20.0);
  std::string back;
  for (const int64_t id : ids) back += *bpe.piece_of(id);
  EXPECT_EQ(back, word);
}

TEST(Bpe, UnknownCharacters) {
  const Scratch scratch;
  Json document = small_document();
  const auto ids = [&](const std::string& text) { return open_document(scratch, document)->encode(text, false); };
  EXPECT_EQ(ids("abcxyab"), (std::vector<int64_t>{5, 0, 0, 4}));
  document["model"]["fuse_unk"] = true;
  EXPECT_EQ(ids("abcxyab"), (std::vector<int64_t>{5, 0, 4}));
  document["model"]["unk_token"] = nullptr;
  EXPECT_EQ(ids("abcxyab"), (std::vector<int64_t>{5, 4}));
  document["model"]["unk_token"] = "gone";
  EXPECT_EQ(ids("abc"), (std::vector<int64_t>{5}));
  EXPECT_THROW(ids("abcx"), InputError);  // as the reference library: only where it is needed
}

TEST(StringFinder, LeftmostLongest) {
  Random random(3, "finder test");
  for (int round = 0; round < 300; ++round) {
    StringFinder finder;
    std::vector<std::string> patterns;
    for (size_t i = 0, count = random.below(8); i < count; ++i) {
      std::string pattern;
      for (size_t length = 1 + random.below(5); pattern.size() < length;) pattern += static_cast<char>('a' + random.below(2));
      const bool is_new = std::find(patterns.begin(), patterns.end(), pattern) == patterns.end();
      EXPECT_EQ(finder.add(pattern, patterns.size()), is_new);
      if (is_new) patterns.push_back(pattern);
    }
    EXPECT_FALSE(finder.add("", 99));
    std::string text;
    for (size_t length = random.below(40); text.size() < length;) text += static_cast<char>('a' + random.below(2));
    std::vector<std::pair<size_t, size_t>> expected, found;
    for (size_t at = 0; at < text.size();) {
      size_t longest = 0;
      for (const std::string& pattern : patterns) {
        if (text.compare(at, pattern.size(), pattern) == 0) longest = std::max(longest, pattern.size());
      }
      if (longest > 0) expected.emplace_back(at, at + longest);
      at += std::max<size_t>(longest, 1);
    }
    for (const auto& each : finder.find_all(text)) {
      found.emplace_back(each.begin, each.end);
      EXPECT_EQ(patterns.at(each.value), text.substr(each.begin, each.end - each.begin));
    }
    EXPECT_EQ(found, expected) << text;
  }
}

}  // namespace
}  // namespace rolora::test
