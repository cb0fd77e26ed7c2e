// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/main_window.h"

#include <QAbstractButton>
#include <QCloseEvent>
#include <QDockWidget>
#include <QDragEnterEvent>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QScreen>
#include <QStatusBar>
#include <QUrl>
#include <utility>

#include "widgets/base/icons.h"
#include "widgets/base/places.h"
#include "widgets/base/plot_style.h"
#include "widgets/base/style_shapes.h"
#include "widgets/base/theme.h"
#include "widgets/data/describe.h"
#include "widgets/data/pairs.h"
#include "widgets/data/run_store.h"
#include "widgets/data/statistics_store.h"
#include "widgets/jobs/job_queue.h"
#include "widgets/views/view.h"
#include "widgets/window/actions.h"
#include "widgets/window/centre.h"
#include "widgets/window/dock_host.h"
#include "widgets/window/figure_dialog.h"
#include "widgets/window/finder.h"
#include "widgets/window/message_bar.h"
#include "widgets/window/opening.h"
#include "widgets/window/start_page.h"
#include "widgets/window/status_line.h"

namespace rolora::widgets {
namespace {

const QString kGeometry = QStringLiteral("window/geometry"), kPerspective = QStringLiteral("window/perspective");
const QString kLocked = QStringLiteral("window/locked"), kRunsFolder = QStringLiteral("runs/folder");

QString layout_key(const QString& perspective) { return QStringLiteral("layout/") + perspective; }

}  // namespace

MainWindow::MainWindow(Theme* theme, const WindowOptions& options, QWidget* parent)
    : QMainWindow(parent), theme_(theme), settings_(options.settings_file) {
  setObjectName(QStringLiteral("workbench"));
  setWindowTitle(tr("RoLoRA Workbench"));
  setWindowIcon(application_icon());
  setAcceptDrops(true);
  workbench_.selection = new SelectionModel(this);
  workbench_.statistics = new StatisticsStore(this);
  workbench_.runs = new RunStore(this);
  workbench_.selection->set_rule(scaling_rule(*workbench_.statistics));
  QString runs = options.runs_folder;
  if (runs.isEmpty()) runs = settings_.text(kRunsFolder, default_runs_folder());
  jobs_ = new JobQueue(runs, this);
  sentence_ = new SelectionSentence(workbench_, this);
  actions_ = new Actions(this);
  docks_ = new DockHost(this);
  centre_ = new Centre(this);
  setCentralWidget(centre_);
  messages_ = new MessageBar(this, menuBar());
  make_views();
  make_panels();
  make_status_bar();
  define_perspectives();
  make_actions();
  make_menus();
  finder_ = new Finder(this);
  connect_stores();
  connect_panels();
  connect_measuring();
  name_action_sources();
  offer_models();
  connect(theme_, &Theme::changed, this, &MainWindow::update_style);
  update_style();
  fill_recent();
  restore_layout(options);
  update_actions();
}

MainWindow::~MainWindow() {
  if (figure_dialog_ != nullptr) delete figure_dialog_;
  // The panels and views stand on the stores: they go first.
  delete takeCentralWidget();
  for (QDockWidget* dock : findChildren<QDockWidget*>(QString(), Qt::FindDirectChildrenOnly)) delete dock;
}

QString MainWindow::sentence() const { return sentence_->current(); }

bool MainWindow::show_view(const QString& id) {
  if (id == QStringLiteral("start")) {
    centre_->show_start();
    return true;
  }
  return centre_->show_tab(id);
}

void MainWindow::make_status_bar() {
  status_ = new StatusLine(this);
  jobs_status_ = new QLabel(this);
  jobs_status_->setAccessibleName(tr("Jobs at work"));
  jobs_status_->setContentsMargins(0, 0, fontMetrics().averageCharWidth(), 0);
  statusBar()->setSizeGripEnabled(false);
  statusBar()->addWidget(status_, 1);
  statusBar()->addPermanentWidget(jobs_status_);
  statusBar()->setAccessibleName(tr("Status"));
}

void MainWindow::define_perspectives() {
  docks_->define({QStringLiteral("inspect"),
                  tr("Inspect"),
                  tr("Look for outliers: tree, map, views, table, numbers"),
                  {QStringLiteral("map"), QStringLiteral("runs")},
                  {QStringLiteral("inspector")},
                  {QStringLiteral("outliers"), QStringLiteral("jobs"), QStringLiteral("prompt")},
                  0.2,
                  0.27,
                  0.26});
  docks_->define({QStringLiteral("train"),
                  tr("Train"),
                  tr("Recipe, jobs and training curves"),
                  {QStringLiteral("runs")},
                  {},
                  {QStringLiteral("jobs")},
                  0.24,
                  0.2,
                  0.34});
  docks_->define({QStringLiteral("compare"),
                  tr("Compare"),
                  tr("Two states side by side on one scale, with their numbers"),
                  {QStringLiteral("runs"), QStringLiteral("map")},
                  {QStringLiteral("inspector")},
                  {},
                  0.22,
                  0.25});
  docks_->define({QStringLiteral("figure"), tr("Figure"), tr("One view as large as it gets, and the figure dialog"), {}, {}, {}});
}

void MainWindow::restore_layout(const WindowOptions& options) {
  const QScreen* screen = this->screen();
  const QSize room = screen == nullptr ? QSize(1400, 900) : screen->availableSize();
  const double unit = style_unit();
  resize(QSize(qRound(unit * 96), qRound(unit * 60)).boundedTo(room * 0.92));
  if (options.reset_layout) {
    settings_.remove(QStringLiteral("layout"));
    settings_.remove(kGeometry);
    settings_.remove(kPerspective);
    settings_.remove(kLocked);
  } else if (const QByteArray geometry = settings_.bytes(kGeometry); !geometry.isEmpty()) {
    restoreGeometry(geometry);
  }
  if (options.size.isValid()) resize(options.size);
  const QString perspective = settings_.text(kPerspective, QStringLiteral("inspect"));
  docks_->arrange(QStringLiteral("inspect"));
  if (!docks_->restore(settings_.bytes(layout_key(perspective)), perspective)) docks_->arrange(perspective);
  docks_->set_locked(settings_.flag(kLocked));
  if (QAction* lock = actions_->at(QStringLiteral("layout.lock"))) lock->setChecked(docks_->locked());
  docks_->set_veiled(jobs_->count() == 0);  // the start page has the window for itself until something is open
}

void MainWindow::save_layout() {
  if (std::exchange(made_room_, false)) switch_layout(QStringLiteral("inspect"));
  settings_.set_bytes(kGeometry, saveGeometry());
  settings_.set_text(kPerspective, docks_->current());
  settings_.set_bytes(layout_key(docks_->current()), docks_->save());
  settings_.set_flag(kLocked, docks_->locked());
  settings_.sync();
}

void MainWindow::switch_layout(const QString& perspective) {
  settings_.set_bytes(layout_key(docks_->current()), docks_->save());
  if (!docks_->restore(settings_.bytes(layout_key(perspective)), perspective)) docks_->arrange(perspective);
}

void MainWindow::switch_perspective(const QString& id) {
  made_room_ = false;
  switch_layout(id);
  if (id == QStringLiteral("train")) show_view(QStringLiteral("training"));
  if (id == QStringLiteral("compare")) {
    Selection selection = workbench_.selection->current();
    selection.comparison = Comparison::side_by_side;
    workbench_.selection->propose(selection);
    if (!centre_->shows_start()) show_view(QStringLiteral("overview"));
  }
  if (id == QStringLiteral("figure") && centre_->current_view() != nullptr) show_figure_dialog();
}

void MainWindow::reset_layout() {
  settings_.remove(QStringLiteral("layout"));
  docks_->set_locked(false);
  if (QAction* lock = actions_->at(QStringLiteral("layout.lock"))) lock->setChecked(false);
  docks_->arrange(docks_->current().isEmpty() ? QStringLiteral("inspect") : docks_->current());
}

void MainWindow::update_style() {
  const PlotStyle style = PlotStyle::screen(palette(), font());
  for (View* view : centre_->views()) view->set_style(style);
}

void MainWindow::fill_recent() {
  const QStringList recent = settings_.recent();
  known_soon_.start();
  centre_->start_page()->set_recent(recent);
  recent_menu_->clear();
  for (const QString& path : recent) {
    QAction* action = recent_menu_->addAction(tr("Open again: %1").arg(path), this, [this, path] { open_path(path); });
    action->setStatusTip(tr("Open %1").arg(path));
  }
  recent_menu_->addSeparator();
  QAction* clear = recent_menu_->addAction(tr("Clear recent files"), this, [this] {
    settings_.clear_recent();
    fill_recent();
  });
  clear->setStatusTip(tr("Forget what was opened; the files stay"));
  Actions::set_disabled(clear, recent.isEmpty() ? tr("nothing was opened yet") : QString());
}

QMenu* MainWindow::createPopupMenu() {
  auto* menu = new QMenu(this);
  for (const QString& id : docks_->ids()) menu->addAction(docks_->toggle_action(id));
  return menu;
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
  for (const QUrl& url : event->mimeData()->urls()) {
    if (url.isLocalFile()) return event->acceptProposedAction();
  }
}

void MainWindow::dropEvent(QDropEvent* event) {
  QStringList paths;
  for (const QUrl& url : event->mimeData()->urls()) {
    if (url.isLocalFile()) paths += url.toLocalFile();
  }
  event->acceptProposedAction();
  for (const QString& path : paths) open_path(path);
}

void MainWindow::closeEvent(QCloseEvent* event) {
  save_layout();
  if (quit_anyway_ || jobs_->active_count() == 0) {
    if (figure_dialog_ != nullptr) figure_dialog_->close();
    return event->accept();
  }
  event->ignore();
  ask_about_jobs();
}

/// The user's own wish to quit may be answered by a question; a worker never asks one.
void MainWindow::ask_about_jobs() {
  const int active = jobs_->active_count();
  const QString question = active == 1 ? tr("One job is at work.") : tr("%1 jobs are at work.").arg(active);
  auto* box = new QMessageBox(QMessageBox::Question, tr("Quit"), question, QMessageBox::Cancel, this);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->setInformativeText(active == 1 ? tr("It is a process of its own: the window finds it again at its next start.")
                                      : tr("They are processes of their own: the window finds them again at its next start."));
  QPushButton* keep = box->addButton(tr("Keep running"), QMessageBox::AcceptRole);
  QPushButton* stop = box->addButton(tr("Stop and save"), QMessageBox::DestructiveRole);
  box->setDefaultButton(keep);
  connect(box, &QMessageBox::buttonClicked, this, [this, keep, stop](QAbstractButton* button) {
    if (button != keep && button != stop) return;
    for (int row = 0; button == stop && row < jobs_->count(); row++) {
      if (is_active(jobs_->at(row).state)) jobs_->stop_and_save(jobs_->at(row).id);
    }
    quit_anyway_ = true;
    close();
  });
  box->open();
}

}  // namespace rolora::widgets
