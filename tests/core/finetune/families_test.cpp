// SPDX-License-Identifier: GPL-3.0-or-later
// Every family is trained, merged and saved; adapters of fused linears are PEFT's (make_family_fixtures.py), read and written exactly.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/finetune/fused_adapter.h"
#include "core/finetune/merge.h"
#include "core/rotation/rotate_folder.h"
#include "core/rotation/rotated_source.h"
#include "core/storage/atomic_file.h"
#include "tests/core/finetune/training_fixtures.h"
#include "tests/core/model/family_fixtures.h"

namespace rolora {
namespace {

at::Tensor logits(const ModelSource& source, const at::Tensor& ids = at::arange(30, at::kLong)) {
  const at::NoGradGuard no_gradient;
  return ResidentModel(source, Compute{}).logits(ids.unsqueeze(0)).squeeze(0);
}

FinetuneJob job(const std::filesystem::path& out, const char* targets) {
  FinetuneJob job;
  job.settings.lora.targets = parse_targets(targets);
  job.settings.lora.rank = 3;
  job.settings.lora.alpha = 6;
  job.settings.learning_rate = 3e-2;
  job.settings.steps = 4;
  job.settings.batch = 4;
  job.data = test::made_blocks();
  job.out = out;
  return job;
}

class TrainedFamilies : public ::testing::TestWithParam<const char*> {
 protected:
  TrainedFamilies() : source_(std::make_shared<const Checkpoint>(test::family_fixture(GetParam()))) {}
  FinetuneBase plain() const { return {source_, source_->folder(), std::nullopt, source_->hash(), at::kFloat}; }
  std::shared_ptr<const Checkpoint> source_;
  test::TempFolder folder_;
  SilentMonitor silent_;
};

TEST_P(TrainedFamilies, AnAdapterIsTrainedSavedAndMerged) {
  for (const char* targets : {"q_proj,v_proj", "all"}) {
    const auto at = folder_ / targets;
    finetune(plain(), job(at, targets), Compute{}, silent_);
    const Adapter adapter = load_adapter(at, source_->config());
    EXPECT_EQ(adapter.settings.targets, parse_targets(targets));
    EXPECT_EQ(adapter.settings.rank, 3);
    const at::Tensor beside = logits(AdaptedSource(source_, adapter, false));
    EXPECT_GT(test::relative_l2(beside, logits(*source_)), 0.01);
    const auto out = folder_ / (std::string(targets) + " merged");
    EXPECT_LE(merge(plain(), adapter, out, at::kFloat, false, Compute{}, silent_).difference_stored, 1e-5);
    const Checkpoint merged(out);
    EXPECT_EQ(merged.store().names(), source_->store().names());
    EXPECT_TRUE(test::tensors_near(logits(merged), beside, 1e-5));
  }
}

TEST_P(TrainedFamilies, OnARotatedBaseToo) {
  RotateOptions options;
  options.rotation.r2 = options.rotation.r3 = true;
  options.store = at::kFloat;
  rotate_folder(source_->folder(), folder_ / "base", options, silent_);
  const auto rotated = std::make_shared<const RotatedFolder>(folder_ / "base");
  const FinetuneBase base{rotated, folder_ / "base", rotated->record(), "hash", at::kFloat};
  finetune(base, job(folder_ / "adapter", "all"), Compute{}, silent_);
  const Adapter adapter = load_adapter(folder_ / "adapter", rotated->config());
  EXPECT_EQ(adapter.rotation_checksum, rotated->record().checksum());
  EXPECT_LE(merge(base, adapter, folder_ / "merged", at::kFloat, false, Compute{}, silent_).difference_stored, 1e-5);
  EXPECT_TRUE(test::tensors_near(logits(RotatedFolder(folder_ / "merged")), logits(AdaptedSource(rotated, adapter, false)), 1e-5));
}

TEST_P(TrainedFamilies, EveryWeightIsTrained) {
  FinetuneJob full = job(folder_ / "full", "all");
  full.settings.full = true;
  full.settings.learning_rate = 1e-2;
  finetune(plain(), full, Compute{}, silent_);
  const Checkpoint trained(folder_ / "full");
  EXPECT_EQ(trained.store().names(), source_->store().names());
  for (const std::string& name : trained.store().names()) {
    EXPECT_FALSE(at::equal(trained.store().load(name, {}), source_->store().load(name, {}))) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Finetune, TrainedFamilies, ::testing::ValuesIn(test::kFamilyFixtures),
                         [](const auto& param_info) { return std::string(param_info.param); });

class FusedAdapters : public ::testing::Test {
 protected:
  FusedAdapters() : source_(std::make_shared<const Checkpoint>(test::family_fixture("phi3_window"))) {}
  const ModelConfig& config() const { return source_->config(); }
  // With values in B, that PEFT's files would show.
  Adapter made(const char* targets, bool rslora = false) const {
    LoraSettings settings;
    settings.rank = 3;
    settings.alpha = 5;
    settings.rslora = rslora;
    settings.targets = parse_targets(targets);
    Adapter adapter = new_adapter(config(), settings, 1);
    at::manual_seed(2);
    for (auto& [name, pair] : adapter.pairs) pair.b = at::randn_like(pair.b);
    return adapter;
  }
  // The key that is refused after a change to one of the files.
  std::string refusal(const char* file, const std::function<void(Json&)>& edit) const {
    Json document = read_json_file(folder_ / file);
    edit(document);
    write_file_atomically(folder_ / file, json_text(document));
    try {
      load_adapter(folder_.path(), config());
    } catch (const InputError& e) {
      return e.key();
    }
    return "accepted";
  }
  std::shared_ptr<const Checkpoint> source_;
  test::TempFolder folder_;
};

TEST_F(FusedAdapters, AnAdapterThatPeftTrainedOnTheFusedLinears) {
  const auto folder = test::source_folder() / "tests/core/finetune/family_fixtures/phi3_fused";
  const Adapter adapter = load_adapter(folder, config());
  EXPECT_EQ(adapter.settings.targets, parse_targets("q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj"));
  const at::Tensor i = at::arange(20, at::kLong), expected = TensorStore::open_file(folder / "expected.safetensors").load("logits", {});
  for (const bool merged : {false, true}) {
    EXPECT_TRUE(test::tensors_near(logits(AdaptedSource(source_, adapter, merged), 7 * i * i % 40), expected, 1e-5)) << merged;
  }
  EXPECT_GT(test::relative_l2(logits(*source_, 7 * i * i % 40), expected), 0.1);
}

// What the file says for the fused tensor is what each of its linears has, with PEFT's own scaling: alpha / r or alpha / √r by pattern.
TEST_F(FusedAdapters, OursIsWrittenAsOneOfTheFusedLinear) {
  for (const bool rslora : {false, true}) {
    for (const char* targets : {"q_proj,v_proj", "v_proj,o_proj", "all"}) {
      const Adapter adapter = made(targets, rslora);
      save_adapter(adapter, config(), folder_.path());
      const Json peft = read_json_file(folder_ / "adapter_config.json");
      const TensorStore file = TensorStore::open_file(folder_ / "adapter_model.safetensors");
      const std::string module = "base_model.model.model.layers.1.self_attn.qkv_proj.lora_";
      const at::Tensor a = file.load(module + "A.weight", {at::kDouble}), b = file.load(module + "B.weight", {at::kDouble});
      const double rank = peft["rank_pattern"].value("qkv_proj", 3.0), alpha = peft["alpha_pattern"].value("qkv_proj", 5.0);
      EXPECT_EQ(a.size(0), rank);
      const at::Tensor found = b.matmul(a) * alpha / (rslora ? std::sqrt(rank) : rank);
      for (const LinearKind kind : {LinearKind::q, LinearKind::k, LinearKind::v}) {
        const StoredPart part = stored_part(config(), LayerIndex(1), kind, ".weight");
        const at::Tensor rows = found.narrow(0, part.first, part.rows);
        const auto pair = adapter.pairs.find(linear_name(*config().family, LayerIndex(1), kind));
        if (pair == adapter.pairs.end()) {
          EXPECT_EQ(rows.abs().max().item<double>(), 0) << target_name(kind);
          continue;
        }
        const at::Tensor expected = pair->second.b.to(at::kDouble).matmul(pair->second.a.to(at::kDouble)) * adapter.settings.scaling();
        EXPECT_TRUE(test::tensors_near(rows, expected, 1e-14)) << target_name(kind);
      }
      const Adapter loaded = load_adapter(folder_.path(), config());
      EXPECT_EQ(adapter_hash(loaded), adapter_hash(adapter));
      EXPECT_EQ(loaded.settings.targets, adapter.settings.targets);
    }
  }
}

TEST_F(FusedAdapters, WhatWouldNotBeThatAdapterIsRefused) {
  save_adapter(made("q_proj,v_proj"), config(), folder_.path());
  const auto targets = [](Json& peft) { peft["target_modules"] = {"q_proj"}; };
  EXPECT_EQ(refusal("adapter_config.json", targets), "target_modules");
  save_adapter(made("q_proj,v_proj"), config(), folder_.path());
  EXPECT_EQ(refusal("adapter_config.json", [](Json& peft) { peft["rank_pattern"]["qkv_proj"] = 3; }), "rank_pattern");
  save_adapter(made("q_proj,v_proj"), config(), folder_.path());
  EXPECT_EQ(refusal("adapter_config.json", [](Json& peft) { peft.erase("alpha_pattern"); }), "alpha_pattern");
  save_adapter(made("q_proj,v_proj"), config(), folder_.path());
  EXPECT_EQ(refusal("rolora_adapter.json", [](Json& own) { own["split"]["qkv_proj"] = {"q_proj", "up_proj"}; }), "split.qkv_proj");
  save_adapter(made("q_proj,v_proj"), config(), folder_.path());
  // without it the two other files still say what they say to PEFT, of the fused linears
  EXPECT_EQ(refusal("rolora_adapter.json", [](Json& own) { own.erase("split"); }), "accepted");
  // q_proj, v_proj and k_proj are of one shape here: their blocks in another order are not where the file says.
  save_adapter(made("q_proj,v_proj"), config(), folder_.path());
  EXPECT_EQ(refusal("rolora_adapter.json",
                    [](Json& own) {
                      own["split"]["qkv_proj"] = {"q_proj", "k_proj"};
                    }),
            "model.layers.0.self_attn.qkv_proj.lora_B.weight");
}

}  // namespace
}  // namespace rolora
