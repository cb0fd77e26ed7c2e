// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/dock_host.h"

#include <QAction>
#include <QDockWidget>
#include <QGuiApplication>
#include <QTabBar>
#include <QTimer>
#include <algorithm>
#include <utility>

#include "widgets/base/style_shapes.h"

namespace rolora::widgets {
namespace {

constexpr double kThreeColumns = 88;  // units of the style: a tree, a plot with its fields, and a column of two states' numbers
constexpr double kNarrowLeft = 0.27, kNarrowBottom = 0.3;

}  // namespace

DockHost::DockHost(QMainWindow* window) : QObject(window), window_(window) {
  window_->setDockOptions(QMainWindow::AllowNestedDocks | QMainWindow::AllowTabbedDocks | QMainWindow::GroupedDragging);
  window_->setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
  // The side docks reach from top to bottom less than the bottom dock does: tables are wide.
  window_->setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
  window_->setCorner(Qt::BottomRightCorner, Qt::RightDockWidgetArea);
}

QAction* DockHost::add(const QString& id, const QString& title, const QString& tip, const QIcon& icon, const QKeySequence& shortcut,
                       QWidget* panel) {
  auto* dock = new QDockWidget(title, window_);
  dock->setObjectName(QStringLiteral("dock.") + id);
  dock->setWidget(panel);
  dock->setAccessibleName(title);
  dock->hide();
  if (panel->accessibleName().isEmpty()) panel->setAccessibleName(title);
  dock->toggleViewAction()->setObjectName(QStringLiteral("panel.toggle.") + id);
  dock->toggleViewAction()->setText(tr("%1 panel").arg(title));
  dock->toggleViewAction()->setStatusTip(tr("Open or close: %1").arg(tip));
  auto* action = new QAction(icon, title, window_);
  action->setObjectName(QStringLiteral("panel.show.") + id);
  action->setShortcut(shortcut);
  action->setStatusTip(tip);
  window_->addAction(action);
  connect(action, &QAction::triggered, this, [this, id] { show(id); });
  connect(dock, &QDockWidget::topLevelChanged, this, &DockHost::floating_changed);
  connect(dock, &QDockWidget::topLevelChanged, this, &DockHost::renew_titles_soon);
  connect(dock, &QDockWidget::dockLocationChanged, this, &DockHost::renew_titles_soon);
  connect(dock, &QDockWidget::visibilityChanged, this, &DockHost::renew_titles_soon);
  order_ += id;
  docks_.insert(id, dock);
  show_actions_.insert(id, action);
  apply_features();
  return action;
}

void DockHost::define(const Perspective& perspective) { perspectives_ += perspective; }

QDockWidget* DockHost::dock(const QString& id) const { return docks_.value(id); }
QWidget* DockHost::panel(const QString& id) const { return docks_.contains(id) ? dock(id)->widget() : nullptr; }
QAction* DockHost::show_action(const QString& id) const { return show_actions_.value(id); }
QAction* DockHost::toggle_action(const QString& id) const { return docks_.contains(id) ? dock(id)->toggleViewAction() : nullptr; }
bool DockHost::is_shown(const QString& id) const { return docks_.contains(id) && !dock(id)->isHidden(); }

void DockHost::raise(const QString& id) {
  if (!docks_.contains(id)) return;
  set_veiled(false);
  aside_.removeAll(id);
  dock(id)->show();
  dock(id)->raise();
}

void DockHost::show(const QString& id) {
  if (!docks_.contains(id)) return;
  raise(id);
  QWidget* panel = dock(id)->widget();
  QWidget* target = panel;
  if (panel->focusPolicy() == Qt::NoFocus && panel->focusProxy() == nullptr) {
    for (QWidget* child : panel->findChildren<QWidget*>()) {
      if (!(child->focusPolicy() & Qt::TabFocus) || !child->isVisibleTo(panel) || !child->isEnabled()) continue;
      target = child;
      break;
    }
  }
  target->setFocus(Qt::ShortcutFocusReason);
}

void DockHost::stack(const QStringList& ids, Qt::DockWidgetArea area) {
  QDockWidget* first = nullptr;
  for (const QString& id : ids) {
    QDockWidget* one = dock(id);
    if (one == nullptr) continue;
    if (first == nullptr) {
      window_->addDockWidget(area, one);
      first = one;
    } else {
      window_->tabifyDockWidget(first, one);
    }
    one->show();
  }
  if (first != nullptr) first->raise();
}

/// A panel that a perspective does not show is hidden where the first perspective has it, among the tabs of that side: a saved layout knows
/// of every panel, and one that is asked for appears where it is looked for.
void DockHost::keep_at_home(const QString& id, const Perspective& shown) {
  const Perspective& home = perspectives_.first();
  if (shown.left.contains(id) || shown.right.contains(id) || shown.bottom.contains(id)) return;
  const bool right = home.right.contains(id) && !is_narrow();
  const Qt::DockWidgetArea area = home.left.contains(id) ? Qt::LeftDockWidgetArea
                                  : right                ? Qt::RightDockWidgetArea
                                                         : Qt::BottomDockWidgetArea;
  const QStringList& beside = home.left.contains(id) ? shown.left : right ? shown.right : shown.bottom;
  window_->addDockWidget(area, dock(id));
  if (!beside.isEmpty()) window_->tabifyDockWidget(dock(beside.first()), dock(id));
  dock(id)->hide();
  if (!beside.isEmpty()) dock(beside.first())->raise();
}

void DockHost::set_veiled(bool veil) {
  if (veil == veiled()) return;
  if (veil) {
    set_aside({});
    behind_veil_ = save();
    for (QDockWidget* one : docks_) one->hide();
  } else {
    window_->restoreState(std::exchange(behind_veil_, {}), kStateVersion);
  }
}

void DockHost::set_aside(const QStringList& ids) {
  if (veiled()) return;
  for (const QString& id : std::as_const(aside_)) {
    if (!ids.contains(id)) dock(id)->show();
  }
  QStringList aside;
  for (const QString& id : ids) {
    if (dock(id) == nullptr || (dock(id)->isHidden() && !aside_.contains(id)) || dock(id)->isFloating()) continue;
    dock(id)->hide();
    aside += id;
  }
  aside_ = aside;
}

bool DockHost::is_narrow() const { return window_->width() < qRound(style_unit() * kThreeColumns); }

void DockHost::arrange(const QString& id) {
  behind_veil_.clear();
  aside_.clear();
  for (Perspective perspective : std::as_const(perspectives_)) {
    if (perspective.id != id) continue;
    if (is_narrow()) {
      perspective.bottom += std::exchange(perspective.right, {});
      perspective.left_share = std::max(perspective.left_share, kNarrowLeft);
      perspective.bottom_share = std::max(perspective.bottom_share, kNarrowBottom);
    }
    for (const QString& each : order_) {
      QDockWidget* one = dock(each);
      if (one->isFloating()) one->setFloating(false);
      window_->removeDockWidget(one);
    }
    stack(perspective.left, Qt::LeftDockWidgetArea);
    stack(perspective.bottom, Qt::BottomDockWidgetArea);
    stack(perspective.right, Qt::RightDockWidgetArea);
    for (const QString& each : order_) keep_at_home(each, perspective);
    const auto size = [this](const QStringList& ids, double share, Qt::Orientation way) {
      if (ids.isEmpty() || dock(ids[0]) == nullptr) return;
      const int whole = way == Qt::Horizontal ? window_->width() : window_->height();
      window_->resizeDocks({dock(ids[0])}, {qRound(whole * share)}, way);
    };
    size(perspective.left, perspective.left_share, Qt::Horizontal);
    size(perspective.right, perspective.right_share, Qt::Horizontal);
    size(perspective.bottom, perspective.bottom_share, Qt::Vertical);
    current_ = id;
    emit perspective_changed(id);
    return;
  }
}

void DockHost::renew_titles_soon() {
  if (renewing_) return;
  renewing_ = true;
  QTimer::singleShot(0, this, &DockHost::renew_titles);
}

/// A panel among tabs is named by its tab: a title bar below would say the same again.
void DockHost::renew_titles() {
  renewing_ = false;
  for (QTabBar* bar : window_->findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly)) bar->setAccessibleName(tr("Panels"));
  if (QGuiApplication::mouseButtons() != Qt::NoButton) return;  // never under a drag; its end moves the dock and comes back here
  for (QDockWidget* one : docks_) {
    const QList<QDockWidget*> others = window_->tabifiedDockWidgets(one);
    const bool tabs = std::any_of(others.begin(), others.end(), [](const QDockWidget* other) { return !other->isHidden(); });
    const bool among_tabs = !one->isFloating() && tabs;
    if (among_tabs == (one->titleBarWidget() != nullptr)) continue;
    QWidget* old = one->titleBarWidget();
    one->setTitleBarWidget(among_tabs ? new QWidget(one) : nullptr);
    delete old;
  }
}

