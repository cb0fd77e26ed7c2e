// SPDX-License-Identifier: GPL-3.0-or-later
// Quantization from the command line: what is ignored or falls back is told, numbers have the job's ranges, and a look that is not saved
// leaves nothing behind however it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/app/process.h"
#include "tests/core/jobs/small_run.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::Process;
using test::rolora;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

class Quantization : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TempFolder>();
    test::write_random_model(*folder_ / "model", test::small_config(), 5);
    test::write_ids(*folder_ / "ids.json", 200, 1);
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static Outcome call(Words words, const Words& more = {}) {
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {"--threads", "1", "--json"});
    return rolora(words, folder_->path());
  }
  static std::unique_ptr<test::TempFolder> folder_;
  const Words quantize_ = {"quantize", "model", "--out", "out", "--force", "--weights", "4", "--activations", "4"};
  const Words evaluate_ = {"evaluate", "model", "--ids", "ids.json", "--context", "16", "--weights", "4", "--activations", "4"};
};
std::unique_ptr<test::TempFolder> Quantization::folder_;

std::string as_notes(const Json& notices) {
  std::string text;
  for (const Json& line : notices) text += "note: " + line.get<std::string>() + "\n";
  return text;
}

TEST_F(Quantization, CalibrationOptionsWithoutATextAreNamedAsIgnored) {
  const auto ignored = [](const std::string& option) { return option + " is ignored: it is about a calibration text, and none is given"; };
  const Outcome quantized = call(quantize_, {"--samples", "8", "--context", "16", "--error-samples", "2", "--corpus", "c4"});
  ASSERT_EQ(quantized.code, 0) << quantized.err;
  const Json told = Json::parse(quantized.out)["notices"];
  EXPECT_EQ(told, Json({ignored("--corpus"), ignored("--context"), ignored("--samples"), ignored("--error-samples")}));
  EXPECT_EQ(quantized.err, as_notes(told));
  const Outcome look = call(evaluate_, {"--samples", "8", "--calibration-context", "16"});
  ASSERT_EQ(look.code, 0) << look.err;
  EXPECT_EQ(Json::parse(look.out)["notices"], Json({ignored("--calibration-context"), ignored("--samples")}));
  const Outcome plain = call({"evaluate", "model", "--ids", "ids.json", "--context", "16", "--samples", "8"});
  EXPECT_EQ(Json::parse(plain.out)["notices"], Json({ignored("--samples")}));
  for (const Outcome& silent :
       {call(quantize_), call(quantize_, {"--ids", "ids.json", "--context", "16", "--samples", "8"}), call(evaluate_)}) {
    EXPECT_EQ(Json::parse(silent.out)["notices"], Json::array());
    EXPECT_EQ(silent.err, "");
  }
}

TEST_F(Quantization, ACorpusOfIdsIsWrongUsage) {
  const Outcome quantized = call(quantize_, {"--ids", "ids.json", "--corpus", "c4"});
  EXPECT_EQ(quantized.code, 2);
  EXPECT_EQ(quantized.err, "error: --corpus: expected together with --calibration, found with --ids\n");
  const Outcome look = call(evaluate_, {"--calibration-ids", "ids.json", "--calibration-corpus", "c4"});
  EXPECT_EQ(look.code, 2);
  EXPECT_EQ(look.err, "error: --calibration-corpus: expected together with --calibration, found with --calibration-ids\n");
}

TEST_F(Quantization, GroupsThatDoNotDivideAreListedAndTold) {
  const Words groups = {"--group", "16", "--activation-group", "12"};
  for (const Words& verb : {quantize_, evaluate_}) {
    const Outcome outcome = call(verb, groups);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Json result = Json::parse(outcome.out);
    EXPECT_EQ(result["per_channel"].size(), 14u);
    EXPECT_EQ(result["per_token"], Json({"layers.0.down_in", "layers.1.down_in"}));
    ASSERT_EQ(result["notices"].size(), 2u);
    EXPECT_THAT(outcome.err,
                HasSubstr("note: activation group 12 does not divide the width of down_in (40): 2 inputs are quantized per token\n"));
    EXPECT_EQ(outcome.err, as_notes(result["notices"]));
  }
  const Json linears = read_json_file(*folder_ / "out/quantization.json")["linears"];
  EXPECT_EQ(linears["model.layers.0.mlp.down_proj"]["activation_group_fell_back"], true);
  EXPECT_EQ(linears["model.layers.0.mlp.up_proj"]["activation_group"], 12);
}

TEST_F(Quantization, NumbersHaveTheJobsRanges) {
  const auto with = [&](const std::string& option, const std::string& value) {
    Words words = {"--method", "gptq", "--ids", "ids.json", option, value};
    if (option != "--context") words.insert(words.end(), {"--context", "16"});
    return call(quantize_, words);
  };
  EXPECT_EQ(with("--damp", "0").code, 0) << "24 inputs and 192 tokens: the Hessian needs no damping";
  EXPECT_EQ(with("--error-samples", "0").code, 0);
  for (const auto& [option, value, message] :
       std::vector<std::array<std::string, 3>>{{"--damp", "-1", "--damp: expected a number of at least 0"},
                                               {"--error-samples", "-1", "--error-samples: expected a number of windows from 0"},
                                               {"--samples", "0", "--samples: expected a number of windows from 1"},
                                               {"--context", "1", "--context: expected a number of tokens from 2"},
                                               {"--block", "0", "--block: expected a number of columns from 1"}}) {
    const Outcome refused = with(option, value);
    EXPECT_EQ(refused.code, 2) << option;
    EXPECT_THAT(refused.err, HasSubstr("error: " + message)) << option;
  }
}

// Names in a folder, but for those of the tests' own temporary folders.
Words names_in(const fs::path& folder) {
  Words names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (const std::string name = entry.path().filename(); !name.starts_with("rolora-test-")) names.push_back(name);
  }
  return names;
}

// Held inside the calibration, then ended in every way there is.
TEST_F(Quantization, ALookLeavesNothingBehindHoweverItEnds) {
  const fs::path place = *folder_ / "place";
  fs::create_directory(place);
  Json config = test::small_config();
  config["num_hidden_layers"] = 64;  // long enough to be caught at work
  test::write_random_model(*folder_ / "deep", config, 5);
  const Words words = {"evaluate",          "deep",     "--ids",     "ids.json", "--context",  "16",  "--weights", "4", "--method", "gptq",
                       "--calibration-ids", "ids.json", "--threads", "1",        "--progress", "json"};
  ::setenv("TMPDIR", place.c_str(), 1);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGKILL, 0}) {
    Process process(words, folder_->path());
    while (!process.ended() && process.err_so_far().find(place.string()) == std::string::npos) test::pause_for(0.0005);
    if (signal != 0) {
      process.signal(SIGSTOP);
      ASSERT_FALSE(process.ended()) << "the work is too short for this test";
      EXPECT_EQ(names_in(place), Words());
      process.signal(signal);
      process.signal(SIGCONT);
    }
    const Outcome outcome = process.wait();
    EXPECT_THAT(outcome.err, HasSubstr("quantize: integers to a nameless file in " + place.string())) << "told as progress";
    EXPECT_EQ(outcome.code, signal == 0 ? 0 : signal == SIGINT || signal == SIGTERM ? 130 : 128 + signal) << outcome.err;
    EXPECT_EQ(names_in(place), Words()) << "after signal " << signal;
  }
  ::unsetenv("TMPDIR");
}

}  // namespace
}  // namespace rolora
