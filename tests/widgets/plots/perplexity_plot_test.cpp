// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/perplexity_plot.h"

#include <gtest/gtest.h>

#include <QAccessible>
#include <QSignalSpy>
#include <cmath>

#include "tests/widgets/plots/shown_plot.h"
#include "widgets/plots/panels.h"

namespace {

using namespace rolora::widgets;
using rolora::test::show;

PerplexityData four_rows() {
  PerplexityData d;
  for (const char* text : {"held", "eval", "held", "eval"}) {
    PerplexityRow row;
    row.text = QString::fromLatin1(text);
    row.state = QStringLiteral("state %1").arg(d.rows.size());
    row.station = QStringLiteral("ppl-%1").arg(d.rows.size());
    row.perplexity = 10 + 5 * static_cast<double>(d.rows.size());
    row.full_precision = std::nan("");
    d.rows.push_back(row);
  }
  return d;
}

TEST(PerplexityPlot, RowsStandUnderTheirText) {
  PerplexityPlot plot;
  plot.set_data(four_rows(), false);
  show(plot);
  QStringList order;
  for (const QStringList& row : plot.figure()->table().rows) order << row[0] + row[1].right(1);
  EXPECT_EQ(order, (QStringList{"held0", "held2", "eval1", "eval3"}));
}

TEST(PerplexityPlot, RowsStandInTheOrderOfTheStory) {
  PerplexityData d;
  for (const char* state : {"rotated (seed 0) + LoRA", "plain + LoRA, GPTQ W4A4", "rotated (seed 1)", "plain", "rotated (seed 0)", "folded",
                            "plain, RTN W4A4", "plain + LoRA"}) {
    PerplexityRow row;
    row.text = QStringLiteral("held");
    row.state = QString::fromUtf8(state);
    row.station = row.state;
    row.perplexity = 10;
    d.rows.push_back(row);
  }
  PerplexityPlot plot;
  plot.set_data(d, false);
  show(plot);
  QStringList order;
  for (const QStringList& row : plot.figure()->table().rows) order << row[1];
  EXPECT_EQ(order, (QStringList{"plain", "plain, RTN W4A4", "folded", "rotated (seed 0)", "rotated (seed 1)", "plain + LoRA, GPTQ W4A4",
                                "plain + LoRA", "rotated (seed 0) + LoRA"}));
}

TEST(PerplexityPlot, WithoutResultsItSaysWhatToDo) {
  PerplexityPlot plot;
  show(plot);
  EXPECT_TRUE(plot.sentence().contains(QStringLiteral("Open a run"))) << plot.sentence().toStdString();
  EXPECT_TRUE(plot.sentence().contains(QStringLiteral("recipe")));
  EXPECT_EQ(plot.figure(), nullptr);
}

TEST(PerplexityPlot, SpeaksOfTheLowestAndKeysGoFromRowToRow) {
  PerplexityPlot plot;
  plot.set_data(four_rows(), false);
  show(plot);
  QObject::connect(&plot, &Plot::proposed, &plot, [&plot](const Selection& s) { plot.set_selection(s); });
  EXPECT_EQ(plot.sentence(),
            QStringLiteral("Perplexity by state · lowest on “held”: 10.00 of state 0 · lowest on “eval”: 15.00 of state 1"));
  EXPECT_EQ(QAccessible::queryAccessibleInterface(&plot)->text(QAccessible::Value), plot.sentence());
  QTest::keyClick(&plot, Qt::Key_Down);
  EXPECT_TRUE(plot.sentence().startsWith(QStringLiteral("state 0 · perplexity 10.00 on “held”"))) << plot.sentence().toStdString();
  QTest::keyClick(&plot, Qt::Key_Down);
  QTest::keyClick(&plot, Qt::Key_Down);
  EXPECT_TRUE(plot.sentence().startsWith(QStringLiteral("state 1 · perplexity 15.00 on “eval”"))) << plot.sentence().toStdString();
  QTest::keyClick(&plot, Qt::Key_Up);
  EXPECT_TRUE(plot.sentence().startsWith(QStringLiteral("state 2"))) << plot.sentence().toStdString();
}

TEST(PerplexityPlot, ARowTellsItselfUnderThePointerAndStaysChosen) {
  PerplexityPlot plot;
  plot.set_data(four_rows(), false);
  show(plot);
  QSignalSpy hovered(&plot, &Plot::hovered);
  const QCPAxisRect* panel = plot.axisRect(0);
  const QPoint at(panel->rect().left() + 5, static_cast<int>(std::lround(left_axis(plot.axisRect(0))->coordToPixel(-2))));
  QTest::mouseMove(&plot, at + QPoint(3, 0));
  QTest::mouseMove(&plot, at);
  ASSERT_TRUE(QTest::qWaitFor([&] { return hovered.count() > 0; }));
  EXPECT_TRUE(hovered.last().first().value<Hit>().text.startsWith(QStringLiteral("state 2 · perplexity 20.00 on “held”")));
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier, at);
  QEvent leave(QEvent::Leave);
  QApplication::sendEvent(&plot, &leave);
  EXPECT_TRUE(plot.sentence().startsWith(QStringLiteral("state 2"))) << plot.sentence().toStdString();
}

}  // namespace
