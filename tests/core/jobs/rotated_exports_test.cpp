// SPDX-License-Identifier: GPL-3.0-or-later
// A rotated model exported as a plain Hugging Face folder comes back as the rotated model it is.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/exports/hf_folder.h"
#include "core/finetune/convert_folder.h"
#include "core/finetune/merge.h"
#include "core/jobs/open_model.h"
#include "core/model/passes.h"
#include "core/quantization/quantize_folder.h"
#include "core/rotation/rotate_folder.h"
#include "core/statistics/states.h"
#include "tests/core/finetune/training_fixtures.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

template <class Work>
std::string refusal(const Work& work) {
  try {
    work();
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// plain → rotated (R1, R2) → hf, its export; `other` is the export of another rotation of the same model.
class RotatedExports : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TempFolder>();
    SilentMonitor silent;
    test::write_random_model(at("plain"), test::small_config());
    for (const uint64_t seed : {3, 4}) {
      RotateOptions options;
      options.rotation.r2 = true;
      options.rotation.r4 = OrthogonalKind::none;
      options.rotation.seed = seed;
      const std::string name = seed == 3 ? "rotated" : "other-rotated";
      rotate_folder(at("plain"), at(name), options, silent);
      export_folder(name, seed == 3 ? "hf" : "other");
    }
    finetune(base("hf"), job("adapter"), Compute{}, silent);
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static fs::path at(const std::string& name) { return *folder_ / name; }
  static void export_folder(const std::string& from, const std::string& to) {
    SilentMonitor silent;
    const OpenedModel model = open_model(at(from));
    export_hf({*model.source, model.folder, model.rotation, model.quantized, at::kFloat}, at(to), false, Compute{}, silent);
  }
  static FinetuneBase base(const std::string& name) {
    const OpenedModel model = open_model(at(name));
    return {model.source, model.folder, model.rotation, model.hash(), model.stored};
  }
  static FinetuneJob job(const std::string& out) {
    FinetuneJob job;
    job.settings.lora.targets = parse_targets("all");
    job.settings.learning_rate = 3e-2;
    job.settings.steps = 3;
    job.data = test::made_blocks();
    job.out = at(out);
    return job;
  }
  static Adapter adapter(const std::string& name) { return load_adapter(at(name), open_model(at("hf")).source->config()); }
  static at::Tensor logits(const ModelSource& source) {
    const at::NoGradGuard no_grad;
    return ResidentModel(source, Compute{}).logits(test::random_ids(1, 12, 50));
  }
  static std::unique_ptr<test::TempFolder> folder_;
  SilentMonitor silent_;
};

std::unique_ptr<test::TempFolder> RotatedExports::folder_;

TEST_F(RotatedExports, AreTheRotatedModel) {
  const OpenedModel rotated = open_model(at("rotated")), hf = open_model(at("hf"));
  ASSERT_TRUE(hf.rotation);
  EXPECT_EQ(hf.rotation->checksum(), rotated.rotation->checksum());
  EXPECT_EQ(hf.hash(), rotated.hash()) << "the same weights and the same rotation";
  EXPECT_EQ(hf.stored_as, "hf");
  EXPECT_EQ(rotated.stored_as, "rolora");
  EXPECT_EQ(state_label(hf.source->config(), hf.rotation), "rotated");
  EXPECT_TRUE(require_samples(hf, at::kCPU, silent_));
  EXPECT_TRUE(at::equal(logits(*hf.source), logits(*rotated.source)));
}

TEST_F(RotatedExports, AdaptersTrainedOnThemCarryTheRecord) {
  finetune(base("rotated"), job("adapter-of-rotated"), Compute{}, silent_);
  const Adapter here = adapter("adapter"), there = adapter("adapter-of-rotated");
  EXPECT_EQ(here.rotation_checksum, base("rotated").rotation->checksum());
  EXPECT_EQ(load_rotation(at("adapter")).checksum(), here.rotation_checksum);
  ASSERT_EQ(here.pairs.size(), there.pairs.size());
  for (const auto& [name, pair] : here.pairs) {
    EXPECT_TRUE(at::equal(pair.a, there.pairs.at(name).a) && at::equal(pair.b, there.pairs.at(name).b)) << name;
    EXPECT_GT(pair.b.abs().max().item<double>(), 0) << name;
  }
  const std::string other = base("other").rotation->checksum();
  const std::string why = refusal([&] { require_same_rotation(here, "adapter", other); });
  EXPECT_TRUE(says(why, other) && says(why, here.rotation_checksum)) << why;
  EXPECT_TRUE(says(refusal([&] { require_same_rotation(here, "adapter", ""); }), here.rotation_checksum));
}

// PEFT writes none of this program's files.
TEST_F(RotatedExports, AdaptersOfOtherProgramsAreAskedForTheRecord) {
  fs::copy(at("adapter"), at("peft"));
  for (const char* own : {"rolora_adapter.json", "rotation.json", "rotation.safetensors"}) fs::remove(at("peft") / own);
  const std::string checksum = base("hf").rotation->checksum();
  EXPECT_TRUE(says(refusal([&] { require_same_rotation(adapter("peft"), "peft", checksum); }), "rotation.safetensors beside it"));
  for (const char* record : {"rotation.json", "rotation.safetensors"}) fs::copy(at("hf") / record, at("peft") / record);
  EXPECT_NO_THROW(require_same_rotation(adapter("peft"), "peft", checksum));
}

TEST_F(RotatedExports, MergedTheyStayWhatTheyAre) {
  merge(base("hf"), adapter("adapter"), at("merged"), at::kFloat, false, Compute{}, silent_);
  merge(base("rotated"), adapter("adapter"), at("merged-rotated"), at::kFloat, false, Compute{}, silent_);
  const OpenedModel merged = open_model(at("merged"));
  EXPECT_EQ(merged.stored_as, "hf");
  EXPECT_EQ(merged.source->config().raw["model_type"], "llama");
  ASSERT_TRUE(merged.rotation);
  EXPECT_EQ(merged.rotation->checksum(), base("hf").rotation->checksum());
  EXPECT_TRUE(require_samples(merged, at::kCPU, silent_));
  EXPECT_TRUE(fs::exists(at("merged") / "model.safetensors.index.json")) << "the record and the samples are no weights";
  EXPECT_TRUE(at::equal(logits(*merged.source), logits(*open_model(at("merged-rotated")).source)));
  EXPECT_EQ(state_label(merged.source->config(), merged.rotation), "tuned");
}

TEST_F(RotatedExports, AreNotRotatedAgain) {
  const std::string why = refusal([&] { rotate_folder(at("hf"), at("twice"), {}, silent_); });
  EXPECT_TRUE(says(why, "rotation.json: rotation: expected no record of one: a plain model")) << why;
  EXPECT_TRUE(says(why, base("hf").rotation->checksum())) << why;
  EXPECT_FALSE(fs::exists(at("twice")));
}

TEST_F(RotatedExports, ExportedAgainAndConvertedTheyKeepTheirRecordAndPlainOnesHaveNone) {
  export_folder("hf", "again");
  EXPECT_EQ(open_model(at("again")).hash(), open_model(at("hf")).hash());
  export_folder("plain", "plain-hf");
  EXPECT_FALSE(has_rotation(at("plain-hf")));
  EXPECT_FALSE(open_model(at("plain-hf")).rotation);
  const FinetuneBase hf = base("hf");
  EXPECT_LT(convert_to_plain({*hf.source, adapter("adapter")}, *hf.rotation, at("to-plain"), false).difference, 1e-5);
  EXPECT_FALSE(has_rotation(at("to-plain")));
  const OpenedModel plain = open_model(at("plain"));
  EXPECT_EQ(hf.rotation->base_hash, plain.hash());
  const Adapter converted = load_adapter(at("to-plain"), plain.source->config());
  const ConvertResult back =
      convert_to_rotated({*plain.source, converted}, *hf.source, *hf.rotation, hf.hash, hf.stored, at("back"), false, Compute{}, silent_);
  EXPECT_LT(back.difference, 1e-5);
  EXPECT_EQ(adapter("back").rotation_checksum, hf.rotation->checksum());
}

TEST_F(RotatedExports, QuantizedTheyKeepTheirRecord) {
  QuantizationSpec spec;
  spec.weights.bits = 4;
  for (const std::string from : {"rotated", "hf"}) {
    const OpenedModel model = open_model(at(from));
    quantize_folder({*model.source, model.folder, model.hash(), model.rotation->checksum()}, at(from + "-w4"), spec, {}, {}, silent_);
  }
  const OpenedModel here = open_model(at("hf-w4")), there = open_model(at("rotated-w4"));
  ASSERT_TRUE(here.rotation);
  EXPECT_EQ(here.rotation->checksum(), there.rotation->checksum());
  EXPECT_TRUE(at::equal(logits(*here.source), logits(*there.source)));
}

TEST_F(RotatedExports, ARecordBesideAnotherModelIsRefused) {
  fs::copy(at("plain"), at("stray"));
  for (const char* record : {"rotation.json", "rotation.safetensors"}) fs::copy(at("hf") / record, at("stray") / record);
  EXPECT_TRUE(says(refusal([&] { open_model(at("stray")); }), "expected ones, since rotation.json beside it says that gains are folded"));
  RotateOptions options;
  options.rotation.r1 = OrthogonalKind::none;
  rotate_folder(at("plain"), at("r4"), options, silent_);
  fs::copy(at("plain"), at("online"));
  for (const char* record : {"rotation.json", "rotation.safetensors"}) fs::copy(at("r4") / record, at("online") / record);
  EXPECT_TRUE(says(refusal([&] { open_model(at("online")); }), "parts.r4: expected none beside a plain Hugging Face folder"));
}

// Logits are the same under every rotation, so nothing but the samples' own word tells one seed's record from another's.
TEST_F(RotatedExports, TheRecordOfAnotherSeedIsRefused) {
  const std::string own = base("hf").rotation->checksum(), others = base("other").rotation->checksum();
  QuantizationSpec spec;
  spec.weights.bits = 4;
  const OpenedModel model = open_model(at("rotated"));
  quantize_folder({*model.source, model.folder, model.hash(), own}, at("w4"), spec, {}, {}, silent_);
  for (const std::string from : {"hf", "rotated", "w4"}) {
    const fs::path copy = at(from + "-swapped");
    fs::copy(at(from), copy, fs::copy_options::recursive);
    for (const char* record : {"rotation.json", "rotation.safetensors"})
      fs::copy_file(at("other") / record, copy / record, fs::copy_options::overwrite_existing);
    const std::string why = refusal([&] { open_model(copy); });
    EXPECT_TRUE(says(why, own) && says(why, others)) << from << ": " << why;
  }
  fs::copy(at("hf"), at("unsampled"), fs::copy_options::recursive);
  fs::remove(at("unsampled") / kSamplesFile);
  EXPECT_TRUE(says(refusal([&] { open_model(at("unsampled")); }), "expected sample tokens stored with rotation.json"));
}

TEST_F(RotatedExports, ARecordBesideAPlainExportIsRefused) {
  export_folder("plain", "bare");
  for (const char* record : {"rotation.json", "rotation.safetensors"}) fs::copy(at("other") / record, at("bare") / record);
  EXPECT_NE(refusal([&] { open_model(at("bare")); }), "accepted");
  RotateOptions options;  // no gains are folded where R1 is not, so the samples alone can tell
  options.rotation.r1 = options.rotation.r4 = OrthogonalKind::none;
  options.rotation.r2 = true;
  rotate_folder(at("plain"), at("r2"), options, silent_);
  for (const char* record : {"rotation.json", "rotation.safetensors"})
    fs::copy_file(at("r2") / record, at("bare") / record, fs::copy_options::overwrite_existing);
  const std::string why = refusal([&] { open_model(at("bare")); });
  EXPECT_TRUE(says(why, "rotation: expected the checksum of the rotation.json beside it") && says(why, "found none")) << why;
}

TEST_F(RotatedExports, ADamagedExportIsNotRotated) {
  export_folder("plain", "damaged");
  rotate_folder(at("damaged"), at("from-export"), {}, silent_);
  EXPECT_TRUE(require_samples(open_model(at("from-export")), at::kCPU, silent_)) << "with samples of its own";
  std::fstream file(at("damaged") / "model-00001-of-00001.safetensors", std::ios::in | std::ios::out | std::ios::binary);
  ASSERT_TRUE(file);
  file.seekp(-64, std::ios::end);
  const std::vector<float> wrong(16, 7.0f);
  file.write(reinterpret_cast<const char*>(wrong.data()), 64);
  file.close();
  EXPECT_THROW(rotate_folder(at("damaged"), at("from-damaged"), {}, silent_), GateError);
  EXPECT_FALSE(fs::exists(at("from-damaged")));
}

}  // namespace
}  // namespace rolora
