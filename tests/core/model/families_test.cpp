// SPDX-License-Identifier: GPL-3.0-or-later
// Every family against transformers: folders as save_pretrained writes them, and what transformers computes for them
// (make_family_fixtures.py made both). A new family's fixtures are listed at the end.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/model/generation_config.h"
#include "core/model/passes.h"
#include "core/model/write_folder.h"
#include "tests/core/model/family_fixtures.h"
#include "tests/support/near.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

using test::tensors_near;
using test::write_random_model;

class Families : public ::testing::TestWithParam<const char*> {
 protected:
  std::filesystem::path folder() const { return test::family_fixture(GetParam()); }
  Json expected() const { return read_json_file(folder() / "expected.json"); }
  at::Tensor ids() const { return at::tensor(expected()["ids"].get<std::vector<int64_t>>(), at::kLong).unsqueeze(0); }
  at::Tensor expected_tensor(const char* name) const {
    return TensorStore::open_file(folder() / "expected.safetensors").load(name, Compute{});
  }
};

TEST_P(Families, LogitsEqualTransformers) {
  const at::NoGradGuard no_grad;
  const Checkpoint checkpoint(folder());
  for (const at::ScalarType type : {at::kFloat, at::kDouble}) {
    const at::Tensor found = ResidentModel(checkpoint, {type, at::kCPU}).logits(ids()).squeeze(0);
    EXPECT_TRUE(tensors_near(found, expected_tensor("logits"), 1e-5)) << found.scalar_type();
  }
}

// A prefill of 5 tokens, then one token at a time: what a cache holds keeps the frequencies of its step and loses what left the window.
TEST_P(Families, CachedStepsEqualTransformers) {
  const at::NoGradGuard no_grad;
  const ResidentModel model(Checkpoint(folder()), Compute{});
  std::vector<LayerCache> cache(model.layers().size());
  const at::Tensor all = ids();
  std::vector<at::Tensor> rows = {model.step(all.slice(1, 0, 5), cache, 0)};
  for (int64_t position = 5; position < all.size(1); ++position) {
    rows.push_back(model.step(all.slice(1, position, position + 1), cache, position));
  }
  EXPECT_TRUE(tensors_near(at::stack(rows), expected_tensor("cached"), 1e-5));
}

TEST_P(Families, GreedyIdsEqualTransformers) {
  const Json numbers = expected();
  ASSERT_GT(numbers["smallest_margin"].get<double>(), 1e-3) << "the fixture itself is too close to call";
  SilentMonitor silent;
  GenerateOptions options;
  options.max_new = 40;
  options.ignore_eos = true;
  EXPECT_EQ(generate(ResidentModel(Checkpoint(folder()), Compute{}), numbers["prompt"].get<std::vector<int64_t>>(), options, silent),
            numbers["greedy"].get<std::vector<int64_t>>());
}

// Ids that no family has by itself: they can only come from the files, and generation_config.json goes before config.json.
TEST_P(Families, GenerationTokensAreTheFolders) {
  const test::TempFolder copy;
  Json config = read_json_file(folder() / "config.json"), generation = read_json_file(folder() / "generation_config.json");
  config["bos_token_id"] = 31;
  config["eos_token_id"] = {32, 33};
  const auto tokens = [&] { return read_generation_tokens(copy.path(), parse_model_config(config, "config.json")); };
  EXPECT_EQ(tokens().bos, 31);
  EXPECT_EQ(tokens().eos, (std::vector<int64_t>{32, 33}));
  generation["bos_token_id"] = 34;
  generation["eos_token_id"] = 35;
  test::write_text(copy / "generation_config.json", json_text(generation));
  EXPECT_EQ(tokens().bos, 34);
  EXPECT_EQ(tokens().eos, std::vector<int64_t>{35});
}

// Steps of several tokens need the window's mask over a cache that was cut. (Only where frequencies do not change with the length.)
class FamiliesOfFixedFrequencies : public Families {};

TEST_P(FamiliesOfFixedFrequencies, CutsOfThePrefillDoNotMatter) {
  const at::NoGradGuard no_grad;
  const Checkpoint checkpoint(folder());
  const ResidentModel model(checkpoint, {at::kDouble, at::kCPU});
  const at::Tensor whole = model.logits(ids()).squeeze(0);
  std::vector<LayerCache> cache(model.layers().size());
  int64_t position = 0;
  for (const int64_t count : {4, 9, 1, 3, 1, 12}) {
    const at::Tensor last = model.step(ids().slice(1, position, position + count), cache, position);
    position += count;
    EXPECT_TRUE(tensors_near(last, whole.select(0, position - 1), 1e-12)) << "after " << position;
  }
}

