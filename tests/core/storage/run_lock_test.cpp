// SPDX-License-Identifier: GPL-3.0-or-later
// The lock beside a folder that is still to come. (The lock inside a run folder, and the death of its holder: tests/core/jobs.)
#include "core/storage/run_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "core/base/error.h"
#include "tests/support/temporary_folder.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TemporaryFolder;

std::string refusal(const fs::path& target) {
  try {
    const RunLock lock = RunLock::beside(target);
  } catch (const InputError& e) {
    return e.what();
  }
  return "taken";
}

TEST(RunLockBeside, IsOneForEveryNameOfTheTarget) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "real");
  fs::create_directory_symlink(folder / "real", folder / "link");
  const RunLock lock = RunLock::beside(folder / "real");
  EXPECT_TRUE(fs::exists(folder / ".real.lock"));
  for (const fs::path& name : {folder / "real", folder / "real/", folder / "./real", folder / "other/../real", folder / "link"}) {
    EXPECT_THAT(refusal(name),
                HasSubstr(": lock: expected no other run at work on this folder, found process " + std::to_string(::getpid())));
    EXPECT_THAT(refusal(name), ::testing::StartsWith(name.string() + ": "));
  }
  EXPECT_EQ(refusal(folder / "real2"), "taken");
  EXPECT_EQ(refusal("/"), "/: --out: expected a folder name, found none");
}

TEST(RunLockBeside, LeavesNothingButWhatOthersPutThere) {
  const TemporaryFolder folder;
  { const RunLock lock = RunLock::beside(folder / "a/b/out"); }
  EXPECT_TRUE(folder.names().empty());
  {
    const RunLock lock = RunLock::beside(folder / "a/b/out");
    fs::create_directories(folder / "a/result");
  }
  EXPECT_EQ(folder.names(), std::vector<std::string>{"a"});
  EXPECT_FALSE(fs::exists(folder / "a/b"));
  testing::put_bytes(folder / "file", "");
  EXPECT_THROW(RunLock::beside(folder / "file/out"), Error);
}

}  // namespace
}  // namespace rolora
