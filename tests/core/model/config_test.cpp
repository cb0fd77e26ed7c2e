// SPDX-License-Identifier: GPL-3.0-or-later
// What config.json means, and what is refused with the key that is wrong.
#include "core/model/config.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/model/tuned.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

using test::small_config;

ModelConfig parsed(const Json& changes) {
  Json config = small_config();
  for (const auto& item : changes.items()) {
    if (item.value() == "absent") {
      config.erase(item.key());
    } else {
      config[item.key()] = item.value();
    }
  }
  return parse_model_config(config, "folder/config.json");
}

TEST(Config, ReadsWhatIsThere) {
  const ModelConfig c = parsed({});
  EXPECT_EQ(c.model_type, "llama");
  EXPECT_EQ(c.own_kind, "");
  EXPECT_EQ(c.hidden, 24);
  EXPECT_EQ(c.head_dim, 6);
  EXPECT_EQ(c.kv_heads, 2);
  EXPECT_EQ(c.rope.kind, RopeKind::plain);
  EXPECT_FALSE(c.tied);
  EXPECT_EQ(c.eos, std::vector<int64_t>{2});
}

TEST(Config, DefaultsAreThoseOfTransformers) {
  const ModelConfig c = parsed({{"num_key_value_heads", "absent"},
                                {"max_position_embeddings", "absent"},
                                {"rms_norm_eps", "absent"},
                                {"rope_theta", "absent"},
                                {"tie_word_embeddings", "absent"},
                                {"bos_token_id", "absent"},
                                {"eos_token_id", "absent"},
                                {"hidden_act", "absent"}});
  EXPECT_EQ(c.kv_heads, 4);
  EXPECT_EQ(c.context, 2048);
  EXPECT_EQ(c.rms_epsilon, 1e-6);
  EXPECT_EQ(c.rope.theta, 10000.0);
  EXPECT_FALSE(c.tied);
  EXPECT_EQ(c.bos, 1);
  EXPECT_EQ(c.eos, std::vector<int64_t>{2});
}

TEST(Config, SpecialTokensMayBeNullOrMany) {
  const ModelConfig c = parsed({{"bos_token_id", nullptr}, {"eos_token_id", {7, 9}}});
  EXPECT_EQ(c.bos, std::nullopt);
  EXPECT_EQ(c.eos, (std::vector<int64_t>{7, 9}));
  EXPECT_TRUE(parsed({{"eos_token_id", nullptr}}).eos.empty());
}

TEST(Config, RopeInOldAndNewKeys) {
  const Json scaling = {{"factor", 8.0}, {"low_freq_factor", 1.0}, {"high_freq_factor", 4.0}, {"original_max_position_embeddings", 32}};
  Json with_type = scaling, with_theta = scaling;
  with_type["type"] = "llama3";
  with_theta["rope_type"] = "llama3";
  with_theta["rope_theta"] = 500000.0;
  const ModelConfig old = parsed({{"rope_scaling", with_type}, {"rope_theta", 500000.0}});
  const ModelConfig fresh = parsed({{"rope_parameters", with_theta}, {"rope_theta", "absent"}});
  for (const ModelConfig& c : {old, fresh}) {
    EXPECT_EQ(c.rope.kind, RopeKind::llama3);
    EXPECT_EQ(c.rope.theta, 500000.0);
    EXPECT_EQ(c.rope.factor, 8.0);
    EXPECT_EQ(c.rope.original_context, 32);
  }
  EXPECT_EQ(parsed({{"rope_scaling", nullptr}, {"rope_parameters", {{"rope_type", "linear"}, {"factor", 3.0}}}}).rope.kind,
            RopeKind::linear);
  EXPECT_EQ(parsed({{"rope_scaling", {{"type", "dynamic"}, {"factor", 2.0}}}}).rope.kind, RopeKind::dynamic);
}

