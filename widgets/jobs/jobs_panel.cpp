// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/jobs_panel.h"

#include <QAction>
#include <QDesktopServices>
#include <QEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QLabel>
#include <QListView>
#include <QMessageBox>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QUrl>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/base/theme.h"
#include "widgets/jobs/dialog_folder.h"
#include "widgets/jobs/job_delegates.h"
#include "widgets/jobs/job_models.h"
#include "widgets/jobs/job_text.h"
#include "widgets/jobs/loss_line.h"
#include "widgets/jobs/worker_program.h"

namespace rolora::widgets {
namespace {

QListView* plain_list(const QString& name, QAbstractItemModel* model, QAbstractItemDelegate* delegate) {
  auto* list = new QListView;
  list->setModel(model);
  list->setItemDelegate(delegate);
  delegate->setParent(list);
  list->setAccessibleName(name);
  list->setToolTip(name);
  list->setUniformItemSizes(true);
  list->setFrameShape(QFrame::NoFrame);
  list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
  list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list->setEditTriggers(QAbstractItemView::NoEditTriggers);
  return list;
}

QToolButton* button_of(QAction* action) {
  auto* button = new QToolButton;
  button->setDefaultAction(action);
  button->setToolButtonStyle(Qt::ToolButtonTextOnly);
  button->setAutoRaise(true);
  button->setFocusPolicy(Qt::StrongFocus);
  button->setAccessibleName(action->text());
  QObject::connect(action, &QAction::changed, button, [button, action] { button->setAccessibleName(action->text()); });
  return button;
}

void hold_room_for(QToolButton* button, const QStringList& words) {
  const int own = button->fontMetrics().horizontalAdvance(button->text());
  int most = own;
  for (const QString& each : words) most = std::max(most, button->fontMetrics().horizontalAdvance(each));
  button->setMinimumWidth(button->sizeHint().width() + most - own);
}

}  // namespace

JobsPanel::JobsPanel(JobQueue* queue, QWidget* parent)
    : QWidget(parent), queue_(queue), model_(new JobListModel(queue, this)), stations_model_(new StationListModel(this)) {
  setObjectName(QStringLiteral("jobs"));
  setAccessibleName(tr("Jobs"));
  make_actions();
  notice_ = new QLabel;
  notice_->setWordWrap(true);
  notice_->setAccessibleName(tr("Notice about the queue"));
  auto* work = new QSplitter(Qt::Horizontal);
  work->setChildrenCollapsible(false);
  work->addWidget(make_left());
  work->addWidget(make_right());
  work->setStretchFactor(0, 2);
  work->setStretchFactor(1, 3);
  pages_ = new QStackedWidget;
  pages_->addWidget(make_empty());
  pages_->addWidget(work);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(notice_);
  layout->addWidget(pages_);

  const auto rows_changed = [this] {
    pages_->setCurrentIndex(model_->rowCount() > 0 ? 1 : 0);
    if (!list_->currentIndex().isValid() && model_->rowCount() > 0) list_->setCurrentIndex(model_->index(0));
    show_details();
  };
  connect(model_, &QAbstractItemModel::rowsInserted, this, rows_changed);
  connect(model_, &QAbstractItemModel::rowsRemoved, this, rows_changed);
  connect(model_, &QAbstractItemModel::rowsMoved, this, [this] { update_actions(); });
  connect(list_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this] { show_details(); });
  connect(model_, &QAbstractItemModel::dataChanged, this, [this](const QModelIndex& index) {
    if (index.row() == list_->currentIndex().row()) show_details();
  });
  const auto show_notice = [this](const QString& line) {
    notice_->setText(line);
    notice_->setVisible(!line.isEmpty());
  };
  connect(queue_, &JobQueue::notice_changed, this, show_notice);
  show_notice(queue_->notice());
  style_texts();
  rows_changed();
}

QAction* JobsPanel::make_action(const QString& text, const QString& shortcut, const QString& tip, void (JobsPanel::*act)()) {
  auto* action = new QAction(text, this);
  if (!shortcut.isEmpty()) action->setShortcut(QKeySequence(shortcut));
  action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
  action->setToolTip(shortcut.isEmpty() ? tip : tr("%1 (%2)").arg(tip, action->shortcut().toString(QKeySequence::NativeText)));
  action->setStatusTip(tip);
  connect(action, &QAction::triggered, this, act);
  addAction(action);
  return action;
}

