// SPDX-License-Identifier: GPL-3.0-or-later
// The contract that scripts hang on: the keys of every verb's --json object, their types, and what is null when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/app/process.h"
#include "tests/core/jobs/small_run.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::rolora;
using Words = std::vector<std::string>;

class Contract : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TempFolder>();
    Json config = test::small_config();
    config["vocab_size"] = 2048;  // the tokenizer's
    test::write_random_model(*folder_ / "model", config, 5);
    fs::copy_file(test::source_folder() / "resources/bundled/tokenizer.model", *folder_ / "model/tokenizer.model");
    test::write_ids(*folder_ / "ids.json", 200, 1);
    test::put(*folder_ / "lists.json", "[[5, 6], [7]]");
    test::put(*folder_ / "texts.json", R"(["In the beginning", {"text": "And God said"}])");
    call({"rotate", "model", "--out", "rotated"});
    call({"finetune", "model", "--ids", "ids.json", "--format", "text", "--block", "16", "--steps", "3", "--rank", "2", "--validation",
          "0.3", "--evaluate-every", "2", "--out", "adapter"});
  }
  static void TearDownTestSuite() { folder_.reset(); }

  // The one object on stdout.
  static Json call(Words arguments) {
    arguments.insert(arguments.end(), {"--json", "--threads", "1"});
    const Outcome outcome = rolora(arguments, folder_->path());
    EXPECT_EQ(outcome.code, 0) << arguments[0] << ": " << outcome.err;
    const Json object = Json::parse(outcome.out, nullptr, /*allow_exceptions=*/false);
    EXPECT_TRUE(object.is_object()) << arguments[0] << ": " << outcome.out;
    return object;
  }

  // "key:type …" with types number, integer, bool, text, list, object, null; "?" behind a type allows null.
  static void expect_shape(const Json& object, const std::string& shape, const std::string& where) {
    std::istringstream parts(shape);
    for (std::string part; parts >> part;) {
      const std::string key = part.substr(0, part.find(':')), type = part.substr(part.find(':') + 1);
      ASSERT_TRUE(object.contains(key)) << where << "." << key;
      EXPECT_TRUE(is(object[key], type)) << where << "." << key << ": expected " << type << ", found " << object[key].dump().substr(0, 80);
    }
  }
  static bool is(const Json& value, std::string type) {
    if (type.ends_with("?")) {
      if (value.is_null()) return true;
      type.pop_back();
    }
    if (type == "number") return value.is_number();
    if (type == "integer") return value.is_number_integer();
    if (type == "bool") return value.is_boolean();
    if (type == "text") return value.is_string();
    if (type == "list") return value.is_array();
    if (type == "object") return value.is_object();
    return type == "null" && value.is_null();
  }
  static std::unique_ptr<test::TempFolder> folder_;
};
std::unique_ptr<test::TempFolder> Contract::folder_;

TEST_F(Contract, Info) {
  const std::string shape =
      "family:text parameters:integer layers:integer hidden:integer intermediate:integer heads:integer kv_heads:integer head_dim:integer "
      "vocab:integer context:integer tied:bool dtype:text tokenizer:text widths:object ";
  expect_shape(call({"info", "model"}), shape + "rotation:null quantization:null", "info");
  expect_shape(call({"info", "rotated"}), shape + "rotation:object", "info rotated");
}

TEST_F(Contract, Tokenize) {
  const Json ids = call({"tokenize", "model", "--texts", "texts.json"});
  ASSERT_EQ(ids["ids"].size(), 2u);
  for (const Json& list : ids["ids"]) {
    ASSERT_FALSE(list.empty());
    for (const Json& id : list) EXPECT_TRUE(id.is_number_integer());
  }
  const Json one = call({"tokenize", "model", "--text", "In the beginning"});
  EXPECT_EQ(one["ids"], Json({ids["ids"][0]})) << "a list of lists for one text too";
  const Json texts = call({"tokenize", "model", "--decode", "lists.json"});
  ASSERT_EQ(texts["texts"].size(), 2u);
  EXPECT_TRUE(texts["texts"][0].is_string());
}

TEST_F(Contract, LogitsAndGenerate) {
  expect_shape(call({"logits", "model", "--text", "In the beginning", "--out", "logits.safetensors"}),
               "tokens:integer nll:number seconds:number", "logits");
  const Json generated = call({"generate", "model", "--text", "In the beginning", "--max-new", "3"});
  expect_shape(generated, "ids:list text:text", "generate");
  EXPECT_LE(generated["ids"].size(), 3u) << "the new ones only";
}

TEST_F(Contract, Rotate) {
  const Json result = call({"rotate", "model", "--r2", "--r4", "none", "--seed", "7", "--out", "rotated-2"});
  expect_shape(result, "gate:object rotation:object", "rotate");
  expect_shape(result["gate"], "relative_l2:number argmax_agreement:number bounds:object passed:bool", "gate");
  for (const char* part : {"r1", "r2"}) {
    expect_shape(result["rotation"][part], "kind:text order:integer construction:text seed:integer checksum:text", part);
    EXPECT_EQ(result["rotation"][part]["seed"], 7) << part;
  }
  EXPECT_TRUE(result["rotation"]["r4"].is_null());
}