void DockHost::set_locked(bool locked) {
  locked_ = locked;
  apply_features();
}

void DockHost::apply_features() {
  QDockWidget::DockWidgetFeatures features = QDockWidget::NoDockWidgetFeatures;
  if (!locked_) features = QDockWidget::DockWidgetClosable | QDockWidget::DockWidgetMovable;
  // A floating panel cannot be dragged back on Wayland, where programs do not know where their windows are.
  const bool floats = !QGuiApplication::platformName().startsWith(QStringLiteral("wayland"));
  if (!locked_ && floats) features |= QDockWidget::DockWidgetFloatable;
  for (QDockWidget* one : docks_) one->setFeatures(features);
}

void DockHost::dock_back() {
  for (QDockWidget* one : docks_) {
    if (one->isFloating()) one->setFloating(false);
  }
}

bool DockHost::any_floating() const {
  for (const QDockWidget* one : docks_) {
    if (one->isFloating()) return true;
  }
  return false;
}

QByteArray DockHost::save() {
  if (veiled()) return behind_veil_;
  const QStringList aside = aside_;
  set_aside({});
  const QByteArray state = window_->saveState(kStateVersion);
  set_aside(aside);
  return state;
}

bool DockHost::restore(const QByteArray& state, const QString& perspective) {
  if (state.isEmpty() || !window_->restoreState(state, kStateVersion)) return false;
  behind_veil_.clear();
  aside_.clear();
  current_ = perspective;
  emit perspective_changed(perspective);
  return true;
}

}  // namespace rolora::widgets
