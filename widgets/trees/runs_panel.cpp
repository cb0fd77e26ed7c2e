// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/runs_panel.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <QHeaderView>
#include <QMenu>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/base/icons.h"
#include "widgets/data/pairs.h"
#include "widgets/data/run_store.h"
#include "widgets/trees/tree_view.h"

namespace rolora::widgets {

RunsPanel::RunsPanel(const Workbench& workbench, QWidget* parent)
    : QWidget(parent),
      workbench_(workbench),
      model_(new KeyedTreeModel(runs_columns(), kRunsPerplexity, this)),
      view_(new QTreeView(this)) {
  setObjectName(QStringLiteral("runs_panel"));
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(view_);
  view_->setModel(model_);
  prepare_tree(view_, tr("Models and runs"), tr("Enter looks at a state, or at a run's before and after"));
  view_->setContextMenuPolicy(Qt::CustomContextMenu);
  for (int column = kRunsState; column <= kRunsSize; ++column) view_->header()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
  let_first_column_fill(view_, 22, {kRunsSize, kRunsWorst, kRunsState, kRunsPerplexity});
  add_empty_text(view_, tr("No runs yet. Start the story, open a run folder or drop one here."));
  setFocusProxy(view_);

  connect(view_, &QTreeView::clicked, this, &RunsPanel::look_at);
  connect(view_, &QTreeView::activated, this, &RunsPanel::look_at);
  connect(view_, &QTreeView::customContextMenuRequested, this, &RunsPanel::menu);
  const auto renew_now = [this] { renew(); };
  connect(workbench.runs, &RunStore::opened, this, renew_now);
  connect(workbench.runs, &RunStore::updated, this, renew_now);
  connect(workbench.runs, &RunStore::failed, this, renew_now);
  connect(workbench.runs, &RunStore::closed, this, renew_now);
  connect(workbench.statistics, &StatisticsStore::opened, this, renew_now);
  connect(workbench.statistics, &StatisticsStore::failed, this, renew_now);
  connect(workbench.statistics, &StatisticsStore::closed, this, renew_now);
  connect(workbench.selection, &SelectionModel::changed, this, [this](const Selection& now, const Selection& before) {
    if (now.a == before.a && now.b == before.b) return;
    renew();
    follow_selection();
  });
  renew();
}

RunsInput RunsPanel::input() const {
  RunsInput in;
  for (const QString& folder : workbench_.runs->open_runs()) {
    const RunDataPtr run = workbench_.runs->run(folder);
    if (!run) continue;
    in.runs.push_back(run);
    in.errors[folder] = workbench_.runs->error(folder);
    for (const QString& file : run->statistics_files) in.errors[file] = workbench_.statistics->error(file);
  }
  in.files = workbench_.statistics->open_files();
  in.selection = workbench_.selection->current();
  in.pinned = pinned_;
  in.known = known_;
  in.models = models_;
  return in;
}

void RunsPanel::renew() {
  model_->show(runs_items(input()));
  // A model, a run and a file open themselves when they appear; the stations stay closed.
  for (int row = 0; row < model_->rowCount(); ++row) {
    const QModelIndex top = model_->index(row, 0);
    QModelIndexList fresh = {top};
    for (int child = 0; child < model_->rowCount(top); ++child) fresh.append(model_->index(child, 0, top));
    for (const QModelIndex& index : fresh) {
      const QString key = index.data(kKeyRole).toString();
      if (expanded_once_.contains(key) || model_->rowCount(index) == 0) continue;
      expanded_once_.insert(key);
      view_->expand(index);
    }
  }
}

void RunsPanel::follow_selection() {
  const Selection& s = workbench_.selection->current();
  const StateRef& state = s.b.valid() ? s.b : s.a;
  const QModelIndex index = state.valid() ? model_->find(keys_of_state(input(), state)) : QModelIndex();
  if (index.isValid() && index != view_->currentIndex()) view_->setCurrentIndex(index);
}

RunsRow RunsPanel::row_of(const QModelIndex& index) const { return index.data(kPayloadRole).value<RunsRow>(); }

void RunsPanel::look_at_current() { look_at(view_->currentIndex()); }

void RunsPanel::look_at(const QModelIndex& index) {
  if (!index.isValid()) return;
  const RunsRow row = row_of(index);
  const auto told = [this](const QString& error) {
    if (!error.isEmpty()) emit message(error);
  };
  switch (row.kind) {
    case RunsRow::Kind::group:
      break;
    case RunsRow::Kind::model:
    case RunsRow::Kind::place:
      if (!row.folder.isEmpty()) emit place_activated(row.folder);
      break;
    case RunsRow::Kind::run:
      show_run(workbench_, row.folder, this, told);
      break;
    case RunsRow::Kind::file:
      show_statistics(workbench_, row.state.file, this, told);
      break;
    case RunsRow::Kind::station:
      emit station_activated(row.folder, row.id);
      break;
    case RunsRow::Kind::state:
      workbench_.statistics->open(row.state.file, this, [this, row](const Result<SummaryPtr>& result) {
        if (!result.ok()) return emit message(result.error);
        Selection s = workbench_.selection->current();
        if (!s.a.valid()) s = first_look(*result.value, s);
        if (!(row.state == s.a)) s.b = row.state;  // the baseline stays the baseline
        workbench_.selection->propose(s);
      });
      break;
  }
}

void RunsPanel::make_current_the_baseline() {
  const RunsRow row = row_of(view_->currentIndex());
  if (row.kind != RunsRow::Kind::state) return;
  workbench_.statistics->open(row.state.file, this, [this, row](const Result<SummaryPtr>& result) {
    if (!result.ok()) return emit message(result.error);
    Selection s = workbench_.selection->current();
    if (s.b == row.state) s.b = s.a;  // the two change places
    s.a = row.state;
    workbench_.selection->propose(s);
  });
}

void RunsPanel::swap_states() {
  Selection s = workbench_.selection->current();
  if (!s.a.valid() || !s.b.valid()) return;
  std::swap(s.a, s.b);
  workbench_.selection->propose(s);
}

void RunsPanel::set_known(const std::vector<KnownPlace>& places, const QHash<QString, QString>& models) {
  if (places == known_ && models == models_) return;
  known_ = places;
  models_ = models;
  renew();
}

void RunsPanel::set_pinned(const QStringList& folders) {
  pinned_ = QSet<QString>(folders.begin(), folders.end());
  renew();
}

void RunsPanel::pin_current() {
  const RunsRow row = row_of(view_->currentIndex());
  const bool open = row.kind != RunsRow::Kind::place && row.kind != RunsRow::Kind::model;
  const QString what = row.folder.isEmpty() ? row.state.file : row.folder;
  if (what.isEmpty() || !open) return;
  pinned_.contains(what) ? (void)pinned_.remove(what) : (void)pinned_.insert(what);
  renew();
  emit pinned_changed(pinned());
}

void RunsPanel::close_current() {
  const RunsRow row = row_of(view_->currentIndex());
  if (row.kind == RunsRow::Kind::place || row.kind == RunsRow::Kind::model) return;
  if (row.folder.isEmpty()) {
    if (!row.state.file.isEmpty()) workbench_.statistics->close(row.state.file);
    return;
  }
  const RunDataPtr run = workbench_.runs->run(row.folder);
  workbench_.runs->close(row.folder);
  if (!run) return;
  for (const QString& file : run->statistics_files) workbench_.statistics->close(file);
}

void RunsPanel::add_place_actions(QMenu* menu, const RunsRow& row) {
  const QString path = row.folder;
  if (path.isEmpty()) return;
  menu->addAction(icon(QStringLiteral("open")), row.kind == RunsRow::Kind::model ? tr("Take into the Recipe") : tr("Open"), this,
                  &RunsPanel::look_at_current);
  menu->addAction(icon(QStringLiteral("copy")), tr("Copy Path"), this, [path] { QGuiApplication::clipboard()->setText(path); });
  const auto remembered = [&](const KnownPlace& place) { return place.path == path && place.remembered; };
  if (std::any_of(known_.begin(), known_.end(), remembered))
    menu->addAction(icon(QStringLiteral("close")), tr("Forget"), this, [this, path] { emit place_forgotten(path); });
}

void RunsPanel::menu(const QPoint& at) {
  const QModelIndex index = view_->indexAt(at);
  if (!index.isValid()) return;
  const RunsRow row = row_of(index);
  auto* menu = new QMenu(this);
  menu->setAttribute(Qt::WA_DeleteOnClose);
  const auto add = [&](const QString& icon_name, const QString& text, auto slot) {
    return menu->addAction(icon(icon_name), text, this, slot);
  };
  if (row.kind == RunsRow::Kind::state) {
    add(QStringLiteral("inspect"), tr("Show Beside the Baseline"), &RunsPanel::look_at_current);
    add(QStringLiteral("flag"), tr("Use as Baseline"), &RunsPanel::make_current_the_baseline);
    add(QStringLiteral("compare"), tr("Swap with Baseline"), &RunsPanel::swap_states);
  } else if (row.kind == RunsRow::Kind::model || row.kind == RunsRow::Kind::place) {
    add_place_actions(menu, row);
  } else if (row.kind != RunsRow::Kind::group) {
    add(QStringLiteral("compare"), tr("Show Before and After"), &RunsPanel::look_at_current);
  }
  const QString path = row.folder.isEmpty() ? row.state.file : row.folder;
  if (!path.isEmpty() && row.kind != RunsRow::Kind::model && row.kind != RunsRow::Kind::place) {
    menu->addSeparator();
    const bool pinned = pinned_.contains(path);
    add(pinned ? QStringLiteral("star") : QStringLiteral("star-filled"), pinned ? tr("Unpin") : tr("Pin"), &RunsPanel::pin_current);
    add(QStringLiteral("copy"), tr("Copy Path"), [path] { QGuiApplication::clipboard()->setText(path); });
    add(QStringLiteral("close"), tr("Close"), &RunsPanel::close_current);
  }
  if (menu->isEmpty()) {
    delete menu;
    return;
  }
  menu->popup(view_->viewport()->mapToGlobal(at));
}

}  // namespace rolora::widgets