TEST_F(Contract, Statistics) {
  const Json result = call({"statistics", "model", "--ids", "ids.json", "--context", "16", "--out", "s.h5"});
  expect_shape(result, "tokens:integer sites:object", "statistics");
  for (const char* site : {"qkv_in", "o_in", "gate_up_in", "down_in", "k_out", "v_out", "residual_in"}) {
    for (const char* layer : {"layers.0.", "layers.1."}) {
      const std::string name = std::string(layer) + site;
      ASSERT_TRUE(result["sites"].contains(name)) << name;
      expect_shape(result["sites"][name], "kurtosis:number absmax:number", name);
    }
  }
}

TEST_F(Contract, Finetune) {
  const Json result = call({"finetune", "model", "--ids", "ids.json", "--format", "text", "--block", "16", "--steps", "3", "--rank", "2",
                            "--validation", "0.3", "--evaluate-every", "2", "--out", "adapter-2"});
  expect_shape(result, "steps:integer losses:list lr:list grad_norm:list evaluation:list", "finetune");
  EXPECT_EQ(result["steps"], 3);
  for (const char* key : {"losses", "lr", "grad_norm"}) {
    ASSERT_EQ(result[key].size(), 3u) << key;
    for (const Json& value : result[key]) EXPECT_TRUE(value.is_number()) << key;
  }
  ASSERT_FALSE(result["evaluation"].empty());
  std::istringstream log(test::read_text(*folder_ / "adapter-2/log.jsonl"));
  size_t steps = 0;
  for (std::string line; std::getline(log, line); ++steps) {
    const Json step = Json::parse(line);
    EXPECT_EQ(step["loss"], result["losses"][steps]);
    EXPECT_EQ(step["lr"], result["lr"][steps]);
    EXPECT_EQ(step["grad_norm"], result["grad_norm"][steps]);
  }
  EXPECT_EQ(steps, 3u);
}

TEST_F(Contract, Merge) { expect_shape(call({"merge", "model", "adapter", "--out", "merged"}), "difference:number", "merge"); }

TEST_F(Contract, Quantize) {
  const std::string always = "bits:integer weight_mse:number weight_relative_error:number ";
  const std::string errors = "output_error_weights:number output_error_activations:number output_error_both:number sqnr_db:number ";
  const std::string none = "output_error_weights:null output_error_activations:null output_error_both:null sqnr_db:null ";
  struct Case {
    Words more;
    std::string shape;
  };
  const Words text = {"--ids", "ids.json", "--context", "16"};
  const Case cases[] = {{{}, none + "gptq_loss:null"},
                        {text, errors + "gptq_loss:null"},
                        {{"--ids", "ids.json", "--context", "16", "--error-samples", "0"}, none + "gptq_loss:null"},
                        {{"--ids", "ids.json", "--context", "16", "--method", "gptq"}, errors + "gptq_loss:number"}};
  for (const Case& one : cases) {
    Words words = {"quantize", "model", "--out", "quantized", "--force", "--weights", "4", "--activations", "4"};
    words.insert(words.end(), one.more.begin(), one.more.end());
    const Json result = call(words);
    expect_shape(result, "linears:object per_channel:list per_token:list notices:list", "quantize");
    ASSERT_EQ(result["linears"].size(), 14u);
    for (const char* layer : {"0", "1"}) {
      for (const char* linear : {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj",
                                 "mlp.up_proj", "mlp.down_proj"}) {
        const std::string name = std::string("model.layers.") + layer + "." + linear;
        ASSERT_TRUE(result["linears"].contains(name)) << name;
        expect_shape(result["linears"][name], always + one.shape, name);
        EXPECT_EQ(result["linears"][name]["bits"], 4);
      }
    }
  }
}

TEST_F(Contract, Evaluate) {
  const Words plain = {"evaluate", "model", "--ids", "ids.json", "--context", "16"};
  Words look = plain;
  look.insert(look.end(), {"--weights", "4", "--method", "gptq", "--calibration-ids", "ids.json", "--samples", "3"});
  for (const Words& words : {plain, look}) {
    const Json result = call(words);
    expect_shape(result, "nll:number perplexity:number tokens:integer tasks:object notices:list", "evaluate");
    EXPECT_EQ(result["tokens"], 12 * 15) << "predicted tokens";
    EXPECT_TRUE(result["tasks"].empty()) << "none was asked for";
  }
}

TEST_F(Contract, Run) {
  test::put(*folder_ / "job.json", R"({"format": 1, "name": "one", "model": {"path": "model"},
    "texts": {"text": {"file": "ids.json", "corpus": "ids"}},
    "stations": [{"id": "ppl", "kind": "evaluate", "model": "base", "text": "text", "context": 16}]})");
  const Json result = call({"run", "job.json", "--out", "run"});
  expect_shape(result, "stations:list", "run");
  ASSERT_EQ(result["stations"].size(), 1u);
  expect_shape(result["stations"][0], "id:text kind:text nll:number perplexity:number tokens:integer", "station");
}

}  // namespace
}  // namespace rolora
