// SPDX-License-Identifier: GPL-3.0-or-later
// Every family as a quantized folder: linears that files fuse are stored apart, norms of queries and keys stay.
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "core/model/passes.h"
#include "core/quantization/fake_quantized.h"
#include "core/quantization/quantize_folder.h"
#include "core/quantization/quantized_folder.h"
#include "core/rotation/rotate_folder.h"
#include "core/rotation/rotated_source.h"
#include "tests/core/model/family_fixtures.h"
#include "tests/support/near.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

class QuantizedFamilies : public ::testing::TestWithParam<const char*> {
 protected:
  // The folder against the same look that was never saved.
  void expect_saved_as_seen(const std::shared_ptr<const ModelSource>& source, const std::filesystem::path& from,
                            const std::string& rotation_checksum, const QuantizationSpec& spec, const std::string& name) {
    const at::NoGradGuard no_grad;
    SilentMonitor silent;
    QuantizeFolderOptions options;
    const CalibrationText text{test::random_ids(4, 16, 40), "0123", "ids"};
    const auto record = quantize_folder({*source, from, "hash", rotation_checksum}, folder_ / name, spec, text, options, silent);
    EXPECT_EQ(record.linears.size(), static_cast<size_t>(7 * source->config().layers));
    const auto look = FakeQuantizedSource::prepare(source, spec, text.windows, {}, silent);
    const QuantizedFolder opened(folder_ / name);
    const at::Tensor ids = test::random_ids(1, 30, 40, 5);
    const at::Tensor expected = ResidentModel(*look, Compute{}).logits(ids), found = ResidentModel(opened, Compute{}).logits(ids);
    EXPECT_TRUE(at::equal(found, expected)) << name;
    EXPECT_GT(test::relative_l2(found, ResidentModel(*source, Compute{}).logits(ids)), 1e-3) << name;
  }
  test::TempFolder folder_;
};

QuantizationSpec mixed() {
  QuantizationSpec spec;
  spec.weights.bits = 4;
  spec.activations.bits = 6;
  spec.kv_bits = 4;
  spec.per_linear["model.layers.0.self_attn.k_proj"] = {16, 6};
  spec.per_linear["model.layers.1.mlp.gate_proj"] = {16, 6};
  spec.per_linear["model.layers.1.mlp.up_proj"] = {8, 6};
  return spec;
}

TEST_P(QuantizedFamilies, PlainAndRotatedFoldersKeepWhatTheLookSaw) {
  const auto from = test::family_fixture(GetParam());
  expect_saved_as_seen(std::make_shared<const Checkpoint>(from), from, "", mixed(), "plain");
  SilentMonitor silent;
  RotateOptions options;
  options.rotation.r2 = options.rotation.r3 = true;
  options.store = at::kFloat;
  rotate_folder(from, folder_ / "rotated", options, silent);
  const auto rotated = std::make_shared<const RotatedFolder>(folder_ / "rotated");
  QuantizationSpec gptq = mixed();
  gptq.method = WeightMethod::gptq;
  expect_saved_as_seen(rotated, folder_ / "rotated", rotated->record().checksum(), gptq, "gptq");
}

INSTANTIATE_TEST_SUITE_P(Quantization, QuantizedFamilies, ::testing::ValuesIn(test::kFamilyFixtures),
                         [](const auto& param_info) { return std::string(param_info.param); });

}  // namespace
}  // namespace rolora