// What is written has the tensors of the original, byte for byte, fused ones included.
TEST_P(Families, WeightsAreWrittenAsTheyCame) {
  const test::TempFolder out;
  SilentMonitor silent;
  const Checkpoint checkpoint(folder());
  write_weights(checkpoint, out.path(), {torch_type(checkpoint.stored())}, silent);
  const TensorStore found = TensorStore::open(out.path());
  EXPECT_EQ(found.names(), checkpoint.store().names());
  for (const std::string& name : found.names()) EXPECT_TRUE(at::equal(found.view(name), checkpoint.store().view(name))) << name;
}

INSTANTIATE_TEST_SUITE_P(Model, Families, ::testing::ValuesIn(test::kFamilyFixtures),
                         [](const auto& param_info) { return std::string(param_info.param); });

INSTANTIATE_TEST_SUITE_P(Model, FamiliesOfFixedFrequencies,
                         ::testing::Values("mistral_window", "mistral_old_keys", "qwen2_window_old_keys", "qwen2_layer_types", "qwen3",
                                           "qwen3_tied_old_keys", "phi3_window"),
                         [](const auto& param_info) { return std::string(param_info.param); });

TEST(FamilyList, EveryFamilyIsCompleteAndFoundByItsType) {
  EXPECT_EQ(families().size(), 5u);
  for (const FamilyDescription* family : families()) {
    EXPECT_EQ(find_family(family->model_type), family);
    EXPECT_FALSE(family->name.empty() || family->members.empty() || family->architecture.empty()) << family->model_type;
    EXPECT_NE(supported_families().find(family->model_type), std::string::npos);
  }
}

Json family_config(const char* model_type, const Json& changes) {
  Json config = test::small_config();
  config["model_type"] = model_type;
  config.erase("rope_theta");
  for (const auto& item : changes.items()) {
    if (item.value() == "absent") {
      config.erase(item.key());
    } else {
      config[item.key()] = item.value();
    }
  }
  return config;
}

ModelConfig parsed(const char* model_type, const Json& changes = Json::object()) {
  return parse_model_config(family_config(model_type, changes), "config.json");
}

// transformers' configuration classes.
TEST(FamilyConfig, WhatALeftOutKeyMeans) {
  const Json absent = {
      {"num_attention_heads", 32}, {"hidden_size", 128},       {"num_key_value_heads", "absent"}, {"max_position_embeddings", "absent"},
      {"rms_norm_eps", "absent"},  {"bos_token_id", "absent"}, {"eos_token_id", "absent"}};
  const ModelConfig llama = parsed("llama", absent), mistral = parsed("mistral", absent), qwen2 = parsed("qwen2", absent);
  const ModelConfig qwen3 = parsed("qwen3", absent), phi3 = parsed("phi3", absent);
  EXPECT_EQ(llama.kv_heads, 32);
  EXPECT_EQ(mistral.kv_heads, 8);
  EXPECT_EQ(parsed("mistral", {{"num_key_value_heads", nullptr}}).kv_heads, 4);
  EXPECT_EQ(qwen3.head_dim, 128);
  EXPECT_EQ(phi3.head_dim, 4);
  EXPECT_EQ(mistral.context, 131072);
  EXPECT_EQ(qwen2.context, 32768);
  EXPECT_EQ(phi3.context, 4096);
  EXPECT_EQ(phi3.rms_epsilon, 1e-5);
  EXPECT_EQ(qwen3.rms_epsilon, 1e-6);
  EXPECT_EQ(qwen2.bos, std::nullopt);
  EXPECT_TRUE(qwen2.eos.empty());
  EXPECT_EQ(phi3.eos, std::vector<int64_t>{32000});
}

