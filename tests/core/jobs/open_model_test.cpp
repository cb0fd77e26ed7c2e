// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/open_model.h"

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/model/passes.h"
#include "core/quantization/quantize_folder.h"
#include "core/rotation/rotate_folder.h"
#include "tests/support/near.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

// A plain folder, its rotation, and the rotation's 8-bit RTN, made once.
class OpenModel : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TempFolder>();
    Json config = test::small_config();
    config.update({{"hidden_size", 16}, {"intermediate_size", 24}, {"tie_word_embeddings", true}});
    test::write_random_model(plain(), config);
    SilentMonitor silent;
    rotate_folder(plain(), rotated(), {}, silent);
    const OpenedModel model = open_model(rotated());
    QuantizationSpec spec;
    spec.weights.bits = 8;
    spec.activations.bits = 8;
    const QuantizeSource from{*model.source, model.folder, model.hash(), model.rotation->checksum()};
    quantize_folder(from, quantized(), spec, {}, {}, silent);
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static fs::path plain() { return *folder_ / "plain"; }
  static fs::path rotated() { return *folder_ / "rotated"; }
  static fs::path quantized() { return *folder_ / "quantized"; }
  static at::Tensor logits(const fs::path& folder) {
    const at::NoGradGuard no_grad;
    return ResidentModel(*open_model(folder).source, Compute{}).logits(test::random_ids(1, 12, 50));
  }
  static std::unique_ptr<test::TempFolder> folder_;
};

std::unique_ptr<test::TempFolder> OpenModel::folder_;

TEST_F(OpenModel, KnowsTheKindOfAFolder) {
  const OpenedModel a = open_model(plain()), b = open_model(rotated()), c = open_model(quantized());
  EXPECT_FALSE(a.rotation);
  EXPECT_FALSE(a.quantized);
  ASSERT_TRUE(b.rotation);
  EXPECT_FALSE(b.quantized);
  EXPECT_EQ(b.rotation->base_hash, a.hash());
  ASSERT_TRUE(c.rotation);
  EXPECT_EQ(c.rotation->checksum(), b.rotation->checksum());
  EXPECT_TRUE(c.quantized);
  for (const OpenedModel* model : {&a, &b, &c}) EXPECT_EQ(model->source->config().model_type, "llama");
}

TEST_F(OpenModel, AttachesWhatBelongsToTheModel) {
  const at::Tensor original = logits(plain());
  EXPECT_TRUE(test::tensors_near(logits(rotated()), original, 1e-5));  // with its online rotation
  const double error = test::relative_l2(logits(quantized()), original);
  EXPECT_GT(error, 1e-4);  // 8 bits show
  EXPECT_LT(error, 0.2);   // and are applied in the rotated basis
}

// Samples are of fp32 arithmetic on the weights; 8-bit activations would differ by more than the bound.
TEST_F(OpenModel, SamplesTellAFolderWhosePartsDoNotBelongTogether) {
  SilentMonitor silent;
  EXPECT_FALSE(require_samples(open_model(plain()), at::kCPU, silent)) << "a plain folder carries none";
  for (const fs::path& right : {rotated(), quantized()}) {
    const auto check = require_samples(open_model(right), at::kCPU, silent);
    ASSERT_TRUE(check) << right;
    EXPECT_LT(check->relative_l2, 1e-6) << right;
  }
  for (const fs::path& right : {rotated(), quantized()}) {
    const fs::path wrong = *folder_ / "wrong";
    fs::remove_all(wrong);
    fs::copy(right, wrong);
    Json config = read_json_file(wrong / "config.json");
    config["rope_theta"] = 500.0;  // loads, and computes something else
    test::write_text(wrong / "config.json", config.dump());
    try {
      require_samples(open_model(wrong), at::kCPU, silent);
      ADD_FAILURE() << right << ": taken";
    } catch (const GateError& e) {
      EXPECT_NE(std::string(e.what()).find(
                    "rotation_samples.safetensors: sample_logits: expected the model's logits within a relative 0.0001, found"),
                std::string::npos)
          << e.what();
    }
  }
}

// Files that would cost time, or let every folder pass.
TEST_F(OpenModel, SamplesThatCannotBeAreRefusedByName) {
  SilentMonitor silent;
  const fs::path wrong = *folder_ / "samples";
  fs::remove_all(wrong);
  fs::copy(rotated(), wrong);
  const auto refusal = [&](const at::Tensor& ids, const at::Tensor& logits) -> std::string {
    SafetensorsWriter writer(wrong / kSamplesFile, {{"sample_ids", StoredType::I64, ids.sizes().vec()},
                                                    {"sample_logits", StoredType::F32, logits.sizes().vec()}});
    writer.write("sample_ids", bytes_of_tensor(ids));
    writer.write("sample_logits", bytes_of_tensor(logits));
    writer.finish();
    try {
      require_samples(open_model(wrong), at::kCPU, silent);
    } catch (const Error& e) {
      return e.what();
    }
    return "taken";
  };
  const at::Tensor few = at::arange(8), some = at::ones({50});
  EXPECT_NE(refusal(at::zeros({65}, at::kLong), some).find("sample_ids: expected 64 tokens at most, found 65"), std::string::npos);
  EXPECT_NE(refusal(at::full({1}, 50, at::kLong), some).find("outside the vocabulary"), std::string::npos);
  EXPECT_NE(refusal(few, at::zeros({50})).find("sample_logits: expected finite values, not all zero"), std::string::npos);
  EXPECT_NE(refusal(few, at::full({50}, NAN)).find("sample_logits: expected finite values"), std::string::npos);
  EXPECT_NE(refusal(few, at::ones({49})).find("50 values"), std::string::npos);
  EXPECT_NE(refusal(few, some).find("found a difference of"), std::string::npos);
}

TEST_F(OpenModel, IdentitiesDiffer) {
  const std::string a = open_model(plain()).hash(), b = open_model(rotated()).hash(), c = open_model(quantized()).hash();
  EXPECT_EQ(a, open_model(plain()).hash());
  EXPECT_NE(a, b);
  EXPECT_NE(b, c);
  EXPECT_NE(a, c);
}

TEST_F(OpenModel, RefusesARotatedFolderWithoutItsRotation) {
  const test::TempFolder copy;
  fs::copy(rotated(), copy / "model", fs::copy_options::recursive);
  fs::remove(copy / "model" / "rotation.json");
  EXPECT_THROW(open_model(copy / "model"), InputError);
}

TEST_F(OpenModel, PassesOnNotesOfTheFolder) {
  EXPECT_TRUE(open_model(plain()).notes.empty());
  const OpenedModel model = open_model(test::source_folder() / "tests/core/model/fixtures/tied_but_different");
  ASSERT_EQ(model.notes.size(), 1u);
  EXPECT_NE(model.notes[0].find("tie_word_embeddings"), std::string::npos);
  EXPECT_FALSE(model.source->config().tied);
}

}  // namespace
}  // namespace rolora
