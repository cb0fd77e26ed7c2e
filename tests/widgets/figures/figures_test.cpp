// SPDX-License-Identifier: GPL-3.0-or-later
// The figures of a small run written by the test: what files come out, what they say, and that they are the same again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QDir>
#include <QImage>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/sample_run.h"
#include "tests/support/temporary_folder.h"
#include "widgets/figures/figures_command.h"
#include "widgets/figures/run_figures.h"

namespace {

using namespace rolora::widgets;
using rolora::test::SampleRun;
using rolora::testing::get_bytes;
using rolora::testing::TemporaryFolder;

class Figures : public testing::Test {
 protected:
  Figures() : run_(folder_ / "run") { run_.finish_all(); }
  FiguresOptions options(const char* out) const {
    FiguresOptions o;
    o.run = QString::fromStdString(run_.folder().string());
    o.out = QString::fromStdString((folder_ / out).string());
    o.dpi = 50;
    o.json = true;
    return o;
  }
  TemporaryFolder folder_;
  SampleRun run_;
};

nlohmann::json object(const FiguresOutcome& outcome) { return nlohmann::json::parse(outcome.out.toStdString()); }

TEST_F(Figures, EveryTemplateOfTheRunIsThere) {
  const FiguresOutcome outcome = export_run_figures(options("out"));
  ASSERT_EQ(outcome.code, 0) << outcome.error.toStdString();
  const nlohmann::json told = object(outcome);
  std::set<std::string> files, kinds;
  for (const auto& file : told["files"]) files.insert(file);
  std::set<std::string> lying;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "out")) {
    EXPECT_TRUE(entry.is_regular_file());
    EXPECT_GT(entry.file_size(), 20U) << entry.path();
    lying.insert(entry.path().filename().string());
  }
  EXPECT_EQ(files, lying);
  for (const auto& figure : told["figures"]) {
    const std::string name = figure["name"], caption = figure["caption"];
    kinds.insert(name.substr(0, name.find('-')));
    EXPECT_EQ(figure["files"].size(), 4U);
    EXPECT_THAT(name, testing::MatchesRegex("[A-Za-z0-9._-]+"));
    EXPECT_THAT(caption, testing::HasSubstr("story")) << name << " does not name its model";
  }
  EXPECT_THAT(kinds, testing::IsSupersetOf({"overview", "distribution", "profile", "surface", "errors", "training", "perplexity"}));
  EXPECT_TRUE(lying.contains("captions.txt"));
  EXPECT_THAT(folder_.names(), testing::UnorderedElementsAre("out", "run"));
}

TEST_F(Figures, CaptionsTellTextTokensAndSeed) {
  const FiguresOutcome outcome = export_run_figures(options("out"));
  ASSERT_EQ(outcome.code, 0) << outcome.error.toStdString();
  for (const auto& figure : object(outcome)["figures"]) {
    const std::string name = figure["name"], caption = figure["caption"];
    if (!name.starts_with("profile-down_in")) continue;
    EXPECT_THAT(caption, testing::AllOf(testing::HasSubstr("60 tokens in 3 windows of 20"), testing::HasSubstr("seed 0"),
                                        testing::HasSubstr("hadamard"), testing::HasSubstr("down_in")));
  }
}

TEST_F(Figures, TheSameRunGivesTheSameBytes) {
  ASSERT_EQ(export_run_figures(options("first")).code, 0);
  ASSERT_EQ(export_run_figures(options("second")).code, 0);
  int compared = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "first")) {
    EXPECT_EQ(get_bytes(entry.path()), get_bytes(folder_ / "second" / entry.path().filename().string())) << entry.path().filename();
    ++compared;
  }
  EXPECT_GT(compared, 30);
}

TEST_F(Figures, OneTemplateItsWidthAndItsDots) {
  FiguresOptions o = options("out");
  o.only = QStringLiteral("perplexity");
  o.width = 3.25;
  o.dpi = 200;
  ASSERT_EQ(export_run_figures(o).code, 0);
  const QImage image(o.out + QStringLiteral("/perplexity.png"));
  EXPECT_EQ(image.width(), 650);
  EXPECT_THAT(get_bytes(folder_ / "out" / "perplexity.svg"), testing::HasSubstr("viewBox=\"0 0 234 "));
  EXPECT_EQ(QDir(o.out).entryList(QDir::Files).size(), 5);
  const std::string csv = get_bytes(folder_ / "out" / "perplexity.csv");
  EXPECT_THAT(csv, testing::HasSubstr("15"));
}

TEST_F(Figures, AnExistingFolderIsRefusedWithoutForce) {
  FiguresOptions o = options("out");
  o.only = QStringLiteral("perplexity");
  std::filesystem::create_directory(folder_ / "out");
  std::ofstream(folder_ / "out" / "mine.txt") << "mine";
  const FiguresOutcome refused = export_run_figures(o);
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.error.toStdString(), testing::HasSubstr("out"));
  EXPECT_EQ(get_bytes(folder_ / "out" / "mine.txt"), "mine");
  o.force = true;
  EXPECT_EQ(export_run_figures(o).code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out" / "mine.txt"));
}

TEST_F(Figures, ABrokenFileIsOneLineAndLeavesNothing) {
  std::filesystem::resize_file(run_.folder() / "stations/outliers/statistics.h5", 700);
  const FiguresOutcome outcome = export_run_figures(options("out"));
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.error.toStdString(), testing::HasSubstr("statistics.h5"));
  EXPECT_FALSE(outcome.error.contains(QLatin1Char('\n')));
  EXPECT_THAT(folder_.names(), testing::UnorderedElementsAre("run"));
}

TEST_F(Figures, AFolderThatIsNoRunIsOneLine) {
  FiguresOptions o = options("out");
  o.run = QString::fromStdString((folder_ / "nothing").string());
  const FiguresOutcome outcome = export_run_figures(o);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_FALSE(outcome.error.isEmpty());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out"));
}

TEST(FiguresOptions, WrongUsageIsNamed) {
  const auto error_of = [](const QStringList& words) {
    QString error;
    figures_options(words, &error);
    return error.toStdString();
  };
  EXPECT_EQ(error_of({"--figures", "r", "--out=o", "--json", "--width", "6.75", "--dpi", "600", "--template", "errors"}), "");
  EXPECT_THAT(error_of({"--figures", "r"}), testing::StartsWith("--out:"));
  EXPECT_THAT(error_of({"--out", "r"}), testing::StartsWith("--figures:"));
  EXPECT_THAT(error_of({"--figures", "r", "--out"}), testing::HasSubstr("expected a value"));
  EXPECT_THAT(error_of({"--figures", "r", "--out", "o", "--dpi", "72.5"}), testing::HasSubstr("72.5"));
  EXPECT_THAT(error_of({"--figures", "r", "--out", "o", "--width", "nan"}), testing::HasSubstr("--width"));
  EXPECT_THAT(error_of({"--figures", "r", "--out", "o", "--template", "cake"}), testing::HasSubstr("cake"));
  EXPECT_THAT(error_of({"--figures", "r", "--out", "o", "--colour"}), testing::HasSubstr("--colour"));
}

}  // namespace