TEST(FamilyConfig, WindowsByLayer) {
  const std::vector<int64_t> none, both = {4096, 4096}, second = {0, 8};
  EXPECT_EQ(parsed("llama", {{"sliding_window", 1 << 20}}).windows, none);  // no prompt is as long
  EXPECT_EQ(parsed("llama", {{"sliding_window", nullptr}, {"layer_types", {"full_attention", "full_attention"}}}).windows, none);
  EXPECT_EQ(parsed("mistral").windows, both);
  EXPECT_EQ(parsed("mistral", {{"sliding_window", nullptr}}).windows, none);
  EXPECT_EQ(parsed("phi3").windows, none);
  EXPECT_EQ(parsed("phi3", {{"sliding_window", 8}}).windows, (std::vector<int64_t>{8, 8}));
  EXPECT_EQ(parsed("qwen2", {{"sliding_window", 8}, {"max_window_layers", 1}}).windows, none);
  EXPECT_EQ(parsed("qwen2", {{"use_sliding_window", false}, {"sliding_window", 0}}).windows, none);
  const Json on = {{"use_sliding_window", true}, {"sliding_window", 8}};
  EXPECT_EQ(parsed("qwen2", on).windows, none);  // max_window_layers 28
  Json from_one = on, typed = on;
  from_one["max_window_layers"] = 1;
  typed["layer_types"] = {"full_attention", "sliding_attention"};
  EXPECT_EQ(parsed("qwen2", from_one).windows, second);
  EXPECT_EQ(parsed("qwen3", typed).windows, second);
  EXPECT_EQ(window_of(parsed("qwen3", typed), LayerIndex(1)), 8);
  EXPECT_EQ(window_of(parsed("qwen3"), LayerIndex(1)), 0);
}

TEST(FamilyConfig, BiasesAndNormsOfTheFamilies) {
  const ModelConfig qwen2 = parsed("qwen2", {{"attention_bias", true}, {"mlp_bias", true}}), qwen3 = parsed("qwen3");
  for (const LinearKind kind : kAllLinears) {
    EXPECT_EQ(has_bias(qwen2, kind), kind == LinearKind::q || kind == LinearKind::k || kind == LinearKind::v) << target_name(kind);
    EXPECT_EQ(has_bias(parsed("qwen3", {{"attention_bias", true}}), kind), kind <= LinearKind::o) << target_name(kind);
    EXPECT_FALSE(has_bias(parsed("mistral", {{"attention_bias", true}}), kind));
  }
  EXPECT_EQ(layer_norms(qwen2).size(), 2u);
  EXPECT_EQ(layer_norms(qwen3).size(), 4u);
  EXPECT_EQ(parameter_count(qwen3), [] {
    int64_t sum = 0;
    for (const auto& tensor : expected_tensors(parsed("qwen3"), StoredType::F32, true)) {
      sum += tensor.shape[0] * (tensor.shape.size() > 1 ? tensor.shape[1] : 1);
    }
    return sum;
  }());
}

TEST(FamilyConfig, FusedLinearsArePartsOfOneTensor) {
  const ModelConfig phi3 = parsed("phi3");
  const StoredPart k = stored_part(phi3, LayerIndex(1), LinearKind::k, ".weight"),
                   v = stored_part(phi3, LayerIndex(1), LinearKind::v, ".weight");
  EXPECT_EQ(k.name, "model.layers.1.self_attn.qkv_proj.weight");
  EXPECT_EQ(k.first, 24);
  EXPECT_EQ(k.rows, 12);
  EXPECT_EQ(v.first, 36);
  const StoredPart up = stored_part(phi3, LayerIndex(0), LinearKind::up, ".weight");
  EXPECT_EQ(up.name, "model.layers.0.mlp.gate_up_proj.weight");
  EXPECT_EQ(up.first, 40);
  EXPECT_TRUE(stored_part(phi3, LayerIndex(0), LinearKind::down, ".weight").whole);
}

TEST(FamilyConfig, LongropeOfPhi3) {
  const Json scaling = {{"type", "su"}, {"short_factor", {1.0, 2.0, 3.0}}, {"long_factor", {2, 4, 8}}};
  const ModelConfig c = parsed("phi3", {{"rope_scaling", scaling}, {"max_position_embeddings", 8192}});
  EXPECT_EQ(c.rope.kind, RopeKind::longrope);
  EXPECT_EQ(c.rope.original_context, 4096);
  EXPECT_DOUBLE_EQ(c.rope.attention_scaling, std::sqrt(1 + std::log(2.0) / std::log(4096.0)));
  EXPECT_EQ(c.rope.long_factors, (std::vector<double>{2, 4, 8}));
  Json inner = scaling;
  inner["original_max_position_embeddings"] = 64;  // the configuration class' own default stands above it
  EXPECT_EQ(parsed("phi3", {{"rope_scaling", inner}}).rope.original_context, 4096);
  EXPECT_EQ(parsed("phi3", {{"rope_scaling", scaling}, {"original_max_position_embeddings", 32}}).rope.original_context, 32);
  EXPECT_EQ(parsed("phi3", {{"partial_rotary_factor", 0.75}}).rope.dims, 4);
  EXPECT_EQ(parsed("phi3").rope.dims, 6);
}

