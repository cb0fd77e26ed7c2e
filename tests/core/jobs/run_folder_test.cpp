// SPDX-License-Identifier: GPL-3.0-or-later
// The run folder: what may be started where, what counts as done, who holds the lock.
#include "core/jobs/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "core/base/error.h"
#include "tests/core/jobs/tree.h"

namespace rolora {
namespace {

using test::put;
using test::read_text;
using test::TempFolder;
using testing::HasSubstr;
using Mode = RunFolder::Mode;

const Json kMachine = {{"device", "cpu"}, {"threads", 1}};

Json job(double lr = 0.1) {
  return {{"format", 1},
          {"model", {{"path", "m"}, {"sha256", "aa"}}},
          {"texts", {{"file", {{"file", "t"}, {"sha256", "bb"}}}}},
          {"stations", {{{"id", "one"}, {"lr", lr}}, {{"id", "two"}, {"lr", 1}}}}};
}

template <class F>
std::string refusal(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "(accepted)";
}

TEST(RunFolder, AnExistingFolderNeedsResumeOrForce) {
  TempFolder t;
  const auto out = t / "run";
  { RunFolder run(out, Mode::create, job(), kMachine); }
  EXPECT_THAT(refusal([&] { RunFolder run(out, Mode::create, job(), kMachine); }), HasSubstr("--out: expected a new folder"));
  put(t / "other/file.txt", "mine");
  EXPECT_THAT(refusal([&] { RunFolder run(t / "other", Mode::resume, job(), kMachine); }), HasSubstr("other files (file.txt)"));
  EXPECT_EQ(read_text(t / "other/file.txt"), "mine");
  put(t / "plain", "file");
  EXPECT_THAT(refusal([&] { RunFolder run(t / "plain", Mode::replace, job(), kMachine); }), HasSubstr("no folder"));
  EXPECT_THAT(refusal([&] { RunFolder run(std::filesystem::current_path(), Mode::replace, job(), kMachine); }), HasSubstr("current"));
}

TEST(RunFolder, ResumeNeverClearsAForeignFolder) {
  for (const char* resembling : {"job.json", "lock"}) {
    TempFolder t;
    put(t / "mine" / resembling, "{}");
    put(t / "mine/thesis.txt", "years of work");
    EXPECT_THAT(refusal([&] { RunFolder run(t / "mine", Mode::resume, job(), kMachine); }), HasSubstr("other files")) << resembling;
    EXPECT_EQ(read_text(t / "mine/thesis.txt"), "years of work") << resembling;
  }
}

TEST(RunFolder, ForceStartsAnew) {
  TempFolder t;
  const auto out = t / "run";
  {
    RunFolder run(out, Mode::create, job(), kMachine);
    run.begin_station("one", {});
    run.finish_station("one", {{"x", 1}});
  }
  RunFolder run(out, Mode::replace, job(0.2), kMachine);
  EXPECT_FALSE(run.resumed());
  EXPECT_FALSE(run.is_done("one"));
  EXPECT_EQ(read_json_file(out / "job.json"), job(0.2));
}

TEST(RunFolder, ResumeKeepsDoneStationsAndRefusesAnotherJob) {
  TempFolder t;
  const auto out = t / "run";
  {
    RunFolder run(out, Mode::create, job(), kMachine);
    run.begin_station("one", {});
    run.finish_station("one", {{"x", 0.1}});
  }
  {
    RunFolder run(out, Mode::resume, job(), kMachine);
    EXPECT_TRUE(run.resumed());
    EXPECT_TRUE(run.is_done("one"));
    EXPECT_FALSE(run.is_done("two"));
    EXPECT_EQ(run.result("one"), Json({{"x", 0.1}}));
  }
  EXPECT_THAT(refusal([&] { RunFolder run(out, Mode::resume, job(0.2), kMachine); }),
              HasSubstr("job.json: stations[one].lr: expected 0.1"));
  Json other_text = job();
  other_text["texts"]["file"]["sha256"] = "cc";
  EXPECT_THAT(refusal([&] { RunFolder run(out, Mode::resume, other_text, kMachine); }), HasSubstr("texts.file.sha256"));
  Json fewer = job();
  fewer["stations"].erase(1);
  EXPECT_THAT(refusal([&] { RunFolder run(out, Mode::resume, fewer, kMachine); }), HasSubstr("stations: expected"));
  EXPECT_THAT(refusal([&] {
                RunFolder run(out, Mode::resume, job(), {{"device", "cpu"}, {"threads", 2}});
              }),
              HasSubstr("threads: expected 1"));
  Json moved = job();
  moved["model"]["path"] = "elsewhere";
  moved["texts"]["file"]["file"] = "elsewhere";
  EXPECT_EQ(refusal([&] { RunFolder run(out, Mode::resume, moved, kMachine); }), "(accepted)");
}

TEST(RunFolder, AStationCountsOnlyWithItsMarkerAndUnchangedResult) {
  TempFolder t;
  RunFolder run(t / "run", Mode::create, job(), kMachine);
  run.begin_station("one", {});
  put(run.station("one") / "result.json", "{}\n");
  EXPECT_FALSE(run.is_done("one"));
  run.finish_station("one", {{"x", 1}});
  EXPECT_TRUE(run.is_done("one"));
  put(run.station("one") / "result.json", "{\"x\": 2}\n");
  EXPECT_FALSE(run.is_done("one"));
}

TEST(RunFolder, BeginningRemovesLeftoversButWhatIsKept) {
  TempFolder t;
  RunFolder run(t / "run", Mode::create, job(), kMachine);
  run.begin_station("one", {});
  put(run.station("one") / "adapter.checkpoints/step-1/state", "kept");
  put(run.station("one") / ".adapter.partial-1/half", "x");
  put(run.station("one") / "model/half", "x");
  put(run.station("one") / "DONE", "wrong");
  run.begin_station("one", {"adapter.checkpoints"});
  EXPECT_EQ(test::bytes_of_tree(run.station("one")).size(), 3u);
  EXPECT_EQ(read_text(run.station("one") / "adapter.checkpoints/step-1/state"), "kept");
}

TEST(RunFolder, AStartThatWasKilledCanBeResumed) {
  TempFolder t;
  std::filesystem::create_directories(t / "empty");
  { RunFolder run(t / "empty", Mode::resume, job(), kMachine); }
  put(t / "locked/lock", "999999999");
  put(t / "locked/run.json", "{");
  RunFolder run(t / "locked", Mode::resume, job(), kMachine);
  EXPECT_FALSE(run.resumed());
  EXPECT_EQ(read_json_file(t / "locked/job.json"), job());
}

TEST(RunFolder, ResumeRemovesHalfWrittenFilesOfTheDead) {
  TempFolder t;
  { RunFolder run(t / "run", Mode::create, job(), kMachine); }
  put(t / "run/.report.html.partial-12", "half");
  put(t / "run/tables/.a.csv.partial-12", "half");
  RunFolder run(t / "run", Mode::resume, job(), kMachine);
  EXPECT_FALSE(std::filesystem::exists(t / "run/.report.html.partial-12"));
  EXPECT_FALSE(std::filesystem::exists(t / "run/tables/.a.csv.partial-12"));
}

TEST(RunLock, OneProcessAtATimeAndTheDeadHoldNothing) {
  TempFolder t;
  int to_parent[2];
  ASSERT_EQ(::pipe(to_parent), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    RunLock lock(t.path());
    if (::write(to_parent[1], "x", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(to_parent[0], &byte, 1), 1);
  EXPECT_THAT(refusal([&] { RunLock lock(t.path()); }), HasSubstr("process " + std::to_string(child)));
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(std::filesystem::exists(t / "lock")) << "a killed process leaves its file";
  {
    RunLock lock(t.path());
    EXPECT_EQ(read_text(t / "lock"), std::to_string(::getpid()));
  }
  EXPECT_FALSE(std::filesystem::exists(t / "lock"));
}

}  // namespace
}  // namespace rolora
