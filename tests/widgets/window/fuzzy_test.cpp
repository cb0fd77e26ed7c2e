// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/fuzzy.h"

#include <gtest/gtest.h>

namespace rolora::widgets {
namespace {

int score(const char* pattern, const char* text) {
  const auto match = fuzzy_match(QString::fromUtf8(pattern), QString::fromUtf8(text));
  return match ? match->score : -1000;
}

TEST(Fuzzy, FindsLettersInOrderOnly) {
  EXPECT_TRUE(fuzzy_match(QStringLiteral("opm"), QStringLiteral("Open model")));
  EXPECT_TRUE(fuzzy_match(QStringLiteral("OPEN"), QStringLiteral("open model")));
  EXPECT_FALSE(fuzzy_match(QStringLiteral("mpo"), QStringLiteral("Open model")));
  EXPECT_FALSE(fuzzy_match(QStringLiteral("openx"), QStringLiteral("Open model")));
  EXPECT_TRUE(fuzzy_match(QString(), QStringLiteral("Open model")));
}

TEST(Fuzzy, StrewnLettersAreNoMatch) {
  EXPECT_FALSE(fuzzy_match(QStringLiteral("prompt"), QStringLiteral("Perplexity: Show the outliers of most points")));
  EXPECT_FALSE(fuzzy_match(QStringLiteral("dark"), QStringLiteral("Drag a rectangle back")));
  EXPECT_TRUE(fuzzy_match(QStringLiteral("plex"), QStringLiteral("Perplexity")));
  EXPECT_TRUE(fuzzy_match(QStringLiteral("reslay"), QStringLiteral("Reset layout")));
}

TEST(Fuzzy, WordsInAnyOrder) {
  EXPECT_TRUE(fuzzy_match(QStringLiteral("model open"), QStringLiteral("Open model")));
  EXPECT_FALSE(fuzzy_match(QStringLiteral("model shut"), QStringLiteral("Open model")));
}

TEST(Fuzzy, BeginningsAndRunsCountMore) {
  EXPECT_GT(score("rl", "Reset layout"), score("rl", "Perplexity rolls"));
  EXPECT_GT(score("lay", "Lock layout"), score("lay", "Later any year"));
  EXPECT_GT(score("open", "Open model"), score("open", "Reopen model"));
}

TEST(Fuzzy, TellsWhichLettersMatched) {
  const auto match = fuzzy_match(QStringLiteral("rl"), QStringLiteral("Reset layout"));
  ASSERT_TRUE(match);
  EXPECT_EQ(match->positions, (QVector<int>{0, 6}));
}

TEST(Fuzzy, TakesTheBestOfSeveralAlignments) {
  const auto match = fuzzy_match(QStringLiteral("map"), QStringLiteral("many apes: map"));
  ASSERT_TRUE(match);
  EXPECT_EQ(match->positions, (QVector<int>{11, 12, 13}));
}

}  // namespace
}  // namespace rolora::widgets