void JobsPanel::make_actions() {
  open_ = make_action(tr("Open run"), QStringLiteral("Ctrl+Return"), tr("Show the run's results: before and after, losses, errors"),
                      &JobsPanel::open_run);
  go_on_ = make_action(tr("Start"), QStringLiteral("Ctrl+Shift+R"), tr("Start it, or resume it: go on from what is finished"), &JobsPanel::go_on);
  stop_ = make_action(tr("Stop and save"), QStringLiteral("Ctrl+Shift+S"), tr("Finish the step, save and end; it can go on later"),
                      &JobsPanel::stop_and_save);
  cancel_ =
      make_action(tr("Cancel…"), QStringLiteral("Ctrl+Shift+X"),
                  tr("End it soon: it is asked to stop, after two seconds terminated, then killed; files stay"), &JobsPanel::ask_cancel);
  up_ = make_action(tr("Earlier"), QStringLiteral("Alt+Up"), tr("Move it up: its turn comes earlier"), &JobsPanel::move_up);
  down_ = make_action(tr("Later"), QStringLiteral("Alt+Down"), tr("Move it down: its turn comes later"), &JobsPanel::move_down);
  log_file_ = make_action(tr("Log file"), QString(), tr("Open the worker's whole output"), &JobsPanel::open_log);
  remove_ = make_action(tr("Remove"), QStringLiteral("Del"), tr("Take it off this list; every file stays where it is"), &JobsPanel::remove);
  worker_ = make_action(tr("Choose rolora…"), QString(), tr("Say where the program rolora is, which does the work; then try again"),
                        &JobsPanel::ask_for_worker);
}

QWidget* JobsPanel::make_left() {
  list_ = plain_list(tr("Jobs in their order"), model_, new JobDelegate);
  list_->setObjectName(QStringLiteral("job_list"));
  connect(list_, &QListView::activated, this, &JobsPanel::open_run);
  return list_;
}

QLayout* JobsPanel::make_buttons() {
  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(fontMetrics().averageCharWidth() / 2);
  // Their words change while a job goes on, their places do not.
  for (QAction* action : {open_, go_on_, stop_, cancel_}) {
    QToolButton* button = button_of(action);
    const QStringList words = action == go_on_  ? QStringList{tr("Start"), tr("Go on"), tr("Try again")}
                              : action == stop_ ? QStringList{tr("Stop and save"), tr("Take out of the queue")}
                                                : QStringList{};
    hold_room_for(button, words);
    buttons->addWidget(button);
  }
  worker_button_ = button_of(worker_);
  buttons->addWidget(worker_button_);
  buttons->addStretch(1);
  for (QAction* action : {log_file_, remove_}) buttons->addWidget(button_of(action));
  return buttons;
}

QWidget* JobsPanel::make_right() {
  title_ = new QLabel;
  state_ = new QLabel;
  facts_ = new QLabel;
  message_ = new QLabel;
  for (QLabel* label : {title_, facts_, message_}) {
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
  }
  loss_ = new LossLine;
  stations_ = plain_list(tr("Stations of the job"), stations_model_, new StationDelegate);
  stations_->setObjectName(QStringLiteral("job_stations"));
  log_ = new QPlainTextEdit;
  log_->setReadOnly(true);
  log_->setFrameShape(QFrame::NoFrame);
  log_->setLineWrapMode(QPlainTextEdit::NoWrap);
  log_->setMaximumBlockCount(400);
  log_->setAccessibleName(tr("Last lines of the log"));
  log_->setToolTip(tr("What the worker said; the whole of it is in the log file"));
  log_->setTabChangesFocus(true);
  const QScrollBar *down = log_->verticalScrollBar(), *stations = stations_->verticalScrollBar();
  // Later: the box itself puts the bar where it was once more after it has told its range.
  connect(down, &QScrollBar::rangeChanged, this, &JobsPanel::keep_in_sight, Qt::QueuedConnection);
  connect(down, &QScrollBar::actionTriggered, this, [this, down] { log_follows_ = down->sliderPosition() >= down->maximum(); });
  connect(stations, &QScrollBar::rangeChanged, this, &JobsPanel::keep_in_sight, Qt::QueuedConnection);
  connect(stations, &QScrollBar::actionTriggered, this, [this] { station_in_sight_ = -1; });
  auto* heading = new QHBoxLayout;
  heading->addWidget(title_, 1);
  heading->addWidget(state_);
  auto* lower = new QSplitter(Qt::Horizontal);
  lower->setChildrenCollapsible(false);
  lower->addWidget(stations_);
  lower->addWidget(log_);
  auto* side = new QWidget;
  auto* layout = new QVBoxLayout(side);
  const int gap = fontMetrics().height() / 2;
  layout->setContentsMargins(gap, gap, gap, 0);
  layout->setSpacing(gap / 2);
  layout->addLayout(heading);
  layout->addLayout(make_buttons());  // above what grows with a message
  layout->addWidget(facts_);
  layout->addWidget(message_);
  layout->addWidget(loss_);
  layout->addWidget(lower, 1);
  return side;
}

