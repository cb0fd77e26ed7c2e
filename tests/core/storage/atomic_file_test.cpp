// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/atomic_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.h"
#include "tests/support/temporary_folder.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using testing::get_bytes;
using testing::put_bytes;
using testing::TemporaryFolder;
using Names = std::vector<std::string>;

/// While it lives, no file may grow beyond `bytes`: a disk that is full, as far as write() can tell.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    signal_ = ::signal(SIGXFSZ, SIG_IGN);
    const rlimit small{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, signal_);
  }

 private:
  rlimit before_{};
  sighandler_t signal_ = SIG_DFL;
};

// The number of a process that has lived and lives no more.
pid_t dead_process() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

TEST(WriteFileAtomically, CreatesAndReplaces) {
  const TemporaryFolder folder;
  write_file_atomically(folder / "a", "first");
  EXPECT_EQ(get_bytes(folder / "a"), "first");
  write_file_atomically(folder / "a", "");
  EXPECT_EQ(get_bytes(folder / "a"), "");
  EXPECT_EQ(folder.names(), Names{"a"});
}

TEST(WriteFileAtomically, AFullDiskLeavesTheOldFileAndNothingElse) {
  const TemporaryFolder folder;
  put_bytes(folder / "a", "old");
  {
    const SmallDisk disk(1000);
    try {
      write_file_atomically(folder / "a", std::string(100'000, 'x'));
      FAIL() << "100 kB fit into 1 kB";
    } catch (const DeviceError& e) {
      EXPECT_EQ(std::string(e.what()), (folder / "a").string() + ": cannot write: File too large");
    }
  }
  EXPECT_EQ(get_bytes(folder / "a"), "old");
  EXPECT_EQ(folder.names(), Names{"a"});
}

TEST(WriteFileAtomically, AReaderKeepsTheFileItOpened) {
  const TemporaryFolder folder;
  put_bytes(folder / "a", "old");
  std::ifstream reader(folder / "a");
  write_file_atomically(folder / "a", "new");
  std::string text;
  reader >> text;
  EXPECT_EQ(text, "old");
}

TEST(WriteFileAtomically, FollowsALinkInsteadOfReplacingIt) {
  const TemporaryFolder folder;
  put_bytes(folder / "real", "old");
  fs::create_symlink("real", folder / "link");
  write_file_atomically(folder / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(get_bytes(folder / "real"), "new");
}

TEST(WriteFileAtomically, RefusesFoldersDevicesAndMissingFolders) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "d");
  EXPECT_THROW(write_file_atomically(folder / "d", "x"), InputError);
  EXPECT_THROW(write_file_atomically("/dev/null", "x"), InputError);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  try {
    write_file_atomically(folder / "none" / "a", "x");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(std::string(e.what()), (folder / "none" / "a").string() + ": cannot create: No such file or directory");
  }
  EXPECT_EQ(folder.names(), Names{"d"});
}

TEST(PendingFile, DestroyedWithoutCommitLeavesNothing) {
  const TemporaryFolder folder;
  {
    const PendingFile pending(folder / "a");
    put_bytes(pending.path(), "half");
    EXPECT_EQ(pending.path().parent_path(), folder.path());
  }
  EXPECT_TRUE(folder.names().empty());
}

TEST(PendingFile, RemovesWhatADeadProcessLeftAndOnlyThat) {
  const TemporaryFolder folder;
  const std::string dead = std::to_string(dead_process()), alive = std::to_string(::getppid());
  const Names kept = {".a.partial-" + alive, ".a.partial-x" + dead, ".b.partial-" + dead, "a"};
  for (const std::string& name : kept) put_bytes(folder / name, "keep");
  put_bytes(folder / (".a.partial-" + dead), "left");
  write_file_atomically(folder / "a", "new");
  EXPECT_EQ(folder.names(), kept);
}

TEST(AppendLine, AddsLinesAndNeverHalfOfOne) {
  const TemporaryFolder folder;
  append_line(folder / "log", "one");
  append_line(folder / "log", "two");
  EXPECT_EQ(get_bytes(folder / "log"), "one\ntwo\n");
  {
    const SmallDisk disk(10);
    EXPECT_THROW(append_line(folder / "log", "three"), DeviceError);
  }
  EXPECT_EQ(get_bytes(folder / "log"), "one\ntwo\n");
}

TEST(ReadFile, ReadsAllBytesUpToTheLimit) {
  const TemporaryFolder folder;
  const std::string bytes("a\0\xff\n", 4);
  put_bytes(folder / "a", bytes);
  EXPECT_EQ(read_file(folder / "a"), bytes);
  EXPECT_EQ(read_file(folder / "a", 4), bytes);
  try {
    read_file(folder / "a", 3);
    FAIL();
  } catch (const InputError& e) {
    EXPECT_EQ(e.expected(), "at most 3 bytes");
    EXPECT_EQ(e.found(), "4");
  }
  EXPECT_THROW(read_file(folder / "none"), InputError);
  EXPECT_THROW(read_file(folder.path()), InputError);
  EXPECT_THROW(read_file("/dev/zero", 1 << 20), InputError) << "a stream without an end stops at the limit";
}

TEST(PendingFolder, AppearsWholeByCommit) {
  const TemporaryFolder folder;
  PendingFolder pending(folder / "out", false);
  put_bytes(pending.path() / "x", "1");
  EXPECT_FALSE(fs::exists(folder / "out"));
  pending.commit();
  EXPECT_EQ(get_bytes(folder / "out" / "x"), "1");
  EXPECT_EQ(folder.names(), Names{"out"});
}

TEST(PendingFolder, DestroyedWithoutCommitLeavesNothingNotEvenParents) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "kept");
  {
    const PendingFolder a(folder / "one/two/out/", false), b(folder / "kept/three/out", false);
    EXPECT_EQ(a.path().parent_path(), folder / "one/two");
    put_bytes(a.path() / "x", "1");
  }
  EXPECT_EQ(folder.names(), Names{"kept"});
  EXPECT_TRUE(fs::is_empty(folder / "kept"));
}

