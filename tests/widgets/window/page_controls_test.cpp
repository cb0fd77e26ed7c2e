// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/page_controls.h"

#include <gtest/gtest.h>

#include <QCheckBox>
#include <QComboBox>
#include <QSignalSpy>
#include <QTabBar>
#include <QToolButton>
#include <QVBoxLayout>

namespace rolora::widgets {
namespace {

class PageControls : public testing::Test {
 protected:
  PageControls() {
    auto* layout = new QVBoxLayout(&page_);
    for (QWidget* widget : std::initializer_list<QWidget*>{&box_, &tabs_, &rms_, &fit_, &hidden_}) layout->addWidget(widget);
    box_.setAccessibleName(QStringLiteral("S&ite"));
    box_.addItems({QStringLiteral("down"), QStringLiteral("qkv")});
    tabs_.addTab(QStringLiteral("Heat map"));
    tabs_.addTab(QStringLiteral("3-&D surface"));
    hidden_.hide();
    page_.show();
  }
  FinderEntry entry(const char* title) {
    for (const FinderEntry& one : page_controls(QStringLiteral("Page"), &page_)) {
      if (one.title == QLatin1String(title)) return one;
    }
    ADD_FAILURE() << title << " is not listed";
    return {};
  }
  QWidget page_;
  QComboBox box_;
  QTabBar tabs_;
  QCheckBox rms_{QStringLiteral("|x| / &rms")};
  QToolButton fit_;
  QCheckBox hidden_{QStringLiteral("Hidden")};
};

TEST_F(PageControls, RowsOfABoxAreChosenAsIfClicked) {
  QSignalSpy activated(&box_, &QComboBox::activated);
  EXPECT_TRUE(entry("Page: Site: down").detail.startsWith(QStringLiteral("On.")));
  entry("Page: Site: qkv").run();
  EXPECT_EQ(box_.currentIndex(), 1);
  ASSERT_EQ(activated.count(), 1);
  EXPECT_EQ(activated[0][0].toInt(), 1);
}

TEST_F(PageControls, ARowsOwnTipIsSaidAndSearched) {
  box_.setToolTip(QStringLiteral("Which tensor"));
  box_.setItemData(1, QStringLiteral("queries, keys and values"), Qt::ToolTipRole);
  EXPECT_EQ(entry("Page: Site: qkv").detail, QStringLiteral("queries, keys and values"));
  EXPECT_EQ(entry("Page: Site: down").detail, QStringLiteral("On. Which tensor"));
}

TEST_F(PageControls, TabsSwitchesAndButtonsWork) {
  entry("Page: 3-D surface").run();
  EXPECT_EQ(tabs_.currentIndex(), 1);
  entry("Page: |x| / rms").run();
  EXPECT_TRUE(rms_.isChecked());
}

TEST_F(PageControls, WhatIsHiddenOrDisabledIsNotOffered) {
  rms_.setEnabled(false);
  for (const FinderEntry& one : page_controls(QStringLiteral("Page"), &page_)) {
    EXPECT_FALSE(one.title.contains(QStringLiteral("Hidden")) || one.title.contains(QStringLiteral("rms"))) << one.title.toStdString();
  }
}

}  // namespace
}  // namespace rolora::widgets
