// SPDX-License-Identifier: GPL-3.0-or-later
// rolora statistics --against on folders that other verbs wrote: what is a rotation of the model, and what states are called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/app/process.h"
#include "tests/core/jobs/small_run.h"

namespace rolora {
namespace {

using test::Outcome;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class StatisticsCommand : public ::testing::Test {
 protected:
  StatisticsCommand() {
    test::write_random_model(folder_ / "plain", test::small_config(), 5, at::kFloat);
    test::write_ids(folder_ / "ids.json", 64, 1);
  }
  // Names are folders and files of the test's own.
  Outcome call(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--threads", "1", "--quiet", "--json"});
    return test::rolora(arguments, folder_.path());
  }
  void make(const std::vector<std::string>& arguments) const {
    const Outcome outcome = call(arguments);
    ASSERT_EQ(outcome.code, 0) << arguments.front() << ": " << outcome.err;
  }
  // `model` tuned a little and merged.
  void tune(const std::string& model, const std::string& out) const {
    make({"finetune", model, "--ids", "ids.json", "--block", "16", "--steps", "2", "--lr", "0.01", "--out", out + "-adapter"});
    make({"merge", model, out + "-adapter", "--out", out});
  }
  Outcome statistics(const std::string& model, const std::string& against = "") const {
    std::vector<std::string> arguments = {"statistics", model, "--ids", "ids.json", "--context", "16", "--out", "s.h5"};
    if (!against.empty()) arguments.insert(arguments.end(), {"--against", against});
    return call(arguments);
  }
  static std::vector<std::string> states(const Outcome& outcome) {
    std::vector<std::string> names;
    if (outcome.code != 0) return {outcome.err};
    const Json object = Json::parse(outcome.out);
    for (const auto& [name, state] : object["states"].items()) names.push_back(name);
    return names;  // sorted
  }
  test::TempFolder folder_;
};

TEST_F(StatisticsCommand, AFolderTunedAfterItsRotationDoesNotStandAgainstTheModel) {
  make({"rotate", "plain", "--out", "rotated"});
  tune("rotated", "tuned");
  EXPECT_THAT(states(statistics("plain", "rotated")), ElementsAre("folded", "plain", "rotated"));
  std::filesystem::remove(folder_ / "s.h5");
  const Outcome refused = statistics("plain", "tuned");
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err_lines(),
              ElementsAre("error: tuned/config.json: rolora.tuned: expected the weights of plain, rotated and no more, "
                          "found an adapter merged into them"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "s.h5"));
  EXPECT_THAT(states(statistics("tuned")), ElementsAre("tuned"));
}

TEST_F(StatisticsCommand, ATunedModelIsComparedWithItsOwnRotation) {
  tune("plain", "tuned");
  make({"rotate", "tuned", "--out", "rotated"});
  EXPECT_THAT(states(statistics("tuned", "rotated")), ElementsAre("folded", "rotated", "tuned"));
  EXPECT_THAT(statistics("plain", "rotated").err, HasSubstr("rotated/rotation.json: base_hash: expected the hash of plain"));
}

}  // namespace
}  // namespace rolora
