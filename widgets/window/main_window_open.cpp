// SPDX-License-Identifier: GPL-3.0-or-later
// The main window: opening things, and what follows when jobs end.
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QFutureWatcher>
#include <QtConcurrent>
#include <utility>

#include "widgets/base/places.h"
#include "widgets/base/style_shapes.h"
#include "widgets/data/describe.h"
#include "widgets/data/pairs.h"
#include "widgets/data/run_store.h"
#include "widgets/jobs/job_queue.h"
#include "widgets/jobs/jobs_panel.h"
#include "widgets/recipe/doctor_page.h"
#include "widgets/recipe/recipe_page.h"
#include "widgets/trees/known_places.h"
#include "widgets/trees/runs_panel.h"
#include "widgets/views/training_view.h"
#include "widgets/window/centre.h"
#include "widgets/window/dock_host.h"
#include "widgets/window/known_models.h"
#include "widgets/window/main_window.h"
#include "widgets/window/message_bar.h"
#include "widgets/window/opening.h"
#include "widgets/window/run_outcome.h"
#include "widgets/window/status_line.h"

namespace rolora::widgets {
namespace {

constexpr double kLowWindow = 48;  // units of the style: lower than this a page and the panels below it do not both have room

}  // namespace

void MainWindow::open_path(const QString& path, const QString& view) {
  const Opening found = recognise(path);
  switch (found.kind) {
    case PathKind::run:
      return open_run(found.path, view);
    case PathKind::statistics:
      return open_statistics(found.path, view);
    case PathKind::model:
      return open_model(found.path);
    case PathKind::job:
      return load_job(found.path);
    case PathKind::nothing:
      return tell_error(found.error);
  }
}

void MainWindow::open_run(const QString& folder, const QString& view) {
  begin_opening(folder);
  show_run(workbench_, folder, this, [this, folder, view](const QString& error) {
    end_opening();
    const RunDataPtr run = workbench_.runs->run(folder);
    if (run == nullptr) return tell_error(error);
    if (const QString unreadable = workbench_.runs->error(folder); !unreadable.isEmpty()) tell_error(unreadable);
    remember(folder);
    messages_->forget(folder);
    if (auto* training = qobject_cast<TrainingView*>(centre_->view(QStringLiteral("training")))) training->show_run(folder);
    const bool measured = error.isEmpty() && !run->statistics_files.isEmpty();  // damaged statistics are told by their store
    const QString fitting = measured ? QStringLiteral("overview") : QStringLiteral("training");
    if (std::exchange(made_room_, false)) switch_layout(QStringLiteral("inspect"));
    if (view.isEmpty() || !show_view(view)) show_view(fitting);
    if (!measured) setWindowTitle(tr("%1 — RoLoRA Workbench").arg(run_title(folder, workbench_.runs->open_runs())));
  });
}

void MainWindow::open_statistics(const QString& file, const QString& view) {
  begin_opening(file);
  show_statistics(workbench_, file, this, [this, file, view](const QString& error) {
    end_opening();
    if (!error.isEmpty()) return;  // told by the store
    remember(file);
    if (view.isEmpty() || !show_view(view)) show_view(QStringLiteral("overview"));
  });
}

void MainWindow::open_model(const QString& folder) {
  remember(folder);
  recipe_->set_model(folder);
  doctor_->set_model(folder);
  make_room_for_the_recipe();
  show_view(QStringLiteral("recipe"));
}

/// Before anything is measured the panels of numbers and places have nothing to say: recipe and jobs get their room until a run is opened.
void MainWindow::make_room_for_the_recipe() {
  if (workbench_.selection->current().a.valid() || docks_->current() != QStringLiteral("inspect")) return;
  switch_layout(QStringLiteral("train"));
  made_room_ = true;
}

/// The recipe has no use for numbers of a selection; in a low window it has none for the other panels below it either, but for jobs at
/// work.
void MainWindow::set_aside_for_the_page() {
  QStringList aside;
  if (centre_->current_id() == QStringLiteral("recipe")) {
    aside = {QStringLiteral("inspector")};
    if (height() < qRound(style_unit() * kLowWindow)) {
      aside += {QStringLiteral("outliers"), QStringLiteral("prompt")};
      if (jobs_->active_count() == 0) aside += QStringLiteral("jobs");
    }
  }
  docks_->set_aside(aside);
}

/// For the tree of runs: what was open, what lies in the runs folder, and the open runs' models.
void MainWindow::renew_known_places() {
  const QStringList folders = workbench_.runs->open_runs();
  QHash<QString, QString> models;
  const QStringList known = known_models(*workbench_.runs, settings_.recent());
  for (const QString& folder : folders) {
    const RunDataPtr run = workbench_.runs->run(folder);
    const QString model = run == nullptr ? QString() : base_model_of(*run, known);
    if (!model.isEmpty()) models[folder] = model;
  }
  auto* watcher = new QFutureWatcher<std::vector<KnownPlace>>(this);
  connect(watcher, &QFutureWatcher<std::vector<KnownPlace>>::finished, this, [this, watcher, models] {
    runs_panel_->set_known(watcher->result(), models);
    watcher->deleteLater();
  });
  watcher->setFuture(QtConcurrent::run(known_places, settings_.remembered(), jobs_->folder()));
}

void MainWindow::load_job(const QString& file) {
  const Result<bool> loaded = recipe_->open_job(file);
  if (!loaded.ok()) return tell_error(loaded.error);
  make_room_for_the_recipe();
  show_view(QStringLiteral("recipe"));
}

void MainWindow::prepare_story() {
  const QString resources = resources_folder();
  if (resources.isEmpty()) return tell_error(tr("resources/jobs/story.json: expected beside the program, found none"));
  load_job(resources + QStringLiteral("/jobs/story.json"));
  docks_->raise(QStringLiteral("jobs"));
}

void MainWindow::begin_opening(const QString& path) {
  opening_++;
  status_->set_hover(tr("Reading %1 …").arg(QDir::toNativeSeparators(path)));
}

void MainWindow::end_opening() {
  if (--opening_ == 0) status_->set_hover({});
}

void MainWindow::remember(const QString& path) {
  settings_.add_recent(path);
  fill_recent();
  offer_models();
}

void MainWindow::tell_error(const QString& text) { messages_->tell(MessageBar::Kind::error, text); }

/// Where a dialog begins: where it was used last, else in the folder of runs, beside what was opened last, beside the bundled model.
QString MainWindow::dialog_start(const QString& setting) const {
  const QStringList recent = settings_.recent();
  for (const QString& folder : {settings_.text(setting), jobs_->folder(),
                                recent.isEmpty() ? QString() : QFileInfo(recent.first()).absolutePath(), resources_folder()}) {
    if (!folder.isEmpty() && QFileInfo(folder).isDir()) return folder;
  }
  return QDir::homePath();
}

void MainWindow::ask_for_folder() {
  auto* dialog = new QFileDialog(this, tr("Open a model or a run"), dialog_start(QStringLiteral("dialogs/folder")));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::Directory);
  dialog->setOption(QFileDialog::ShowDirsOnly, false);
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
    settings_.set_text(QStringLiteral("dialogs/folder"), QFileInfo(path).absolutePath());
    open_path(path);
  });
  dialog->open();
}

