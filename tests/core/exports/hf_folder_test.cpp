// SPDX-License-Identifier: GPL-3.0-or-later
// A plain folder with the family's own names that computes what the model computes. What transformers makes of it: check_exports.py.
#include "core/exports/hf_folder.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/model/tensor_store.h"
#include "core/rotation/rotate_folder.h"
#include "core/rotation/rotated_source.h"
#include "core/rotation/samples.h"
#include "tests/core/model/family_fixtures.h"
#include "tests/core/rotation/rotation_cases.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

class ExportHf : public ::testing::Test {
 protected:
  RotatedFolder rotate(const char* family, const RotationSettings& settings) {
    RotateOptions options;
    options.rotation = settings;
    options.store = at::kFloat;
    rotate_folder(test::family_fixture(family), folder_ / family, options, silent_);
    return RotatedFolder(folder_ / family);
  }
  test::TempFolder folder_;
  SilentMonitor silent_;
};

TEST_F(ExportHf, RotationsInTheWeightsNeedNothingElse) {
  for (const char* family : {"llama3_tied", "mistral_window", "qwen2_tied", "qwen3", "phi3_window"}) {
    const RotatedFolder rotated = rotate(family, test::settings_of(OrthogonalKind::hadamard, true, false, OrthogonalKind::none));
    const std::filesystem::path out = folder_ / (std::string(family) + "-hf");
    const ExportCheck check = export_hf({rotated, folder_ / family, rotated.record(), false, at::kFloat}, out, false, Compute{}, silent_);
    EXPECT_LE(check.relative_l2, 1e-5) << family;
    const Checkpoint written(out), original(test::family_fixture(family));
    EXPECT_EQ(written.config().own_kind, "") << family;
    EXPECT_EQ(written.config().raw["model_type"], original.config().raw["model_type"]);
    EXPECT_EQ(written.config().raw["architectures"], original.config().raw["architectures"]);
    EXPECT_FALSE(written.config().raw.contains("rolora"));
    EXPECT_FALSE(written.config().tied) << "the head holds the last gain and is a tensor of its own";
    EXPECT_EQ(load_rotation(out).checksum(), rotated.record().checksum());
    EXPECT_GT(test::relative_l2(written.layer(LayerIndex(0), Compute{})[LinearKind::q].weight,
                                original.layer(LayerIndex(0), Compute{})[LinearKind::q].weight),
              0.5);
    const Json index = read_json_file(out / "model.safetensors.index.json");
    EXPECT_EQ(index["weight_map"].size(), TensorStore::open(out).names().size())
        << "programs that take every *.safetensors must see that records and samples are no weights";
    EXPECT_EQ(index["weight_map"]["lm_head.weight"], "model-00001-of-00001.safetensors");
    const auto samples = verify_samples(written, out, at::kCPU, silent_);
    ASSERT_TRUE(samples.has_value());
    EXPECT_TRUE(samples->passed);
    EXPECT_FALSE(verify_samples(original, out, at::kCPU, silent_)->relative_l2 > 1e-4) << "the same function";
  }
}

TEST_F(ExportHf, WrongSamplesAreSeen) {
  const Checkpoint plain(test::family_fixture("qwen3")), other(test::family_fixture("qwen3_tied_old_keys"));
  export_hf({plain, plain.folder(), {}, false, at::kFloat}, folder_ / "hf", false, Compute{}, silent_);
  ASSERT_EQ(plain.config().vocabulary, other.config().vocabulary);
  EXPECT_FALSE(verify_samples(other, folder_ / "hf", at::kCPU, silent_)->passed);
}

TEST_F(ExportHf, OnlineRotationsAndQuantizedModelsAreRefusedWithWhatServes) {
  const auto message = [&](const HfExport& model) -> std::string {
    try {
      export_hf(model, folder_ / "hf", false, Compute{}, silent_);
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  const RotatedFolder r4 = rotate("qwen3", test::settings_of(OrthogonalKind::hadamard, false, false, OrthogonalKind::hadamard));
  EXPECT_NE(message({r4, folder_ / "qwen3", r4.record(), false, at::kFloat}).find("--r4 none"), std::string::npos);
  const RotatedFolder r3 = rotate("qwen2_tied", test::settings_of(OrthogonalKind::hadamard, false, true, OrthogonalKind::none));
  EXPECT_NE(message({r3, folder_ / "qwen2_tied", r3.record(), false, at::kFloat}).find("without --r3"), std::string::npos);
  const Checkpoint plain(test::family_fixture("qwen3"));
  EXPECT_NE(message({plain, plain.folder(), {}, true, at::kFloat}).find("quantized"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "hf"));
}

}  // namespace
}  // namespace rolora