QWidget* JobsPanel::make_empty() {
  auto* page = new QWidget;
  auto* text = new QLabel(tr("No jobs yet. The recipe page makes one: a whole story or a single station."));
  text->setWordWrap(true);
  text->setAlignment(Qt::AlignCenter);
  auto* button = new QPushButton(tr("New job…"));
  button->setToolTip(tr("Go to the recipe page"));
  button->setAccessibleName(tr("New job"));
  connect(button, &QPushButton::clicked, this, &JobsPanel::new_job_asked);
  auto* layout = new QVBoxLayout(page);
  layout->addStretch(1);
  layout->addWidget(text);
  layout->addWidget(button, 0, Qt::AlignHCenter);
  layout->addStretch(1);
  return page;
}

void JobsPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) style_texts();
}

void JobsPanel::style_texts() {
  if (title_ == nullptr) return;
  QFont strong = font();
  strong.setWeight(QFont::DemiBold);
  title_->setFont(strong);
  log_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  const auto colour = [](QLabel* label, const QColor& text) {
    QPalette palette;
    palette.setColor(QPalette::WindowText, text);
    label->setPalette(palette);
  };
  const ThemeColours theme = theme_colours(palette());
  colour(facts_, theme.faint_text);
  colour(state_, theme.faint_text);
  const JobRecord* job = queue_->find(chosen());
  style_message(job == nullptr ? JobState::draft : job->state);
  colour(notice_, theme.warning);
}

QString JobsPanel::chosen() const { return list_->currentIndex().data(JobListModel::IdRole).toString(); }

void JobsPanel::show_job(const QString& id) {
  const int row = queue_->row_of(id);
  if (row >= 0) list_->setCurrentIndex(model_->index(row));
}

void JobsPanel::show_details() {
  update_actions();
  const JobRecord* job = queue_->find(chosen());
  const JobProgressPtr now = job == nullptr ? nullptr : queue_->progress(job->id);
  const bool active = job != nullptr && is_active(job->state);
  stations_model_->show(now, job == nullptr ? JobState::draft : job->state);
  if (job == nullptr) {
    for (QLabel* label : {title_, state_, facts_, message_}) label->clear();
    loss_->hide();
    show_log({});
    return;
  }
  title_->setText(job->name);
  state_->setText(state_text(*job));
  const bool said = !active && !job->message.isEmpty();
  const QString where = said || is_over(job->state) ? job->folder : where_text(*job, now);
  QStringList facts;
  for (const QString& part : {where, time_text(*job, now), active ? metrics_text(now) : QString()}) {
    if (!part.isEmpty()) facts << part;
  }
  facts_->setText(facts.join(QStringLiteral(" · ")));
  // Two lines, whatever a station has to tell and when it ends: what stands below does not jump.
  facts_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
  facts_->setMinimumHeight(2 * facts_->fontMetrics().lineSpacing());
  style_message(job->state);
  message_->setText(said ? job->message : QString());
  message_->setVisible(said);
  loss_->setVisible(now && !now->losses.empty());
  if (now) loss_->show_losses(now->losses, now->training);
  if (job->id != shown_job_) {
    shown_job_ = job->id;
    shown_station_.clear();
    log_follows_ = true;
  }
  show_station(now);
  show_log(now ? now->log : QStringList());
}

// Follows the station at work, but does not take back a scroll of the user's.
void JobsPanel::show_station(const JobProgressPtr& now) {
  const StationProgress* station = now ? now->station() : nullptr;
  const QString id = station != nullptr ? station->id : QString();
  if (id == shown_station_) return;
  shown_station_ = id;
  station_in_sight_ = station != nullptr ? now->current : -1;
  keep_in_sight();
}

// Also when the panel gets its size after what it shows: it may have lain behind another.
void JobsPanel::keep_in_sight() {
  if (station_in_sight_ >= 0 && station_in_sight_ < stations_model_->rowCount())
    stations_->scrollTo(stations_model_->index(station_in_sight_), QAbstractItemView::PositionAtCenter);
  if (log_follows_) log_->verticalScrollBar()->setValue(log_->verticalScrollBar()->maximum());
}

// Red says that something is wrong. What was stopped by the user's own wish and can go on is not.
void JobsPanel::style_message(JobState state) {
  const ThemeColours theme = theme_colours(this->palette());
  const bool wrong = state == JobState::failed || state == JobState::draft;
  QPalette colours;
  colours.setColor(QPalette::WindowText, wrong ? theme.error : state == JobState::interrupted ? theme.warning : theme.faint_text);
  message_->setPalette(colours);
}

