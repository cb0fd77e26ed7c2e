// SPDX-License-Identifier: GPL-3.0-or-later
// What stderr shows of long work: the bar on a terminal, JSON lines for programs, nothing for a file; and how a stop ends it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include "app/bar.h"
#include "core/jobs/events.h"
#include "tests/app/process.h"
#include "tests/core/jobs/small_run.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using app::bar_line;
using test::Outcome;
using test::Process;
using test::rolora;
using ::testing::HasSubstr;

std::string cells(int filled) {
  return "[" + std::string(static_cast<size_t>(filled), '#') + std::string(static_cast<size_t>(24 - filled), '-') + "]";
}

TEST(BarLine, SharePercentAndCounts) {
  EXPECT_EQ(bar_line("rotate", 0, 8, std::nullopt, "", 200), "rotate " + cells(0) + "   0 %  0/8");
  EXPECT_EQ(bar_line("rotate", 1, 8, std::nullopt, "", 200), "rotate " + cells(3) + "  12 %  1/8") << "12.5 % is not 13 yet";
  EXPECT_EQ(bar_line("rotate", 4, 8, std::nullopt, "", 200), "rotate " + cells(12) + "  50 %  4/8");
  EXPECT_EQ(bar_line("rotate", 8, 8, std::nullopt, "", 200), "rotate " + cells(24) + " 100 %  8/8");
  EXPECT_EQ(bar_line("rotate", 999, 1000, std::nullopt, "", 200), "rotate " + cells(23) + "  99 %  999/1000")
      << "full only when all is done";
}

TEST(BarLine, AnUnknownTotalIsNotDone) {
  EXPECT_EQ(bar_line("x", 0, 0, std::nullopt, "", 200), "x " + cells(0) + "   0 %  0/0");
  EXPECT_EQ(bar_line("x", 9, 8, std::nullopt, "", 200), "x " + cells(24) + " 100 %  9/8") << "never beyond its end";
}

TEST(BarLine, EstimateUntilAllIsDoneThenTheTail) {
  EXPECT_EQ(bar_line("x", 1, 2, 65.4, "", 200), "x " + cells(12) + "  50 %  1/2  1:05 left");
  EXPECT_EQ(bar_line("x", 1, 2, 65.4, "loss 2.31", 200), "x " + cells(12) + "  50 %  1/2  1:05 left  loss 2.31");
  EXPECT_EQ(bar_line("x", 2, 2, 0.0, "loss 2.31", 200), "x " + cells(24) + " 100 %  2/2  loss 2.31");
}

TEST(BarLine, NeverWiderThanAsked) {
  const std::string whole = bar_line("finetune: step", 1, 2, 5.0, "loss 2", 200);
  for (const size_t width : {size_t{0}, size_t{1}, size_t{20}, whole.size() - 1, whole.size()}) {
    EXPECT_EQ(bar_line("finetune: step", 1, 2, 5.0, "loss 2", width), whole.substr(0, width));
  }
}

TEST(BarLine, Durations) {
  EXPECT_EQ(app::duration_text(0), "0:00");
  EXPECT_EQ(app::duration_text(59.6), "1:00");
  EXPECT_EQ(app::duration_text(3599), "59:59");
  EXPECT_EQ(app::duration_text(7389), "2:03:09");
  EXPECT_EQ(app::duration_text(-3), "0:00") << "an estimate may overshoot";
}

// Every line is an object of the documented format; returns them.
std::vector<Json> events_of(const Outcome& outcome) {
  std::vector<Json> events;
  for (const std::string& line : outcome.err_lines()) {
    events.push_back(Json::parse(line));
    EXPECT_EQ(events.back()["format"], kEventFormat) << line;
    EXPECT_TRUE(events.back()["event"].is_string()) << line;
    EXPECT_TRUE(events.back()["time"].is_number()) << line;
  }
  return events;
}

// Steps rise within a stage (a stage may come again, from its start); every stage ends with its last unit. Returns the number of events.
size_t expect_monotone(const std::vector<Json>& events) {
  size_t count = 0;
  Json last;
  for (const Json& e : events) {
    if (e["event"] != "progress") continue;
    ++count;
    for (const char* key : {"stage", "step", "total", "eta_seconds", "metrics"}) EXPECT_TRUE(e.contains(key)) << e << " lacks " << key;
    EXPECT_LE(e["step"], e["total"]) << e;
    EXPECT_TRUE(e["eta_seconds"].is_null() || e["eta_seconds"] >= 0) << e;
    if (last.is_object() && last["stage"] == e["stage"] && last["step"] != last["total"]) {
      EXPECT_GE(e["step"], last["step"]) << e;
      EXPECT_EQ(e["total"], last["total"]) << e;
    }
    if (last.is_object() && last["stage"] != e["stage"]) {
      EXPECT_EQ(last["step"], last["total"]) << last << " is not the stage's end";
    }
    last = e;
  }
  EXPECT_TRUE(last.is_object() && last["step"] == last["total"]) << last;
  return count;
}

