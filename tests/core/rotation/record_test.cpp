// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/record.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <functional>

#include "core/base/error.h"
#include "tests/core/rotation/rotation_cases.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

using test::TempFolder;

class RotationRecordFile : public ::testing::Test {
 protected:
  void SetUp() override { model_ = test::open_random_model(model_folder_, test::config_with(false, true)); }
  RotationRecord made(const RotationSettings& settings) const { return make_rotation(*model_, "base hash", settings); }

  // Writes the record, changes its JSON, and returns what loading then says.
  std::string refusal(const RotationRecord& record, const std::function<void(Json&)>& edit) const {
    TempFolder folder;
    save_rotation(record, folder.path());
    Json json = Json::parse(test::read_text(folder / "rotation.json"));
    edit(json);
    test::write_text(folder / "rotation.json", json.dump());
    return message(folder);
  }
  static std::string message(const TempFolder& folder) {
    try {
      load_rotation(folder.path());
    } catch (const InputError& e) {
      return e.what();
    }
    return "";
  }

  TempFolder model_folder_;
  std::shared_ptr<const Checkpoint> model_;
};

TEST_F(RotationRecordFile, ReadsBackAsItWasWritten) {
  for (const auto& [name, settings] : test::all_settings()) {
    SCOPED_TRACE(name);
    TempFolder folder;
    const RotationRecord written = made(settings);
    save_rotation(written, folder.path());
    EXPECT_TRUE(has_rotation(folder.path()));
    const RotationRecord read = load_rotation(folder.path());
    EXPECT_EQ(read.checksum(), written.checksum());
    EXPECT_EQ(rotation_json(read), rotation_json(written));
    EXPECT_EQ(read.base_hash, "base hash");
    EXPECT_EQ(read.gains_folded, written.gains_folded);
    EXPECT_EQ(read.settings.fold_only, settings.fold_only);
    EXPECT_EQ(read.settings.r4_signs, settings.r4_signs);
    EXPECT_EQ(read.settings.seed, settings.seed);
    if (written.gains_folded) {
      EXPECT_TRUE(at::equal(read.input_gains, written.input_gains));
      EXPECT_TRUE(at::equal(read.final_gain, written.final_gain));
    }
  }
}

TEST_F(RotationRecordFile, TheSameSettingsGiveTheSameBytes) {
  TempFolder first, second;
  save_rotation(made(test::all_settings()[8].settings), first.path());
  save_rotation(made(test::all_settings()[8].settings), second.path());
  for (const char* name : {"rotation.json", "rotation.safetensors"})
    EXPECT_EQ(test::read_text(first / name), test::read_text(second / name));
}

TEST_F(RotationRecordFile, KeepsTheOriginalGainsWhereTheyAreFoldedAndOnlyThere) {
  const RotationRecord folded = made(test::settings_of(OrthogonalKind::hadamard, false, false, OrthogonalKind::none));
  const Compute exact{at::kDouble, at::kCPU};
  EXPECT_TRUE(at::equal(folded.input_gains[1], model_->layer(LayerIndex(1), exact).input_norm));
  EXPECT_TRUE(at::equal(folded.post_attention_gains[0], model_->layer(LayerIndex(0), exact).post_attention_norm));
  EXPECT_TRUE(at::equal(folded.final_gain, model_->final_norm(exact)));
  const RotationRecord r4_only = made(test::settings_of(OrthogonalKind::none, true, true, OrthogonalKind::hadamard));
  EXPECT_FALSE(r4_only.gains_folded);
  EXPECT_FALSE(r4_only.input_gains.defined());
}

TEST_F(RotationRecordFile, ChecksumCoversMapsAndGains) {
  RotationRecord record = made(test::all_settings()[7].settings);
  const std::string before = record.checksum();
  RotationRecord other = record;
  other.final_gain = record.final_gain * 2;
  EXPECT_NE(other.checksum(), before);
  other = record;
  other.r4 = OrthogonalMap();
  EXPECT_NE(other.checksum(), before);
}

TEST_F(RotationRecordFile, RefusesWhatDiffersByName) {
  const RotationRecord record = made(test::all_settings()[8].settings);
  using ::testing::Test;
  const auto refused = [&](const std::function<void(Json&)>& edit, const char* part) {
    const std::string text = refusal(record, edit);
    EXPECT_NE(text.find(part), std::string::npos) << "refusal: " << text;
  };
  refused([](Json& j) { j["format"] = 2; }, "format");
  refused([](Json& j) { j["unknown"] = 1; }, "unknown");
  refused([](Json& j) { j["parts"]["r1"]["kind"] = "learned"; }, "parts.r1.kind");
  refused([](Json& j) { j["parts"]["r1"]["kind"] = "none"; }, "parts.r1.kind");
  refused([](Json& j) { j["parts"]["r1"]["order"] = 48; }, "parts.r1.sylvester");
  refused([](Json& j) { j["parts"]["r4"]["sylvester"] = 3; }, "parts.r4.sylvester");
  refused([](Json& j) { j["parts"]["r4"]["scale"] = 0.5; }, "r4.factor");
  refused([](Json& j) { j["parts"]["r4"]["checksum"] = "0"; }, "parts.r4.checksum");
  refused([](Json& j) { j["parts"]["r1"]["signs"] = false; }, "r1.signs");
  refused([](Json& j) { j["parts"]["r1"]["seed"] = -1; }, "parts.r1.seed");
  refused([](Json& j) { j["parts"]["r2"] = nullptr; }, "r2.");
  refused([](Json& j) { j["parts"]["r5"] = Json::object(); }, "r5");
  refused([](Json& j) { j["gains_folded"] = false; }, "gains_folded");
  refused([](Json& j) { j["checksum"] = "0"; }, "checksum");
  refused([](Json& j) { j.erase("base_hash"); }, "base_hash");
}

