// SPDX-License-Identifier: GPL-3.0-or-later
// An adapter on either basis computes the same: against models whose adapter is merged before the model is rotated.
#include "core/finetune/convert_adapter.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/finetune/convert_folder.h"
#include "core/model/passes.h"
#include "core/rotation/rotate_folder.h"
#include "tests/core/model/family_fixtures.h"
#include "tests/core/rotation/rotation_cases.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

using test::relative_l2;

const Compute kExact{at::kDouble, at::kCPU};

Adapter random_adapter(const ModelConfig& config, std::vector<LinearKind> targets, bool rslora = false) {
  LoraSettings settings;
  settings.rank = 3;
  settings.alpha = 5;
  settings.rslora = rslora;
  settings.targets = std::move(targets);
  Adapter adapter = new_adapter(config, settings, 4);
  for (auto& [name, pair] : adapter.pairs) {
    Random random(9, name);
    float* b = pair.b.mutable_data_ptr<float>();
    for (int64_t i = 0; i < pair.b.numel(); ++i) b[i] = static_cast<float>(0.3 * random.normal());
  }
  return adapter;
}

at::Tensor logits(const ModelSource& source) {
  const at::NoGradGuard no_gradient;
  return ResidentModel(source, kExact).logits(at::arange(30, at::kLong).unsqueeze(0));
}

class ConvertAdapter : public ::testing::Test {
 protected:
  void SetUp() override { plain_ = test::open_random_model(folder_, test::config_with(true, true)); }
  RotationRecord record(const RotationSettings& settings) const { return make_rotation(*plain_, plain_->hash(), settings); }
  test::TempFolder folder_;
  std::shared_ptr<const Checkpoint> plain_;
};

// The weights that it is tested against are merged on the plain side and then folded by the rotation: none of the conversion's own lines.
TEST_F(ConvertAdapter, ToTheRotatedModelIsWhatRotatingTheMergedModelGives) {
  for (const auto& [name, settings] : test::all_settings()) {
    const RotationRecord r = record(settings);
    for (const LinearKind kind : kAllLinears) {
      const Adapter adapter = random_adapter(plain_->config(), {kind});
      const Adapter turned = adapter_to_rotated(adapter, r, *plain_, "rotated hash");
      EXPECT_EQ(turned.rotation_checksum, r.checksum());
      EXPECT_EQ(turned.base_hash, "rotated hash");
      const RotatedSource expected(std::make_shared<const AdaptedSource>(plain_, adapter, true), r);
      const AdaptedSource found(std::make_shared<const RotatedSource>(plain_, r), turned, true);
      for (int64_t layer = 0; layer < 2; ++layer) {
        const at::Tensor w = expected.layer(LayerIndex(layer), kExact)[kind].weight,
                         before = plain_->layer(LayerIndex(layer), kExact)[kind].weight;
        EXPECT_LE(relative_l2(found.layer(LayerIndex(layer), kExact)[kind].weight, w), 1e-7) << name << " " << target_name(kind);
        EXPECT_GT(relative_l2(AdaptedSource(plain_, adapter, true).layer(LayerIndex(layer), kExact)[kind].weight, before), 0.05);
      }
    }
  }
}

TEST_F(ConvertAdapter, LogitsStayWhereTheyWere) {
  for (const bool rslora : {false, true}) {
    const Adapter adapter = random_adapter(plain_->config(), {kAllLinears.begin(), kAllLinears.end()}, rslora);
    const at::Tensor expected = logits(AdaptedSource(plain_, adapter, false));
    EXPECT_GT(relative_l2(expected, logits(*plain_)), 0.1);
    for (const auto& [name, settings] : test::all_settings()) {
      const RotationRecord r = record(settings);
      const Adapter turned = adapter_to_rotated(adapter, r, *plain_, "h");
      EXPECT_LE(relative_l2(logits(AdaptedSource(std::make_shared<const RotatedSource>(plain_, r), turned, false)), expected), 1e-6)
          << name;
    }
  }
}

