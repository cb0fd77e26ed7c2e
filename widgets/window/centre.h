// SPDX-License-Identifier: GPL-3.0-or-later
// The middle of the window: the start page or the tabs of the views and pages.
#pragma once

#include <QIcon>
#include <QString>
#include <QStringList>
#include <QWidget>
#include <vector>

#include "widgets/data/workbench.h"
#include "widgets/views/view.h"

class QStackedLayout;
class QTabWidget;

namespace rolora::widgets {

class StartPage;

class Centre : public QWidget {
  Q_OBJECT
 public:
  explicit Centre(QWidget* parent = nullptr);
  /// `id` is what --view and the actions call it.
  void add_view(const QString& id, const QIcon& icon, View* view);
  void add_page(const QString& id, const QIcon& icon, const QString& title, QWidget* page);

  QStringList ids() const;
  QString title(const QString& id) const;
  QWidget* page(const QString& id) const;
  QString shown_title() const;  ///< of the page, or the part of it, that is shown
  QString current_id() const;   ///< "start" while the start page is shown
  View* current_view() const;   ///< nullptr on the start page and on pages that are no view
  View* view(const QString& id) const;
  QString id_of(const View* view) const;
  std::vector<View*> views() const;
  bool show_tab(const QString& id);  ///< and gives it the focus; false for an id that there is not
  void show_start();
  bool shows_start() const;

  StartPage* start_page() const { return start_; }
  QTabWidget* tabs() const { return tabs_; }

 signals:
  void current_changed(const QString& id);

 private:
  struct Tab {
    QString id, title;
    QWidget* page;
    View* view;
  };
  const Tab* find(const QString& id) const;
  void add(const Tab& tab, const QIcon& icon);
  std::vector<Tab> tab_list_;
  StartPage* start_;
  QTabWidget* tabs_;
  QStackedLayout* stack_;
};

}  // namespace rolora::widgets