void MainWindow::ask_for_statistics() {
  auto* dialog =
      new QFileDialog(this, tr("Open statistics"), dialog_start(QStringLiteral("dialogs/statistics")), tr("Statistics (*.h5 *.hdf5)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
    settings_.set_text(QStringLiteral("dialogs/statistics"), QFileInfo(path).absolutePath());
    open_path(path);
  });
  dialog->open();
}

void MainWindow::job_ended(const QString& id) {
  const JobRecord* record = jobs_->find(id);
  if (record == nullptr) return;
  const QString folder = record->folder;
  const bool finished = record->state == JobState::finished;
  workbench_.runs->open(folder, this, [this, folder, finished, name = record->name](const Result<RunDataPtr>& run) {
    open_new_statistics(workbench_, folder);  // into the tree
    if (!finished) return;
    const QString outcome = run.ok() ? outcome_of(*run.value) : QString();
    const bool compares = run.ok() && !run.value->statistics_files.isEmpty();
    messages_->tell(
        MessageBar::Kind::note, outcome.isEmpty() ? tr("%1 is finished.").arg(name) : tr("%1 is finished. %2").arg(name, outcome),
        compares ? tr("Show before | after") : tr("Open run"), [this, folder] { open_run(folder, {}); }, folder);
  });
  if (finished) {
    return;
  } else if (record->state == JobState::failed) {
    messages_->tell(
        MessageBar::Kind::error, tr("%1 failed: %2").arg(record->name, record->message), tr("Show job"),
        [this, id] {
          jobs_panel_->show_job(id);
          docks_->show(QStringLiteral("jobs"));
        },
        folder);
  }
}

/// A station of the runs tree: its page is the view that shows what it made.
void MainWindow::show_station(const QString& folder, const QString& station) {
  const RunDataPtr run = workbench_.runs->run(folder);
  if (run == nullptr) return;
  for (const RunData::StationLine& line : run->stations) {
    if (line.id != station) continue;
    show_view(line.kind == QStringLiteral("finetune")   ? QStringLiteral("training")
              : line.kind == QStringLiteral("evaluate") ? QStringLiteral("perplexity")
              : line.kind == QStringLiteral("quantize") ? QStringLiteral("errors")
                                                        : QStringLiteral("overview"));
  }
}

void MainWindow::save_statistics_copy() {
  const QString file = workbench_.selection->current().a.file;
  auto* dialog = new QFileDialog(this, tr("Save statistics as HDF5"), QFileInfo(file).fileName(), tr("HDF5 (*.h5)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(QStringLiteral("h5"));
  connect(dialog, &QFileDialog::fileSelected, this, [this, file](const QString& to) {
    if (QFileInfo(to).absoluteFilePath() == QFileInfo(file).absoluteFilePath()) return;
    auto* watcher = new QFutureWatcher<QString>(this);
    connect(watcher, &QFutureWatcher<QString>::finished, this, [this, watcher, to] {
      const QString error = watcher->result();
      if (error.isEmpty()) {
        messages_->tell(MessageBar::Kind::note, tr("Statistics saved: %1").arg(to));
      } else {
        tell_error(error);
      }
      watcher->deleteLater();
    });
    watcher->setFuture(QtConcurrent::run([file, to]() -> QString {
      const QString part = to + QStringLiteral(".part");
      QFile::remove(part);
      QFile source(file);
      if (!source.copy(part)) return QStringLiteral("%1: %2").arg(to, source.errorString());
      QFile::remove(to);
      return QFile::rename(part, to) ? QString() : QStringLiteral("%1: expected a place to write, found none").arg(to);
    }));
  });
  dialog->open();
}

}  // namespace rolora::widgets
