// SPDX-License-Identifier: GPL-3.0-or-later
// New adapters, their files, and what is refused.
#include "core/finetune/adapter.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "core/base/error.h"
#include "core/finetune/training_settings.h"
#include "tests/core/finetune/training_fixtures.h"

namespace rolora {
namespace {

class AdapterFiles : public ::testing::Test {
 protected:
  AdapterFiles() : config_(read_model_config(test::model_fixture("gqa_tied_embedding"))) {}

  Adapter made(uint64_t seed = 1) const {
    LoraSettings settings;
    settings.rank = 4;
    settings.alpha = 6;
    return new_adapter(config_, settings, seed);
  }
  std::string refusal(const std::filesystem::path& folder) const {
    try {
      load_adapter(folder, config_);
    } catch (const InputError& e) {
      return e.key();
    }
    return "accepted";
  }
  ModelConfig config_;
  test::TempFolder folder_;
};

TEST_F(AdapterFiles, ANewAdapterIsKaimingUniformAndZero) {
  LoraSettings settings;
  settings.rank = 64;
  settings.targets = parse_targets("all");
  const Adapter adapter = new_adapter(config_, settings, 7);
  ASSERT_EQ(adapter.pairs.size(), 14U);
  for (const auto& [name, pair] : adapter.pairs) {
    const double bound = 1 / std::sqrt(static_cast<double>(pair.a.size(1)));  // U(−1/√in, 1/√in) is Kaiming's with a = √5
    const double top = pair.a.abs().max().item<double>();
    EXPECT_LE(top, bound) << name;
    EXPECT_GT(top, 0.97 * bound) << name;
    EXPECT_NEAR(pair.a.to(at::kDouble).square().mean().item<double>(), bound * bound / 3, 0.12 * bound * bound / 3) << name;
    EXPECT_NEAR(pair.a.mean().item<double>(), 0, 0.1 * bound) << name;
    EXPECT_EQ(pair.b.abs().max().item<double>(), 0) << name;
  }
  EXPECT_EQ(adapter.pairs.at("model.layers.1.mlp.down_proj").a.sizes(), (at::IntArrayRef{64, 24}));
  EXPECT_EQ(adapter.pairs.at("model.layers.1.mlp.down_proj").b.sizes(), (at::IntArrayRef{16, 64}));
  EXPECT_EQ(adapter.pairs.at("model.layers.0.self_attn.k_proj").b.sizes(), (at::IntArrayRef{8, 64}));
}

TEST_F(AdapterFiles, TheSeedDecidesTheStart) {
  EXPECT_EQ(adapter_hash(made(1)), adapter_hash(made(1)));
  EXPECT_NE(adapter_hash(made(1)), adapter_hash(made(2)));
  const Adapter adapter = made();
  EXPECT_FALSE(at::equal(adapter.pairs.at("model.layers.0.self_attn.q_proj").a, adapter.pairs.at("model.layers.1.self_attn.q_proj").a));
}

TEST_F(AdapterFiles, SavedAndLoadedItIsTheSame) {
  Adapter adapter = made();
  adapter.settings.rslora = true;
  adapter.settings.dropout = 0.25;
  adapter.base_model = "tiny";
  adapter.base_hash = "abc";
  adapter.rotation_checksum = "def";
  adapter.training = {{"seed", 1}};
  save_adapter(adapter, config_, folder_.path());
  const Adapter loaded = load_adapter(folder_.path(), config_);
  EXPECT_EQ(adapter_hash(loaded), adapter_hash(adapter));
  EXPECT_EQ(loaded.settings.targets, adapter.settings.targets);
  EXPECT_EQ(loaded.settings.rank, 4);
  EXPECT_EQ(loaded.settings.alpha, 6);
  EXPECT_DOUBLE_EQ(loaded.settings.scaling(), 3.0);  // 6/√4
  EXPECT_EQ(loaded.settings.dropout, 0.25);
  EXPECT_EQ(loaded.base_model, "tiny");
  EXPECT_EQ(loaded.base_hash, "abc");
  EXPECT_EQ(loaded.rotation_checksum, "def");
  EXPECT_EQ(loaded.training, adapter.training);
  EXPECT_EQ(refusal(folder_.path()), "accepted");
}

TEST_F(AdapterFiles, AnotherRotationIsRefusedWithBothChecksums) {
  Adapter adapter = made();
  EXPECT_NO_THROW(require_same_rotation(adapter, "a", ""));
  adapter.rotation_checksum = "one";
  EXPECT_NO_THROW(require_same_rotation(adapter, "a", "one"));
  for (const char* base : {"two", ""}) {
    try {
      require_same_rotation(adapter, "folder", base);
      ADD_FAILURE() << "accepted";
    } catch (const InputError& e) {
      EXPECT_NE(std::string(e.what()).find("one"), std::string::npos);
      EXPECT_NE(std::string(e.what()).find(*base ? base : "plain"), std::string::npos);
    }
  }
}

TEST_F(AdapterFiles, SettingsThatChangeTheResultAreRefusedByName) {
  const std::vector<std::pair<const char*, Json>> table = {{"use_dora", "yes"},
                                                           {"bias", "lora_only"},
                                                           {"modules_to_save", {"lm_head"}},
                                                           {"rank_pattern", {{"q_proj", 0}}},
                                                           {"alpha_pattern", {{"q_proj", "2"}}},
                                                           {"layers_to_transform", "0"},
                                                           {"layer_replication", {{0, 1}}},
                                                           {"fan_in_fan_out", true},
                                                           {"lora_bias", true},
                                                           {"use_qalora", true},
                                                           {"trainable_token_indices", {1}},
                                                           {"init_lora_weights", "pissa"},
                                                           {"peft_type", "IA3"},
                                                           {"task_type", "SEQ_CLS"},
                                                           {"something_new", 3},
                                                           {"r", 0},
                                                           {"r", "4"},
                                                           {"lora_alpha", -1},
                                                           {"lora_dropout", 1.5},
                                                           {"target_modules", Json::array()},
                                                           {"target_modules", {"lm_head"}},
                                                           {"target_modules", ".*lm_head"}};
  for (const auto& [key, value] : table) {
    save_adapter(made(), config_, folder_.path());
    Json config = read_json_file(folder_ / "adapter_config.json");
    config[key] = value;
    test::write_text(folder_ / "adapter_config.json", config.dump());
    const std::string found = refusal(folder_.path());
    EXPECT_EQ(found, key) << value;
  }
  for (const char* key : {"r", "lora_alpha", "target_modules", "peft_type"}) {
    save_adapter(made(), config_, folder_.path());
    Json config = read_json_file(folder_ / "adapter_config.json");
    config.erase(key);
    test::write_text(folder_ / "adapter_config.json", config.dump());
    EXPECT_EQ(refusal(folder_.path()), key);
  }
}

TEST_F(AdapterFiles, BrokenTensorsAreRefusedByName) {
  const std::string prefix = "base_model.model.", q = "model.layers.0.self_attn.q_proj", v = "model.layers.1.self_attn.v_proj";
  struct Case {
    std::function<void(Adapter&)> change;
    std::string key;
  };
  const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  const std::vector<Case> table = {
      {[&](Adapter& a) { a.pairs.erase(v); }, prefix + v + ".lora_A.weight"},
      {[&](Adapter& a) {
         a.pairs[q].a = at::zeros({4, 15});
       },
       prefix + q + ".lora_A.weight"},
      {[&](Adapter& a) {
         a.pairs[q].b = at::zeros({16, 3});
       },
       prefix + q + ".lora_B.weight"},
      {[&](Adapter& a) { a.pairs[q].a = a.pairs[q].a.t().contiguous(); }, prefix + q + ".lora_A.weight"},
      {[&](Adapter& a) { a.pairs[v].b[1][2] = nan; }, prefix + v + ".lora_B.weight"},
      {[&](Adapter& a) { a.pairs[v].a[0][0] = infinity; }, prefix + v + ".lora_A.weight"},
      {[&](Adapter& a) { a.pairs["model.layers.2.self_attn.q_proj"] = a.pairs[q]; },
       prefix + "model.layers.2.self_attn.q_proj.lora_A.weight"},
      {[&](Adapter& a) { a.pairs["model.layers.0.self_attn.k_proj"] = a.pairs[v]; },
       prefix + "model.layers.0.self_attn.k_proj.lora_A.weight"},
  };
  for (const Case& c : table) {
    Adapter adapter = made();
    c.change(adapter);
    save_adapter(adapter, config_, folder_.path());
    Json config = read_json_file(folder_ / "adapter_config.json");
    config["target_modules"] = {"q_proj", "v_proj"};
    test::write_text(folder_ / "adapter_config.json", config.dump());
    EXPECT_EQ(refusal(folder_.path()), c.key);
  }
}

TEST_F(AdapterFiles, MissingFilesAreRefused) {
  for (const char* name : {"adapter_config.json", "adapter_model.safetensors"}) {
    save_adapter(made(), config_, folder_.path());
    std::filesystem::remove(folder_ / name);
    EXPECT_NE(refusal(folder_.path()), "accepted") << name;
  }
  save_adapter(made(), config_, folder_.path());
  std::filesystem::resize_file(folder_ / "adapter_model.safetensors", 700);
  EXPECT_NE(refusal(folder_.path()), "accepted");
  save_adapter(made(), config_, folder_.path());
  Json own = read_json_file(folder_ / "rolora_adapter.json");
  own["surprise"] = 1;
  test::write_text(folder_ / "rolora_adapter.json", own.dump());
  EXPECT_EQ(refusal(folder_.path()), "surprise");
}

TEST(AdaptedSource, MergedIsTheSumInFp64RoundedOnce) {
  const auto base = std::make_shared<Checkpoint>(test::model_fixture("biases"));
  const Adapter start = load_adapter(test::fixtures() / "rslora_start", base->config());
  const AdaptedSource merged(base, start, true);
  const LayerWeights found = merged.layer(LayerIndex(1), Compute{}), plain = base->layer(LayerIndex(1), Compute{at::kDouble, at::kCPU});
  for (const LinearKind kind : kAllLinears) {
    const std::string name = linear_name(*base->config().family, LayerIndex(1), kind);
    const LoraPair& pair = start.pairs.at(name);
    const at::Tensor w = plain[kind].weight.clone();
    for (int64_t i = 0; i < w.size(0); ++i) {
      for (int64_t j = 0; j < w.size(1); ++j) {
        double sum = 0;
        for (int64_t k = 0; k < 4; ++k)
          sum += static_cast<double>(pair.b[i][k].item<float>()) * static_cast<double>(pair.a[k][j].item<float>());
        w[i][j] += 3.0 * sum;  // α/√r = 6/2
      }
    }
    EXPECT_TRUE(test::tensors_near(found[kind].weight, w.to(at::kFloat), 1e-9)) << name;
    EXPECT_EQ(found[kind].weight.scalar_type(), at::kFloat);
    EXPECT_TRUE(!found[kind].bias.defined() || at::equal(found[kind].bias, plain[kind].bias.to(at::kFloat))) << name;
  }
}

TEST(Targets, AreParsedInModelOrder) {
  EXPECT_EQ(parse_targets("v_proj,q_proj"), (std::vector<LinearKind>{LinearKind::q, LinearKind::v}));
  EXPECT_EQ(parse_targets("all").size(), 7U);
  for (const char* broken : {"", "q", "q_proj,", "q_proj, v_proj", "lm_head"}) EXPECT_THROW(parse_targets(broken), InputError) << broken;
}

}  // namespace
}  // namespace rolora
