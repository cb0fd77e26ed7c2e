// SPDX-License-Identifier: GPL-3.0-or-later
// Merging into plain and rotated bases, and adapters that carry the rotation they were made on.
#include "core/finetune/merge.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/model/tuned.h"
#include "core/rotation/rotate_folder.h"
#include "core/rotation/rotated_source.h"
#include "core/storage/atomic_file.h"
#include "tests/core/finetune/training_fixtures.h"

namespace rolora {
namespace {

class Merge : public ::testing::Test {
 protected:
  FinetuneBase plain(const std::string& name = "gqa_tied_embedding") const { return test::plain_base(test::model_fixture(name)); }
  // A job that moves the adapter visibly.
  FinetuneJob job(const std::filesystem::path& out) const {
    FinetuneJob job;
    job.settings.lora.targets = parse_targets("all");
    job.settings.lora.rank = 4;
    job.settings.learning_rate = 3e-2;
    job.settings.steps = 6;
    job.settings.batch = 4;
    job.data = test::made_blocks();
    job.out = out;
    return job;
  }
  at::Tensor logits(const ModelSource& source) const {
    const at::NoGradGuard no_gradient;
    return ResidentModel(source, Compute{}).logits(at::arange(30, at::kLong).unsqueeze(0));
  }
  test::TempFolder folder_;
  SilentMonitor silent_;
};

TEST_F(Merge, EqualsTheAdapterBesideItsBase) {
  for (const char* name : {"gqa_tied_embedding", "biases"}) {
    const FinetuneBase base = plain(name);
    finetune(base, job(folder_ / name), Compute{}, silent_);
    const Adapter adapter = load_adapter(folder_ / name, base.source->config());
    const at::Tensor beside = logits(AdaptedSource(base.source, adapter, false));
    EXPECT_GT(test::relative_l2(beside, logits(*base.source)), 0.1);  // the adapter does something
    const struct {
      at::ScalarType store;
      double bound;
    } table[] = {{at::kFloat, 1e-5}, {at::kHalf, 3e-3}, {at::kBFloat16, 2e-2}};
    for (const auto& row : table) {
      const std::filesystem::path out = folder_ / (std::string(name) + dtype_name(row.store));
      const MergeResult result = merge(base, adapter, out, row.store, false, Compute{}, silent_);
      EXPECT_LE(result.difference, 1e-5);
      EXPECT_LE(result.difference_stored, row.bound);
      const Checkpoint merged(out);
      EXPECT_EQ(merged.stored(), stored_type(row.store));
      const auto mark = tuned_mark(merged.config());
      ASSERT_TRUE(mark);
      EXPECT_EQ(mark->how, "lora");
      EXPECT_EQ(mark->sha256, adapter_hash(adapter));
      EXPECT_EQ(mark->base_hash, base.hash);
      EXPECT_EQ(mark->rotation, "");
      EXPECT_TRUE(test::tensors_near(logits(merged), beside, row.bound));
    }
    EXPECT_THROW(merge(base, adapter, folder_ / name, at::kFloat, false, Compute{}, silent_), InputError);  // it exists
  }
}

TEST_F(Merge, ValuesThatDoNotFitTheStoredTypeAreRefusedAndNothingIsLeft) {
  const FinetuneBase base = plain();
  LoraSettings settings;
  Adapter adapter = new_adapter(base.source->config(), settings, 1);
  LoraPair& pair = adapter.pairs.at("model.layers.0.self_attn.v_proj");
  pair.a.fill_(300);
  pair.b.fill_(300);
  EXPECT_THROW(merge(base, adapter, folder_ / "out", at::kHalf, false, Compute{}, silent_), NumericError);
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

class Rotated : public Merge {
 protected:
  // The fixture rotated on the fly, and the same as a folder of this program's.
  FinetuneBase rotated(uint64_t seed) {
    const FinetuneBase base = plain();
    RotationSettings settings;
    settings.seed = seed;
    const RotationRecord record = make_rotation(*base.source, base.hash, settings);
    const auto source = std::make_shared<RotatedSource>(base.source, record);
    return {source, base.folder, record, base.hash + "-rotated", at::kFloat};
  }
};

TEST_F(Rotated, TheAdapterCarriesItsRotation) {
  const FinetuneBase base = rotated(1);
  finetune(base, job(folder_ / "adapter"), Compute{}, silent_);
  const Adapter adapter = load_adapter(folder_ / "adapter", base.source->config());
  EXPECT_EQ(adapter.rotation_checksum, base.rotation->checksum());
  EXPECT_TRUE(has_rotation(folder_ / "adapter"));
  EXPECT_NO_THROW(require_same_rotation(adapter, "a", base.rotation->checksum()));
  EXPECT_THROW(require_same_rotation(adapter, "a", rotated(2).rotation->checksum()), InputError);
  EXPECT_THROW(require_same_rotation(adapter, "a", ""), InputError);
  // A record that is not the adapter's own is noticed.
  save_rotation(*rotated(2).rotation, folder_ / "adapter");
  EXPECT_THROW(load_adapter(folder_ / "adapter", base.source->config()), InputError);
}

TEST_F(Rotated, MergedIntoARotatedFolderItStaysOne) {
  RotateOptions options;
  options.rotation.seed = 4;
  const RotateResult made = rotate_folder(test::model_fixture("biases"), folder_ / "base", options, silent_);
  const auto source = std::make_shared<RotatedFolder>(folder_ / "base");
  const FinetuneBase base{source, folder_ / "base", source->record(), "hash", at::kFloat};
  finetune(base, job(folder_ / "adapter"), Compute{}, silent_);
  const Adapter adapter = load_adapter(folder_ / "adapter", source->config());
  const MergeResult result = merge(base, adapter, folder_ / "merged", at::kFloat, false, Compute{}, silent_);
  EXPECT_LE(result.difference_stored, 1e-5);
  const RotatedFolder merged(folder_ / "merged");
  EXPECT_EQ(merged.record().checksum(), made.record.checksum());
  EXPECT_FALSE(tuned_mark(source->config()));
  ASSERT_TRUE(tuned_mark(merged.config()));
  EXPECT_EQ(tuned_mark(merged.config())->rotation, made.record.checksum());
  const at::Tensor beside = logits(AdaptedSource(source, adapter, false));
  EXPECT_GT(test::relative_l2(beside, logits(*source)), 0.1);
  EXPECT_TRUE(test::tensors_near(logits(merged), beside, 1e-5));
}

TEST_F(Rotated, AMarkFromBeforeTheRotationStaysWithoutOne) {
  const FinetuneBase base = plain();
  finetune(base, job(folder_ / "adapter"), Compute{}, silent_);
  merge(base, load_adapter(folder_ / "adapter", base.source->config()), folder_ / "merged", at::kFloat, false, Compute{}, silent_);
  rotate_folder(folder_ / "merged", folder_ / "rotated", {}, silent_);
  const auto before = tuned_mark(Checkpoint(folder_ / "merged").config()), after = tuned_mark(RotatedFolder(folder_ / "rotated").config());
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->sha256, before->sha256);
  EXPECT_EQ(after->rotation, "");
}

TEST_F(Rotated, OnlineRotationIsPartOfTheTrainedFunction) {
  // With every weight of the rotated model trained by nothing (B = 0, rate 0) the loss is the plain model's.
  const FinetuneBase on_plain = plain(), on_rotated = rotated(3);
  FinetuneJob a = job(folder_ / "plain"), b = job(folder_ / "rotated");
  a.settings.shuffle = b.settings.shuffle = false;
  a.settings.steps = b.settings.steps = 1;
  a.settings.warmup = b.settings.warmup = 1;
  const double plain_loss = finetune(on_plain, a, Compute{}, silent_).log.front().loss;
  const double rotated_loss = finetune(on_rotated, b, Compute{}, silent_).log.front().loss;
  EXPECT_TRUE(test::near_relative(rotated_loss, plain_loss, 1e-6));
}

TEST_F(Rotated, FullTrainingKeepsTheFoldedGains) {
  const FinetuneBase base = rotated(1);
  ResidentModel model(*base.source, Compute{});
  FullTrainee trainee(*base.source, Compute{}, false);
  for (const std::string& name : trainee.parameters().names()) EXPECT_EQ(name.find("norm"), std::string::npos) << name;
  const TrainingData data = test::made_blocks(), none;
  TrainingSettings settings;
  settings.full = true;
  settings.steps = 3;
  settings.learning_rate = 1e-2;
  settings.warmup_ratio = 0;
  Trainer trainer(model, trainee, data, none, settings);
  while (trainer.done() < trainer.total()) trainer.step();
  EXPECT_LT(trainer.log().back().loss, trainer.log().front().loss);
  const auto trained = trained_source(base.source, trainee.parameters());
  const LayerWeights weights = trained->layer(LayerIndex(0), Compute{});
  EXPECT_TRUE(at::equal(weights.input_norm, at::ones_like(weights.input_norm)));
  EXPECT_FALSE(at::equal(weights[LinearKind::q].weight, base.source->layer(LayerIndex(0), Compute{})[LinearKind::q].weight));
}

}  // namespace
}  // namespace rolora
