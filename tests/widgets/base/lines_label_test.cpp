// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/lines_label.h"

#include <gtest/gtest.h>

#include <QTest>
#include <QVBoxLayout>

namespace rolora::widgets {
namespace {

TEST(LinesLabel, KeepsItsHeightAndTellsWhatIsCut) {
  const QString text =
      QStringLiteral("Thirty words of a message that nobody could foresee, from a worker that found a file damaged. ").repeated(3);
  for (const int lines : {1, 2, 3}) {
    LinesLabel label(lines);
    label.resize(label.fontMetrics().averageCharWidth() * 50, label.sizeHint().height());
    label.show();
    const int height = label.sizeHint().height();
    label.set_text(text);
    EXPECT_EQ(label.sizeHint().height(), height);
    EXPECT_EQ(label.text().count(QLatin1Char('\n')), lines - 1);
    EXPECT_TRUE(label.text().endsWith(QChar(0x2026)));
    EXPECT_EQ(label.toolTip(), text);
    for (const QString& line : label.text().split(QLatin1Char('\n')))
      EXPECT_LE(label.fontMetrics().horizontalAdvance(line), label.contentsRect().width()) << line.toStdString();
    label.set_text(QStringLiteral("short"));
    EXPECT_EQ(label.text(), QStringLiteral("short"));
    EXPECT_TRUE(label.toolTip().isEmpty());
  }
}

TEST(LinesLabel, AWiderOneShowsMore) {
  LinesLabel label(1);
  const QString text = QStringLiteral("A sentence of some length that a narrow label has to cut.");
  label.resize(label.fontMetrics().averageCharWidth() * 20, label.sizeHint().height());
  label.show();
  label.set_text(text);
  EXPECT_TRUE(label.is_cut());
  label.resize(label.fontMetrics().averageCharWidth() * 120, label.height());
  EXPECT_EQ(label.text(), text);
}

TEST(LinesLabel, HoldsItsRoomWhileItIsHidden) {
  QWidget page;
  QVBoxLayout layout(&page);
  LinesLabel label(2);
  QLabel below(QStringLiteral("below"));
  layout.addWidget(&label);
  layout.addWidget(&below);
  page.resize(300, 200);
  page.show();
  QCoreApplication::processEvents();
  const QPoint place = below.pos();
  label.hide();
  QCoreApplication::processEvents();
  EXPECT_EQ(below.pos(), place);
}

}  // namespace
}  // namespace rolora::widgets