class Progress : public ::testing::Test {
 protected:
  void SetUp() override {
    job_ = test::write_small_job(folder_.path()).string();
    model_ = (folder_ / "model").string();
    ids_ = (folder_ / "tuning.json").string();
  }
  std::vector<std::string> finetune(const std::string& steps) const {
    return {"finetune", model_,    "--ids", ids_,        "--format", "text",   "--block", "20",    "--batch",
            "2",        "--steps", steps,   "--threads", "1",        "--rank", "2",       "--out", (folder_ / "adapter").string()};
  }
  static std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  test::TempFolder folder_;
  std::string job_, model_, ids_;
};

TEST_F(Progress, LongVerbsReportJsonLinesToTheEnd) {
  const std::string out = (folder_ / "rotated").string(), windows = (folder_ / "calibration.json").string();
  const std::vector<std::vector<std::string>> verbs = {
      finetune("25"),
      {"rotate", model_, "--out", out},
      {"statistics", model_, "--against", out, "--ids", windows, "--context", "32", "--out", folder_ / "s.h5"},
      {"quantize", model_, "--weights", "4", "--method", "gptq", "--ids", windows, "--context", "32", "--samples", "4", "--out",
       folder_ / "q"},
      {"evaluate", model_, "--ids", windows, "--context", "32"},
      {"random-checkpoint", "--hidden", "32", "--intermediate", "48", "--out", folder_ / "random"}};
  for (const auto& verb : verbs) {
    const Outcome outcome = rolora(with(verb, {"--progress", "json", "--json"}));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(Json::parse(outcome.out).is_object()) << "the result stays alone on stdout";
    const std::vector<Json> events = events_of(outcome);
    ASSERT_GE(events.size(), 2u) << verb[0];
    EXPECT_GE(expect_monotone(events), 1u) << verb[0];
    EXPECT_EQ(events.back()["event"], "done") << verb[0];
  }
}

TEST_F(Progress, MetricsOfATrainingAreLinesOfTheirOwn) {
  const std::vector<Json> events = events_of(rolora(with(finetune("5"), {"--progress", "json"})));
  size_t losses = 0;
  for (const Json& e : events) {
    if (e["event"] != "metric" || e["name"] != "loss") continue;
    EXPECT_GT(e["value"].get<double>(), 0);
    EXPECT_GE(e["step"].get<int>(), 1);
    ++losses;
  }
  EXPECT_GE(losses, 1u);
}

TEST_F(Progress, AFailureIsAnEventAndTheErrorLine) {
  const Outcome outcome = rolora({"info", folder_ / "nowhere", "--progress", "json"});
  EXPECT_EQ(outcome.code, 1);
  const auto lines = outcome.err_lines();
  ASSERT_EQ(lines.size(), 2u) << outcome.err;
  const Json failed = Json::parse(lines[0]);
  EXPECT_EQ(failed["event"], "failed");
  EXPECT_EQ("error: " + failed["message"].get<std::string>(), lines[1]);
}

TEST_F(Progress, SigtermSavesATrainingAndEndsWithStopped) {
  const fs::path out = folder_ / "adapter";
  Process process(with(finetune("1000000"), {"--progress", "json"}));
  while (!process.ended() && process.err_so_far().find("\"event\":\"progress\"") == std::string::npos) test::pause_for(0.002);
  ASSERT_FALSE(process.ended());
  process.signal(SIGTERM);
  test::pause_for(0.001);
  process.signal(SIGTERM);  // as programs do that signal a process and then its group
  const Outcome stopped = process.wait();
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_EQ(stopped.out, "");
  const std::vector<Json> events = events_of(stopped);
  EXPECT_EQ(events.back()["event"], "stopped");
  EXPECT_FALSE(fs::exists(out));
  EXPECT_TRUE(fs::exists(out.string() + ".checkpoints")) << "what was trained is saved";
}

TEST_F(Progress, SigtermWithoutJsonIsOneReadableLine) {
  Process process(with(finetune("1000000"), {"--save-every", "5"}));
  while (!process.ended() && !fs::exists(folder_ / "adapter.checkpoints")) test::pause_for(0.002);
  ASSERT_FALSE(process.ended());
  process.signal(SIGTERM);
  const Outcome stopped = process.wait();
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  ASSERT_EQ(stopped.err_lines().size(), 1u) << stopped.err;
  EXPECT_TRUE(stopped.err.starts_with("stopped: ")) << stopped.err;
}

