// SPDX-License-Identifier: GPL-3.0-or-later
// rolora run as a process: exit codes, what stands on which stream, signals, kills at random moments, two runs at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/random.h"
#include "tests/app/process.h"
#include "tests/core/jobs/small_run.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::Process;
using test::rolora;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class RunCommand : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    shared_ = std::make_unique<test::TempFolder>();
    job_ = test::write_small_job(shared_->path()).string();
    const auto begin = std::chrono::steady_clock::now();
    finished_ = rolora({"run", job_, "--out", reference(), "--threads", "1", "--progress", "json", "--json"});
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  static void TearDownTestSuite() { shared_.reset(); }
  static std::string reference() { return *shared_ / "reference"; }
  // Nothing but the log may differ from the uninterrupted run.
  static std::string difference_to_reference(const fs::path& run) {
    return test::tree_difference(test::bytes_of_tree(reference()), test::bytes_of_tree(run));
  }
  test::TempFolder folder_;
  static std::unique_ptr<test::TempFolder> shared_;
  static std::string job_;
  static Outcome finished_;
  static double seconds_;
};
std::unique_ptr<test::TempFolder> RunCommand::shared_;
std::string RunCommand::job_;
Outcome RunCommand::finished_;
double RunCommand::seconds_ = 0;

TEST_F(RunCommand, PrintsOneObjectAndEventsAsLines) {
  ASSERT_EQ(finished_.code, 0) << finished_.err;
  const Json object = Json::parse(finished_.out);
  ASSERT_EQ(object["stations"].size(), 20u);
  for (const Json& station : object["stations"]) {
    const Json stored = read_json_file(fs::path(reference()) / "stations" / station["id"].get<std::string>() / "result.json");
    EXPECT_EQ(station, stored);
  }
  const auto lines = finished_.err_lines();
  ASSERT_GE(lines.size(), 20u);
  for (const std::string& line : lines) {
    const Json event = Json::parse(line);
    EXPECT_EQ(event["format"], 1);
    EXPECT_TRUE(event["event"].is_string());
  }
  EXPECT_EQ(Json::parse(lines.front())["event"], "start");
  EXPECT_EQ(Json::parse(lines.back())["event"], "done");
}

