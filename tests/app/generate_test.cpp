// SPDX-License-Identifier: GPL-3.0-or-later
// rolora generate ends a text where transformers would: at the ids of generation_config.json, else of config.json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/app/process.h"
#include "tests/core/jobs/small_run.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::rolora;
using ::testing::HasSubstr;
using Ids = std::vector<int64_t>;

class Generate : public ::testing::Test {
 protected:
  void SetUp() override {
    write_model(Json::object());
    test::write_text(folder_ / "ids.json", R"({"ids": [1, 5, 9]})");
    free_ = ids({"--ignore-eos"});
    ASSERT_EQ(free_.size(), 12u);
  }
  void write_model(const Json& changes) {
    Json config = test::small_config();
    config.update(changes);
    test::write_random_model(model(), config, 5);
  }
  fs::path model() const { return folder_ / "model"; }
  void generation_config(const std::string& text) const { test::write_text(model() / "generation_config.json", text); }
  Outcome run(std::vector<std::string> more, const std::string& folder = "model") const {
    std::vector<std::string> arguments = {"generate", folder_ / folder, "--max-new", "12", "--threads", "1", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return rolora(arguments);
  }
  Ids ids(std::vector<std::string> more = {}, const std::string& folder = "model") const {
    more.insert(more.end(), {"--ids", folder_ / "ids.json"});
    const Outcome outcome = run(std::move(more), folder);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return Json::parse(outcome.out)["ids"].get<Ids>();
  }
  // The free text up to the first of the ids.
  Ids until(const Ids& ends) const {
    Ids shorter;
    for (const int64_t id : free_) {
      shorter.push_back(id);
      if (std::find(ends.begin(), ends.end(), id) != ends.end()) break;
    }
    return shorter;
  }
  static std::string text(const Json& json) { return json.dump(); }
  test::TempFolder folder_;
  Ids free_;
};

TEST_F(Generate, StopsAtTheIdsOfGenerationConfig) {
  const int64_t third = free_[2], fifth = free_[4];
  generation_config(text({{"eos_token_id", third}}));
  EXPECT_EQ(ids(), until({third}));
  EXPECT_LT(ids().size(), free_.size());
  generation_config(text({{"eos_token_id", {fifth, third}}}));
  EXPECT_EQ(ids(), until({third, fifth}));
  EXPECT_EQ(ids({"--ignore-eos"}), free_);
}

TEST_F(Generate, ConfigHoldsOnlyWithoutTheFile) {
  const int64_t third = free_[2], fifth = free_[4];
  write_model({{"eos_token_id", third}});
  EXPECT_EQ(ids(), until({third}));
  write_model({{"eos_token_id", {fifth, third}}});
  EXPECT_EQ(ids(), until({third, fifth}));
  generation_config(text({{"eos_token_id", fifth}}));
  EXPECT_EQ(ids(), until({fifth})) << "the file comes first";
  generation_config("{}");
  EXPECT_EQ(ids(), free_) << "and alone: without the key nothing ends the text";
}

TEST_F(Generate, WrongTypesAreRefusedByName) {
  for (const auto& [key, value] : std::vector<std::pair<std::string, Json>>{
           {"eos_token_id", "2"}, {"eos_token_id", true}, {"eos_token_id", 1.5}, {"eos_token_id", {1, "x"}}, {"bos_token_id", {1}}}) {
    generation_config(text({{key, value}}));
    const Outcome refused = run({"--ids", folder_ / "ids.json"});
    EXPECT_EQ(refused.code, 1) << value;
    EXPECT_EQ(refused.out, "");
    ASSERT_EQ(refused.err_lines().size(), 1u) << refused.err;
    EXPECT_THAT(refused.err, HasSubstr("error: " + (model() / "generation_config.json").string() + ": " + key + ": expected a token id"));
  }
}

TEST_F(Generate, AnEmptyPromptBeginsWithBos) {
  test::write_text(model() / "tokenizer.json", R"({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
    "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
    "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null, "end_of_word_suffix": null,
              "fuse_unk": false, "byte_fallback": false, "vocab": {"a": 0, "b": 1}, "merges": []}})");
  test::write_text(folder_ / "seven.json", R"({"ids": [7]})");
  generation_config(R"({"bos_token_id": 7})");
  const Outcome empty = run({"--text", ""}), seven = run({"--ids", folder_ / "seven.json"});
  ASSERT_EQ(empty.code, 0) << empty.err;
  EXPECT_EQ(Json::parse(empty.out)["ids"], Json::parse(seven.out)["ids"]);
  generation_config("{}");
  const Outcome refused = run({"--text", ""});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("error: --text: ids: expected at least one token, found none"));
}