TEST(Config, BiasesByLinear) {
  const ModelConfig attention = parsed({{"attention_bias", true}}), mlp = parsed({{"mlp_bias", true}});
  for (LinearKind kind : kAllLinears) {
    const bool in_mlp = kind == LinearKind::gate || kind == LinearKind::up || kind == LinearKind::down;
    EXPECT_EQ(has_bias(attention, kind), !in_mlp) << target_name(kind);
    EXPECT_EQ(has_bias(mlp, kind), in_mlp) << target_name(kind);
  }
}

// 2 layers: norms 2·24, q and o 24·24, k and v 12·24, MLP 3·24·40; final norm 24; two matrices 50·24.
TEST(Config, CountsParameters) {
  EXPECT_EQ(parameter_count(parsed({})), 2 * (48 + 2 * 576 + 2 * 288 + 3 * 960) + 24 + 2 * 1200);
  EXPECT_EQ(parameter_count(parsed({{"tie_word_embeddings", true}})), 2 * (48 + 2 * 576 + 2 * 288 + 3 * 960) + 24 + 1200);
  EXPECT_EQ(parameter_count(parsed({{"attention_bias", true}})) - parameter_count(parsed({})), 2 * (24 + 12 + 12 + 24));
}

TEST(Config, DerivedFoldersAreOursAndRememberTheArchitecture) {
  const ModelConfig plain = parsed({{"tie_word_embeddings", true}, {"custom_key", "kept"}});
  const Json rotated = derived_config(plain, "rotated", "bfloat16", false);
  EXPECT_EQ(rotated["model_type"], "rolora_llama");
  EXPECT_EQ(rotated["architectures"], Json::array({"RoloraLlamaForCausalLM"}));
  EXPECT_EQ(rotated["torch_dtype"], "bfloat16");
  EXPECT_EQ(rotated["custom_key"], "kept");
  const ModelConfig again = parse_model_config(rotated, "config.json");
  EXPECT_EQ(again.own_kind, "rotated");
  EXPECT_EQ(again.model_type, "llama");
  EXPECT_FALSE(again.tied);
  const ModelConfig quantized = parse_model_config(derived_config(again, "quantized", "float32", false), "config.json");
  EXPECT_EQ(quantized.own_kind, "quantized");
  EXPECT_EQ(quantized.raw["rolora"]["architectures"], Json::array({"LlamaForCausalLM"}));
  Json new_style = small_config();
  new_style.erase("torch_dtype");
  new_style["dtype"] = "float32";
  const Json derived = derived_config(parse_model_config(new_style, "config.json"), "rotated", "float16", false);
  EXPECT_EQ(derived["dtype"], "float16");
  EXPECT_FALSE(derived.contains("torch_dtype"));
}

TEST(Config, AMarkOfATuningIsReadAndStaysInWhatIsMadeFromIt) {
  EXPECT_FALSE(tuned_mark(parsed({})));
  Json document = small_config();
  set_tuned_mark(document, TunedMark{"lora", std::string(64, 'a'), "base", "checksum"});
  const ModelConfig plain = parse_model_config(document, "config.json");
  EXPECT_EQ(plain.own_kind, "");
  for (const std::string kind : {"rotated", "quantized"}) {
    const ModelConfig derived = parse_model_config(derived_config(plain, kind, "float32", false), "config.json");
    EXPECT_EQ(derived.own_kind, kind);
    ASSERT_TRUE(tuned_mark(derived));
    EXPECT_EQ(tuned_mark(derived)->how, "lora");
    EXPECT_EQ(tuned_mark(derived)->sha256, std::string(64, 'a'));
    EXPECT_EQ(tuned_mark(derived)->base_hash, "base");
    EXPECT_EQ(tuned_mark(derived)->rotation, "checksum");
    Json without = derived.raw;
    set_tuned_mark(without, std::nullopt);
    EXPECT_FALSE(tuned_mark(parse_model_config(without, "config.json")));
    EXPECT_EQ(parse_model_config(without, "config.json").own_kind, kind);
  }
  set_tuned_mark(document, std::nullopt);
  EXPECT_EQ(document, small_config());
}