TEST(PendingFolder, RefusesAnExistingTargetWithoutForce) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "out");
  put_bytes(folder / "file", "x");
  try {
    const PendingFolder pending(folder / "out", false);
    FAIL();
  } catch (const InputError& e) {
    EXPECT_EQ(std::string(e.what()),
              (folder / "out").string() + ": --out: expected a new folder, found an existing one (use --force to replace it)");
  }
  EXPECT_THROW(PendingFolder(folder / "file", true), InputError) << "a file is never replaced by a folder";
  EXPECT_EQ(folder.names(), (Names{"file", "out"}));
}

TEST(PendingFolder, WithForceTheOldOneStaysUntilCommit) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "out");
  put_bytes(folder / "out" / "old", "1");
  {
    const PendingFolder abandoned(folder / "out", true);
    put_bytes(abandoned.path() / "new", "2");
  }
  EXPECT_TRUE(fs::exists(folder / "out" / "old"));
  PendingFolder pending(folder / "out", true);
  put_bytes(pending.path() / "new", "2");
  EXPECT_TRUE(fs::exists(folder / "out" / "old"));
  pending.commit();
  EXPECT_FALSE(fs::exists(folder / "out" / "old")) << "replaced whole, not merged";
  EXPECT_EQ(get_bytes(folder / "out" / "new"), "2");
  EXPECT_EQ(folder.names(), Names{"out"});
}

TEST(PendingFolder, ReplacesBehindALink) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "real");
  fs::create_directory_symlink("real", folder / "link");
  EXPECT_THROW(PendingFolder(folder / "link", false), InputError);
  PendingFolder pending(folder / "link", true);
  put_bytes(pending.path() / "new", "2");
  pending.commit();
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(get_bytes(folder / "real" / "new"), "2");
}

