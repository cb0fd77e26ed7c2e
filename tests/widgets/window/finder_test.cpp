// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/finder.h"

#include <gtest/gtest.h>

#include <QAbstractItemModelTester>
#include <QLabel>
#include <QLineEdit>
#include <QMainWindow>
#include <QTest>

#include "widgets/window/actions.h"

namespace rolora::widgets {
namespace {

std::vector<FinderEntry> entries(const QStringList& titles, QString* ran = nullptr) {
  std::vector<FinderEntry> out;
  for (const QString& title : titles) {
    FinderEntry entry;
    entry.title = title;
    entry.run = [ran, title] {
      if (ran != nullptr) *ran = title;
    };
    out.push_back(entry);
  }
  return out;
}

TEST(FinderModel, IsAProperModel) {
  FinderModel model;
  const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Fatal);
  model.set_entries(entries({QStringLiteral("a"), QStringLiteral("b")}));
  EXPECT_EQ(model.rowCount(), 2);
  model.set_entries({});
  EXPECT_EQ(model.rowCount(), 0);
}

TEST(Finder, KeysChooseAndRun) {
  QMainWindow window;
  window.resize(800, 600);
  Finder finder(&window);
  window.show();
  QString ran;
  finder.open(QStringLiteral("test"), QStringLiteral("type"), [&ran](const QString& text) {
    QStringList titles;
    for (const char* title : {"apple", "banana", "cherry"}) {
      if (QLatin1String(title).contains(text)) titles += QLatin1String(title);
    }
    return entries(titles, &ran);
  });
  EXPECT_TRUE(finder.isVisible());
  EXPECT_EQ(finder.model()->rowCount(), 3);
  QTest::keyClick(finder.input(), Qt::Key_Down);
  EXPECT_TRUE(finder.input()->accessibleDescription().contains(QStringLiteral("banana")));
  QTest::keyClick(finder.input(), Qt::Key_Return);
  EXPECT_EQ(ran, QStringLiteral("banana"));
  EXPECT_FALSE(finder.isVisible());
}

TEST(Finder, TypingNarrowsAndEscapeLeaves) {
  QMainWindow window;
  Finder finder(&window);
  window.show();
  finder.open(QStringLiteral("test"), {}, [](const QString& text) {
    return text.isEmpty() ? entries({QStringLiteral("x"), QStringLiteral("y")}) : std::vector<FinderEntry>();
  });
  QTest::keyClicks(finder.input(), QStringLiteral("zz"));
  EXPECT_EQ(finder.model()->rowCount(), 0);
  QTest::keyClick(finder.input(), Qt::Key_Return);  // nothing to run
  EXPECT_TRUE(finder.isVisible());
  QTest::keyClick(finder.input(), Qt::Key_Escape);
  EXPECT_FALSE(finder.isVisible());
}

TEST(Actions, WithoutATextWhatWasUsedLastStandsFirst) {
  QMainWindow window;
  Actions actions(&window);
  for (const char* name : {"Open", "About", "Quit"}) actions.add({QLatin1String(name), QLatin1String(name), {}, {}, {}}, [] {});
  const auto titles = [&] {
    QStringList out;
    for (const FinderEntry& entry : actions.find({})) out += entry.title;
    return out.join(QLatin1Char(' '));
  };
  EXPECT_EQ(titles(), QStringLiteral("Open About Quit")) << "as in the menus";
  actions.find(QStringLiteral("quit"))[0].run();
  EXPECT_EQ(titles(), QStringLiteral("Quit Open About"));
}

TEST(Actions, PaletteListsEveryActionAndSaysWhyNot) {
  QMainWindow window;
  Actions actions(&window);
  int ran = 0;
  actions.add(
      {QStringLiteral("a"), QStringLiteral("&Open model…"), QStringLiteral("Open a folder"), QKeySequence(QStringLiteral("Ctrl+O")), {}},
      [&ran] { ran++; });
  QAction* off =
      actions.add({QStringLiteral("b"), QStringLiteral("Close model"), QStringLiteral("Close it"), {}, {}}, [&ran] { ran += 100; });
  Actions::set_disabled(off, QStringLiteral("nothing is open"));
  auto* foreign = new QAction(QStringLiteral("Of a panel"), &window);
  foreign->setStatusTip(QStringLiteral("A panel's own"));
  std::vector<FinderEntry> found = actions.find({});
  ASSERT_EQ(found.size(), 3u);
  found = actions.find(QStringLiteral("model"));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].title, QStringLiteral("Open model"));
  EXPECT_EQ(found[0].shortcut, QStringLiteral("Ctrl+O"));
  found[0].run();
  EXPECT_EQ(ran, 1);
  EXPECT_FALSE(found[1].enabled);
  EXPECT_TRUE(found[1].detail.contains(QStringLiteral("nothing is open")));
  EXPECT_EQ(actions.find(QStringLiteral("panel's own")).size(), 1u);  // found by its tip
  EXPECT_TRUE(actions.find(QStringLiteral("zzz")).empty());
}

}  // namespace
}  // namespace rolora::widgets
