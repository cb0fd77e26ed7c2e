// SPDX-License-Identifier: GPL-3.0-or-later
// rolora figures: starts rolora-workbench beside itself; streams and exit codes are those of a verb.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/app/process.h"
#include "tests/support/sample_run.h"

namespace {

using rolora::test::Outcome;
using rolora::test::rolora;
using rolora::test::rolora_program;
using rolora::test::SampleRun;
using rolora::test::TempFolder;
using testing::HasSubstr;

namespace fs = std::filesystem;

bool window_is_built() { return fs::exists(fs::path(rolora_program()).parent_path() / "rolora-workbench"); }

TEST(Figures, FilesOfARunThroughTheCommand) {
  if (!window_is_built()) GTEST_SKIP() << "rolora-workbench does not lie beside rolora: built without the window";
  const TempFolder folder;
  SampleRun run(folder / "run");
  run.finish_all();
  const std::string out = folder / "figures";
  const Outcome done = rolora({"figures", run.folder().string(), "--out", out, "--template", "perplexity", "--dpi", "72", "--json"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.err, "");
  for (const auto& file : nlohmann::json::parse(done.out)["files"])
    EXPECT_TRUE(fs::is_regular_file(fs::path(out) / file.get<std::string>()));
  for (const char* ending : {"pdf", "svg", "png", "csv"}) EXPECT_TRUE(fs::exists(fs::path(out) / (std::string("perplexity.") + ending)));

  const Outcome again = rolora({"figures", run.folder().string(), "--out", out, "--template", "perplexity"});
  EXPECT_EQ(again.code, 1) << "an existing folder is refused";
  EXPECT_EQ(again.err_lines().size(), 1U) << again.err;
  EXPECT_THAT(again.err, testing::StartsWith("error: "));
  EXPECT_EQ(again.out, "");
  EXPECT_EQ(rolora({"figures", run.folder().string(), "--out", out, "--template", "perplexity", "--dpi", "72", "--force"}).code, 0);
}

TEST(Figures, ARunThatIsNoneIsOneLine) {
  if (!window_is_built()) GTEST_SKIP() << "rolora-workbench does not lie beside rolora: built without the window";
  const TempFolder folder;
  const Outcome failed = rolora({"figures", folder / "nothing", "--out", folder / "figures"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.err_lines().size(), 1U) << failed.err;
  EXPECT_FALSE(fs::exists(folder / "figures"));
}

TEST(Figures, WrongUsage) {
  const TempFolder folder;
  SampleRun run(folder / "run");
  EXPECT_EQ(rolora({"figures", run.folder().string()}).code, 2);
  EXPECT_EQ(rolora({"figures", run.folder().string(), "--out", folder / "o", "--width", "0"}).code, 2);
  EXPECT_EQ(rolora({"figures", run.folder().string(), "--out", folder / "o", "--dpi", "10.5"}).code, 2);
  const Outcome inside = rolora({"figures", run.folder().string(), "--out", (run.folder() / "stations").string()});
  EXPECT_EQ(inside.code, 2);
  EXPECT_THAT(inside.err, HasSubstr("expected a place apart"));
}

TEST(Figures, WithoutTheWindowItSaysWhatIsMissing) {
  const TempFolder folder;
  SampleRun run(folder / "run");
  const fs::path alone = fs::path(folder / "bin");
  fs::create_directory(alone);
  fs::copy_file(rolora_program(), alone / "rolora");
  const char* before = std::getenv("ROLORA_BIN");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("ROLORA_BIN", (alone / "rolora").c_str(), 1);
  const Outcome failed = rolora({"figures", run.folder().string(), "--out", folder / "figures"});
  ::setenv("ROLORA_BIN", kept.c_str(), 1);
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.err_lines().size(), 1U) << failed.err;
  EXPECT_THAT(failed.err, testing::AllOf(testing::StartsWith("error: "), HasSubstr("rolora-workbench"), HasSubstr("expected")));
}

}  // namespace