TEST_F(Progress, ARunsEventsRiseAndEndOnce) {
  const Outcome outcome = rolora({"run", job_, "--out", folder_ / "run", "--threads", "1", "--progress", "json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::vector<Json> events = events_of(outcome);
  double fraction = 0;
  int64_t endings = 0, index = -1;
  for (const Json& e : events) {
    endings += e["event"] == "done" || e["event"] == "failed" || e["event"] == "stopped" ? 1 : 0;
    if (e["event"] == "station" && e["state"] == "started") {
      EXPECT_EQ(e["index"], ++index);
    }
    if (e["event"] != "progress") continue;
    for (const char* key : {"station", "stage", "step", "total", "eta_seconds", "run_fraction", "run_eta_seconds", "metrics"}) {
      EXPECT_TRUE(e.contains(key)) << e << " lacks " << key;
    }
    EXPECT_LE(e["step"], e["total"]) << e;
    EXPECT_GE(e["run_fraction"].get<double>(), fraction) << e;
    fraction = e["run_fraction"];
  }
  EXPECT_EQ(index, 19) << "twenty stations";
  EXPECT_LE(fraction, 1);
  EXPECT_EQ(endings, 1);
  EXPECT_EQ(events.back()["event"], "done");
}

TEST_F(Progress, AStoppedRunEndsWithStopped) {
  const fs::path run = folder_ / "run";
  Process process({"run", job_, "--out", run, "--threads", "1", "--progress", "json"});
  while (!process.ended() && !fs::exists(run / "stations" / "lora")) test::pause_for(0.0005);
  process.signal(SIGSTOP);  // holds the run inside the station until the signal is on its way
  ASSERT_FALSE(process.ended()) << "the job is too short for this test";
  process.signal(SIGTERM);
  process.signal(SIGCONT);
  const Outcome stopped = process.wait();
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  const std::vector<Json> events = events_of(stopped);
  EXPECT_EQ(events.back()["event"], "stopped");
  EXPECT_TRUE(events.back()["station"].is_string());
}

TEST_F(Progress, NothingWhereStderrIsAFile) {
  const Outcome outcome = rolora(finetune("25"));
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
}

// What the command writes on a terminal of this many columns, both streams.
std::string on_terminal(const std::vector<std::string>& arguments, unsigned short columns, int& code) {
  const winsize size = {24, columns, 0, 0};
  const std::string program = test::rolora_program();
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (child < 0) throw std::runtime_error("no terminal to test with");
  if (child == 0) {
    std::vector<char*> argv = {const_cast<char*>(program.c_str())};
    for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  std::string shown;
  char part[4096];
  for (ssize_t n = 0; (n = ::read(terminal, part, sizeof part)) > 0;) shown.append(part, static_cast<size_t>(n));
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(terminal);
  code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return shown;
}

TEST_F(Progress, ABarThatFitsWhereStderrIsATerminal) {
  if (::access("/dev/pts/ptmx", F_OK) != 0) GTEST_SKIP() << "terminal: /dev/pts/ptmx: expected pseudo-terminals, found none";
  constexpr unsigned short kColumns = 60;
  int code = -1;
  const std::string shown = on_terminal(finetune("25"), kColumns, code);
  ASSERT_EQ(code, 0) << shown;
  EXPECT_THAT(shown, HasSubstr("\r\033[K"));
  EXPECT_THAT(shown, HasSubstr("100 %  25/25"));
  size_t bars = 0;
  for (size_t at = shown.find("\r\033[K"); at != std::string::npos; at = shown.find("\r\033[K", at + 1)) {
    const std::string line = shown.substr(at + 4, shown.find_first_of("\r\n", at + 4) - at - 4);
    EXPECT_LT(line.size(), kColumns) << line;
    bars += line.find('[') != std::string::npos ? 1 : 0;
  }
  EXPECT_GE(bars, 1u);
  fs::remove_all(folder_ / "adapter");
  for (const std::vector<std::string>& how : {std::vector<std::string>{"--quiet"}, {"--progress", "none"}}) {
    const std::string plain = on_terminal(with(finetune("5"), how), kColumns, code);
    EXPECT_EQ(code, 0) << plain;
    EXPECT_EQ(plain.find('\033'), std::string::npos) << plain;
    fs::remove_all(folder_ / "adapter");
  }
}

}  // namespace
}  // namespace rolora
