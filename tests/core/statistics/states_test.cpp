// SPDX-License-Identifier: GPL-3.0-or-later
// What a model is called among states, and which folder is the rotation of which model.
#include "core/statistics/states.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/model/tuned.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

class States : public testing::Test {
 protected:
  States() {
    test::write_random_model(folder_.path(), test::small_config());
    model_ = std::make_shared<const Checkpoint>(folder_.path());
    plain_ = model_->config();
    RotationSettings settings;
    rotation_ = make_rotation(*model_, "the hash", settings);
    settings.fold_only = true;
    fold_ = make_rotation(*model_, "the hash", settings);
    rotated_ = made_from(plain_, "rotated");
  }
  static ModelConfig made_from(const ModelConfig& config, const char* kind) {
    return parse_model_config(derived_config(config, kind, "float32", false), "config.json");
  }
  // As merge leaves it: tuned while it had this rotation.
  static ModelConfig tuned(const ModelConfig& config, const std::string& rotation, const char* how = "lora") {
    Json document = config.raw;
    set_tuned_mark(document, TunedMark{how, std::string(64, '0'), "base", rotation});
    return parse_model_config(document, "config.json");
  }
  std::string refusal(const ModelConfig& config, const std::optional<RotationRecord>& rotation,
                      const std::string& hash = "the hash") const {
    try {
      require_rotation_of("plain", hash, "rotated", config, rotation);
      return "accepted";
    } catch (const InputError& e) {
      return e.what();
    }
  }

  test::TempFolder folder_;
  std::shared_ptr<const Checkpoint> model_;
  RotationRecord rotation_, fold_;
  ModelConfig plain_, rotated_;
};

TEST_F(States, TheLabelIsWhatWasDoneLast) {
  const std::string checksum = rotation_.checksum();
  EXPECT_EQ(state_label(plain_, std::nullopt), "plain");
  EXPECT_EQ(state_label(rotated_, rotation_), "rotated");
  EXPECT_EQ(state_label(rotated_, fold_), "folded");
  EXPECT_EQ(state_label(tuned(plain_, ""), std::nullopt), "tuned");
  EXPECT_EQ(state_label(tuned(rotated_, checksum), rotation_), "tuned");
  EXPECT_EQ(state_label(made_from(tuned(plain_, ""), "rotated"), rotation_), "rotated");
  EXPECT_EQ(state_label(made_from(tuned(rotated_, checksum), "quantized"), rotation_), "quantized");
  EXPECT_EQ(state_label(made_from(plain_, "quantized"), std::nullopt), "quantized");
}

TEST_F(States, OnlyAPureRotationOfTheModelStandsAgainstIt) {
  const std::string checksum = rotation_.checksum();
  EXPECT_EQ(refusal(rotated_, rotation_), "accepted");
  EXPECT_EQ(refusal(rotated_, fold_), "accepted");
  EXPECT_EQ(refusal(made_from(tuned(plain_, ""), "rotated"), rotation_), "accepted") << "tuned, then rotated: MODEL is the tuned one";
  EXPECT_EQ(refusal(plain_, std::nullopt), "rotated: --against: expected a rotated folder, found a model without a rotation");
  EXPECT_EQ(refusal(rotated_, rotation_, "other"), "rotated/rotation.json: base_hash: expected the hash of plain, other, found the hash");
  EXPECT_EQ(refusal(tuned(rotated_, checksum), rotation_),
            "rotated/config.json: rolora.tuned: expected the weights of plain, rotated and no more, found an adapter merged into them");
  EXPECT_EQ(
      refusal(tuned(rotated_, checksum, "full"), rotation_),
      "rotated/config.json: rolora.tuned: expected the weights of plain, rotated and no more, found weights trained after the rotation");
  EXPECT_NE(refusal(made_from(tuned(rotated_, checksum), "quantized"), rotation_), "accepted");
}

}  // namespace
}  // namespace rolora
