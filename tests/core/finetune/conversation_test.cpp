// SPDX-License-Identifier: GPL-3.0-or-later
// Chat templates against transformers' apply_chat_template (make_chat_fixtures.py), what of them is learned, and records of messages.
#include "core/finetune/conversation.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/finetune/batches.h"
#include "core/finetune/examples.h"
#include "tests/core/finetune/training_fixtures.h"

namespace rolora {
namespace {

using Ids = std::vector<int64_t>;

Json chat_fixtures() { return read_json_file(test::source_folder() / "tests/core/finetune/fixtures/chat.json"); }

std::unique_ptr<Tokenizer> fixture_tokenizer(const test::TempFolder& folder, const Json& fixtures, size_t number) {
  test::write_text(folder / "tokenizer.json", fixtures.at("tokenizers")[number].at("file").dump());
  test::write_text(folder / "tokenizer_config.json", R"({"bos_token": "<s>", "eos_token": "</s>"})");
  return open_tokenizer(folder / "tokenizer.json");
}

std::vector<Turn> turns_of(const Json& messages) {
  std::vector<Turn> turns;
  for (const Json& m : messages) {
    const auto role = m.at("role").get<std::string>();
    turns.push_back({role == "system" ? Role::system : role == "user" ? Role::user : Role::assistant, m.at("content").get<std::string>()});
  }
  return turns;
}

std::vector<Turn> some_turns() { return {{Role::user, "one"}, {Role::assistant, "two"}, {Role::user, "three"}, {Role::assistant, "four"}}; }

TEST(ChatTemplates, RenderedTextAndIdsAreTransformers) {
  const test::TempFolder folder;
  const Json fixtures = chat_fixtures();
  std::vector<std::string> texts;  // the second tokenizer's are the first one's
  for (size_t number = 0; number < fixtures.at("tokenizers").size(); ++number) {
    const auto tokenizer = fixture_tokenizer(folder, fixtures, number);
    const Json& rows = fixtures.at("tokenizers")[number].at("rows");
    ASSERT_EQ(rows.size(), 108U);
    for (size_t i = 0; i < rows.size(); ++i) {
      const Json& row = rows[i];
      const auto name = row.at("template").get<std::string>();
      const bool ask = row.at("ask").get<bool>();
      SCOPED_TRACE(name + ", conversation " + row.at("conversation").dump() + (ask ? ", asking" : ""));
      std::vector<Turn> turns = turns_of(fixtures.at("conversations")[row.at("conversation").get<size_t>()]);
      if (ask) turns.pop_back();
      const auto parts = render(*find_template(name).chat, turns, *tokenizer, ask, "data", "messages");
      if (number == 0) texts.push_back(row.at("text").get<std::string>());
      EXPECT_EQ(text_of(parts), texts[i]);
      EXPECT_EQ(encode(parts, *tokenizer).ids, row.at("ids").get<Ids>());
    }
  }
}

// What is learned, decoded: every response with the token that ends it, and nothing else.
TEST(ChatTemplates, ResponsesAreLearnedWithTheirEnd) {
  const test::TempFolder folder;
  const Json fixtures = chat_fixtures();
  const struct {
    const char *name, *first, *second;
  } table[] = {{"llama2", " two </s>", " four </s>"},
               {"llama3", "two<|eot_id|>", "four<|eot_id|>"},
               {"vicuna", " two</s>", " four</s>"},
               {"qwen", "two<|im_end|>", "four<|im_end|>"},
               {"qwen2.5", "two<|im_end|>", "four<|im_end|>"},
               {"chatml", "two<|im_end|>", "four<|im_end|>"}};
  const auto tokenizer = fixture_tokenizer(folder, fixtures, 0);
  for (const auto& row : table) {
    const LearnedIds found = encode(render(*find_template(row.name).chat, some_turns(), *tokenizer, false, "", ""), *tokenizer);
    ASSERT_EQ(found.learned.size(), found.ids.size());
    std::vector<std::string> learned(1);
    for (size_t i = 0; i < found.ids.size(); ++i) {
      if (found.learned[i]) {
        const std::string piece = tokenizer->piece(found.ids[i]);
        learned.back() += piece.starts_with('<') ? piece : tokenizer->decode({found.ids[i]});
      } else if (!learned.back().empty()) {
        learned.emplace_back();
      }
    }
    if (learned.back().empty()) learned.pop_back();
    EXPECT_EQ(learned, (std::vector<std::string>{row.first, row.second})) << row.name;
  }
}

// .model files leave special tokens in a text plain: the template's own become ids, those in a message do not.
TEST(ChatTemplates, ModelFilesGetTheTemplatesTokensAsIds) {
  const auto ranks = open_tokenizer(test::source_folder() / "tests/core/tokenizer/fixtures/tiktoken.model");
  const int64_t begin = *ranks->special_token("<|begin_of_text|>"), head = *ranks->special_token("<|start_header_id|>"),
                foot = *ranks->special_token("<|end_header_id|>"), end = *ranks->special_token("<|eot_id|>");
  Ids expected = {begin};
  const auto add = [&](const std::string& role, const std::string& content) {
    for (const auto& [text, id] : {std::pair(std::string(), head), std::pair(role, foot), std::pair("\n\n" + content, end)}) {
      for (const int64_t each : ranks->encode(text, false)) expected.push_back(each);
      expected.push_back(id);
    }
  };
  add("user", "say <|eot_id|>");
  add("assistant", "no");
  const std::vector<Turn> turns = {{Role::user, "say <|eot_id|>"}, {Role::assistant, "no"}};
  const LearnedIds found = encode(render(*find_template("llama3").chat, turns, *ranks, false, "", ""), *ranks);
  EXPECT_EQ(found.ids, expected);
  EXPECT_TRUE(found.learned.back());
  EXPECT_TRUE(missing_special_tokens(*find_template("llama3").chat, *ranks).empty());
  EXPECT_EQ(end_of_response(*find_template("llama3").chat, *ranks), end);
  EXPECT_EQ(end_of_response(*find_template("qwen").chat, *ranks), std::nullopt) << "a token that the file does not have";
  EXPECT_EQ(missing_special_tokens(*find_template("qwen").chat, *ranks), (std::vector<std::string>{"<|im_start|>", "<|im_end|>"}));
  const auto pieces = open_tokenizer(test::source_folder() / "tests/core/tokenizer/fixtures/bpe.model");
  const Ids llama2 = encode(render(*find_template("llama2").chat, some_turns(), *pieces, false, "", ""), *pieces).ids;
  Ids by_turns;  // as Meta's own LLaMA-2 code: each question and answer for itself, between BOS and EOS
  for (const char* text : {"[INST] one [/INST] two ", "[INST] three [/INST] four "}) {
    by_turns.push_back(*pieces->bos());
    for (const int64_t id : pieces->encode(text, false)) by_turns.push_back(id);
    by_turns.push_back(*pieces->eos());
  }
  EXPECT_EQ(llama2, by_turns);
}

class ChatRecords : public ::testing::Test {
 protected:
  TrainingData read(const std::string& json, const std::string& prompt, int64_t cutoff = 1024) {
    test::write_text(folder_ / "data.json", json);
    const auto tokenizer = fixture_tokenizer(folder_, fixtures_, 0);
    return alpaca_records(folder_ / "data.json", *tokenizer, {&find_template(prompt), cutoff, *tokenizer->eos()});
  }
  std::string refusal(const std::string& json, const std::string& prompt) {
    try {
      read(json, prompt);
    } catch (const InputError& e) {
      return std::string(e.what()).substr((folder_ / "data.json").string().size() + 2);
    }
    return "accepted";
  }
  test::TempFolder folder_;
  Json fixtures_ = chat_fixtures();
};

TEST_F(ChatRecords, AllFormsOfOneConversationAreOne) {
  const TrainingData data = read(R"([
    {"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"},
                  {"role": "user", "content": "do\nthis"}, {"role": "assistant", "content": "b"}]},
    {"conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"},
                       {"from": "human", "value": "do\nthis"}, {"from": "gpt", "value": "b"}]},
    {"system": "s", "conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"},
                                      {"from": "human", "value": "do\nthis"}, {"from": "gpt", "value": "b"}]},
    {"system": "s", "history": [["q", "a"]], "instruction": "do", "input": "this", "output": "b"}])",
                                 "llama3");
  ASSERT_EQ(data.examples.size(), 4U);
  for (const Example& example : data.examples) {
    EXPECT_EQ(example.ids, data.examples[0].ids);
    EXPECT_EQ(example.unlearned, data.examples[0].unlearned);
    EXPECT_EQ(example.labels(), 4);  // two responses of one token, each with <|eot_id|>
  }
  EXPECT_EQ(data.description.at("template"), "llama3");
}

