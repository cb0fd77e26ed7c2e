// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QSignalSpy>
#include <QTest>
#include <cmath>

#include "tests/support/folders.h"
#include "tests/support/sample_statistics.h"
#include "widgets/base/format.h"
#include "widgets/data/pairs.h"
#include "widgets/data/run_store.h"

#include "widgets/data/site_words.h"

namespace rolora::widgets {
namespace {

class Sentence : public testing::Test {
 protected:
  void SetUp() override {
    test::write_sample(folder_ / "story.h5");
    bool there = false;
    store_.open(file_, nullptr, [&](const auto& result) { there = result.ok(); });
    ASSERT_TRUE(QTest::qWaitFor([&] { return there; }));
  }
  QString said(const Selection& s) {
    selection_.propose(s);
    SelectionSentence sentence(workbench_);
    EXPECT_TRUE(QTest::qWaitFor([&] { return known(s); }));
    return sentence.current();
  }
  bool known(const Selection& s) {
    if (s.layer < 0) return true;
    return selected_value(s, s.a, store_).has_value() && (!s.b.valid() || selected_value(s, s.b, store_).has_value());
  }
  TensorFigures site(const char* state, int layer) const {
    return store_.summary(file_)->find(QLatin1String(state))->sites.at({layer, SiteKind::down_in}).all;
  }

