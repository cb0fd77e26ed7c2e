// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/doctor_page.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollBar>
#include <QTextBrowser>
#include <QVBoxLayout>

#include "widgets/base/lines_label.h"
#include "widgets/jobs/model_title.h"
#include "widgets/jobs/worker_call.h"
#include "widgets/recipe/doctor_text.h"
#include "widgets/recipe/path_edit.h"

namespace rolora::widgets {

DoctorPage::DoctorPage(QWidget* parent)
    : QWidget(parent),
      model_(new QComboBox(this)),
      recipe_(new QComboBox(this)),
      time_(new QPushButton(tr("Measure the &times"), this)),
      state_(new LinesLabel(1, this)),
      page_(new QTextBrowser(this)) {
  setObjectName(QStringLiteral("doctor"));
  setAccessibleName(tr("Model"));
  model_->setEditable(true);
  model_->setInsertPolicy(QComboBox::NoInsert);
  model_->setLineEdit(new PathEdit(tr("A folder of a model: Enter examines it")));
  model_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  model_->setMinimumContentsLength(24);
  model_->setAccessibleName(tr("Model folder to examine"));
  model_->lineEdit()->setAccessibleName(model_->accessibleName());
  model_->lineEdit()->setPlaceholderText(tr("a model folder"));
  model_->setToolTip(tr("A folder of a model: Enter examines it"));
  for (const auto& [id, title] : {std::pair("rolora", tr("RoLoRA")), {"lora", tr("LoRA without rotation")}, {"ptq", tr("PTQ only")}})
    recipe_->addItem(title, QString::fromLatin1(id));
  recipe_->setAccessibleName(tr("Recipe to forecast"));
  recipe_->setToolTip(tr("What time, memory and disk are forecast of, at the sizes that the papers use"));
  time_->setAccessibleName(tr("Measure the times"));
  time_->setToolTip(tr("Runs one layer on this machine, some seconds, and forecasts the time of every station"));
  state_->setAccessibleName(tr("State of the examination"));
  state_->setForegroundRole(QPalette::PlaceholderText);
  page_->setFrameShape(QFrame::NoFrame);
  page_->setAccessibleName(tr("What was found out about the model"));
  page_->setToolTip(tr("Text that can be marked and copied"));
  page_->document()->setDocumentMargin(fontMetrics().height());
  const auto labelled = [this](const QString& text, QWidget* control) {
    auto* label = new QLabel(text, this);
    label->setBuddy(control);
    return label;
  };
  auto* bar = new QHBoxLayout;
  const int gap = fontMetrics().height() / 2;
  bar->setContentsMargins(2 * gap, gap, 2 * gap, gap / 2);
  bar->setSpacing(gap);
  bar->addWidget(labelled(tr("&Model"), model_));
  bar->addWidget(model_, 1);
  bar->addWidget(labelled(tr("&Recipe"), recipe_));
  bar->addWidget(recipe_);
  bar->addWidget(time_);
  state_->setContentsMargins(2 * gap, 0, 2 * gap, 0);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->setSpacing(0);
  layout->addLayout(bar);
  layout->addWidget(state_);
  layout->addWidget(page_, 1);
  connect(model_, &QComboBox::activated, this, [this] { look(false); });
  connect(model_->lineEdit(), &QLineEdit::returnPressed, this, [this] { look(false); });
  connect(recipe_, &QComboBox::activated, this, [this] { look(true); });
  connect(time_, &QPushButton::clicked, this, [this] { look(true); });
}

QString DoctorPage::model() const { return model_->currentText().trimmed(); }
QString DoctorPage::text() const { return page_->toPlainText(); }

void DoctorPage::set_known_models(const QStringList& folders) {
  const QStringList there = existing_models(folders);
  const QString now = model();
  const QSignalBlocker quiet(model_);
  model_->clear();
  model_->addItems(there);
  for (int i = 0; i < model_->count(); ++i) model_->setItemData(i, model_title(there[i]), Qt::ToolTipRole);
  model_->setEditText(now.isEmpty() && !there.isEmpty() ? there.first() : now);
}

void DoctorPage::set_model(const QString& folder) {
  if (folder.isEmpty()) return;
  model_->setEditText(folder);
  if (isVisible()) look(false);
}

/// Nothing is asked of the worker for a page that nobody sees.
void DoctorPage::showEvent(QShowEvent* event) {
  QWidget::showEvent(event);
  if (model() != looked_at_) look(false);
}

void DoctorPage::look(bool with_times) {
  looked_at_ = model();
  if (call_) call_->stop();
  call_.clear();
  const int turn = ++turn_;
  if (looked_at_.isEmpty()) {
    page_->clear();
    return state_->set_text(tr("Choose a model folder: its shapes, rotations and what it takes are told here."));
  }
  state_->set_text(with_times ? tr("The worker measures this machine…") : tr("The worker looks at the model…"));
  QStringList arguments = {QStringLiteral("info"), looked_at_};
  if (with_times) arguments << QStringLiteral("--recipe") << recipe_->currentData().toString();
  call_ = WorkerCall::start(arguments, this, [this, turn, with_times](const Result<nlohmann::json>& info) {
    if (turn != turn_) return;
    call_.clear();
    if (info.ok()) return show_answer(info.value, with_times);
    state_->set_text(info.error);
    if (!with_times) page_->clear();
  });
}

void DoctorPage::show_answer(const nlohmann::json& info, bool with_times) {
  const int place = page_->verticalScrollBar()->value();
  page_->setHtml(doctor_text(info));
  page_->verticalScrollBar()->setValue(with_times ? place : 0);
  state_->set_text(with_times ? tr("With the times of this machine as it is now.")
                              : tr("Memory and disk are reckoned; times need a measurement of some seconds."));
}

}  // namespace rolora::widgets
