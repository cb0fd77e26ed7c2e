// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/dock_host.h"

#include <gtest/gtest.h>

#include <QAction>
#include <QDockWidget>
#include <QLineEdit>
#include <QTest>
#include <memory>

namespace rolora::widgets {
namespace {

struct Window {
  Window() : docks(&main) {
    main.resize(1200, 800);
    main.setCentralWidget(new QLineEdit);
    for (const char* id : {"a", "b", "c", "d"}) {
      docks.add(QLatin1String(id), QStringLiteral("Panel %1").arg(QLatin1String(id)), QStringLiteral("tip"), {}, {}, new QLineEdit);
    }
    docks.define({QStringLiteral("one"),
                  QStringLiteral("One"),
                  {},
                  {QStringLiteral("a"), QStringLiteral("b")},
                  {QStringLiteral("c")},
                  {QStringLiteral("d")}});
    docks.define({QStringLiteral("two"), QStringLiteral("Two"), {}, {}, {QStringLiteral("a")}, {}});
    main.resize(1600, 900);
    docks.arrange(QStringLiteral("one"));
    main.show();
  }
  QDockWidget* dock(const char* id) const { return main.findChild<QDockWidget*>(QStringLiteral("dock.") + QLatin1String(id)); }
  QMainWindow main;
  DockHost docks;
};

TEST(DockHost, PerspectivesArrangePanels) {
  Window w;
  EXPECT_EQ(w.main.dockWidgetArea(w.dock("a")), Qt::LeftDockWidgetArea);
  EXPECT_EQ(w.main.tabifiedDockWidgets(w.dock("a")), QList<QDockWidget*>{w.dock("b")});
  EXPECT_EQ(w.main.dockWidgetArea(w.dock("d")), Qt::BottomDockWidgetArea);
  w.docks.arrange(QStringLiteral("two"));
  EXPECT_EQ(w.docks.current(), QStringLiteral("two"));
  EXPECT_EQ(w.main.dockWidgetArea(w.dock("a")), Qt::RightDockWidgetArea);
  EXPECT_FALSE(w.docks.is_shown(QStringLiteral("b")));
}

// A panel that a perspective does not show must not come back with the layout.
TEST(DockHost, APerspectiveOfFewPanelsIsKeptBehindTheVeilAndInItsState) {
  QByteArray state;
  {
    Window w;
    w.docks.arrange(QStringLiteral("two"));
    w.docks.set_veiled(true);
    w.docks.set_veiled(false);
    for (const char* id : {"b", "c", "d"}) EXPECT_FALSE(w.docks.is_shown(QLatin1String(id))) << id;
    EXPECT_TRUE(w.docks.is_shown(QStringLiteral("a")));
    QTest::qWait(20);
    EXPECT_EQ(w.dock("a")->titleBarWidget(), nullptr) << "alone on its side it has its title";
    state = w.docks.save();
    w.docks.show(QStringLiteral("d"));
    EXPECT_EQ(w.main.dockWidgetArea(w.dock("d")), Qt::BottomDockWidgetArea) << "where the first perspective has it";
  }
  Window again;
  ASSERT_TRUE(again.docks.restore(state, QStringLiteral("two")));
  for (const char* id : {"b", "c", "d"}) EXPECT_FALSE(again.docks.is_shown(QLatin1String(id))) << id;
}

TEST(DockHost, ANarrowWindowHasNoThirdColumn) {
  Window w;
  EXPECT_EQ(w.main.dockWidgetArea(w.dock("c")), Qt::RightDockWidgetArea);
  w.main.resize(700, 500);
  w.docks.arrange(QStringLiteral("one"));
  EXPECT_EQ(w.main.dockWidgetArea(w.dock("c")), Qt::BottomDockWidgetArea);
  EXPECT_EQ(w.main.tabifiedDockWidgets(w.dock("d")), QList<QDockWidget*>{w.dock("c")});
}

TEST(DockHost, WhatIsSetAsideComesBackAndIsSavedAsItWas) {
  Window w;
  w.docks.set_aside({QStringLiteral("c"), QStringLiteral("d")});
  EXPECT_FALSE(w.docks.is_shown(QStringLiteral("c")));
  const QByteArray saved = w.docks.save();
  EXPECT_FALSE(w.docks.is_shown(QStringLiteral("c"))) << "saving shows nothing";
  w.docks.set_aside({QStringLiteral("c")});
  EXPECT_TRUE(w.docks.is_shown(QStringLiteral("d")));
  w.docks.raise(QStringLiteral("c"));
  EXPECT_TRUE(w.docks.aside().isEmpty()) << "asked for";
  w.dock("c")->hide();
  w.docks.set_aside({QStringLiteral("c")});
  w.docks.set_aside({});
  EXPECT_FALSE(w.docks.is_shown(QStringLiteral("c"))) << "what the user closed stays closed";
  ASSERT_TRUE(w.docks.restore(saved, QStringLiteral("one")));
  EXPECT_TRUE(w.docks.is_shown(QStringLiteral("c")));
}

TEST(DockHost, StateGoesRoundAndBackIntoAnotherWindow) {
  QByteArray state;
  {
    Window w;
    w.main.addDockWidget(Qt::BottomDockWidgetArea, w.dock("c"));
    w.dock("a")->hide();
    state = w.docks.save();
  }
  Window w;
  ASSERT_TRUE(w.docks.restore(state, QStringLiteral("one")));
  EXPECT_EQ(w.main.dockWidgetArea(w.dock("c")), Qt::BottomDockWidgetArea);
  EXPECT_FALSE(w.docks.is_shown(QStringLiteral("a")));
  EXPECT_TRUE(w.docks.is_shown(QStringLiteral("d")));
}

TEST(DockHost, ForeignAndDamagedStatesAreRefused) {
  Window w;
  QByteArray state = w.docks.save();
  EXPECT_FALSE(w.docks.restore({}, QStringLiteral("one")));
  EXPECT_FALSE(w.docks.restore(QByteArray("not a state at all"), QStringLiteral("one")));
  EXPECT_FALSE(w.docks.restore(w.main.saveState(DockHost::kStateVersion + 1), QStringLiteral("one")));
  EXPECT_FALSE(w.docks.restore(state.left(6), QStringLiteral("one")));
  EXPECT_EQ(w.main.dockWidgetArea(w.dock("a")), Qt::LeftDockWidgetArea);
}

TEST(DockHost, FloatingPanelsComeBack) {
  Window w;
  w.dock("c")->setFloating(true);
  EXPECT_TRUE(w.docks.any_floating());
  w.docks.dock_back();
  EXPECT_FALSE(w.docks.any_floating());
}

TEST(DockHost, LockTakesTheHandlesAway) {
  Window w;
  EXPECT_TRUE(w.dock("a")->features() & QDockWidget::DockWidgetMovable);
  w.docks.set_locked(true);
  EXPECT_EQ(w.dock("a")->features(), QDockWidget::NoDockWidgetFeatures);
  w.docks.set_locked(false);
  EXPECT_TRUE(w.dock("a")->features() & QDockWidget::DockWidgetClosable);
}

TEST(DockHost, EveryPanelIsReachableByItsAction) {
  Window w;
  w.main.activateWindow();
  ASSERT_TRUE(QTest::qWaitForWindowActive(&w.main));
  for (const QString& id : w.docks.ids()) {
    w.docks.arrange(QStringLiteral("two"));
    w.docks.show_action(id)->trigger();
    EXPECT_TRUE(w.docks.is_shown(id));
    EXPECT_TRUE(w.docks.panel(id)->hasFocus()) << id.toStdString();
  }
}

TEST(DockHost, TheVeilKeepsTheLayout) {
  Window w;
  w.main.addDockWidget(Qt::BottomDockWidgetArea, w.dock("c"));
  const QByteArray before = w.docks.save();
  w.docks.set_veiled(true);
  for (const QString& id : w.docks.ids()) EXPECT_FALSE(w.docks.is_shown(id));
  EXPECT_EQ(w.docks.save(), before);  // what is remembered is what lies behind it
  w.docks.raise(QStringLiteral("d"));
  EXPECT_FALSE(w.docks.veiled());
  EXPECT_TRUE(w.docks.is_shown(QStringLiteral("a")));
  EXPECT_EQ(w.main.dockWidgetArea(w.dock("c")), Qt::BottomDockWidgetArea);
}

TEST(DockHost, PanelsAmongTabsHaveNoSecondTitle) {
  Window w;
  ASSERT_TRUE(QTest::qWaitFor([&] { return w.dock("a")->titleBarWidget() != nullptr; }));
  EXPECT_EQ(w.dock("c")->titleBarWidget(), nullptr);
  w.main.addDockWidget(Qt::BottomDockWidgetArea, w.dock("b"));
  EXPECT_TRUE(
      QTest::qWaitFor([&] { return w.dock("a")->titleBarWidget() == nullptr || w.main.tabifiedDockWidgets(w.dock("a")).size() > 0; }));
}

}  // namespace
}  // namespace rolora::widgets