TEST_F(RunCommand, QuietOnStderrAndReadableWithoutJson) {
  const Outcome again = rolora({"run", job_, "--out", reference(), "--resume"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.err, "") << "no terminal, no progress";
  EXPECT_THAT(again.out, HasSubstr("ppl-base  perplexity "));
  EXPECT_THAT(again.out, HasSubstr("report.html"));
}

TEST_F(RunCommand, UsageErrorsExitWithTwo) {
  EXPECT_EQ(rolora({"run"}).code, 2);
  EXPECT_EQ(rolora({"run", job_}).code, 2) << "no --out";
  EXPECT_EQ(rolora({"run", job_, "--out", folder_ / "x", "--nothing"}).code, 2);
  EXPECT_EQ(rolora({"run", job_, "--out", folder_ / "x", "--resume", "--force"}).code, 2);
  EXPECT_EQ(rolora({"run", job_, "--out", folder_ / "x", "--text", "calibration"}).code, 2);
  EXPECT_EQ(rolora({"run", job_, "--out", folder_ / "x", "--text", "calibration=a", "--text", "calibration=b"}).code, 2);
  EXPECT_EQ(rolora({"walk", job_}).code, 2);
  EXPECT_FALSE(fs::exists(folder_ / "x"));
}

TEST_F(RunCommand, BadInputExitsWithOneAndOneLineAndLeavesNothing) {
  const std::vector<std::pair<std::string, std::string>> broken = {
      {"{", "job.json: line 1"},
      {R"({"format": 9})", "job.json: format: expected"},
      {R"({"format": 1, "name": "x", "model": {"path": "m"}, "stations": [], "colour": 1})", "stations: expected at least one"},
      {R"({"format": 1, "name": "x", "model": {"path": "m"}, "stations": [{"id": "a", "kind": "evaluate", "model": "b", "text": "t"}]})",
       "stations[0].model: expected base"},
  };
  for (const auto& [text, message] : broken) {
    test::put(folder_ / "job.json", text);
    const Outcome refused = rolora({"run", folder_ / "job.json", "--out", folder_ / "run", "--json"});
    EXPECT_EQ(refused.code, 1) << text;
    EXPECT_EQ(refused.out, "");
    ASSERT_EQ(refused.err_lines().size(), 1u) << refused.err;
    EXPECT_THAT(refused.err, StartsWith("error: "));
    EXPECT_THAT(refused.err, HasSubstr(message));
    EXPECT_FALSE(fs::exists(folder_ / "run"));
  }
  EXPECT_EQ(rolora({"run", folder_ / "missing.json", "--out", folder_ / "run"}).code, 1);
  const Outcome existing = rolora({"run", job_, "--out", reference()});
  EXPECT_EQ(existing.code, 1);
  EXPECT_THAT(existing.err, HasSubstr("--out: expected a new folder"));
}

TEST_F(RunCommand, OverridesRunTheJobOnOtherInputs) {
  test::write_random_model(folder_ / "other", test::small_config(), 77, at::kFloat);
  test::write_ids(folder_ / "mine.json", 120, 9);
  const Outcome outcome = rolora({"run", job_, "--out", folder_ / "run", "--threads", "1", "--quiet", "--json", "--model",
                                  folder_ / "other", "--text", "evaluation=" + (folder_ / "mine.json").string()});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  const Json job = read_json_file(folder_ / "run/job.json"), before = read_json_file(fs::path(reference()) / "job.json");
  EXPECT_EQ(job["model"]["path"], "other");
  EXPECT_NE(job["model"]["sha256"], before["model"]["sha256"]);
  EXPECT_NE(job["texts"]["evaluation"]["sha256"], before["texts"]["evaluation"]["sha256"]);
  EXPECT_EQ(job["texts"]["tuning"], before["texts"]["tuning"]);
}

TEST_F(RunCommand, InterruptsSaveStopAndExitWith130) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const fs::path run = folder_ / std::to_string(signal);
    Process process({"run", job_, "--out", run, "--threads", "1", "--quiet"});
    while (!process.ended() && !fs::exists(run / "stations" / "lora")) test::pause_for(0.0005);
    process.signal(SIGSTOP);  // holds the run inside the station until the signal is on its way
    ASSERT_FALSE(process.ended()) << "the job is too short for this test";
    process.signal(signal);
    process.signal(SIGCONT);
    const Outcome stopped = process.wait();
    EXPECT_EQ(stopped.code, 130) << stopped.err;
    EXPECT_EQ(read_json_file(run / "run.json")["state"], "stopped");
    EXPECT_FALSE(fs::exists(run / "lock"));
    EXPECT_FALSE(fs::exists(run / "report.html"));
    const Outcome resumed = rolora({"run", job_, "--out", run, "--resume", "--quiet"});  // --threads is the run's own
    EXPECT_EQ(resumed.code, 0) << resumed.err;
    EXPECT_EQ(difference_to_reference(run), "");
  }
}

TEST_F(RunCommand, KilledAtAnyMomentItResumesToTheSameBytes) {
  Random random(20, "moments of kills");
  int kills = 0;
  double length = seconds_;  // of a run that others may have slowed down
  for (int round = 0; round < 3 || (kills < 3 && round < 10); ++round) {
    const fs::path run = folder_ / ("killed-" + std::to_string(round));
    for (int attempt = 0; attempt < 4; ++attempt) {
      Process process({"run", job_, "--out", run, "--threads", "1", "--quiet", "--resume"});
      test::pause_for(length * (0.15 + 0.6 * random.uniform()));
      if (process.ended()) {
        if (attempt == 0) length /= 2;
        break;
      }
      process.signal(SIGKILL);
      EXPECT_EQ(process.wait().code, 128 + SIGKILL);
      ++kills;
    }
    const Outcome last = rolora({"run", job_, "--out", run, "--threads", "1", "--quiet", "--resume"});
    ASSERT_EQ(last.code, 0) << last.err;
    EXPECT_EQ(difference_to_reference(run), "") << "round " << round;
    fs::remove_all(run);
  }
  EXPECT_GE(kills, 3);
}

