// SPDX-License-Identifier: GPL-3.0-or-later
// From files to rows with labels: packed blocks, instruction records, the validation split, micro-batches, the order of epochs.
#include "core/finetune/examples.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "core/base/error.h"
#include "core/finetune/batches.h"
#include "core/storage/json_file.h"
#include "tests/core/finetune/training_fixtures.h"

namespace rolora {
namespace {

// One id a byte behind BOS = 1000: the smallest tokenizer there is.
class ByteTokenizer final : public Tokenizer {
 public:
  std::vector<int64_t> encode(std::string_view text, bool special) const override {
    std::vector<int64_t> ids = special ? prefix() : std::vector<int64_t>{};
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }
  std::string decode(const std::vector<int64_t>& ids) const override {
    std::string text;
    for (const int64_t id : ids) {
      if (id < 256) text += static_cast<char>(id);
    }
    return text;
  }
  std::string piece(int64_t id) const override { return decode({id}); }
  int64_t vocabulary() const override { return 1002; }
  std::optional<int64_t> bos() const override { return 1000; }
  std::optional<int64_t> eos() const override { return 1001; }
  std::string kind() const override { return "bytes"; }
  std::vector<int64_t> prefix() const override { return {1000}; }
};

class Records : public ::testing::Test {
 protected:
  TrainingData read(const std::string& json, const std::string& prompt = "rolora", int64_t cutoff = 1024) {
    test::write_text(folder_ / "data.json", json);
    return alpaca_records(folder_ / "data.json", tokenizer_, {&find_template(prompt), cutoff, 1001});
  }
  std::string refusal(const std::string& json) {
    try {
      read(json);
    } catch (const InputError& e) {
      return std::string(e.what()).substr((folder_ / "data.json").string().size() + 2);
    }
    return "accepted";
  }
  test::TempFolder folder_;
  ByteTokenizer tokenizer_;
};

TEST(PackedBlocks, AreContiguousAndDropTheTail) {
  const IdStream stream{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, "s", ""};
  const TrainingData data = packed_blocks(stream, 4);
  ASSERT_EQ(data.examples.size(), 2U);
  EXPECT_EQ(data.examples[1].ids, (std::vector<int64_t>{5, 6, 7, 8}));
  EXPECT_EQ(data.examples[1].labels(), 3);
  EXPECT_THROW(packed_blocks(stream, 12), InputError);
}

TEST(PackedBlocks, IdsOfAnotherVocabularyAreRefused) {
  const TrainingData data = packed_blocks({{1, 2, 3, 31, 5, 32}, "s", ""}, 3);
  EXPECT_NO_THROW(require_vocabulary(data, 33));
  EXPECT_THROW(require_vocabulary(data, 32), InputError);
}

TEST_F(Records, PromptIsMaskedAndTheResponseEndsWithEos) {
  const TrainingData data = read(R"([{"instruction": "Add {input}", "input": "1+1", "output": "2", "text": "unread"},
                                     {"instruction": "Hi", "output": "Ho"}, {"instruction": "Hi", "input": "", "output": ""}])");
  ASSERT_EQ(data.examples.size(), 3U);
  const std::string prompt = "Human: Add {input}\n1+1\nAssistant: ";
  EXPECT_EQ(tokenizer_.decode(data.examples[0].ids), prompt + "2");
  EXPECT_EQ(data.examples[0].ids.front(), 1000);
  EXPECT_EQ(data.examples[0].ids.back(), 1001);
  EXPECT_EQ(data.examples[0].first_label, static_cast<int64_t>(1 + prompt.size()));
  EXPECT_EQ(data.examples[0].labels(), 2);  // "2" and EOS
  EXPECT_EQ(tokenizer_.decode(data.examples[1].ids), "Human: Hi\nAssistant: Ho");
  EXPECT_EQ(data.examples[2].labels(), 1);  // EOS alone
}

// The template ends in a space, which SentencePiece joins with the response's first word: that word is to be learned.
TEST_F(Records, AResponsesFirstWordIsLearnedWhereItSharesATokenWithThePrompt) {
  const auto pieces = open_tokenizer(test::source_folder() / "resources/bundled");
  test::write_text(folder_ / "data.json",
                   R"([{"instruction": "Name a city", "output": "the Lord"}, {"instruction": "Go", "output": "the"}])");
  const TrainingData data = alpaca_records(folder_ / "data.json", *pieces, {&find_template("rolora"), 1024, *pieces->eos()});
  const std::vector<std::vector<std::string>> learned = {{"▁the", "▁Lord"}, {"▁the"}};
  for (size_t i = 0; i < learned.size(); ++i) {
    const Example& example = data.examples[i];
    std::vector<std::string> found;
    for (size_t at = static_cast<size_t>(example.first_label); at + 1 < example.ids.size(); ++at)
      found.push_back(pieces->piece(example.ids[at]));
    EXPECT_EQ(found, learned[i]);
    EXPECT_EQ(example.ids.back(), *pieces->eos());
  }
}

TEST_F(Records, LongRecordsAreCutAtTheRight) {
  const std::string json = R"([{"instruction": "Hi", "output": "0123456789"}, {"instruction": "0123456789", "output": "x"}])";
  const TrainingData data = read(json, "rolora", 25);  // BOS + 21 bytes of the first prompt
  EXPECT_EQ(tokenizer_.decode(data.examples[0].ids), "Human: Hi\nAssistant: 012");
  EXPECT_EQ(data.examples[0].labels(), 3);
  EXPECT_EQ(data.examples[1].labels(), 0);
  EXPECT_EQ(data.cut, 2);
  EXPECT_EQ(data.without_label, 1);
  EXPECT_THROW(read(json, "rolora", 5), InputError);
}

TEST_F(Records, BrokenFilesAreRefusedByFileRecordAndKey) {
  const struct {
    const char* json;
    const char* starts;
  } table[] = {
      {R"({"instruction": "a", "output": "b"})", "document: expected a list"},
      {"[]", "document: expected a list"},
      {R"([{"instruction": "a", "output": "b"}, 3])", "[1]: expected an object"},
      {R"([{"output": "b"}])", "[0].instruction: expected"},
      {R"([{"instruction": "a"}])", "[0].output: expected"},
      {R"([{"instruction": "a", "output": null}])", "[0].output: expected a text, found null"},
      {R"([{"instruction": "a", "input": 5, "output": "b"}])", "[0].input: expected a text, found 5"},
      {R"([{"instruction": "a", "output": "b", "history": [["q", "r"]]}])", "[0].history: expected none"},
      {R"([{"instruction": "a", "output": "b", "system": "be kind"}])", "[0].system: expected none"},
  };
  for (const auto& row : table) EXPECT_EQ(refusal(row.json).substr(0, std::string(row.starts).size()), row.starts) << row.json;
  EXPECT_EQ(refusal(R"([{"instruction": "a", "output": "b", "history": [], "system": ""}])"), "accepted");
  EXPECT_NE(refusal("[{]"), "accepted");
}

TEST(Templates, StanfordsAreTheReferences) {
  ROLORA_NEEDS_SHARED("reference/lora/stories260K-alpaca/run.json");
  const Json run = read_json_file(test::shared_folder() / "reference/lora/stories260K-alpaca/run.json");
  EXPECT_EQ(std::string(find_template("stanford").with_input), run["supervised"]["template_with_input"].get<std::string>());
  EXPECT_EQ(std::string(find_template("stanford").without_input), run["supervised"]["template_without_input"].get<std::string>());
  EXPECT_THROW(find_template("unheard-of"), InputError);
  EXPECT_EQ(find_template("alpaca").with_input, find_template("stanford").with_input);
}

TEST(ReferenceRecords, IdsMasksAndLabelCountsEqualTheReference) {
  ROLORA_NEEDS_SHARED("reference/lora/stories260K-alpaca/run.json");
  const Json supervised = read_json_file(test::shared_folder() / "reference/lora/stories260K-alpaca/run.json")["supervised"];
  const auto tokenizer = open_tokenizer(test::shared_folder() / "models/stories260K");
  const TrainingData data =
      alpaca_records(test::shared_folder() / "data/alpaca_tiny.json", *tokenizer, {&find_template("stanford"), 256, 2});
  for (size_t i = 0; i < supervised["first_records"].size(); ++i) {
    const Json& record = supervised["first_records"][i];
    const auto mask = record["mask"].get<std::vector<int>>();
    EXPECT_EQ(data.examples[i].ids, record["ids"].get<std::vector<int64_t>>());
    EXPECT_EQ(data.examples[i].first_label, std::find(mask.begin(), mask.end(), 1) - mask.begin());
  }
  for (size_t step = 0; step < supervised["label_tokens_per_record"].size(); ++step) {
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(data.examples[4 * step + i].labels(), supervised["label_tokens_per_record"][step][i].get<int64_t>()) << step << " " << i;
    }
  }
  // The reference counts over the 80 records of its 20 steps.
  std::vector<int64_t> without;
  for (int64_t i = 0; i < 80; ++i) {
    if (data.examples[static_cast<size_t>(i)].labels() == 0) without.push_back(i);
  }
  EXPECT_EQ(without, supervised["records_without_any_label"].get<std::vector<int64_t>>());
}

