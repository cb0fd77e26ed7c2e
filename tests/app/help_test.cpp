// SPDX-License-Identifier: GPL-3.0-or-later
// What a newcomer reads: the overview, and in every verb's help each option with its default and where that comes from.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>

#include "core/base/version.h"
#include "tests/app/process.h"

namespace rolora {
namespace {

using test::Outcome;
using test::rolora;
using ::testing::HasSubstr;

// The path of a researcher; other verbs may stand between.
const std::vector<std::string> kPath = {"info",     "tokenize", "statistics", "rotate", "finetune", "merge",
                                        "quantize", "evaluate", "generate",   "logits", "run",      "random-checkpoint"};

// The entries of a help page's lists: "  NAME ...   text", texts that begin on the next line or go on there joined.
std::vector<std::string> entries(const std::string& help) {
  std::vector<std::string> found;
  bool listing = false;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    if (line == "Options:" || line == "Positionals:" || line == "Subcommands:") {
      listing = true;
    } else if (line.empty()) {
      listing = false;
    } else if (listing && line.starts_with("  ") && line[2] != ' ') {
      found.push_back(line);
    } else if (listing) {
      found.back() += " " + line.substr(line.find_first_not_of(' '));
    }
  }
  return found;
}

std::vector<std::string> verbs_of(const std::string& overview) {
  std::vector<std::string> verbs;
  for (const std::string& entry : entries(overview)) {
    if (entry[2] != '-') verbs.push_back(entry.substr(2, entry.find(' ', 2) - 2));
  }
  return verbs;
}

// (default VALUE; SOURCE) or (required …). The parser's own --help needs neither.
::testing::AssertionResult names_default_and_source(const std::string& entry) {
  static const std::regex with_default(
      R"(.*\(default [^;]+; (RoLoRA|QuaRot|GPTQ|LoRA|Stanford Alpaca|transformers|command contract|own choice)\b.*\))");
  static const std::regex required(R"(.*\(required[^)]*\))");
  if (std::regex_match(entry, with_default) || std::regex_match(entry, required)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "no default with its source, nor \"required\": " << entry;
}

TEST(Help, OverviewNamesEveryVerbOnceInAResearchersOrder) {
  const Outcome outcome = rolora({"--help"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const std::string& entry : entries(outcome.out)) EXPECT_LE(entry.size(), 120u) << "one line a verb";
  std::vector<std::string> verbs = verbs_of(outcome.out);
  EXPECT_EQ(std::set<std::string>(verbs.begin(), verbs.end()).size(), verbs.size()) << "each once";
  std::erase_if(verbs, [](const std::string& verb) { return std::find(kPath.begin(), kPath.end(), verb) == kPath.end(); });
  EXPECT_EQ(verbs, kPath);
  size_t at = outcome.out.find("One path through it");
  for (const char* step : {"rolora info ", "rolora rotate ", "rolora statistics ", "rolora finetune ", "rolora merge ", "rolora quantize ",
                           "rolora evaluate ", "rolora run "}) {
    at = outcome.out.find(step, at);
    ASSERT_NE(at, std::string::npos) << "the example of the whole path has " << step;
  }
  EXPECT_THAT(outcome.out, HasSubstr("Usage: rolora "));
}

TEST(Help, EveryOptionNamesItsDefaultAndWhereItComesFromOrIsRequired) {
  for (const std::string& verb : verbs_of(rolora({"--help"}).out)) {
    const Outcome outcome = rolora({verb, "--help"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    size_t options = 0;
    for (const std::string& entry : entries(outcome.out)) {
      if (entry.starts_with("  -h,--help")) continue;
      EXPECT_TRUE(names_default_and_source(entry)) << verb;
      // What the parser enforces and what the text says are the same.
      if (entry.find(" REQUIRED ") != std::string::npos) {
        EXPECT_THAT(entry, HasSubstr("(required")) << verb;
      }
      ++options;
    }
    EXPECT_GE(options, 8u) << verb << " has the general options at least";
  }
}

TEST(Help, TheCheckItselfFindsWhatIsMissing) {
  EXPECT_TRUE(names_default_and_source("  --lr FLOAT  Rate (default 1e-4; RoLoRA)"));
  EXPECT_TRUE(names_default_and_source("  --context INT  Tokens (default min(2048, the model's limit); GPTQ)"));
  EXPECT_FALSE(names_default_and_source("  --lr FLOAT  Rate (default 1e-4)"));
  EXPECT_FALSE(names_default_and_source("  --lr FLOAT  Rate (default 1e-4; somewhere)"));
  EXPECT_FALSE(names_default_and_source("  --lr FLOAT  Rate"));
}

TEST(Help, Version) {
  const Outcome outcome = rolora({"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, std::string("rolora ") + kToolVersion + "\n");
}

TEST(Help, WrongUsageIsOneLineThatSaysWhereHelpIs) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{}, "error: expected a verb, found none (see rolora --help)"},
      {{"--nothing"}, "error: The following argument was not expected: --nothing (see rolora --help)"},
      {{"walk"}, "error: walk: expected a verb, found none of that name (see rolora --help)"},
      {{"rotate"}, "(see rolora rotate --help)"},
      {{"rotate", "m"}, "error: --out is required (see rolora rotate --help)"},
      {{"finetune", "m", "--out", "o", "--lr", "0"}, "--lr: expected a number above 0, found 0"},
      {{"finetune", "m", "--out", "o", "--weight-decay", "-1"}, "--weight-decay: expected a number of at least 0, found -1"},
      {{"info", "m", "--threads", "5000"}, "--threads: Value 5000 not in range"}};
  for (const auto& [arguments, message] : wrong) {
    const Outcome outcome = rolora(arguments);
    EXPECT_EQ(outcome.code, 2) << message;
    EXPECT_EQ(outcome.out, "") << message;
    ASSERT_EQ(outcome.err_lines().size(), 1u) << outcome.err;
    EXPECT_TRUE(outcome.err.starts_with("error: ")) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(message));
  }
}

}  // namespace
}  // namespace rolora