TEST_F(ConvertAdapter, BackAgainIsTheSameAdapter) {
  const Adapter adapter = random_adapter(plain_->config(), {kAllLinears.begin(), kAllLinears.end()});
  for (const auto& [name, settings] : test::all_settings()) {
    const RotationRecord r = record(settings);
    const Adapter turned = adapter_to_rotated(adapter, r, *plain_, "h");
    const Adapter back = adapter_to_plain(turned, r, *plain_);
    EXPECT_EQ(back.rotation_checksum, "");
    EXPECT_EQ(back.base_hash, plain_->hash());
    for (const auto& [linear, pair] : adapter.pairs) {
      EXPECT_LE(relative_l2(back.pairs.at(linear).a, pair.a), 3e-7) << name << " " << linear;
      EXPECT_LE(relative_l2(back.pairs.at(linear).b, pair.b), 3e-7) << name << " " << linear;
    }
    EXPECT_LE(update_difference(adapter, turned, r, *plain_, false), 1e-6) << name;
    EXPECT_LE(update_difference(back, turned, r, *plain_, false), 1e-6) << name;
  }
}

TEST_F(ConvertAdapter, TheDifferenceSeesAWrongAdapter) {
  const Adapter adapter = random_adapter(plain_->config(), {LinearKind::o});
  const RotationRecord r = record(test::settings_of(OrthogonalKind::hadamard, true, false, OrthogonalKind::hadamard));
  Adapter turned = adapter_to_rotated(adapter, r, *plain_, "h");
  turned.pairs.begin()->second.b.mutable_data_ptr<float>()[0] += 0.1F;
  EXPECT_GT(update_difference(adapter, turned, r, *plain_, false), 1e-3);
  EXPECT_GT(update_difference(adapter, adapter, r, *plain_, false), 0.1) << "left as it was";
}

TEST_F(ConvertAdapter, OtherRotationsOtherWeightsAndZeroGainsAreRefused) {
  const ModelConfig& config = plain_->config();
  RotationSettings settings = test::settings_of(OrthogonalKind::hadamard, false, false, OrthogonalKind::hadamard);
  RotationRecord r = record(settings);
  settings.seed = 12;
  const RotationRecord other = record(settings);
  Adapter adapter = random_adapter(config, {LinearKind::q});
  const Adapter turned = adapter_to_rotated(adapter, r, *plain_, "h");
  const auto message = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  };
  const std::string mismatch = message([&] { adapter_to_plain(turned, other, *plain_); });
  EXPECT_NE(mismatch.find(r.checksum()), std::string::npos) << mismatch;
  EXPECT_NE(mismatch.find(other.checksum()), std::string::npos) << mismatch;
  EXPECT_NE(message([&] { adapter_to_rotated(turned, r, *plain_, "h"); }), "accepted") << "it is rotated already";
  EXPECT_NE(message([&] { adapter_to_plain(adapter, r, *plain_); }), "accepted") << "it is plain already";
  adapter.base_hash = "of another model";
  EXPECT_NE(message([&] { adapter_to_rotated(adapter, r, *plain_, "h"); }).find("of another model"), std::string::npos);
  r.input_gains[1][5] = 0;
  Adapter of_zero = turned;
  of_zero.rotation_checksum = r.checksum();
  const std::string zero = message([&] { adapter_to_plain(of_zero, r, *plain_); });
  EXPECT_NE(zero.find("model.layers.1.self_attn.q_proj"), std::string::npos) << zero;
  EXPECT_NE(zero.find("channel 5"), std::string::npos) << zero;
}

// DoRA: what the rotation of a linear's outputs leaves possible, by the letters of the linears.
class ConvertDora : public ConvertAdapter {
 protected:
  Adapter random_dora(const ModelSource& base, std::vector<LinearKind> targets) const {
    Adapter adapter = random_adapter(base.config(), std::move(targets));
    adapter.settings.dora = true;
    set_magnitudes(adapter, base);
    for (auto& [name, pair] : adapter.pairs) {
      Random random(3, name);
      float* m = pair.magnitude.mutable_data_ptr<float>();
      for (int64_t i = 0; i < pair.magnitude.numel(); ++i) m[i] *= static_cast<float>(1 + 0.3 * random.normal());
    }
    return adapter;
  }
  static bool outputs_stay(LinearKind kind, const RotationRecord& r) {
    if (kind == LinearKind::v) return !r.r2;
    return (kind != LinearKind::o && kind != LinearKind::down) || !r.r1;
  }
};