TEST_F(ChatRecords, PlainTemplatesTakeOneQuestionAndItsAnswer) {
  const TrainingData data = read(R"([{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
                                     {"instruction": "q", "output": "a"}])",
                                 "alpaca");
  EXPECT_EQ(data.examples[0].ids, data.examples[1].ids);
  EXPECT_EQ(data.examples[0].first_label, data.examples[1].first_label);
}

TEST_F(ChatRecords, WrongOnesAreRefusedByRecordAndKey) {
  const struct {
    const char *prompt, *json, *starts;
  } table[] = {
      {"qwen", R"([{"messages": []}])", "[0].messages: expected a last message from the assistant, to be learned, found none"},
      {"qwen", R"([{"messages": "hi"}])", "[0].messages: expected"},
      {"qwen", R"([{"messages": [{"role": "tool", "content": "x"}]}])", "[0].messages[0].role: expected system, user or assistant"},
      {"qwen", R"([{"messages": [{"role": "user"}]}])", "[0].messages[0].content: expected"},
      {"qwen", R"([{"messages": [{"role": "user", "content": ["x"]}]}])", "[0].messages[0].content: expected a text"},
      {"qwen", R"([{"messages": [{"role": "user", "content": "x"}]}])", "[0].messages: expected a last message from the assistant"},
      {"qwen", R"([{"messages": [{"role": "user", "content": "x"}, {"role": "system", "content": "x"}]}])",
       "[0].messages[1].role: expected user or assistant"},
      {"qwen", R"([{"conversations": [{"from": "bing", "value": "x"}]}])", "[0].conversations[0].from: expected"},
      {"qwen", R"([{"instruction": "a", "messages": [], "output": "b"}])", "[0].instruction: expected none beside messages"},
      {"qwen", R"([{"instruction": "a", "history": [["x"]], "output": "b"}])", "[0].history: expected a list of [question, answer]"},
      {"llama2", R"([{"messages": [{"role": "assistant", "content": "x"}]}])", "[0].messages: expected user and assistant in turns"},
      {"stanford", R"([{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "x"},
                                     {"role": "assistant", "content": "x"}]}])",
       "[0].messages: expected one from the user and one from the assistant"},
      {"stanford", R"([{"instruction": "a", "output": "b", "system": "s"}])", "[0].system: expected none"},
      {"stanford", R"([{"system": "s", "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "x"}]}])",
       "[0].system: expected none"},
      {"qwen", R"([{"system": "s", "messages": [{"role": "system", "content": "t"}, {"role": "user", "content": "x"},
                                                {"role": "assistant", "content": "x"}]}])",
       "[0].system: expected none beside a system message"},
      {"qwen", R"([{"history": [["a", "b"]], "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "x"}]}])",
       "[0].history: expected none beside messages"},
  };
  for (const auto& row : table) EXPECT_EQ(refusal(row.json, row.prompt).substr(0, std::string(row.starts).size()), row.starts) << row.json;
}

