// SPDX-License-Identifier: GPL-3.0-or-later
// rolora run --dry-run: checks as a run does, touches nothing, and says what the run would cost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/app/process.h"
#include "tests/core/jobs/small_run.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::rolora;
using ::testing::HasSubstr;

class DryRun : public ::testing::Test {
 protected:
  test::TempFolder folder_;  // first: the job lies in it
  std::string job_ = test::write_small_job(folder_.path()).string();
  Json job() const { return Json::parse(test::read_text(job_)); }
  std::string write(const Json& job, const std::string& name) const {
    std::ofstream(folder_ / name) << job.dump();
    return folder_ / name;
  }
};

TEST_F(DryRun, EstimatesEveryStationAndTouchesNothing) {
  const auto before = test::bytes_of_tree(folder_.path());
  const Outcome run = rolora({"run", job_, "--dry-run", "--out", folder_ / "run", "--threads", "1", "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(test::bytes_of_tree(folder_.path()), before);
  EXPECT_FALSE(fs::exists(folder_ / "run"));
  const Json estimate = Json::parse(run.out);
  ASSERT_EQ(estimate["stations"].size(), job()["stations"].size());
  double seconds = 0, peak = 0, disk = 0;
  for (const Json& station : estimate["stations"]) {
    double bytes = estimate["program_bytes"];
    for (const Json& part : station["memory"]) {
      EXPECT_GT(part["bytes"].get<double>(), 0) << station["id"] << " " << part["what"];
      bytes += part["bytes"].get<double>();
    }
    EXPECT_DOUBLE_EQ(station["peak_bytes"].get<double>(), bytes);
    EXPECT_DOUBLE_EQ(station["seconds"].get<double>(),
                     station["work_tokens"].get<double>() * estimate["pace"]["seconds_per_token"].get<double>());
    seconds += station["seconds"].get<double>();
    disk += station["disk_bytes"].get<double>();
    peak = std::max(peak, bytes);
  }
  EXPECT_DOUBLE_EQ(estimate["seconds"].get<double>(), seconds);
  EXPECT_DOUBLE_EQ(estimate["peak_bytes"].get<double>(), peak);
  EXPECT_DOUBLE_EQ(estimate["disk_bytes"].get<double>(), disk);
  EXPECT_GT(estimate["free_bytes"].get<double>(), 0);
}

TEST_F(DryRun, RefusesWhatARunRefusesInTheSameWords) {
  Json wrong = job();
  wrong["stations"][0]["colour"] = "blue";
  const std::string file = write(wrong, "wrong.json");
  const Outcome dry = rolora({"run", file, "--dry-run"}), wet = rolora({"run", file, "--out", folder_ / "run"});
  EXPECT_EQ(dry.code, 1);
  EXPECT_EQ(dry.err, wet.err);
  EXPECT_THAT(dry.err, HasSubstr("colour"));
  fs::create_directories(folder_ / "there");
  EXPECT_EQ(rolora({"run", job_, "--dry-run", "--out", folder_ / "there"}).code, 1) << "an existing folder";
  EXPECT_EQ(rolora({"run", job_}).code, 2) << "only a dry run goes without --out";
}

TEST_F(DryRun, MoreWorkCostsMore) {
  Json once = job();
  once["stations"] = Json::array(
      {{{"id", "e"}, {"kind", "evaluate"}, {"model", "base"}, {"text", once["texts"].begin().key()}, {"context", 16}, {"windows", 2}}});
  Json twice = once;
  twice["stations"][0]["windows"] = 4;
  const auto work = [&](const Json& job) {
    const Outcome run = rolora({"run", write(job, "j.json"), "--dry-run", "--threads", "1", "--json"});
    EXPECT_EQ(run.code, 0) << run.err;
    return Json::parse(run.out)["stations"][0]["work_tokens"].get<double>();
  };
  EXPECT_DOUBLE_EQ(work(twice), 2 * work(once));
}

TEST_F(DryRun, TheTableSaysHowItIsEstimated) {
  const Outcome run = rolora({"run", job_, "--dry-run", "--threads", "1"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("one layer was run on this machine"));
  EXPECT_THAT(run.out, HasSubstr("nothing was written"));
}

}  // namespace
}  // namespace rolora
