// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/rotate_folder.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/rotation/samples.h"
#include "tests/core/rotation/rotation_cases.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

class RotateFolder : public ::testing::Test {
 protected:
  void write(const Json& config, at::ScalarType type = at::kFloat) {
    test::write_random_model(in(), config, 3, type);
    test::write_text(in() / "tokenizer.json", "{}");
    test::write_text(in() / "generation_config.json", "{}");
    test::write_text(in() / "notes.txt", "stays behind");
  }
  fs::path in() const { return folder_ / "in"; }
  fs::path out() const { return folder_ / "out"; }
  RotateResult rotate(const RotateOptions& options) { return rotate_folder(in(), out(), options, monitor_); }
  RotateOptions with(const RotationSettings& settings) const {
    RotateOptions options;
    options.rotation = settings;
    return options;
  }
  test::TempFolder folder_;
  SilentMonitor monitor_;
};

TEST_F(RotateFolder, WritesAFolderThatComputesTheSame) {
  for (const auto& [name, settings] : test::all_settings()) {
    SCOPED_TRACE(name);
    write(test::config_with(true, true));
    RotateOptions options = with(settings);
    options.force = true;
    options.texts.push_back(test::ids_of(test::random_ids(1, 30, 50)));
    const RotateResult result = rotate(options);
    EXPECT_TRUE(result.gate.passed);
    EXPECT_EQ(result.gate.tokens, 94);
    EXPECT_LE(result.gate.relative_l2, 1e-5);
    EXPECT_EQ(result.stored, at::kFloat);
    EXPECT_EQ(names_in(out()), (std::vector<std::string>{"config.json", "generation_config.json", "model.safetensors", "rotation.json",
                                                         "rotation.safetensors", "rotation_samples.safetensors", "tokenizer.json"}));
    const RotatedFolder rotated(out());
    EXPECT_EQ(rotated.record().checksum(), result.record.checksum());
    EXPECT_EQ(rotated.record().base_hash, Checkpoint(in()).hash());
    EXPECT_FALSE(rotated.config().tied);
    EXPECT_TRUE(rotated.checkpoint().store().has("lm_head.weight"));
    const auto check = verify_samples(rotated, out(), at::kCPU, monitor_);
    ASSERT_TRUE(check);
    EXPECT_TRUE(check->passed);
  }
}

TEST_F(RotateFolder, StoredTypesAndTheirBounds) {
  struct Case {
    at::ScalarType input, store;
    double bound;
  };
  for (const Case& c : {Case{at::kFloat, at::kBFloat16, 2e-2}, Case{at::kBFloat16, at::kBFloat16, 2e-2}, Case{at::kFloat, at::kHalf, 3e-3},
                        Case{at::kBFloat16, at::kFloat, 1e-5}}) {
    SCOPED_TRACE(std::string(at::toString(c.input)) + " to " + at::toString(c.store));
    write(test::config_with(false, true), c.input);
    RotateOptions options = with(test::all_settings()[7].settings);
    options.force = true;
    if (c.store != c.input) options.store = c.store;
    const RotateResult result = rotate(options);
    EXPECT_EQ(result.stored, c.store);
    EXPECT_EQ(result.gate.bounds.relative_l2, c.bound);
    EXPECT_EQ(torch_type(Checkpoint(out()).stored()), c.store);
  }
}

TEST_F(RotateFolder, AnFp64FoldIsExactToTwelveDigits) {
  write(test::config_with(true, true), at::kDouble);
  RotateOptions options = with(test::all_settings()[8].settings);
  options.compute.type = at::kDouble;
  const RotateResult result = rotate(options);
  EXPECT_EQ(result.gate.bounds.relative_l2, 1e-12);
  EXPECT_LE(result.gate.relative_l2, 1e-12);
}

TEST_F(RotateFolder, TheSameJobGivesTheSameBytes) {
  write(test::config_with(true, false));
  rotate(with(test::all_settings()[8].settings));
  rotate_folder(in(), folder_ / "again", with(test::all_settings()[8].settings), monitor_);
  for (const std::string& name : names_in(out()))
    EXPECT_EQ(test::read_text(out() / name), test::read_text(folder_ / "again" / name)) << name;
}

TEST_F(RotateFolder, ShardsWithTheirIndex) {
  write(test::config_with(false, false));
  rotate(with(test::all_settings()[7].settings));
  RotateOptions options = with(test::all_settings()[7].settings);
  options.shard_bytes = 10000;
  rotate_folder(in(), folder_ / "shards", options, monitor_);
  EXPECT_TRUE(fs::exists(folder_ / "shards" / "model.safetensors.index.json"));
  EXPECT_GT(names_in(folder_ / "shards").size(), 8U);
  const Checkpoint one(out()), many(folder_ / "shards");
  EXPECT_EQ(one.hash(), many.hash());
}