// As above: merged on the plain side and folded by the rotation.
TEST_F(ConvertDora, IsWhatRotatingTheMergedModelGivesOrRefused) {
  int64_t converted = 0, refused = 0;
  auto all = test::all_settings();
  all.push_back({"R2 and R4 alone", test::settings_of(OrthogonalKind::none, true, false, OrthogonalKind::hadamard)});
  for (const auto& [name, settings] : all) {
    const RotationRecord r = record(settings);
    const auto twin = std::make_shared<const RotatedSource>(plain_, r);
    for (const LinearKind kind : kAllLinears) {
      SCOPED_TRACE(std::string(name) + " " + std::string(target_name(kind)));
      const Adapter adapter = random_dora(*plain_, {kind});
      Adapter turned;
      try {
        turned = adapter_to_rotated(adapter, r, *plain_, "h");
      } catch (const InputError& e) {
        EXPECT_FALSE(outputs_stay(kind, r)) << e.what();
        EXPECT_NE(std::string(e.what()).find("merge the adapter"), std::string::npos);
        ++refused;
        continue;
      }
      EXPECT_TRUE(outputs_stay(kind, r));
      ++converted;
      const RotatedSource expected(std::make_shared<const AdaptedSource>(plain_, adapter, true), r);
      const AdaptedSource found(twin, turned, true);
      for (int64_t layer = 0; layer < 2; ++layer) {
        const at::Tensor w = expected.layer(LayerIndex(layer), kExact)[kind].weight;
        EXPECT_LE(relative_l2(found.layer(LayerIndex(layer), kExact)[kind].weight, w), 2e-7);
        EXPECT_GT(relative_l2(twin->layer(LayerIndex(layer), kExact)[kind].weight, w), 0.05);
      }
      EXPECT_LE(update_difference(adapter, turned, r, *plain_, false), 1e-6);
      EXPECT_LE(update_difference(adapter, turned, r, *twin, true), 1e-6);
      const Adapter back = adapter_to_plain(turned, r, *twin);
      for (const auto& [linear, pair] : adapter.pairs) {
        EXPECT_LE(relative_l2(back.pairs.at(linear).magnitude, pair.magnitude), 3e-7) << linear;
      }
      Adapter kept = turned;
      for (auto& [linear, pair] : kept.pairs) pair.magnitude = pair.magnitude * 1.001;
      EXPECT_GT(update_difference(adapter, kept, r, *plain_, false), 5e-4);
    }
  }
  EXPECT_GT(converted, 4 * static_cast<int64_t>(all.size()));
  EXPECT_GT(refused, static_cast<int64_t>(all.size()));
}

// Folded gains change the lengths of rows: the magnitudes of the plain model would be others' there.
TEST_F(ConvertDora, MagnitudesFollowTheGains) {
  const RotationRecord r = record(test::settings_of(OrthogonalKind::hadamard, false, false, OrthogonalKind::none));
  const Adapter adapter = random_dora(*plain_, {LinearKind::q, LinearKind::up});
  const Adapter turned = adapter_to_rotated(adapter, r, *plain_, "h");
  for (const auto& [name, pair] : adapter.pairs) {
    EXPECT_GT(relative_l2(turned.pairs.at(name).magnitude, pair.magnitude), 1e-3) << name;
  }
}

// Rows of a fused tensor that have no adapter keep the lengths they have in the model the adapter stands on.
TEST(ConvertFolder, DoraOfAPartOfAFusedLinear) {
  SilentMonitor silent;
  const test::TempFolder out;
  RotateOptions options;
  options.rotation = test::settings_of(OrthogonalKind::hadamard, true, false, OrthogonalKind::hadamard);
  options.store = at::kFloat;
  rotate_folder(test::family_fixture("phi3_window"), out / "rotated", options, silent);
  const Checkpoint plain(test::family_fixture("phi3_window"));
  const RotatedFolder rotated(out / "rotated");
  Adapter adapter = random_adapter(plain.config(), {LinearKind::q, LinearKind::gate});
  adapter.settings.dora = true;
  set_magnitudes(adapter, plain);
  EXPECT_EQ(adapter.resting.size(), 6U);  // k, v and up of two layers
  convert_to_rotated({plain, adapter}, rotated, rotated.record(), "h", at::kFloat, out / "turned", false, Compute{}, silent);
  const Adapter turned = load_adapter(out / "turned", plain.config());
  for (const auto& [name, lengths] : turned.resting) {
    const int64_t layer = name.find("layers.1") == std::string::npos ? 0 : 1;
    const LayerWeights weights = rotated.layer(LayerIndex(layer), Compute{});
    const LinearKind kind = name.ends_with("k_proj") ? LinearKind::k : name.ends_with("v_proj") ? LinearKind::v : LinearKind::up;
    EXPECT_LE(relative_l2(lengths, weights[kind].weight.norm(2, 1)), 1e-6) << name;
  }
  convert_to_plain({rotated, turned}, rotated.record(), out / "back", false);
  const Adapter back = load_adapter(out / "back", plain.config());
  for (const auto& [name, lengths] : adapter.resting) EXPECT_LE(relative_l2(back.resting.at(name), lengths), 1e-6) << name;
}