TEST_F(RunCommand, TwoRunsNeverShareAFolder) {
  const fs::path run = folder_ / "run";
  Process first({"run", job_, "--out", run, "--threads", "1", "--quiet"});
  while (!first.ended() && !fs::exists(run / "job.json")) test::pause_for(0.001);
  first.signal(SIGSTOP);
  if (fs::exists(run / "lock")) {
    for (const char* how : {"--resume", "--force"}) {
      const Outcome second = rolora({"run", job_, "--out", run, how, "--threads", "1", "--quiet"});
      EXPECT_EQ(second.code, 1) << how;
      EXPECT_THAT(second.err, HasSubstr("lock: expected no other run at work on this folder, found process "));
    }
  } else {
    ADD_FAILURE() << "the first run ended before it could be looked at";
  }
  first.signal(SIGCONT);
  EXPECT_EQ(first.wait().code, 0);
  EXPECT_EQ(difference_to_reference(run), "");
}

TEST_F(RunCommand, ForceStartsAnew) {
  const fs::path run = folder_ / "run";
  test::put(run / "old.txt", "old");
  EXPECT_EQ(rolora({"run", job_, "--out", run, "--threads", "1", "--quiet", "--force"}).code, 0);
  EXPECT_EQ(difference_to_reference(run), "");
}

TEST_F(RunCommand, OtherThreadsAreNotMixedIn) {
  const Outcome refused = rolora({"run", job_, "--out", reference(), "--resume", "--threads", "2"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("threads: expected 1"));
}

TEST_F(RunCommand, SeedAndDtypeReplaceTheJobsOwn) {
  const Outcome refused = rolora({"run", job_, "--out", reference(), "--resume", "--seed", "5"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("job.json: seed: expected 4"));
  const Outcome other = rolora({"run", job_, "--out", reference(), "--resume", "--dtype", "float64"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.err, HasSubstr("job.json: dtype: expected \"float32\""));
}

// Not the model's limit (64) but the evaluation's own context is what a look's calibration takes when it is told nothing, as the verb does.
TEST_F(RunCommand, ALookIsTheVerbsLook) {
  const fs::path source = fs::path(job_).parent_path();
  const auto look = [&](const Json& context) {
    Json job = read_json_file(job_);
    Json how = {{"weights", 3}, {"method", "gptq"}, {"calibration", "calibration"}, {"samples", 2}};
    if (!context.is_null()) how["context"] = context;
    job["model"]["path"] = (source / "model").string();
    for (auto& [name, text] : job["texts"].items()) text["file"] = (source / text["file"].get<std::string>()).string();
    job["stations"] = Json::array(
        {{{"id", "look"}, {"kind", "evaluate"}, {"model", "base"}, {"text", "evaluation"}, {"context", 16}, {"quantization", how}}});
    test::put(folder_ / "job.json", job.dump());
    const Outcome run = rolora({"run", folder_ / "job.json", "--out", folder_ / "run", "--force", "--threads", "1", "--json", "--quiet"});
    EXPECT_EQ(run.code, 0) << run.err;
    return Json::parse(run.out)["stations"][0]["perplexity"].get<double>();
  };
  const Outcome verb =
      rolora({"evaluate", source / "model", "--ids", source / "evaluation.json", "--context", "16", "--weights", "3", "--method", "gptq",
              "--calibration-ids", source / "calibration.json", "--samples", "2", "--threads", "1", "--json", "--quiet"});
  ASSERT_EQ(verb.code, 0) << verb.err;
  const double expected = Json::parse(verb.out)["perplexity"];
  EXPECT_EQ(look(nullptr), expected);
  EXPECT_NE(look(64), expected) << "the context matters here";
}

}  // namespace
}  // namespace rolora