TEST_F(RotateFolder, RefusesWhatIsRotatedAlready) {
  write(test::config_with(false, false));
  rotate(with(test::all_settings()[7].settings));
  try {
    rotate_folder(out(), folder_ / "twice", with(test::all_settings()[7].settings), monitor_);
    FAIL() << "no refusal";
  } catch (const InputError& e) {
    EXPECT_EQ(e.key(), "rolora.kind");
  }
  EXPECT_THROW(rotate(with(test::all_settings()[7].settings)), Error);  // the target exists
  RotateOptions onto_itself = with(test::all_settings()[7].settings);
  onto_itself.force = true;
  EXPECT_THROW(rotate_folder(in(), in(), onto_itself, monitor_), UsageError);
  EXPECT_EQ(names_in(folder_.path()), (std::vector<std::string>{"in", "out"}));
}

// Queries and keys so large that attention is chaotic: rounding to bf16 changes the function, and the gate must say so.
TEST_F(RotateFolder, LeavesNothingBehindWhenTheGateFails) {
  const Json config = test::config_with(false, false);
  test::NamedTensors tensors = test::random_tensors(parse_model_config(config, "config"), 3);
  for (auto& [name, tensor] : tensors) {
    if (name.find("q_proj") != std::string::npos || name.find("k_proj") != std::string::npos) tensor = tensor * 30;
  }
  fs::create_directories(in());
  test::write_text(in() / "config.json", json_text(config));
  test::write_tensors(in() / "model.safetensors", tensors, at::kFloat);
  RotateOptions options = with(test::all_settings()[7].settings);
  options.store = at::kBFloat16;
  try {
    rotate(options);
    FAIL() << "no refusal";
  } catch (const GateError& e) {
    EXPECT_NE(std::string(e.what()).find("likely cause: dtype"), std::string::npos) << e.what();
  }
  EXPECT_EQ(names_in(folder_.path()), std::vector<std::string>{"in"});
}

TEST_F(RotateFolder, LeavesNothingBehindWhenAValueDoesNotFit) {
  const Json config = test::config_with(false, false);
  test::NamedTensors tensors = test::random_tensors(parse_model_config(config, "config"), 3);
  tensors["model.layers.1.mlp.up_proj.weight"] *= 1e6;
  fs::create_directories(in());
  test::write_text(in() / "config.json", json_text(config));
  test::write_tensors(in() / "model.safetensors", tensors, at::kFloat);
  RotateOptions options = with(test::all_settings()[7].settings);
  options.store = at::kHalf;
  EXPECT_THROW(rotate(options), NumericError);
  EXPECT_EQ(names_in(folder_.path()), std::vector<std::string>{"in"});
}

class StopAtOnce final : public Monitor {
 public:
  void progress(std::string_view, int64_t, int64_t) override {}
  void metric(std::string_view, int64_t, double) override {}
  void notice(std::string_view) override {}
  bool stop_requested() const override { return true; }
};

TEST_F(RotateFolder, LeavesNothingBehindWhenStopped) {
  write(test::config_with(false, false));
  StopAtOnce stop;
  EXPECT_THROW(rotate_folder(in(), out(), with(test::all_settings()[7].settings), stop), Cancelled);
  EXPECT_EQ(names_in(folder_.path()), std::vector<std::string>{"in"});
}

TEST_F(RotateFolder, SamplesTellADamagedCopy) {
  write(test::config_with(false, false));
  rotate(with(test::all_settings()[7].settings));
  std::string bytes = test::read_text(out() / "model.safetensors");
  bytes[bytes.size() - 30] ^= 0x40;  // an exponent bit of one weight
  test::write_text(out() / "model.safetensors", bytes);
  const auto check = verify_samples(RotatedFolder(out()), out(), at::kCPU, monitor_);
  ASSERT_TRUE(check);
  EXPECT_FALSE(check->passed);
  fs::remove(out() / "rotation_samples.safetensors");
  EXPECT_FALSE(verify_samples(RotatedFolder(out()), out(), at::kCPU, monitor_));
}

TEST_F(RotateFolder, ARotatedFolderWithoutItsRecordIsRefused) {
  write(test::config_with(false, false));
  rotate(with(test::all_settings()[7].settings));
  fs::remove(out() / "rotation.json");
  EXPECT_THROW(RotatedFolder{out()}, InputError);
  EXPECT_THROW(RotatedFolder{in()}, InputError);
}

}  // namespace
}  // namespace rolora