TEST_F(ChatRecords, LaterQuestionsAreNotPredicted) {
  const TrainingData data = read(R"([{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"},
                                                   {"role": "user", "content": "q"}, {"role": "assistant", "content": "b"}]}])",
                                 "chatml");
  const Example& example = data.examples[0];
  const MicroBatch batch = make_micro_batch(data, {0}, at::kCPU);
  ASSERT_EQ(batch.targets.size(0), 4);  // a <|im_end|> b <|im_end|>
  EXPECT_EQ(example.labels(), 4);
  for (int64_t i = 0; i < 4; ++i) {
    const int64_t at = batch.rows[i].item<int64_t>() + 1;
    EXPECT_TRUE(example.learns(at));
    EXPECT_EQ(batch.targets[i].item<int64_t>(), example.ids[static_cast<size_t>(at)]);
  }
  const auto whole = static_cast<int64_t>(example.ids.size());
  TrainingData cut = read(R"([{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"},
                                            {"role": "user", "content": "q"}, {"role": "assistant", "content": "b"}]}])",
                          "chatml", whole - 4);
  EXPECT_EQ(cut.examples[0].labels(), make_micro_batch(cut, {0}, at::kCPU).targets.size(0));
  EXPECT_NE(examples_hash(cut), examples_hash(data));
}

}  // namespace
}  // namespace rolora
