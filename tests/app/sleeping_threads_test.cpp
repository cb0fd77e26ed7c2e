// SPDX-License-Identifier: GPL-3.0-or-later
// `rolora run` starts itself again so that waiting threads sleep: seen from outside it stays the process that was started.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/app/process.h"

namespace rolora {
namespace {

std::string in_proc(pid_t process, const char* name) {
  std::string text = test::read_text("/proc/" + std::to_string(process) + "/" + name);
  std::replace(text.begin(), text.end(), '\0', '\n');
  return text;
}

TEST(SleepingThreads, ARunKeepsItsProcessNameAndExitCode) {
  const std::string job = (test::source_folder() / "resources/jobs/story.json").string();
  ::unsetenv("OMP_WAIT_POLICY");
  test::Process run({"run", job, "--dry-run"});
  for (int i = 0; i < 200 && in_proc(run.pid(), "environ").find("OMP_WAIT_POLICY=passive") == std::string::npos; ++i) {
    ASSERT_FALSE(run.ended()) << "before it was seen";
    test::pause_for(0.02);
  }
  EXPECT_THAT(in_proc(run.pid(), "environ"), testing::HasSubstr("OMP_WAIT_POLICY=passive"));
  EXPECT_EQ(in_proc(run.pid(), "comm"), "rolora\n");
  EXPECT_EQ(run.wait().code, 0);
}

TEST(SleepingThreads, TheUsersOwnPolicyStays) {
  ::setenv("OMP_WAIT_POLICY", "active", 1);
  test::Process run({"run", (test::source_folder() / "resources/jobs/story.json").string(), "--dry-run"});
  test::pause_for(0.5);
  ASSERT_FALSE(run.ended());
  EXPECT_THAT(in_proc(run.pid(), "environ"), testing::HasSubstr("OMP_WAIT_POLICY=active"));
  ::unsetenv("OMP_WAIT_POLICY");
}

}  // namespace
}  // namespace rolora