TEST_F(Generate, TheFileGoesWithEveryModelThatIsMadeFromTheFolder) {
  const std::string file = "{\n  \"eos_token_id\": [" + std::to_string(free_[2]) + "],\n  \"temperature\": 0.6\n}";
  generation_config(file);
  test::write_ids(folder_ / "tuning.json", 200, 2);
  const std::vector<std::string> train = {
      "--ids", folder_ / "tuning.json", "--format", "text", "--block", "20", "--batch", "2", "--steps", "1", "--out"};
  const auto call = [](std::vector<std::string> arguments, const std::vector<std::string>& more, const std::string& out = "") {
    arguments.insert(arguments.end(), more.begin(), more.end());
    if (!out.empty()) arguments.push_back(out);
    const Outcome outcome = rolora(arguments);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  };
  call({"rotate", model(), "--out", folder_ / "rotated"}, {});
  call({"finetune", folder_ / "rotated", "--rank", "2"}, train, folder_ / "adapter");
  call({"merge", folder_ / "rotated", folder_ / "adapter", "--out", folder_ / "merged"}, {});
  call({"quantize", folder_ / "merged", "--weights", "8", "--out", folder_ / "quantized"}, {});
  call({"finetune", model(), "--full"}, train, folder_ / "full");
  for (const char* made : {"rotated", "merged", "quantized", "full"}) {
    EXPECT_EQ(test::read_text(folder_ / made / "generation_config.json"), file) << made;
  }
  EXPECT_EQ(ids({}, "rotated"), until({free_[2]})) << "and ends the texts of the rotated model too";
}

// The prompt of a template is the ids that transformers' apply_chat_template gives (core/finetune's fixtures).
TEST_F(Generate, TemplatesAskAsTransformersDoes) {
  const Json chat = read_json_file(test::source_folder() / "tests/core/finetune/fixtures/chat.json");
  const Json& tokenizer = chat.at("tokenizers")[0];
  write_model({{"vocab_size", 600}});
  test::write_text(model() / "tokenizer.json", tokenizer.at("file").dump());
  test::write_text(model() / "tokenizer_config.json", R"({"bos_token": "<s>", "eos_token": "</s>"})");
  const auto asked = [&](int64_t number, const std::string& name) {
    for (const Json& row : tokenizer.at("rows")) {
      if (row.at("conversation") == number && row.at("template") == name && row.at("ask") == true) return row.at("ids");
    }
    return Json();
  };
  for (const std::string name : {"llama2", "llama3", "vicuna", "qwen", "qwen2.5", "chatml"}) {
    for (const int64_t number : {0, 1}) {
      const Json& turns = chat.at("conversations")[static_cast<size_t>(number)];
      std::vector<std::string> options = {"--template", name, "--ignore-eos", "--text", turns[static_cast<size_t>(number)].at("content")};
      if (number == 1) options.insert(options.end(), {"--system", turns[0].at("content")});
      const Outcome outcome = run(options);
      ASSERT_EQ(outcome.code, 0) << outcome.err;
      test::write_text(folder_ / "ids.json", Json{{"ids", asked(number, name)}}.dump());
      EXPECT_EQ(Json::parse(outcome.out)["ids"].get<Ids>(), ids({"--ignore-eos"})) << name << " " << number;
      std::vector<std::string> words = {"tokenize", model().string(), "--json"};
      for (const std::string& option : options) {
        if (option != "--ignore-eos") words.push_back(option);
      }
      EXPECT_EQ(Json::parse(rolora(words).out).at("ids")[0], asked(number, name)) << name << " " << number;
    }
  }
  const auto code = [&](std::vector<std::string> options) { return run(std::move(options)).code; };
  EXPECT_EQ(code({"--template", "stanford", "--text", "Hello"}), 0);
  EXPECT_EQ(code({"--template", "stanford", "--text", "Hello", "--system", "Be kind"}), 2);
  EXPECT_EQ(code({"--template", "qwen", "--ids", folder_ / "ids.json"}), 2);
  EXPECT_EQ(code({"--system", "Be kind", "--text", "Hello"}), 2);
  EXPECT_EQ(code({"--template", "gemma", "--text", "Hello"}), 2);
  const auto tokenize = [&](const std::string& option) {
    return rolora({"tokenize", model().string(), "--text", "Hello", "--template", "qwen", option, "--json"});
  };
  EXPECT_EQ(tokenize("--special").code, 2);
  const Json asking = Json::parse(rolora({"tokenize", model().string(), "--text", "Hello", "--template", "llama2", "--json"}).out);
  const Json end = Json::parse(rolora({"tokenize", model().string(), "--text", "</s>", "--json"}).out);
  EXPECT_EQ(asking.at("end_of_response"), end.at("ids")[0][0]);
}

TEST_F(Generate, StopsAtTokensThatAreNamed) {
  EXPECT_EQ(ids({"--stop-ids", std::to_string(free_[2]) + ",1"}), until({free_[2], 1}));
  generation_config(text({{"eos_token_id", free_[1]}}));
  EXPECT_EQ(ids({"--stop-ids", std::to_string(free_[4])}), until({free_[1], free_[4]}));
  EXPECT_EQ(ids({"--stop-ids", std::to_string(free_[4]), "--ignore-eos"}), until({free_[4]})) << "what is named ends the text all the same";
  EXPECT_EQ(ids({"--ignore-eos"}), free_);
  const Outcome beyond = run({"--ids", folder_ / "ids.json", "--stop-ids", "3,1000000"});
  EXPECT_EQ(beyond.code, 1);
  EXPECT_THAT(beyond.err, HasSubstr("error: --stop-ids: ids: expected ids below the model's vocabulary of"));
}

}  // namespace
}  // namespace rolora