struct Refusal {
  const char* name;
  const char* model_type;
  Json changes;
  const char* key;
  const char* part;  // of the message
};

class RefusedFamilyConfig : public ::testing::TestWithParam<Refusal> {};

TEST_P(RefusedFamilyConfig, NamesTheKey) {
  try {
    parsed(GetParam().model_type, GetParam().changes);
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_EQ(e.key(), GetParam().key) << e.what();
    EXPECT_NE(std::string(e.what()).find(GetParam().part), std::string::npos) << e.what();
  }
}

const Json kWindowed = {{"use_sliding_window", true}, {"sliding_window", 8}};
Json windowed(const char* key, const Json& value) {
  Json changes = kWindowed;
  changes[key] = value;
  return changes;
}
Json longrope(const Json& short_factor) {
  return {{"rope_scaling", {{"type", "longrope"}, {"short_factor", short_factor}, {"long_factor", {1, 1, 1}}}}};
}

INSTANTIATE_TEST_SUITE_P(
    Model, RefusedFamilyConfig,
    ::testing::Values(
        Refusal{"Gemma", "gemma2", {{"architectures", {"Gemma2ForCausalLM"}}}, "model_type", "found gemma2 (Gemma2ForCausalLM)"},
        Refusal{"Mixtral", "mixtral", {{"architectures", {"MixtralForCausalLM"}}}, "model_type", "qwen3 (Qwen3, dense)"},
        Refusal{"Gpt2", "gpt2", {{"architectures", "absent"}}, "model_type", "llama (LLaMA 1 to 3.2, Vicuna, TinyLlama, SmolLM2)"},
        // transformers 5.23: the cache follows these, the masks of LLaMA do not, so that its generation is not its prefill.
        Refusal{"WindowOfLlama", "llama", {{"sliding_window", 8}}, "sliding_window", "cache"},
        Refusal{"ChunksOfLlama", "llama", {{"attention_chunk_size", 8}}, "attention_chunk_size", "cache"},
        Refusal{"LayerTypesOfLlama", "llama", {{"layer_types", {"full_attention", "sliding_attention"}}}, "layer_types", "cache"},
        Refusal{"ChunksOfMistral", "mistral", {{"sliding_window", nullptr}, {"attention_chunk_size", 8}}, "attention_chunk_size", "cache"},
        Refusal{"ChunksOfPhi3", "phi3", {{"sliding_window", nullptr}, {"attention_chunk_size", 8}}, "attention_chunk_size", "cache"},
        Refusal{"TooFewLayerTypesOfLlama", "llama", {{"layer_types", {"full_attention"}}}, "layer_types", "2 entries"},
        Refusal{"NotCausal", "qwen3", {{"is_causal", false}}, "is_causal", "false"},
        Refusal{"SettingsByLayer", "llama", {{"per_layer_config", {{"0", {{"rms_norm_eps", 1e-3}}}}}}, "per_layer_config", "rms_norm_eps"},
        Refusal{"WindowOfNothing", "mistral", {{"sliding_window", 1}}, "sliding_window", "1"},
        Refusal{"MistralByLayers", "mistral", {{"layer_types", {"full_attention", "sliding_attention"}}}, "layer_types", "one"},
        Refusal{"TooFewLayerTypes", "qwen2", windowed("layer_types", {"full_attention"}), "layer_types", "2 entries"},
        Refusal{"OtherLayerType", "qwen2", windowed("layer_types", {"full_attention", "chunked_attention"}), "layer_types", "chunked"},
        Refusal{"SlidingWithoutAWindow", "qwen3", {{"layer_types", {"full_attention", "sliding_attention"}}}, "layer_types", "no sliding"},
        Refusal{"PartialRotaryOfQwen", "qwen2", {{"partial_rotary_factor", 0.5}}, "partial_rotary_factor", "whole head"},
        Refusal{"PartialRotaryOfNothing", "phi3", {{"partial_rotary_factor", 0.1}}, "partial_rotary_factor", "even number"},
        Refusal{"PartialRotaryAboveOne", "phi3", {{"partial_rotary_factor", 1.5}}, "partial_rotary_factor", "(0, 1]"},
        Refusal{"LinearOfPhi3", "phi3", {{"rope_scaling", {{"type", "linear"}, {"factor", 2}}}}, "rope_scaling.type", "longrope"},
        Refusal{"RopeByLayerType",
                "qwen3",
                {{"rope_parameters", {{"full_attention", {{"rope_type", "default"}, {"rope_theta", 1e6}}}}}},
                "rope_parameters.full_attention",
                "all layers"},
        Refusal{"TooFewFactors", "phi3", longrope({1, 1}), "rope_scaling.short_factor", "3 numbers"},
        Refusal{"FactorAsText", "phi3", longrope({1, "x", 1}), "rope_scaling.short_factor", "3 numbers"},
        Refusal{"FactorZero", "phi3", longrope({1, 0, 1}), "rope_scaling.short_factor", "3 numbers"},
        Refusal{"YarnOfQwen", "qwen2", {{"rope_scaling", {{"type", "yarn"}, {"factor", 4.0}}}}, "rope_scaling.type", "yarn"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

// Tensors of another family's layout are named.
TEST(FamilyFolder, LinearsThatShouldBeFusedAreRefused) {
  const test::TempFolder folder;
  write_random_model(folder.path(), family_config("llama", Json::object()));
  test::write_text(folder.path() / "config.json", json_text(family_config("phi3", Json::object())));
  try {
    const Checkpoint checkpoint(folder.path());
    FAIL() << "opened";
  } catch (const InputError& e) {
    EXPECT_EQ(e.key(), "model.layers.0.self_attn.qkv_proj.weight");
  }
}

// The value that is not finite stands in the part that is loaded.
TEST(FamilyFolder, DamageInAFusedTensorIsNamedWithItsRows) {
  const test::TempFolder folder;
  auto tensors = write_random_model(folder.path(), family_config("phi3", Json::object()));
  tensors.at("model.layers.1.mlp.gate_up_proj.weight")[45][2] = std::numeric_limits<double>::infinity();
  test::write_tensors(folder.path() / "model.safetensors", tensors, at::kFloat);
  const Checkpoint checkpoint(folder.path());
  EXPECT_NO_THROW(checkpoint.layer(LayerIndex(0), Compute{}));
  try {
    checkpoint.layer(LayerIndex(1), Compute{});
    FAIL() << "loaded";
  } catch (const InputError& e) {
    EXPECT_EQ(e.key(), "model.layers.1.mlp.gate_up_proj.weight rows 40 … 79");
  }
}

// The identity of a model names what changes its function: each window and each factor makes another one, and the same function written
// otherwise makes none.
TEST(FamilyFolder, TheHashSeesWindowAndFactors) {
  const test::TempFolder folder;
  write_random_model(folder.path(), family_config("qwen2", {}));
  const auto hash_of = [&](const Json& changes) {
    test::write_text(folder.path() / "config.json", json_text(family_config("qwen2", changes)));
    return Checkpoint(folder.path()).hash();
  };
  const auto windows = [&](int64_t window, const char* first, const char* second) {
    return hash_of({{"use_sliding_window", true},
                    {"sliding_window", window},
                    {"layer_types", {std::string(first) + "_attention", std::string(second) + "_attention"}}});
  };
  const auto longrope = [&](double short_factor, double long_factor, int64_t original) {
    return hash_of({{"rope_scaling",
                     {{"type", "longrope"},
                      {"factor", 2.0},
                      {"original_max_position_embeddings", original},
                      {"short_factor", {1, 2, short_factor}},
                      {"long_factor", {2, 4, long_factor}}}}});
  };
  const std::vector<std::string> all = {hash_of({}),
                                        windows(8, "sliding", "sliding"),
                                        windows(9, "sliding", "sliding"),
                                        windows(8, "full", "sliding"),
                                        windows(8, "sliding", "full"),
                                        longrope(3, 8, 32),
                                        longrope(4, 8, 32),
                                        longrope(3, 9, 32),
                                        longrope(3, 8, 16)};
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(all[i], all[j]) << i << " and " << j;
  }
  EXPECT_EQ(windows(8, "full", "full"), all[0]);
  EXPECT_EQ(hash_of({{"use_sliding_window", true}, {"sliding_window", 8}, {"max_window_layers", 1}}), all[3]);
}

}  // namespace
}  // namespace rolora