// What no checksum covers, but follows from the rest.
TEST_F(RotationRecordFile, RefusesAFalsifiedOrigin) {
  const auto refused = [&](const RotationSettings& settings, const std::function<void(Json&)>& edit, const std::string& says) {
    EXPECT_NE(refusal(made(settings), edit).find("rotation.json: " + says), std::string::npos) << refusal(made(settings), edit);
  };
  const auto construction = [](const char* part, const char* name) {
    return [part, name](Json& j) { j["parts"][part]["construction"] = name; };
  };
  const auto seed = [](const char* part) { return [part](Json& j) { j["parts"][part]["seed"] = 12; }; };
  const RotationSettings all = test::settings_of(OrthogonalKind::hadamard, true, true, OrthogonalKind::blocks);
  refused(all, construction("r1", "PaleyI(127)"), "parts.r1.construction: expected PaleyI(11) x Sylvester(2), found PaleyI(127)");
  refused(all, construction("r2", "PaleyI(5)"), "parts.r2.construction: expected Haar(3) x Sylvester(2) [no construction here], found");
  refused(all, construction("r4", "Sylvester(40)"), "parts.r4.construction: expected 5 blocks of Sylvester(8), found Sylvester(40)");
  refused(all, seed("r1"), "parts.r1.seed: expected the one that r1.signs in rotation.safetensors were drawn with, found 12");
  refused(all, seed("r3"), "parts.r3.seed: expected 11 (the record's seed), found 12");
  refused(
      all, [](Json& j) { j["seed"] = 12; }, "seed: expected 11 (which r1.signs were drawn with), found 12");
  const RotationSettings haar = test::settings_of(OrthogonalKind::orthogonal, false, false, OrthogonalKind::none);
  refused(haar, construction("r1", "Sylvester(24)"), "parts.r1.construction: expected Haar(24), found Sylvester(24)");
  refused(haar, seed("r1"), "parts.r1.seed: expected 11 (the record's seed), found 12");
}

TEST_F(RotationRecordFile, RefusesAChangedMatrix) {
  const auto with = [&](const std::function<void(RotationRecord&)>& edit) {
    RotationRecord record = made(test::all_settings()[9].settings);
    edit(record);
    TempFolder folder;
    save_rotation(record, folder.path());
    return message(folder);
  };
  EXPECT_NE(with([](RotationRecord& r) { r.r1.factor = r.r1.factor * 1.001; }).find("r1.factor: expected an orthogonal matrix"),
            std::string::npos);
  EXPECT_NE(with([](RotationRecord& r) { r.r1.factor = r.r1.factor.flip(0).contiguous(); }).find("parts.r1.checksum"), std::string::npos);
  EXPECT_NE(with([](RotationRecord& r) { r.r1.signs = at::zeros_like(r.r1.signs); }).find("r1.signs"), std::string::npos);
  EXPECT_NE(with([](RotationRecord& r) { r.final_gain = r.final_gain / 0.0; }).find("final_gain"), std::string::npos);
}

TEST_F(RotationRecordFile, RefusesMissingAndTruncatedFiles) {
  TempFolder folder;
  EXPECT_FALSE(has_rotation(folder.path()));
  EXPECT_THROW(load_rotation(folder.path()), InputError);
  save_rotation(made(test::all_settings()[7].settings), folder.path());
  const std::string whole = test::read_text(folder / "rotation.safetensors");
  test::write_text(folder / "rotation.safetensors", whole.substr(0, whole.size() - 9));
  EXPECT_THROW(load_rotation(folder.path()), InputError);
}

TEST_F(RotationRecordFile, RefusesAModelOfOtherWidths) {
  const RotationRecord record = made(test::all_settings()[7].settings);
  Json config = test::config_with(false, false);
  config["intermediate_size"] = 48;
  TempFolder folder;
  const auto other = test::open_random_model(folder, config);
  try {
    RotatedSource(other, record);
    FAIL() << "no refusal";
  } catch (const InputError& e) {
    EXPECT_EQ(e.key(), "parts.r4.order");
  }
}

}  // namespace
}  // namespace rolora
