// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/plot_menu.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QMenu>
#include <QMimeData>
#include <QPixmap>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/plots/figure_background.h"

namespace rolora::widgets {
namespace {

void put_table(const QByteArray& csv) {
  auto data = std::make_unique<QMimeData>();
  data->setText(QString::fromUtf8(csv));
  data->setData(QStringLiteral("text/csv"), csv);
  QGuiApplication::clipboard()->setMimeData(data.release());
}

void add_copies(QMenu* menu, const PlotMenu& about) {
  QAction* value = menu->addAction(QMenu::tr("Copy &value"));
  value->setEnabled(about.hit.has_value());
  QObject::connect(value, &QAction::triggered, menu,
                   [about] { QGuiApplication::clipboard()->setText(about.value ? exact(*about.value) : about.hit->text); });
  QAction* data = menu->addAction(QMenu::tr("Copy &data (CSV of the visible range)"));
  QAction* image = menu->addAction(QMenu::tr("Copy &image"));
  QObject::connect(data, &QAction::triggered, about.plot, [figure = about.figure, plot = about.plot] {
    if (const FigurePtr made = figure()) figure_csv_in_background(made, plot, put_table);
  });
  QObject::connect(image, &QAction::triggered, about.plot, [plot = about.plot] { QGuiApplication::clipboard()->setPixmap(plot->grab()); });
  const bool any = about.figure() != nullptr;
  data->setEnabled(any);
  image->setEnabled(any);
}

}  // namespace

void open_plot_menu(View* view, const Workbench& workbench, const PlotMenu& about, const QPoint& global) {
  auto* menu = new QMenu(view);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  add_copies(menu, about);
  menu->addSeparator();
  if (about.scaled != nullptr) {
    const double magnitude = std::fabs(about.value.value_or(0));
    QAction* action = menu->addAction(QMenu::tr("Set as &threshold of outliers"));
    action->setEnabled(magnitude > 0 && std::isfinite(magnitude));
    QObject::connect(action, &QAction::triggered, view, [scaled = about.scaled, magnitude] { scaled->set_threshold(magnitude); });
  }
  const int layer = about.hit ? about.hit->selection.layer : -1;
  QAction* filter = menu->addAction(layer >= 0 ? QMenu::tr("&Filter to layer %1").arg(layer) : QMenu::tr("&Filter to this layer"));
  filter->setEnabled(layer >= 0);
  QObject::connect(filter, &QAction::triggered, view, [view, workbench, layer] {
    Selection wanted = workbench.selection->current();
    wanted.layer = layer;
    workbench.selection->propose(wanted);
    emit view->layer_filter_asked(layer);
  });
  menu->addSeparator();
  emit view->menu_opened(menu);
  menu->popup(global);
}

}  // namespace rolora::widgets
