// SPDX-License-Identifier: GPL-3.0-or-later
// A page of the window's centre: a bar of choices above a plot, both following the selection.
#pragma once

#include <QString>
#include <QVector>
#include <QWidget>

#include "widgets/data/selection.h"
#include "widgets/data/workbench.h"
#include "widgets/plots/figure.h"
#include "widgets/plots/plot.h"

class QMenu;

namespace rolora::widgets {

/// A part of a page that can be asked for by name: a tab, a figure.
struct ViewPart {
  QString id, title;
};

class View : public QWidget {
  Q_OBJECT
 public:
  explicit View(const Workbench& workbench, QWidget* parent = nullptr) : QWidget(parent), workbench_(workbench) {}
  virtual QString title() const = 0;                       ///< of its tab
  virtual QString shown_title() const { return title(); }  ///< of the part of it that is shown
  virtual FigurePtr figure() const = 0;                    ///< nullptr while there is nothing to show
  virtual void set_style(const PlotStyle& style) = 0;
  /// What the keyboard acts on.
  virtual QWidget* focus_widget() = 0;
  virtual QVector<ViewPart> parts() const { return {}; }
  virtual void show_part(const QString&) {}

 signals:
  void sentence_changed(const QString& sentence);  ///< for the status bar: the hit under the pointer, or empty
  void drilled();                                  ///< the selection went a level down: the window shows the next view
  void climbed();
  void table_asked();
  void menu_opened(QMenu* menu);                             ///< of the right button: the window adds its export actions
  void layer_filter_asked(int layer);                        ///< for the table of outliers
  void page_asked(const QString& id);                        ///< by the line of steps above the plot
  void pointed_at(const rolora::widgets::Selection& place);  ///< the cell under the pointer, for other panels
  void pointed_away();

 protected:
  const Workbench& workbench() const { return workbench_; }

 private:
  Workbench workbench_;
};

}  // namespace rolora::widgets
