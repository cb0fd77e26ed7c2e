// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/path_edit.h"

#include <gtest/gtest.h>

#include <QTest>
#include <QVBoxLayout>

namespace rolora::widgets {
namespace {

TEST(PathEdit, ShowsTheEndOfALongPathAndAllOfItInTheTip) {
  QWidget page;
  QVBoxLayout layout(&page);
  QLineEdit other;
  PathEdit edit(QStringLiteral("A folder"));
  layout.addWidget(&other);
  layout.addWidget(&edit);
  page.resize(page.fontMetrics().averageCharWidth() * 30, 100);
  page.show();
  page.activateWindow();
  other.setFocus();
  const QString path = QStringLiteral("/home/researcher/work/experiments/runs/story/stations/rotated-0/model");
  edit.setText(path);
  EXPECT_TRUE(edit.shown_text().startsWith(QChar(0x2026))) << edit.shown_text().toStdString();
  EXPECT_TRUE(edit.shown_text().endsWith(QStringLiteral("rotated-0/model")));
  EXPECT_EQ(edit.toolTip(), path + QStringLiteral("\nA folder"));
  const QImage end = edit.grab().toImage();
  edit.setText(QString(path).replace(QStringLiteral("rotated-0"), QStringLiteral("rotated-1")));
  EXPECT_NE(edit.grab().toImage(), end) << "two paths that differ at their ends look different";
  edit.setFocus();
  ASSERT_TRUE(QTest::qWaitFor([&] { return edit.hasFocus(); }));
  EXPECT_EQ(edit.shown_text(), edit.text()) << "who edits sees the text itself";
  edit.setText(QStringLiteral("/short"));
  other.setFocus();
  EXPECT_EQ(edit.shown_text(), QStringLiteral("/short"));
}

}  // namespace
}  // namespace rolora::widgets
