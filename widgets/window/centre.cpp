// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/centre.h"

#include <QStackedLayout>
#include <QTabBar>
#include <QTabWidget>
#include <QVBoxLayout>

#include "widgets/window/start_page.h"

namespace rolora::widgets {

Centre::Centre(QWidget* parent) : QWidget(parent), start_(new StartPage(this)), tabs_(new QTabWidget(this)), stack_(new QStackedLayout) {
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addLayout(stack_, 1);
  tabs_->setDocumentMode(true);
  tabs_->setMovable(true);
  tabs_->setAccessibleName(tr("Views"));
  tabs_->tabBar()->setAccessibleName(tr("Views"));
  tabs_->tabBar()->setDrawBase(true);
  tabs_->setUsesScrollButtons(true);
  stack_->addWidget(start_);
  stack_->addWidget(tabs_);
  connect(tabs_, &QTabWidget::currentChanged, this, [this] { emit current_changed(current_id()); });
}

void Centre::add(const Tab& tab, const QIcon& icon) {
  tab_list_.push_back(tab);
  const int index = tabs_->addTab(tab.page, icon, tab.title);
  tabs_->setTabToolTip(index, tab.title);
}

void Centre::add_view(const QString& id, const QIcon& icon, View* view) { add({id, view->title(), view, view}, icon); }

void Centre::add_page(const QString& id, const QIcon& icon, const QString& title, QWidget* page) { add({id, title, page, nullptr}, icon); }

const Centre::Tab* Centre::find(const QString& id) const {
  for (const Tab& tab : tab_list_) {
    if (tab.id == id) return &tab;
  }
  return nullptr;
}

QStringList Centre::ids() const {
  QStringList out;
  for (const Tab& tab : tab_list_) out += tab.id;
  return out;
}

QString Centre::title(const QString& id) const {
  const Tab* tab = find(id);
  return tab == nullptr ? QString() : tab->title;
}

QWidget* Centre::page(const QString& id) const {
  const Tab* tab = find(id);
  return tab == nullptr ? nullptr : tab->page;
}

QString Centre::shown_title() const {
  const View* view = current_view();
  return view != nullptr ? view->shown_title() : title(current_id());
}

QString Centre::current_id() const {
  if (shows_start()) return QStringLiteral("start");
  for (const Tab& tab : tab_list_) {
    if (tab.page == tabs_->currentWidget()) return tab.id;
  }
  return {};
}

View* Centre::current_view() const {
  const Tab* tab = find(current_id());
  return tab == nullptr ? nullptr : tab->view;
}

View* Centre::view(const QString& id) const {
  const Tab* tab = find(id);
  return tab == nullptr ? nullptr : tab->view;
}

QString Centre::id_of(const View* view) const {
  for (const Tab& tab : tab_list_) {
    if (tab.view == view) return tab.id;
  }
  return {};
}

std::vector<View*> Centre::views() const {
  std::vector<View*> out;
  for (const Tab& tab : tab_list_) {
    if (tab.view != nullptr) out.push_back(tab.view);
  }
  return out;
}

bool Centre::show_tab(const QString& id) {
  const Tab* tab = find(id);
  for (size_t i = 0; tab == nullptr && i < tab_list_.size(); ++i) {  // or a part of a page
    if (tab_list_[i].view == nullptr) continue;
    for (const ViewPart& part : tab_list_[i].view->parts()) {
      if (part.id != id) continue;
      tab_list_[i].view->show_part(id);
      tab = &tab_list_[i];
    }
  }
  if (tab == nullptr) return false;
  const QString before = current_id();
  stack_->setCurrentWidget(tabs_);
  tabs_->setCurrentWidget(tab->page);
  QWidget* target = tab->view != nullptr ? tab->view->focus_widget() : tab->page;
  if (target != nullptr) target->setFocus(Qt::ShortcutFocusReason);
  if (before == QStringLiteral("start")) emit current_changed(tab->id);
  return true;
}

void Centre::show_start() {
  if (shows_start()) return;
  stack_->setCurrentWidget(start_);
  emit current_changed(QStringLiteral("start"));
}

bool Centre::shows_start() const { return stack_->currentWidget() == start_; }

}  // namespace rolora::widgets
