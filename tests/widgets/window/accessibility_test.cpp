// SPDX-License-Identifier: GPL-3.0-or-later
// Walks over everything in the window as a screen reader would.
#include <QAbstractScrollArea>
#include <QAccessible>
#include <QDockWidget>
#include <QLabel>
#include <QMenu>
#include <QTabBar>

#include "tests/widgets/window/window_fixture.h"
#include "widgets/plots/plot.h"

namespace rolora::widgets {
namespace {

QString place_of(const QWidget* widget) {
  QString place;
  for (const QWidget* at = widget; at != nullptr; at = at->parentWidget()) {
    place = QStringLiteral("%1%2/").arg(QLatin1String(at->metaObject()->className()),
                                        at->objectName().isEmpty() ? QString() : QLatin1Char('#') + at->objectName()) +
            place;
  }
  return place;
}

bool takes_focus(const QWidget* widget) { return (widget->focusPolicy() & Qt::TabFocus) && widget->focusProxy() == nullptr; }

/// Made by Qt inside one of its own controls, which has the name: the line edit of a spin box, the button of a search field.
bool is_part_of_a_control(const QWidget* widget) {
  if (widget->objectName().startsWith(QStringLiteral("qt_"))) return true;
  const QWidget* parent = widget->parentWidget();
  return parent != nullptr && (parent->inherits("QAbstractSpinBox") || parent->inherits("QComboBox") || parent->inherits("QLineEdit") ||
                               parent->inherits("QComboBoxPrivateContainer"));
}

TEST_F(WholeWindow, EverythingThatTakesTheFocusHasAName) {
  open_run();
  for (const QString& id : window_->centre()->ids()) window_->show_view(id);
  QCoreApplication::processEvents();
  for (QWidget* widget : window_->findChildren<QWidget*>()) {
    if (!takes_focus(widget) || is_part_of_a_control(widget)) continue;
    // Qt hides the bar of panels that are no longer tabbed and keeps it, without tabs, for the next time.
    if (const auto* bar = qobject_cast<const QTabBar*>(widget); bar != nullptr && bar->count() == 0 && !bar->isVisible()) continue;
    QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(widget);
    ASSERT_NE(spoken, nullptr) << place_of(widget).toStdString();
    EXPECT_FALSE(spoken->text(QAccessible::Name).isEmpty()) << place_of(widget).toStdString();
  }
}

TEST_F(WholeWindow, PlotsAreChartsWithASentence) {
  open_run();
  int plots = 0;
  for (Plot* plot : window_->findChildren<Plot*>()) {
    QAccessibleInterface* spoken = QAccessible::queryAccessibleInterface(plot);
    ASSERT_NE(spoken, nullptr);
    EXPECT_EQ(spoken->role(), QAccessible::Chart) << place_of(plot).toStdString();
    EXPECT_FALSE(spoken->text(QAccessible::Name).isEmpty()) << place_of(plot).toStdString();
    plots++;
  }
  EXPECT_GE(plots, 5);
}

TEST_F(WholeWindow, PanelsAndTabsAreNamed) {
  open_run();
  for (QDockWidget* dock : window_->findChildren<QDockWidget*>()) {
    EXPECT_FALSE(dock->windowTitle().isEmpty());
    EXPECT_EQ(dock->accessibleName(), dock->windowTitle());
  }
  for (QTabBar* bar : window_->findChildren<QTabBar*>()) {
    for (int i = 0; i < bar->count(); i++) EXPECT_FALSE(bar->tabText(i).isEmpty()) << place_of(bar).toStdString();
  }
}

TEST_F(WholeWindow, TabReachesEveryOpenPanel) {
  open_run();
  QSet<QString> reached;
  QWidget* first = window_->centre()->current_view()->focus_widget();
  first->setFocus();
  QWidget* at = first;
  for (int steps = 0; steps < 2000; steps++) {
    at = at->nextInFocusChain();
    if (at == first) break;
    if (!takes_focus(at) || !at->isVisible()) continue;
    for (const QString& id : window_->docks()->ids()) {
      if (window_->docks()->panel(id)->isAncestorOf(at)) reached.insert(id);
    }
  }
  EXPECT_TRUE(reached.contains(QStringLiteral("map")));
  EXPECT_TRUE(reached.contains(QStringLiteral("outliers")));
  EXPECT_TRUE(reached.contains(QStringLiteral("inspector")));
}

}  // namespace
}  // namespace rolora::widgets
