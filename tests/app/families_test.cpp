// SPDX-License-Identifier: GPL-3.0-or-later
// The command on a folder of every family: what transformers computes, and each verb's result opened by the next.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/tensor_store.h"
#include "tests/app/process.h"
#include "tests/core/model/family_fixtures.h"
#include "tests/support/near.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

using test::family_fixture;
using test::Outcome;
using test::rolora;
using ::testing::HasSubstr;

Json json_of(const Outcome& outcome) {
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return outcome.code == 0 ? Json::parse(outcome.out) : Json::object();
}

class FamilyVerbs : public ::testing::TestWithParam<const char*> {
 protected:
  FamilyVerbs() : model_(family_fixture(GetParam())), numbers_(read_json_file(model_ / "expected.json")) {
    test::write_text(folder_ / "ids.json", Json({{"ids", numbers_["ids"]}}).dump());
    test::write_text(folder_ / "prompt.json", Json({{"ids", numbers_["prompt"]}}).dump());
  }
  void expect_transformers_logits(const std::filesystem::path& model, double bound) {
    json_of(rolora({"logits", model, "--ids", folder_ / "ids.json", "--out", folder_ / "logits.safetensors", "--json"}));
    const TensorStore found = TensorStore::open_file(folder_ / "logits.safetensors");
    const TensorStore expected = TensorStore::open_file(model_ / "expected.safetensors");
    EXPECT_TRUE(test::tensors_near(found.load("logits", {}), expected.load("logits", {}), bound)) << model;
  }
  test::TempFolder folder_;
  std::filesystem::path model_;
  Json numbers_;
};

TEST_P(FamilyVerbs, ComputeRotateQuantizeAndEvaluate) {
  expect_transformers_logits(model_, 1e-5);
  const Json rotated = json_of(rolora({"rotate", model_, "--out", folder_ / "rotated", "--r2", "--r3", "--store", "float32", "--json"}));
  EXPECT_EQ(rotated["gate"]["passed"], true);
  expect_transformers_logits(folder_ / "rotated", 1e-5);
  const Json text =
      json_of(rolora({"generate", folder_ / "rotated", "--ids", folder_ / "prompt.json", "--max-new", "40", "--ignore-eos", "--json"}));
  EXPECT_EQ(text["ids"], numbers_["greedy"]);
  const Json quantized = json_of(rolora({"quantize", folder_ / "rotated", "--out", folder_ / "quantized", "--weights", "8", "--activations",
                                         "8", "--kv", "8", "--ids", folder_ / "ids.json", "--context", "15", "--json"}));
  EXPECT_TRUE(quantized["linears"].contains("model.layers.1.self_attn.k_proj"));
  const auto nll = [&](const std::filesystem::path& model) {
    return json_of(rolora({"evaluate", model, "--ids", folder_ / "ids.json", "--context", "15", "--json"}))["nll"].get<double>();
  };
  EXPECT_NEAR(nll(folder_ / "quantized"), nll(model_), 0.2);
  EXPECT_NEAR(nll(folder_ / "rotated"), nll(model_), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(App, FamilyVerbs, ::testing::Values("mistral_window", "qwen2_tied", "qwen3_tied_old_keys", "phi3_longrope"),
                         [](const auto& param_info) { return std::string(param_info.param); });

TEST(FamilyInfo, SaysWhatAFamilyHasBeyondLlama) {
  const Json mistral = json_of(rolora({"info", family_fixture("mistral_window"), "--json"}));
  EXPECT_EQ(mistral["family"], "Mistral");
  EXPECT_EQ(mistral["windows"], Json({6, 6}));
  EXPECT_EQ(mistral["head_norms"], false);
  EXPECT_EQ(mistral["fused"], Json::object());
  EXPECT_THAT(rolora({"info", family_fixture("qwen2_window_old_keys")}).out, HasSubstr("window        5 tokens in 1 of 2 layers\n"));
  const std::string qwen3 = rolora({"info", family_fixture("qwen3")}).out;
  EXPECT_THAT(qwen3, HasSubstr("head norms    of queries and keys before RoPE; rotations leave their gains as they are\n"));
  EXPECT_THAT(qwen3, HasSubstr("queries and keys after their norms and RoPE, per head, online"));
  const std::string phi3 = rolora({"info", family_fixture("phi3_longrope")}).out;
  EXPECT_THAT(phi3, HasSubstr("stored fused  qkv_proj: q_proj k_proj v_proj\n"));
  EXPECT_THAT(phi3, HasSubstr("rope          longrope, theta 100.0, on the first 4 of each head\n"));
}

TEST(FamilyInfo, AnotherArchitectureIsRefusedByNameWithTheList) {
  const test::TempFolder folder;
  Json config = test::small_config();
  config["model_type"] = "gemma2";
  config["architectures"] = {"Gemma2ForCausalLM"};
  test::write_text(folder / "config.json", config.dump());
  const Outcome outcome = rolora({"info", folder.path()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err,
              HasSubstr("model_type: expected a supported family: llama (LLaMA 1 to 3.2, Vicuna, TinyLlama, SmolLM2), mistral"));
  EXPECT_THAT(outcome.err, HasSubstr("found gemma2 (Gemma2ForCausalLM)\n"));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1);
}

}  // namespace
}  // namespace rolora
