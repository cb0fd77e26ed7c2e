// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/recipe_page.h"

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QListView>
#include <QMenu>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "widgets/base/style.h"
#include "widgets/jobs/job_queue.h"
#include "widgets/recipe/cost_bar.h"
#include "widgets/recipe/inputs_form.h"
#include "widgets/recipe/recipe_check.h"
#include "widgets/recipe/recipe_fields.h"
#include "widgets/recipe/recipe_list.h"
#include "widgets/recipe/station_form.h"

namespace rolora::widgets {
namespace {

QPushButton* push_button(QAction* action) {
  auto* button = new QPushButton(action->text());
  const auto follow = [button, action] {
    button->setText(action->text());
    button->setToolTip(action->toolTip());
    button->setAccessibleName(action->text());
    button->setEnabled(action->isEnabled());
  };
  QObject::connect(action, &QAction::changed, button, follow);
  QObject::connect(button, &QPushButton::clicked, action, &QAction::trigger);
  follow();
  return button;
}

QToolButton* tool_button(QAction* action) {
  auto* button = new QToolButton;
  button->setDefaultAction(action);
  button->setAutoRaise(true);
  button->setFocusPolicy(Qt::StrongFocus);
  button->setAccessibleName(action->toolTip());
  return button;
}

QString empty_field(const nlohmann::json& station, const StationKind& kind) {
  for (const Field& field : kind.fields) {
    if (*field.fallback == '\0' && field_shown(station, kind, field) && field_value(station, field).is_null())
      return QString::fromLatin1(field.key);
  }
  return {};
}

}  // namespace

RecipePage::RecipePage(JobQueue* queue, QWidget* parent)
    : QWidget(parent),
      queue_(queue),
      document_(new RecipeDocument(this)),
      check_(new RecipeCheck(this)),
      list_model_(new RecipeListModel(document_, this)),
      presets_(recipe_presets()) {
  setObjectName(QStringLiteral("recipe"));
  setAccessibleName(tr("Recipe"));
  make_actions();
  inputs_ = new InputsForm(document_);
  station_ = new StationForm(document_);
  forms_ = new QStackedWidget;
  forms_->addWidget(inputs_);
  forms_->addWidget(station_);
  auto* work = new QSplitter(Qt::Horizontal);
  work->setChildrenCollapsible(false);
  work->addWidget(make_left());
  work->addWidget(forms_);
  work->setStretchFactor(0, 2);
  work->setStretchFactor(1, 5);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addWidget(make_top());
  layout->addWidget(work, 1);
  layout->addWidget(make_bottom());
  connect(document_, &RecipeDocument::changed, this, &RecipePage::document_changed);
  connect(document_, &RecipeDocument::reset, this, [this] {
    asked_to_start_ = false;
    show_row(0);
  });
  connect(document_, &RecipeDocument::stations_changed, this, [this] {
    if (!list_->currentIndex().isValid()) show_row(0);
  });
  connect(inputs_, &InputsForm::device_changed, this, &RecipePage::document_changed);
  connect(station_, &StationForm::wrong_changed, this, [this] {
    const bool wrong = station_->has_wrong_text();
    if (std::exchange(wrong_text_, wrong) == wrong) return update_actions();
    update_actions();
    if (wrong)
      cost_->show_problem(problem_in_words(station_->first_wrong(), *document_));
    else
      document_changed();
  });
  connect(check_, &RecipeCheck::checking, cost_, &CostBar::show_checking);
  connect(queue_, &JobQueue::changed, this, &RecipePage::follow_queued);
  connect(queue_, &JobQueue::removed, this, &RecipePage::follow_queued);
  connect(check_, &RecipeCheck::accepted, this, &RecipePage::accepted);
  connect(check_, &RecipeCheck::refused, this, &RecipePage::refused);
  show_preset(QStringLiteral("story"));
}

void RecipePage::make_actions() {
  const auto make = [this](const QString& text, const QString& keys, const QString& tip, auto act) {
    auto* action = new QAction(text, this);
    if (!keys.isEmpty()) action->setShortcut(QKeySequence(keys));
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    action->setToolTip(keys.isEmpty() ? tip : tr("%1 (%2)").arg(tip, action->shortcut().toString(QKeySequence::NativeText)));
    connect(action, &QAction::triggered, this, act);
    addAction(action);
    return action;
  };
  start_ = make(tr("Start"), QStringLiteral("Ctrl+Return"), tr("Put the job into the queue; it runs as soon as its device is free"),
                &RecipePage::start);
  save_ = make(tr("Save as job…"), QStringLiteral("Ctrl+Shift+J"), tr("Save the job file, to run it here or elsewhere"),
               &RecipePage::ask_where_to_save);
  copy_ = make(tr("Copy as command"), QStringLiteral("Ctrl+Shift+K"), tr("Put the command that does the same on the clipboard"),
               &RecipePage::copy_command);
  open_ = make(tr("Open job…"), QStringLiteral("Ctrl+Shift+O"), tr("Edit a job file"), &RecipePage::ask_what_to_open);
  up_ = make(tr("↑"), QStringLiteral("Alt+Up"), tr("Move the station up"), [this] {
    const int row = station_row();
    if (row <= 0) return;
    document_->move_station(row, row - 1);
    show_row(row);
  });
  down_ = make(tr("↓"), QStringLiteral("Alt+Down"), tr("Move the station down"), [this] {
    const int row = station_row();
    if (row < 0 || row + 1 >= document_->station_count()) return;
    document_->move_station(row, row + 1);
    show_row(row + 2);
  });
  remove_ = make(tr("Remove"), QStringLiteral("Ctrl+Del"), tr("Take the station out of the job"), [this] {
    const int row = station_row();
    document_->remove_station(row);
    show_row(std::min(row + 1, document_->station_count()));
  });
}

QWidget* RecipePage::make_top() {
  preset_ = new QComboBox;
  for (const RecipePreset& preset : presets_) {
    if (preset.id == u"rotate") preset_->insertSeparator(preset_->count());
    preset_->addItem(preset.title, preset.id);
    preset_->setItemData(preset_->count() - 1, preset.explanation, Qt::ToolTipRole);
  }
  preset_->setAccessibleName(tr("Preset"));
  preset_->setToolTip(tr("Begin with a whole recipe or a single station; it replaces what is here"));
  auto* label = new QLabel(tr("Begin with"));
  label->setBuddy(preset_);
  preset_explanation_ = new QLabel;
  preset_explanation_->setWordWrap(true);
  preset_explanation_->setMinimumHeight(2 *
                                        preset_explanation_->fontMetrics().lineSpacing());  // of the longest: the form stays in its place
  connect(preset_, &QComboBox::activated, this, [this] { show_preset(preset_->currentData().toString()); });
  auto* top = new QWidget;
  auto* layout = new QHBoxLayout(top);
  const int gap = fontMetrics().height() / 2;
  layout->setContentsMargins(2 * gap, gap, 2 * gap, gap);
  layout->setSpacing(gap);
  layout->addWidget(label);
  layout->addWidget(preset_);
  layout->addWidget(preset_explanation_, 1);
  layout->addWidget(push_button(open_));
  return top;
}

QWidget* RecipePage::make_left() {
  list_ = new QListView;
  list_->setModel(list_model_);
  list_->setItemDelegate(new RecipeListDelegate(list_));
  list_->setAccessibleName(tr("Model and texts, then the stations in order"));
  list_->setToolTip(tr("Stations run from top to bottom"));
  list_->setUniformItemSizes(true);
  list_->setFrameShape(QFrame::NoFrame);
  list_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  list_->setObjectName(QStringLiteral("recipe_list"));
  connect(list_->selectionModel(), &QItemSelectionModel::currentChanged, this, [this](const QModelIndex& now) {
    if (now.isValid()) show_row(now.row());
  });
  auto* add = new QToolButton;
  add->setText(tr("Add station"));
  add->setToolTip(tr("A new station after the chosen one"));
  add->setAccessibleName(tr("Add station"));
  add->setPopupMode(QToolButton::InstantPopup);
  add->setAutoRaise(true);
  add->setFocusPolicy(Qt::StrongFocus);
  auto* menu = new QMenu(add);
  for (const StationKind& kind : station_kinds()) {
    QAction* action = menu->addAction(field_text(kind.title));
    action->setToolTip(field_text(kind.explanation));
    connect(action, &QAction::triggered, this, [this, name = QString::fromLatin1(kind.kind)] {
      const int place = station_row() < 0 ? document_->station_count() : station_row() + 1;
      show_row(document_->add_station(name, place) + 1);
    });
  }
  menu->setToolTipsVisible(true);
  add->setMenu(menu);
  auto* left = new QWidget;
  auto* buttons = new QHBoxLayout;
  buttons->addWidget(add);
  buttons->addStretch(1);
  for (QAction* action : {up_, down_, remove_}) buttons->addWidget(tool_button(action));
  auto* layout = new QVBoxLayout(left);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(list_, 1);
  layout->addLayout(buttons);
  return left;
}

QWidget* RecipePage::make_bottom() {
  cost_ = new CostBar;
  override_ = new QCheckBox(tr("Start it all the same"));
  override_->setToolTip(tr("It may end for lack of memory or room; what is finished by then stays"));
  override_->setAccessibleName(override_->text());
  override_->hide();
  connect(override_, &QCheckBox::toggled, this, &RecipePage::update_actions);
  auto* bottom = new QWidget;
  const int gap = fontMetrics().height() / 2;
  auto* buttons = new QHBoxLayout;
  buttons->setSpacing(gap);
  buttons->addWidget(override_);
  buttons->addStretch(1);
  buttons->addWidget(push_button(copy_));
  buttons->addWidget(push_button(save_));
  QPushButton* start = push_button(start_);
  start->setObjectName(QStringLiteral("start_button"));
  start->setDefault(true);
  start->setProperty(kPrimaryButton, true);
  start->setMinimumWidth(start->fontMetrics().horizontalAdvance(tr("In the queue")) + 4 * gap);  // its words change, its size does not
  buttons->addWidget(start);
  auto* layout = new QVBoxLayout(bottom);
  layout->setContentsMargins(2 * gap, gap, 2 * gap, gap);
  layout->addWidget(cost_);
  layout->addLayout(buttons);
  return bottom;
}

void RecipePage::set_default_texts(const std::map<QString, QString>& files) {
  default_texts_ = files;
  const auto tuning = files.find(QStringLiteral("tuning"));
  const bool records =
      tuning != files.end() && (tuning->second.endsWith(QStringLiteral(".json")) || tuning->second.endsWith(QStringLiteral(".jsonl")));
  presets_ = recipe_presets(records);
  for (const auto& [name, file] : files) {
    if (document_->text_names().contains(name) && document_->text_file(name).isEmpty())
      document_->set_text(name, file, document_->text_corpus(name));
  }
}

void RecipePage::set_known_models(const QStringList& folders) { inputs_->set_known_models(folders); }
void RecipePage::set_model(const QString& folder) { document_->set_model(folder); }

void RecipePage::show_preset(const QString& id) {
  const RecipePreset* preset = find_preset(presets_, id);
  if (preset == nullptr || preset->job.is_null()) return;
  preset_->setCurrentIndex(preset_->findData(id));
  preset_explanation_->setText(preset->explanation);
  take_preset(*preset);
}

// The model and the texts that were chosen stay.
void RecipePage::take_preset(const RecipePreset& preset) {
  nlohmann::json job = preset.job;
  job["model"]["path"] = document_->model().toStdString();
  for (auto& [name, text] : job["texts"].items()) {
    const QString key = QString::fromStdString(name), chosen = document_->text_file(key);
    const auto usual = default_texts_.find(key);
    if (!chosen.isEmpty()) {
      text["file"] = chosen.toStdString();
      text["corpus"] = document_->text_corpus(key).toStdString();
    } else if (usual != default_texts_.end()) {
      text["file"] = usual->second.toStdString();
    }
  }
  document_->set_job(std::move(job));
}

Result<bool> RecipePage::open_job(const QString& file) {
  const Result<bool> loaded = document_->load(file);
  if (loaded.ok()) {
    name_preset(file);
  }
  return loaded;
}

// A file that holds a preset's stations is that preset; any other is a choice of its own.
void RecipePage::name_preset(const QString& file) {
  const auto same = [this](const RecipePreset& preset) {
    return preset.job.is_object() && preset.job.contains("stations") && preset.job["stations"] == document_->job()["stations"];
  };
  const auto preset = std::find_if(presets_.begin(), presets_.end(), same);
  const QString from = tr("From %1").arg(file), opened = QStringLiteral("file");
  if (const int before = preset_->findData(opened); before >= 0) preset_->removeItem(before);
  if (preset != presets_.end()) {
    preset_->setCurrentIndex(preset_->findData(preset->id));
    return preset_explanation_->setText(preset->explanation + QLatin1Char(' ') + from);
  }
  preset_->insertItem(0, tr("The file %1").arg(QFileInfo(file).fileName()), opened);
  preset_->setItemData(0, from, Qt::ToolTipRole);
  preset_->setCurrentIndex(0);
  preset_explanation_->setText(from);
}

int RecipePage::station_row() const { return forms_->currentWidget() == station_ ? station_->row() : -1; }

void RecipePage::show_row(int row) {
  const QModelIndex index = list_model_->index(row);
  if (list_->currentIndex() != index) return list_->setCurrentIndex(index);  // comes back here
  if (row > 0) station_->show_station(row - 1);
  forms_->setCurrentWidget(row > 0 ? static_cast<QWidget*>(station_) : inputs_);
  cost_->show_station(row > 0 ? document_->station_id(row - 1) : QString());
  update_actions();
}

// What needs no worker to be seen.
JobProblem RecipePage::first_gap() const {
  if (document_->model().isEmpty()) return {-1, QString(), tr("Choose a model folder.")};
  for (const QString& name : document_->text_names()) {
    if (document_->text_file(name).isEmpty()) return {-1, QString(), tr("Choose the file of the text “%1”.").arg(name)};
  }
  if (document_->station_count() == 0) return {-1, QString(), tr("Add a station: there is nothing to do yet.")};
  for (int row = 0; row < document_->station_count(); ++row) {
    const StationKind* kind = find_kind(document_->station_kind(row));
    const QString key = kind == nullptr ? QString() : empty_field(document_->station(row), *kind);
    if (!key.isEmpty()) return {row, key, tr("needed")};
  }
  return {};
}

void RecipePage::document_changed() {
  valid_ = false;
  list_model_->set_estimate(nullptr);
  const JobProblem gap = first_gap();
  checking_ = gap.line.isEmpty();
  const nlohmann::json shown = shown_job();
  if (shown != waits_to_start_) waits_to_start_ = nullptr;  // another job than the one that was asked for
  if (shown != queued_job_) queued_.clear();
  show_gap(gap);
  if (gap.line.isEmpty())
    check_->check(document_->absolute_job(), inputs_->device(), inputs_->threads());
  else
    check_->forget();
  update_actions();
}

// What is only not there yet is no mistake before the job was to start.
void RecipePage::show_gap(const JobProblem& gap) {
  show_problem(asked_to_start_ ? gap : JobProblem());
  if (gap.line.isEmpty()) return;
  const QString line = problem_in_words(gap, *document_);
  asked_to_start_ ? cost_->show_problem(line) : cost_->show_needed(line);
}

void RecipePage::go_to(const JobProblem& problem) {
  show_row(problem.station + 1);
  problem.station < 0 ? inputs_->focus_gap() : station_->focus_field(problem.key);
}

void RecipePage::show_problem(const JobProblem& problem) {
  list_model_->set_problem(problem);
  inputs_->show_problem(problem);
  station_->show_problem(problem);
}

void RecipePage::accepted(const nlohmann::json& estimate) {
  valid_ = true;
  checking_ = false;
  if (!station_->has_wrong_text()) cost_->show_estimate(estimate);
  list_model_->set_estimate(estimate);
  override_->setVisible(cost_->is_too_much());
  override_->setChecked(false);
  const bool starts = !std::exchange(waits_to_start_, nullptr).is_null() && can_start();
  update_actions();
  if (starts) start();
}

void RecipePage::refused(const QString& line) {
  const JobProblem problem = problem_of(line, *document_);
  checking_ = false;
  show_problem(problem);
  cost_->show_problem(problem_in_words(problem, *document_));
  update_actions();
  if (!std::exchange(waits_to_start_, nullptr).is_null()) go_to(problem);  // why it did not start
}

bool RecipePage::can_start() const { return valid_ && !station_->has_wrong_text() && (!cost_->is_too_much() || override_->isChecked()); }

void RecipePage::update_actions() {
  const int row = station_row();
  const bool waits = !waits_to_start_.is_null(), queued = !queued_.isEmpty();
  start_->setText(waits ? tr("Checking…") : queued ? tr("In the queue") : tr("Start"));
  const QString tip = waits    ? tr("It starts as soon as the check has ended well")
                      : queued ? tr("This job is in the queue; change the recipe to queue another one")
                               : tr("Put the job into the queue; it runs as soon as its device is free");
  start_->setToolTip(tr("%1 (%2)").arg(tip, start_->shortcut().toString(QKeySequence::NativeText)));
  const bool leads_on = can_start() || has_gap() || (checking_ && !station_->has_wrong_text());  // to a gap, or it starts after the check
  start_->setEnabled(leads_on && !waits && !queued);
  save_->setEnabled(document_->station_count() > 0);
  copy_->setEnabled(document_->station_count() > 0);
  up_->setEnabled(row > 0);
  down_->setEnabled(row >= 0 && row + 1 < document_->station_count());
  remove_->setEnabled(row >= 0);
  override_->setVisible(valid_ && cost_->is_too_much());
}

void RecipePage::start() {
  if (const JobProblem gap = first_gap(); !gap.line.isEmpty()) {
    asked_to_start_ = true;
    show_gap(gap);
    return go_to(gap);
  }
  if (checking_ && !station_->has_wrong_text()) {
    waits_to_start_ = shown_job();
    return update_actions();
  }
  if (!can_start() || !queued_.isEmpty()) return;
  JobRequest request;
  request.name = document_->name();
  request.job = document_->absolute_job();
  request.device = inputs_->device();
  request.threads = inputs_->threads();
  const Result<QString> id = queue_->add(request);
  if (!id.ok()) return emit message(id.error);
  queued_ = id.value;
  queued_job_ = shown_job();
  update_actions();
  emit job_added(id.value);
}

// A job and where it would run: two that are equal here are one.
nlohmann::json RecipePage::shown_job() const {
  return {{"job", document_->absolute_job()}, {"device", inputs_->device().toStdString()}, {"threads", inputs_->threads()}};
}

// Once it has ended, was refused or taken off the list it can be started again.
void RecipePage::follow_queued() {
  const JobRecord* job = queued_.isEmpty() ? nullptr : queue_->find(queued_);
  const bool refused = job != nullptr && job->state == JobState::draft && !job->message.isEmpty();
  if (queued_.isEmpty() || (job != nullptr && !is_over(job->state) && !refused)) return;
  queued_.clear();
  update_actions();
}

}  // namespace rolora::widgets