TEST(PendingFolder, ATargetThatAppearsMeanwhileIsNotOverwritten) {
  const TemporaryFolder folder;
  {
    PendingFolder pending(folder / "out", false);
    fs::create_directory(folder / "out");  // even an empty one, which rename() alone would replace
    EXPECT_THROW(pending.commit(), InputError);
  }
  EXPECT_EQ(folder.names(), Names{"out"});
  EXPECT_TRUE(fs::is_empty(folder / "out"));
}

TEST(PendingFolder, ForceNeverRemovesTheFolderOneStandsInOrHome) {
  const TemporaryFolder folder;
  fs::create_directories(folder / "home/me/here");
  const fs::path before = fs::current_path();
  fs::current_path(folder / "home/me/here");
  EXPECT_THROW(PendingFolder(".", true), InputError);
  EXPECT_THROW(PendingFolder(folder / "home", true), InputError);
  fs::current_path(before);
  const char* home = std::getenv("HOME");
  const std::string kept = home == nullptr ? "" : home;
  ::setenv("HOME", (folder / "home/me").c_str(), 1);
  EXPECT_THROW(PendingFolder(folder / "home", true), InputError);
  EXPECT_THROW(PendingFolder(folder / "home/me", true), InputError);
  EXPECT_NO_THROW(PendingFolder(folder / "home/me/here", true));
  home == nullptr ? ::unsetenv("HOME") : ::setenv("HOME", kept.c_str(), 1);
  EXPECT_TRUE(fs::is_directory(folder / "home/me/here"));
  EXPECT_THROW(PendingFolder("/", true), InputError);
}

TEST(PendingFolder, RemovesWhatADeadProcessLeft) {
  const TemporaryFolder folder;
  const std::string dead = std::to_string(dead_process());
  fs::create_directories(folder / (".out.partial-" + dead) / "sub");
  fs::create_directories(folder / (".out.replaced-" + dead));
  {
    const PendingFolder pending(folder / "out", false);
    EXPECT_FALSE(fs::exists(folder / (".out.partial-" + dead)));
    EXPECT_TRUE(fs::exists(folder / (".out.replaced-" + dead))) << "without a target this may be the only copy";
  }
  fs::create_directory(folder / "out");
  const PendingFolder pending(folder / "out", true);
  EXPECT_FALSE(fs::exists(folder / (".out.replaced-" + dead)));
}

// A process killed in the middle: the target is as before, and the next run with the same target cleans up.
TEST(PendingFolder, SurvivesAKill) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "out");
  put_bytes(folder / "out" / "old", "1");
  const pid_t child = ::fork();
  if (child == 0) {
    const PendingFolder pending(folder / "out", true);
    put_bytes(pending.path() / "new", "2");
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(get_bytes(folder / "out" / "old"), "1");
  EXPECT_EQ(folder.names().size(), 2u) << "the killed process leaves its partial folder";
  PendingFolder(folder / "out", true);
  EXPECT_EQ(folder.names(), Names{"out"});
}

TEST(RemoveFolder, TakesTheNameAwayFirst) {
  const TemporaryFolder folder;
  const std::string dead = std::to_string(dead_process()), alive = std::to_string(::getppid());
  fs::create_directories(folder / ".out.removed-x");
  fs::create_directories(folder / (".out.removed-" + dead) / "sub");
  fs::create_directories(folder / (".out.removed-" + alive));
  fs::create_directories(folder / (".out.removed-" + std::to_string(::getpid())) / "of an earlier process with this number");
  fs::create_directories(folder / "out" / "sub");
  put_bytes(folder / "out" / "sub" / "x", "1");
  remove_folder(folder / "out" / "");
  EXPECT_EQ(folder.names(), (Names{".out.removed-" + alive, ".out.removed-x"}));
  EXPECT_NO_THROW(remove_folder(folder / "out")) << "nothing there";
  fs::create_directories(folder / ".out.removed-" / "no number");
  fs::create_directories(folder / (".out.removed-" + dead));
  remove_leftovers(folder / "out");
  EXPECT_FALSE(fs::exists(folder / (".out.removed-" + dead)));
}

}  // namespace
}  // namespace rolora