// On other weights than those it was made for PEFT brings the rows to the magnitudes in the file; so does this.
TEST(ConvertFolder, MagnitudesThatRestInOneModelActInAnother) {
  const auto plain = std::make_shared<const Checkpoint>(test::family_fixture("phi3_window"));
  Adapter adapter = random_adapter(plain->config(), {LinearKind::q, LinearKind::gate});
  adapter.settings.dora = true;
  set_magnitudes(adapter, *plain);
  const LayerWeights own = plain->layer(LayerIndex(1), Compute{});
  const at::Tensor w = own[LinearKind::k].weight.to(at::kDouble), x = at::arange(2 * w.size(1), at::kDouble).sin().view({2, -1});
  at::Tensor& magnitude = adapter.resting.at("model.layers.1.self_attn.k_proj");
  magnitude = magnitude * at::linspace(0.5, 2, magnitude.size(0));
  const at::Tensor wanted = (magnitude.to(at::kDouble) / w.square().sum(1).sqrt()).unsqueeze(1) * w;  // [out, in]
  for (const bool merged : {false, true}) {
    const LayerWeights found = AdaptedSource(plain, adapter, merged).layer(LayerIndex(1), Compute{});
    at::Tensor y = found[LinearKind::k].apply(x.to(at::kFloat));
    if (found[LinearKind::k].bias.defined()) y = y - found[LinearKind::k].bias;
    EXPECT_LE(relative_l2(y, x.matmul(wanted.t())), 1e-6) << merged;
    EXPECT_FALSE(found[LinearKind::v].adapter) << "its rows have their lengths";
    EXPECT_TRUE(at::equal(found[LinearKind::v].weight, own[LinearKind::v].weight));
  }
}

TEST(ConvertFolder, EveryFamilyThereAndBack) {
  SilentMonitor silent;
  for (const char* family : {"qwen2_tied", "qwen3", "phi3_window", "mistral_window", "llama3_tied"}) {
    const test::TempFolder out;
    RotateOptions options;
    options.rotation = test::settings_of(OrthogonalKind::hadamard, true, true, OrthogonalKind::hadamard, true);
    options.store = at::kFloat;
    rotate_folder(test::family_fixture(family), out / "rotated", options, silent);
    const Checkpoint plain(test::family_fixture(family));
    const RotatedFolder rotated(out / "rotated");
    Adapter adapter = random_adapter(plain.config(), {kAllLinears.begin(), kAllLinears.end()});
    adapter.base_hash = plain.hash();
    const ConvertResult there =
        convert_to_rotated({plain, adapter}, rotated, rotated.record(), "h", at::kFloat, out / "turned", false, Compute{}, silent);
    EXPECT_LE(there.difference, 1e-5) << family;
    EXPECT_EQ(load_rotation(out / "turned").checksum(), rotated.record().checksum());
    const Adapter turned = load_adapter(out / "turned", plain.config());
    const ConvertResult back = convert_to_plain({rotated, turned}, rotated.record(), out / "back", false);
    EXPECT_LE(back.difference, 1e-6) << family;
    const Adapter again = load_adapter(out / "back", plain.config());
    for (const auto& [linear, pair] : adapter.pairs) {
      EXPECT_LE(relative_l2(again.pairs.at(linear).a, pair.a), 3e-7) << family << " " << linear;
      EXPECT_LE(relative_l2(again.pairs.at(linear).b, pair.b), 3e-7) << family << " " << linear;
    }
    EXPECT_THROW(convert_to_plain({rotated, turned}, rotated.record(), out / "back", false), InputError) << "it exists";
  }
}

}  // namespace
}  // namespace rolora
