// SPDX-License-Identifier: GPL-3.0-or-later
// What every view of a plot with a selection does: clicks and keys become proposals, hovering becomes the status bar's sentence.
#pragma once

#include <QCoreApplication>
#include <QVBoxLayout>
#include <algorithm>
#include <functional>
#include <initializer_list>
#include <type_traits>

#include "widgets/data/describe.h"
#include "widgets/data/run_store.h"
#include "widgets/plots/from_statistics.h"
#include "widgets/views/plot_menu.h"
#include "widgets/views/view.h"

namespace rolora::widgets {

/// Layers of the states that are looked at.
inline int layers_of(const Workbench& workbench) {
  int layers = 0;
  for (const StateRef& ref : {workbench.selection->current().a, workbench.selection->current().b}) {
    const SummaryPtr summary = ref.valid() ? workbench.statistics->summary(ref.file) : nullptr;
    if (const StateSummary* state = summary ? summary->find(ref.state) : nullptr) layers = std::max(layers, state->layers());
  }
  return layers;
}

/// "rotated (seed 0)", with the file's or run's name before it where the two states are of different files.
inline QString name_of_state(const StateRef& ref, const Selection& selection, const Workbench& workbench) {
  QString name = state_title(ref, *workbench.statistics);
  if (selection.a.valid() && selection.b.valid() && selection.a.file != selection.b.file) {
    name = source_title(ref.file, workbench) + QStringLiteral(" · ") + name;
  }
  return name;
}

/// measured_on() with the model's name before it, where an open run says it.
inline QString facts_of(const StatisticsSummary& summary, const QStringList& states, const Workbench& workbench) {
  const QString facts = measured_on(summary, states);
  for (const QString& folder : workbench.runs->open_runs()) {
    const RunDataPtr run = workbench.runs->run(folder);
    if (run && run->statistics_files.contains(summary.file) && !run->model.isEmpty()) {
      return QCoreApplication::translate("rolora::views", "Model %1. %2").arg(run->model, facts);
    }
  }
  return facts;
}

/// What the caption says of the text and the states that are shown.
inline QString facts_of_selection(const Selection& now, const Workbench& workbench) {
  QStringList states;
  if (now.a.valid() && now.comparison != Comparison::only_b) states.append(now.a.state);
  if (now.b.valid() && now.comparison != Comparison::only_a && now.b.file == now.a.file) states.append(now.b.state);
  const SummaryPtr summary = workbench.statistics->summary(now.a.valid() ? now.a.file : now.b.file);
  return summary ? QLatin1Char(' ') + facts_of(*summary, states, workbench) : QString();
}

/// A view from top to bottom without gaps; its last part takes the room.
inline void put_in_column(View* view, std::initializer_list<QWidget*> parts) {
  auto* column = new QVBoxLayout(view);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  for (QWidget* part : parts) column->addWidget(part, part == *(parts.end() - 1) ? 1 : 0);
}

/// Calls `act` when a file of the selection comes or goes.
inline void follow_files(View* view, const Workbench& workbench, const std::function<void()>& act) {
  const auto if_concerned = [selection = workbench.selection, act](const QString& file) {
    const Selection& now = selection->current();
    if (now.a.file == file || now.b.file == file) act();
  };
  QObject::connect(workbench.statistics, &StatisticsStore::opened, view, if_concerned);
  QObject::connect(workbench.statistics, &StatisticsStore::closed, view, if_concerned);
}

template <class AnyPlot>
void bind_plot(View* view, AnyPlot* plot, const Workbench& workbench) {
  QObject::connect(plot, &AnyPlot::hovered, view, [view](const Hit& hit) {
    QString sentence = hit.text;
    emit view->sentence_changed(sentence.replace(QLatin1Char('\n'), QStringLiteral(" · ")));
    emit view->pointed_at(hit.selection);
  });
  QObject::connect(plot, &AnyPlot::left, view, [view] {
    emit view->sentence_changed({});
    emit view->pointed_away();
  });
  QObject::connect(plot, &AnyPlot::told, view, &View::sentence_changed);
  QObject::connect(plot, &AnyPlot::proposed, view, [workbench](const Selection& s) { workbench.selection->propose(s); });
  QObject::connect(plot, &AnyPlot::drilled, view, [view, workbench](const Selection& s) {
    workbench.selection->propose(s);
    emit view->drilled();
  });
  QObject::connect(plot, &AnyPlot::climbed, view, &View::climbed);
  QObject::connect(plot, &AnyPlot::table_asked, view, &View::table_asked);
  QObject::connect(plot, &AnyPlot::layer_stepped, view, [workbench](int by) {
    Selection s = workbench.selection->current();
    const int layers = layers_of(workbench);
    if (layers < 1) return;
    s.layer = s.layer < 0 ? (by > 0 ? 0 : layers - 1) : std::clamp(s.layer + by, 0, layers - 1);
    workbench.selection->propose(s);
  });
  QObject::connect(plot, &AnyPlot::menu_asked, view, [view, plot, workbench](const QPoint& global, const Hit& hit, bool has_hit) {
    PlotMenu menu;
    menu.plot = plot;
    menu.figure = [plot] { return plot->figure(); };
    if (has_hit) menu.hit = hit;
    if constexpr (std::is_base_of_v<ScaledPlot, AnyPlot>) {
      menu.scaled = plot;
      if (has_hit) menu.value = plot->value_at(hit);
    }
    open_plot_menu(view, workbench, menu, global);
  });
}

}  // namespace rolora::widgets