  test::TempFolder folder_;
  QString file_ = QString::fromStdString((folder_ / "story.h5").string());
  StatisticsStore store_;
  SelectionModel selection_;
  RunStore runs_;
  Workbench workbench_{&selection_, &store_, &runs_};
  StateRef plain_{file_, QStringLiteral("plain")}, rotated_{file_, QStringLiteral("rotated")};
};

TEST_F(Sentence, NamesRunStatesPlaceValueAndRatio) {
  Selection s;
  s.a = plain_;
  s.layer = 1;
  s.channel = test::kPlantedChannel;
  const QString ratio = times(80 / site("plain", 1).token_median);
  const QString before = QStringLiteral("%1 (%2 median)").arg(number(80, 4), ratio);
  EXPECT_EQ(said(s).toStdString(),
            QStringLiteral("story · plain · layer 1 · down_proj input · channel 7 · absmax %1").arg(before).toStdString());
  s.b = plain_;
  s.a = rotated_;
  const QString after = QStringLiteral("%1 (%2 median)").arg(number(6, 4), times(6 / site("rotated", 1).token_median));
  EXPECT_EQ(said(s).toStdString(),
            QStringLiteral("story · rotated (seed 0) vs plain · layer 1 · down_proj input · channel 7 · absmax %1 vs %2")
                .arg(after, before)
                .toStdString());
  s.comparison = Comparison::difference;
  EXPECT_TRUE(said(s).contains(QStringLiteral("rotated (seed 0) − plain"))) << said(s).toStdString();
  EXPECT_TRUE(said(s).endsWith(QStringLiteral("absmax difference ") + number(-74, 4))) << said(s).toStdString();
  s.comparison = Comparison::ratio;
  EXPECT_TRUE(said(s).endsWith(QStringLiteral("absmax ratio ") + times(6.0 / 80))) << said(s).toStdString();
}

TEST_F(Sentence, NamesATokenWithItsTextAndTheValueWithItsSign) {
  Selection s;
  s.a = plain_;
  s.layer = 1;
  s.channel = test::kPlantedChannel;
  s.token = test::kPlantedToken;
  const QString sentence = said(s);
  EXPECT_TRUE(sentence.contains(QStringLiteral("token 33 “␣133” · value ") + number(-80, 4))) << sentence.toStdString();
  s.channel = -1;
  EXPECT_TRUE(said(s).contains(QStringLiteral("token 33 “␣133” · absmax ") + number(80, 4))) << said(s).toStdString();
}

TEST_F(Sentence, SpeaksOfTheRmsWhereTheSelectionDoes) {
  Selection s;
  s.a = plain_;
  s.layer = 1;
  s.channel = test::kPlantedChannel;
  s.scaling = Scaling::over_rms;
  EXPECT_TRUE(said(s).endsWith(QStringLiteral("absmax %1 of the rms").arg(times(80 / site("plain", 1).rms)))) << said(s).toStdString();
  s.statistic = QStringLiteral("kurtosis");
  EXPECT_FALSE(said(s).contains(QStringLiteral("rms"))) << said(s).toStdString();
  s.without_first = true;
  EXPECT_TRUE(said(s).endsWith(QStringLiteral("without first tokens")));
}

TEST_F(Sentence, AsksForTheValueAndSaysItWhenItCame) {
  SelectionSentence sentence(workbench_);
  EXPECT_EQ(sentence.current(), QStringLiteral("Nothing selected"));
  QSignalSpy changed(&sentence, &SelectionSentence::changed);
  Selection s;
  s.a = plain_;
  s.layer = 0;
  s.channel = 3;
  selection_.propose(s);
  EXPECT_TRUE(sentence.current().endsWith(QStringLiteral("channel 3 · absmax"))) << "the value is on its way";
  ASSERT_TRUE(QTest::qWaitFor([&] { return sentence.current().contains(QStringLiteral("median")); }));
  EXPECT_EQ(changed.count(), 2);
  s.layer = -1;
  s.channel = -1;
  selection_.propose(s);
  EXPECT_EQ(sentence.current(), QStringLiteral("story · plain · all layers · down_proj input · absmax %1 (%2 median) in layer 1")
                                    .arg(number(80, 4), times(80 / site("plain", 1).token_median)));
  s.comparison = Comparison::ratio;
  s.b = rotated_;
  EXPECT_TRUE(said(s).endsWith(QStringLiteral("down_proj input · absmax"))) << said(s).toStdString();
}

TEST_F(Sentence, AStateIsCalledAsItsRunCallsIt) {
  store_.open(file_, nullptr, [](const auto&) {}, {{QStringLiteral("rotated"), QStringLiteral("rotated (seed 0) + LoRA")}});
  ASSERT_TRUE(QTest::qWaitFor([&] { return state_title(rotated_, store_) == QStringLiteral("rotated (seed 0) + LoRA"); }));
  EXPECT_EQ(state_title(plain_, store_), QStringLiteral("plain"));
}

TEST_F(Sentence, AFileThatIsGoneLeavesNamesOnly) {
  Selection s;
  s.a = {QStringLiteral("/gone/other.h5"), QStringLiteral("plain")};
  s.layer = 4;
  s.channel = 5;
  selection_.propose(s);
  EXPECT_EQ(describe(s, workbench_), QStringLiteral("other · plain · layer 4 · down_proj input · channel 5 · absmax"));
}

TEST_F(Sentence, TheFirstLookPutsTheRotatedStateBesideThePlainOne) {
  const Selection s = first_look(*store_.summary(file_));
  EXPECT_EQ(s.a, plain_);
  EXPECT_EQ(s.b, rotated_);
  EXPECT_EQ(s.site, SiteKind::down_in);
  EXPECT_EQ(default_scaling(s.a, s.b, SiteKind::down_in, store_), Scaling::absolute);
  EXPECT_EQ(default_scaling(s.a, s.b, SiteKind::qkv_in, store_), Scaling::over_rms);
  EXPECT_EQ(default_scaling(s.a, s.a, SiteKind::qkv_in, store_), Scaling::absolute);
}

TEST_F(Sentence, TheScalingFollowsThePairAndTheSiteUnlessSomebodyChoseIt) {
  selection_.set_rule(scaling_rule(store_));
  Selection s = first_look(*store_.summary(file_));
  selection_.propose(s);
  EXPECT_EQ(selection_.current().scaling, Scaling::absolute);
  s.site = SiteKind::qkv_in;
  selection_.propose(s);
  EXPECT_EQ(selection_.current().scaling, Scaling::over_rms) << "a folded norm lies between plain and rotated";
  s = selection_.current();
  s.scaling = Scaling::absolute;
  selection_.propose(s);
  EXPECT_EQ(selection_.current().scaling, Scaling::absolute) << "it was chosen";
  s.channel = 3;
  selection_.propose(s);
  EXPECT_EQ(selection_.current().scaling, Scaling::absolute) << "another channel of the same pair";
  s.b = {};
  s.scaling = Scaling::over_rms;
  selection_.propose(s);
  EXPECT_EQ(selection_.current().scaling, Scaling::over_rms) << "chosen with the change of the pair";
  s.b = rotated_;
  s.site = SiteKind::down_in;
  selection_.propose(s);
  EXPECT_EQ(selection_.current().scaling, Scaling::over_rms) << "neither pair has a fold between its states: what was chosen stays";
}

TEST_F(Sentence, MarksAreToldWithTheirGroupAndValue) {
  Selection s = first_look(*store_.summary(file_));
  s.b = {};
  s.layer = 1;
  s.channel = 3;
  Selection other = s;
  other.channel = test::kPlantedChannel;
  s = with_mark(s, other, false);
  ASSERT_TRUE(QTest::qWaitFor([&] {
    store_.overview(s.a, s.site, s.statistic, false, nullptr, [](const auto&) {});
    return store_.cached_overview(s.a, s.site, s.statistic, false) != nullptr;
  }));
  EXPECT_TRUE(describe(s, workbench_).contains(QStringLiteral("G2: layer 1, channel 7: absmax 80.00 (")))
      << describe(s, workbench_).toStdString();
}

TEST(SiteWords, NamesOfFilesInWords) {
  EXPECT_EQ(site_words(QStringLiteral("down_in")), QStringLiteral("down_proj input"));
  EXPECT_EQ(site_words(QStringLiteral("layers.12.qkv_in")), QStringLiteral("q/k/v_proj input, layer 12"));
  EXPECT_EQ(site_words(QStringLiteral("elsewhere")), QStringLiteral("elsewhere"));
}

TEST(ReadablePiece, ShowsBlanksAndLineBreaks) {
  EXPECT_EQ(readable_piece(QStringLiteral("▁the")), QStringLiteral("␣the"));
  EXPECT_EQ(readable_piece(QStringLiteral("<0x0A>")), QStringLiteral("↵"));
  EXPECT_EQ(readable_piece(QStringLiteral("a b")), QStringLiteral("a␣b"));
}

TEST(RunTitle, IsTheFoldersNameAndMoreOnlyWhereThatIsNotEnough) {
  const QString one = QStringLiteral("/a/runs/ptq"), two = QStringLiteral("/a/runs/ptq-2"), other = QStringLiteral("/b/older/ptq");
  EXPECT_EQ(run_title(one, {one, two}), QStringLiteral("ptq"));
  EXPECT_EQ(run_title(two, {one, two}), QStringLiteral("ptq-2"));
  EXPECT_EQ(run_title(one, {one, other}), QStringLiteral("runs/ptq"));
  EXPECT_EQ(run_title(other, {one, other}), QStringLiteral("older/ptq"));
}

}  // namespace
}  // namespace rolora::widgets