struct BrokenConfig {
  const char* name;
  Json changes;
  const char* key;  // that the message must name
};

class Refused : public ::testing::TestWithParam<BrokenConfig> {};

TEST_P(Refused, NamesFileAndKey) {
  try {
    parsed(GetParam().changes);
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_EQ(e.file(), "folder/config.json");
    EXPECT_EQ(e.key(), GetParam().key) << e.what();
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
  }
}

const Json kLlama3 = {{"rope_type", "llama3"}, {"factor", 8.0}, {"low_freq_factor", 1.0}, {"high_freq_factor", 4.0}};
Json llama3_with(const char* key, const Json& value) {
  Json scaling = kLlama3;
  scaling[key] = value;
  return {{"rope_scaling", scaling}};
}

INSTANTIATE_TEST_SUITE_P(
    Config, Refused,
    ::testing::Values(
        BrokenConfig{"NoFamily", {{"model_type", "absent"}}, "model_type"},
        BrokenConfig{"OtherFamily", {{"model_type", "gpt2"}}, "model_type"},
        BrokenConfig{"FamilyNoText", {{"model_type", 3}}, "model_type"},
        BrokenConfig{"QuantizedByOthers", {{"quantization_config", {{"quant_method", "gptq"}}}}, "quantization_config"},
        BrokenConfig{"OwnWithoutRecord", {{"model_type", "rolora_llama"}}, "rolora"},
        BrokenConfig{"OwnOfLaterFormat",
                     {{"model_type", "rolora_llama"}, {"rolora", {{"format", 2}, {"kind", "rotated"}, {"model_type", "llama"}}}},
                     "rolora.format"},
        BrokenConfig{"OwnOfUnknownKind",
                     {{"model_type", "rolora_llama"}, {"rolora", {{"format", 1}, {"kind", "folded"}, {"model_type", "llama"}}}},
                     "rolora.kind"},
        BrokenConfig{
            "OwnWithAnUnknownKey",
            {{"model_type", "rolora_llama"}, {"rolora", {{"format", 1}, {"kind", "rotated"}, {"model_type", "llama"}, {"later", 1}}}},
            "rolora.later"},
        BrokenConfig{"TunedByNothing", {{"rolora", {{"format", 1}, {"tuned", {{"how", "lora"}}}}}}, "rolora.tuned.sha256"},
        BrokenConfig{"TunedSomehow",
                     {{"rolora", {{"format", 1}, {"tuned", {{"how", "x"}, {"sha256", std::string(64, '0')}, {"base_hash", ""}}}}}},
                     "rolora.tuned.how"},
        BrokenConfig{"TunedByNoHash",
                     {{"rolora", {{"format", 1}, {"tuned", {{"how", "full"}, {"sha256", "abc"}, {"base_hash", ""}}}}}},
                     "rolora.tuned.sha256"},
        BrokenConfig{"NoWidth", {{"hidden_size", "absent"}}, "hidden_size"}, BrokenConfig{"ZeroWidth", {{"hidden_size", 0}}, "hidden_size"},
        BrokenConfig{"NegativeLayers", {{"num_hidden_layers", -1}}, "num_hidden_layers"},
        BrokenConfig{"FractionalLayers", {{"num_hidden_layers", 1.5}}, "num_hidden_layers"},
        BrokenConfig{"HugeVocabulary", {{"vocab_size", int64_t{1} << 40}}, "vocab_size"},
        BrokenConfig{"OverflowingVocabulary", {{"vocab_size", UINT64_MAX}}, "vocab_size"},
        BrokenConfig{"WidthAsText", {{"intermediate_size", "40"}}, "intermediate_size"},
        BrokenConfig{"HeadsDoNotDivideWidth", {{"num_attention_heads", 5}, {"num_key_value_heads", 5}}, "hidden_size"},
        BrokenConfig{"GroupsDoNotDivideHeads", {{"num_key_value_heads", 3}}, "num_key_value_heads"},
        BrokenConfig{"OddHeadDim", {{"head_dim", 7}}, "head_dim"},
        BrokenConfig{"HeadsTimesHeadDimTooLarge", {{"head_dim", int64_t{1} << 27}}, "head_dim"},
        BrokenConfig{"OtherActivation", {{"hidden_act", "gelu"}}, "hidden_act"},
        BrokenConfig{"NegativeEpsilon", {{"rms_norm_eps", -1e-5}}, "rms_norm_eps"},
        BrokenConfig{"TiedAsText", {{"tie_word_embeddings", "yes"}}, "tie_word_embeddings"},
        BrokenConfig{"EosAsText", {{"eos_token_id", "</s>"}}, "eos_token_id"},
        BrokenConfig{"EosListWithText", {{"eos_token_id", {1, "x"}}}, "eos_token_id"},
        BrokenConfig{"BosOverflows", {{"bos_token_id", UINT64_MAX}}, "bos_token_id"},
        BrokenConfig{"PartialRotary", {{"partial_rotary_factor", 0.5}}, "partial_rotary_factor"},
        BrokenConfig{"NegativeTheta", {{"rope_theta", -1.0}}, "rope_theta"},
        BrokenConfig{"ScalingAsList", {{"rope_scaling", {1, 2}}}, "rope_scaling"},
        BrokenConfig{"Yarn", {{"rope_scaling", {{"type", "yarn"}, {"factor", 2.0}}}}, "rope_scaling.type"},
        BrokenConfig{"ScalingWithoutKind", {{"rope_scaling", {{"factor", 2.0}}}}, "rope_scaling.rope_type"},
        BrokenConfig{"LinearWithoutFactor", {{"rope_scaling", {{"type", "linear"}}}}, "rope_scaling.factor"},
        BrokenConfig{"FactorBelowOne", {{"rope_scaling", {{"type", "linear"}, {"factor", 0.5}}}}, "rope_scaling.factor"},
        BrokenConfig{"DynamicOnTwo", {{"head_dim", 2}, {"rope_scaling", {{"type", "dynamic"}, {"factor", 2.0}}}}, "head_dim"},
        BrokenConfig{"Llama3LowAboveHigh", llama3_with("low_freq_factor", 5.0), "rope_scaling.high_freq_factor"},
        BrokenConfig{"Llama3WithoutHigh", llama3_with("high_freq_factor", nullptr), "rope_scaling.high_freq_factor"},
        BrokenConfig{"Llama3OriginalAsText", llama3_with("original_max_position_embeddings", "8192"),
                     "rope_scaling.original_max_position_embeddings"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(ModelConfig, AnEpsilonOfZeroIsOne) {
  Json config = test::small_config();
  config["rms_norm_eps"] = 0;
  EXPECT_EQ(parse_model_config(config, "config.json").rms_epsilon, 0);
}

// With or without a config.json beside it, the message names what makes a folder of it.
TEST(ModelConfig, MetasOriginalFilesAreNamed) {
  const test::TempFolder folder;
  test::write_text(folder / "consolidated.00.pth", "PK");
  test::write_text(folder / "params.json", R"({"dim": 4096})");
  const auto message = [&](const auto& call) -> std::string {
    try {
      call();
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  const std::string alone = message([&] { read_model_config(folder.path()); });
  EXPECT_NE(alone.find("convert_llama_weights_to_hf"), std::string::npos) << alone;
  test::write_text(folder / "config.json", json_text(test::small_config()));
  const std::string beside = message([&] { Checkpoint checkpoint(folder.path()); });
  EXPECT_NE(beside.find("convert_llama_weights_to_hf"), std::string::npos) << beside;
}

}  // namespace
}  // namespace rolora