void JobsPanel::show_log(const QStringList& lines) {
  if (lines == shown_log_) return;
  const bool grown = !shown_log_.isEmpty() && lines.size() > shown_log_.size() && lines.mid(0, shown_log_.size()) == shown_log_;
  if (grown) {
    log_->appendPlainText(lines.mid(shown_log_.size()).join(QLatin1Char('\n')));
  } else {
    log_->setPlainText(lines.join(QLatin1Char('\n')));
  }
  shown_log_ = lines;
  keep_in_sight();
}

void JobsPanel::update_actions() {
  const JobRecord* job = queue_->find(chosen());
  const auto state = job == nullptr ? JobState::draft : job->state;
  const bool some = job != nullptr, resumable = some && is_over(state) && state != JobState::finished;
  open_->setEnabled(some && QFileInfo::exists(job->folder));
  go_on_->setEnabled(resumable || (some && (state == JobState::validated || (state == JobState::draft && !job->message.isEmpty()))));
  const bool again = state == JobState::failed || (state == JobState::draft && some && !job->message.isEmpty());
  go_on_->setText(again ? tr("Try again") : resumable ? tr("Go on") : tr("Start"));
  const bool lacking = again && !worker_problem().isEmpty();
  worker_->setEnabled(lacking);
  worker_button_->setVisible(lacking);
  stop_->setEnabled(some && (state == JobState::running || state == JobState::queued));
  stop_->setText(state == JobState::queued ? tr("Take out of the queue") : tr("Stop and save"));
  cancel_->setEnabled(some && !is_over(state) && !job->cancelling);
  remove_->setEnabled(some && !is_active(state));
  up_->setEnabled(list_->currentIndex().row() > 0);
  down_->setEnabled(some && list_->currentIndex().row() + 1 < model_->rowCount());
  log_file_->setEnabled(some && QFileInfo::exists(job->log));
}

void JobsPanel::open_run() {
  const JobRecord* job = queue_->find(chosen());
  if (job != nullptr && QFileInfo::exists(job->folder)) emit run_open_asked(job->folder);
}

void JobsPanel::go_on() {
  const JobRecord* job = queue_->find(chosen());
  if (job == nullptr) return;
  is_over(job->state) ? queue_->resume(job->id) : queue_->start(job->id);
}

void JobsPanel::stop_and_save() { queue_->stop_and_save(chosen()); }

void JobsPanel::ask_cancel() {
  const JobRecord* job = queue_->find(chosen());
  if (job == nullptr) return;
  if (!is_active(job->state)) return queue_->cancel(job->id);
  auto* box = new QMessageBox(QMessageBox::Question, tr("Cancel the job?"), tr("Cancel “%1”?").arg(job->name), QMessageBox::NoButton, this);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->setInformativeText(
      tr("Finished stations and saved checkpoints stay. What the station at work has done since then is lost. It is asked to "
         "stop first; after two seconds it is terminated, after two more killed."));
  QPushButton* cancel = box->addButton(tr("Cancel the job"), QMessageBox::DestructiveRole);
  QPushButton* stop = box->addButton(tr("Stop and save instead"), QMessageBox::AcceptRole);
  QPushButton* keep = box->addButton(tr("Keep it running"), QMessageBox::RejectRole);
  box->setDefaultButton(keep);
  box->setEscapeButton(keep);
  connect(cancel, &QPushButton::clicked, queue_, [queue = queue_, id = job->id] { queue->cancel(id); });
  connect(stop, &QPushButton::clicked, queue_, [queue = queue_, id = job->id] { queue->stop_and_save(id); });
  box->open();
}

void JobsPanel::move_up() { queue_->move(list_->currentIndex().row(), list_->currentIndex().row() - 1); }
void JobsPanel::move_down() { queue_->move(list_->currentIndex().row(), list_->currentIndex().row() + 1); }

void JobsPanel::open_log() {
  const JobRecord* job = queue_->find(chosen());
  if (job != nullptr) QDesktopServices::openUrl(QUrl::fromLocalFile(job->log));
}

void JobsPanel::ask_for_worker() {
  auto* dialog = new QFileDialog(this, tr("The program rolora"), dialog_folder(worker_program()));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, this, &JobsPanel::take_worker);
  dialog->open();
}

void JobsPanel::take_worker(const QString& program) {
  set_worker_program(program);
  show_details();
  emit worker_chosen(program);
}

void JobsPanel::remove() { queue_->remove(chosen()); }

}  // namespace rolora::widgets