TEST(Split, TakesASeededShareAndKeepsTheOrder) {
  const auto numbers = [](const TrainingData& data) {
    std::vector<int64_t> first;
    for (const Example& e : data.examples) first.push_back(e.ids[0]);
    return first;
  };
  TrainingData data;
  for (int64_t i = 0; i < 25; ++i) data.examples.push_back({{i, i}, 1});
  const Split a = split_validation(data, 0.1, 7), again = split_validation(data, 0.1, 7), other = split_validation(data, 0.1, 8);
  EXPECT_EQ(a.validation.examples.size(), 3U);  // ceil(2.5)
  EXPECT_EQ(a.training.examples.size(), 22U);
  EXPECT_EQ(numbers(a.validation), numbers(again.validation));
  EXPECT_NE(numbers(a.validation), numbers(other.validation));
  const auto kept = numbers(a.training);
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
  EXPECT_EQ(split_validation(data, 0.0, 7).training.examples.size(), 25U);
  EXPECT_THROW(split_validation(data, 0.99, 7), InputError);
}

TEST(BatchOrder, EveryEpochSeesEveryExampleOnceInANewOrder) {
  BatchOrder order(10, 2, 2, true, 5), again(10, 2, 2, true, 5);
  ASSERT_EQ(order.steps_per_epoch(), 3);
  std::vector<std::vector<int64_t>> epochs;
  for (int64_t step = 1; step <= 6; ++step) {
    if (step % 3 == 1) epochs.emplace_back();
    const auto parts = order.micro_batches(step);
    EXPECT_EQ(parts.size(), step % 3 == 0 ? 1U : 2U);
    for (const auto& part : parts) epochs.back().insert(epochs.back().end(), part.begin(), part.end());
  }
  for (const auto& epoch : epochs) EXPECT_EQ(std::set<int64_t>(epoch.begin(), epoch.end()).size(), 10U);
  EXPECT_NE(epochs[0], epochs[1]);
  // A step is the same whatever was asked before it: what makes a resumed training see the same data.
  EXPECT_EQ(again.micro_batches(5), order.micro_batches(5));
  EXPECT_EQ(again.micro_batches(2), order.micro_batches(2));
  BatchOrder plain(10, 2, 2, false, 5);
  EXPECT_EQ(plain.micro_batches(5), (std::vector<std::vector<int64_t>>{{4, 5}, {6, 7}}));
}

TEST(MicroBatch, PadsAtTheRightAndPicksThePredictedPlaces) {
  TrainingData data;
  data.examples = {{{5, 6, 7}, 1}, {{8, 9, 10, 11, 12}, 3}, {{13}, 1}};
  const MicroBatch batch = make_micro_batch(data, {1, 0, 2}, at::kCPU);
  EXPECT_EQ(batch.ids.sizes(), (at::IntArrayRef{3, 5}));
  EXPECT_TRUE(at::equal(batch.ids[1], at::tensor({5, 6, 7, 0, 0}, at::kLong)));
  EXPECT_TRUE(at::equal(batch.rows, at::tensor({2, 3, 5, 6}, at::kLong)));
  EXPECT_TRUE(at::equal(batch.targets, at::tensor({11, 12, 6, 7}, at::kLong)));
  EXPECT_TRUE(at::equal(batch.present, at::tensor({0, 1, 2, 3, 4, 5, 6, 7, 10}, at::kLong)));
}

}  // namespace
}  // namespace rolora
