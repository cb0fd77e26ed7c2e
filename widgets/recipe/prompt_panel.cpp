// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/prompt_panel.h"

#include <QAction>
#include <QComboBox>
#include <QEvent>
#include <QFile>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QSplitter>
#include <QStyledItemDelegate>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"
#include "widgets/data/describe.h"
#include "widgets/jobs/measure_service.h"
#include "widgets/jobs/model_title.h"
#include "widgets/jobs/worker_call.h"
#include "widgets/recipe/path_edit.h"
#include "widgets/recipe/recipe_fields.h"

namespace rolora::widgets {
namespace {

constexpr int kShownTokens = 48;

QPlainTextEdit* text_box(const QString& name, const QString& placeholder, int lines) {
  auto* box = new QPlainTextEdit;
  box->setAccessibleName(name);
  box->setPlaceholderText(placeholder);
  box->setToolTip(name);
  box->setTabChangesFocus(true);
  box->setMinimumHeight(box->fontMetrics().lineSpacing() * lines + 2 * box->frameWidth() +
                        static_cast<int>(2 * box->document()->documentMargin()));
  return box;
}

// As the recipe's form offers them for records.
QStringList template_names() {
  const StationKind* tuning = find_kind(QStringLiteral("finetune"));
  for (const Field& field : tuning->fields) {
    if (QLatin1String(field.key) == QLatin1String("template")) return QString::fromLatin1(field.words).split(QLatin1Char(' '));
  }
  return {};
}

// Alpaca's and RoLoRA's prompts have no place for a system message.
bool takes_system(const QString& name) {
  return !name.isEmpty() && !QStringList{QStringLiteral("stanford"), QStringLiteral("alpaca"), QStringLiteral("rolora")}.contains(name);
}

// The list shows what a model is called and then where it lies; the box itself holds the folder.
class ModelNames : public QStyledItemDelegate {
 public:
  static constexpr int kTitle = Qt::UserRole;
  using QStyledItemDelegate::QStyledItemDelegate;

 protected:
  void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override {
    QStyledItemDelegate::initStyleOption(option, index);
    option->text = PromptPanel::tr("%1 — %2").arg(index.data(kTitle).toString(), option->text);
    option->textElideMode = Qt::ElideMiddle;
  }
};

}  // namespace

PromptPanel::PromptPanel(MeasureService* service, QWidget* parent) : QWidget(parent), service_(service) {
  setObjectName(QStringLiteral("prompt"));
  setAccessibleName(tr("Prompt"));
  run_ = new QAction(tr("Run the prompt"), this);
  run_->setShortcut(QKeySequence(QStringLiteral("Ctrl+Return")));
  run_->setShortcutContext(Qt::WidgetWithChildrenShortcut);
  run_->setToolTip(
      tr("Continue the text with both models and measure its outliers (%1)").arg(run_->shortcut().toString(QKeySequence::NativeText)));
  connect(run_, &QAction::triggered, this, &PromptPanel::run);
  addAction(run_);
  prompt_ = text_box(tr("Text for both models"), tr("Type or paste any text"), 3);
  prompt_->setMaximumHeight(prompt_->minimumHeight() * 2);
  prompt_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Maximum);
  tokens_ = new QLabel;
  tokens_->setWordWrap(true);
  tokens_->setTextFormat(Qt::PlainText);
  tokens_->setAccessibleName(tr("Tokens of the text"));
  status_ = new QLabel;
  status_->setWordWrap(true);
  status_->setAccessibleName(tr("State of the prompt"));
  auto* sides = new QSplitter(Qt::Horizontal);
  sides->setChildrenCollapsible(false);
  sides->addWidget(make_side(0));
  sides->addWidget(make_side(1));
  const int gap = fontMetrics().height() / 2;
  text_ = new QWidget;
  answers_ = sides;
  auto* column = new QVBoxLayout(text_);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(gap / 2);
  column->addWidget(prompt_);
  column->addWidget(make_asking());
  column->addWidget(make_bar());
  column->addLayout(make_start());
  column->addWidget(tokens_);
  column->addStretch(1);
  layout_ = new QBoxLayout(QBoxLayout::LeftToRight, this);
  layout_->setContentsMargins(gap, gap, gap, gap);
  layout_->setSpacing(gap);
  layout_->addWidget(text_, 1);
  layout_->addWidget(sides, 1);
  const QList<QWidget*> order = {prompt_,     template_,       system_,         site_,         most_,        stop_button_,
                                 run_button_, sides_[0].model, sides_[1].model, sides_[0].out, sides_[1].out};
  for (qsizetype i = 1; i < order.size(); ++i) setTabOrder(order[i - 1], order[i]);  // what is filled in before what is read
  connect(prompt_, &QPlainTextEdit::textChanged, this, &PromptPanel::show_state);
  style_texts();
  show_state();
}

QWidget* PromptPanel::make_bar() {
  site_ = new QComboBox;
  for (const SiteKind site : kReportedSites) site_->addItem(site_title(site), static_cast<int>(site));
  site_->setCurrentIndex(site_->findData(static_cast<int>(SiteKind::down_in)));
  site_->setAccessibleName(tr("Site that is kept whole"));
  site_->setToolTip(tr("Its values, token by token and channel by channel, are kept in every layer for the magnitude view"));
  most_ = new QSpinBox;
  most_->setRange(1, 4096);
  most_->setValue(32);
  most_->setSuffix(tr(" tokens"));
  most_->setAccessibleName(tr("Most new tokens"));
  most_->setToolTip(tr("How far each model goes on, greedily. Default 32"));
  run_button_ = new QPushButton(run_->text());
  run_button_->setToolTip(run_->toolTip());
  run_button_->setAccessibleName(run_->text());
  connect(run_button_, &QPushButton::clicked, this, &PromptPanel::run);
  stop_button_ = new QPushButton(tr("Stop"));
  stop_button_->setToolTip(tr("Stop both models"));
  stop_button_->setAccessibleName(tr("Stop the prompt"));
  connect(stop_button_, &QPushButton::clicked, this, &PromptPanel::stop);
  auto* bar = new QWidget;
  auto* layout = new QHBoxLayout(bar);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* site = new QLabel(tr("Outliers at"));
  site->setBuddy(site_);
  auto* most = new QLabel(tr("Go on for"));
  most->setBuddy(most_);
  for (QWidget* widget :
       {static_cast<QWidget*>(site), static_cast<QWidget*>(site_), static_cast<QWidget*>(most), static_cast<QWidget*>(most_)}) {
    layout->addWidget(widget);
  }
  layout->addStretch(1);
  return bar;
}

QWidget* PromptPanel::make_asking() {
  template_ = new QComboBox;
  template_->addItem(tr("as it stands"), QString());
  for (const QString& name : template_names()) template_->addItem(name, name);
  template_->setAccessibleName(tr("Prompt template"));
  template_->setToolTip(
      tr("Puts the text where a user speaks, in the wording and special tokens that the model was tuned with, and asks for the response"));
  system_ = new QLineEdit;
  system_->setAccessibleName(tr("System message"));
  system_->setPlaceholderText(tr("system message, or the template's own"));
  connect(template_, &QComboBox::currentIndexChanged, this,
          [this] { system_->setEnabled(takes_system(template_->currentData().toString())); });
  system_->setEnabled(false);
  system_->setToolTip(tr("What a chat template says before the user speaks; empty: what the template says by itself"));
  auto* bar = new QWidget;
  auto* layout = new QHBoxLayout(bar);
  layout->setContentsMargins(0, 0, 0, 0);
  auto* name = new QLabel(tr("Template"));
  name->setBuddy(template_);
  layout->addWidget(name);
  layout->addWidget(template_);
  layout->addWidget(system_, 1);
  return bar;
}

// What it is doing, and beside that what makes it do it.
QLayout* PromptPanel::make_start() {
  auto* layout = new QHBoxLayout;
  layout->addWidget(status_, 1);
  layout->addWidget(stop_button_);
  layout->addWidget(run_button_);
  return layout;
}

QWidget* PromptPanel::make_side(int side) {
  Side& s = sides_[side];
  const QString name = side == 0 ? tr("A") : tr("B");
  s.label = new QLabel(name);
  s.model = new QComboBox;
  s.model->setEditable(true);
  s.model->setLineEdit(new PathEdit(tr("Plain, rotated, tuned or quantized: a folder of a model")));
  s.model->setInsertPolicy(QComboBox::NoInsert);
  s.model->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  s.model->setMinimumContentsLength(12);
  s.model->setAccessibleName(tr("Model folder %1").arg(name));
  s.model->lineEdit()->setAccessibleName(tr("Model folder %1").arg(name));
  s.model->lineEdit()->setPlaceholderText(side == 0 ? tr("a model folder") : tr("another model folder, or none"));
  s.model->setToolTip(tr("Plain, rotated, tuned or quantized: a folder of a model"));
  s.model->setItemDelegate(new ModelNames(s.model));
  s.label->setBuddy(s.model);
  connect(s.model, &QComboBox::editTextChanged, this, &PromptPanel::show_state);
  s.out = text_box(tr("Continuation by %1").arg(name), tr("The continuation comes here"), 3);
  s.out->setReadOnly(true);
  s.out->setFrameShape(QFrame::NoFrame);
  auto* head = new QHBoxLayout;
  head->addWidget(s.label);
  head->addWidget(s.model, 1);
  auto* box = new QWidget;
  auto* layout = new QVBoxLayout(box);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addLayout(head);
  layout->addWidget(s.out, 1);
  return box;
}

void PromptPanel::set_known_models(const QStringList& known) {
  const QStringList folders = existing_models(known);
  for (Side& side : sides_) {
    const QString now = side.model->currentText();
    const QSignalBlocker quiet(side.model);
    side.model->clear();
    side.model->addItems(folders);
    for (int i = 0; i < side.model->count(); ++i) side.model->setItemData(i, model_title(folders[i]), ModelNames::kTitle);
    side.model->setEditText(now);
  }
}

void PromptPanel::set_models(const QString& a, const QString& b) {
  sides_[0].model->setEditText(a);
  sides_[1].model->setEditText(b);
}

void PromptPanel::set_site(SiteKind site) {
  const int row = site_->findData(static_cast<int>(site));
  if (row >= 0) site_->setCurrentIndex(row);
}

void PromptPanel::set_text(const QString& text) { prompt_->setPlainText(text); }
void PromptPanel::set_template(const QString& name, const QString& system) {
  const int row = template_->findData(name);
  if (row >= 0) template_->setCurrentIndex(row);
  system_->setText(system);
}

QString PromptPanel::model(int side) const { return sides_[side].model->currentText().trimmed(); }
QString PromptPanel::tokens_shown() const { return tokens_->text(); }

void PromptPanel::run() {
  if (is_busy() || prompt_->toPlainText().isEmpty() || model(0).isEmpty()) return;
  const int turn = ++turn_;
  problem_.clear();
  ids_.clear();
  tokens_->clear();
  for (int side : {0, 1}) {
    sides_[side].text.clear();
    sides_[side].error.clear();
    sides_[side].state = {};
    show_side(side);
  }
  waiting_ = 1;
  tokenize(turn);
  show_state();
}

void PromptPanel::stop() {
  ++turn_;
  waiting_ = 0;
  for (Side& side : sides_) {
    if (side.call) side.call->stop();
  }
  problem_ = tr("stopped");
  show_state();
}

// Tokens first: both models see the same ones, whatever their folders' tokenizers do.
void PromptPanel::tokenize(int turn) {
  const QString file = write("text.txt", prompt_->toPlainText().toUtf8());
  if (file.isEmpty()) return finished(turn);
  QStringList arguments = {QStringLiteral("tokenize"), model(0), QStringLiteral("--text-file"), file};
  const QString name = template_->currentData().toString();
  if (name.isEmpty())
    arguments << QStringLiteral("--special");
  else
    arguments << QStringLiteral("--template") << name;
  if (takes_system(name) && !system_->text().isEmpty()) arguments << QStringLiteral("--system") << system_->text();
  WorkerCall::start(arguments, this, [this, turn](const Result<nlohmann::json>& answer) {
    if (turn == turn_) tokenized(answer, turn);
  });
}

void PromptPanel::tokenized(const Result<nlohmann::json>& answer, int turn) {
  if (!answer.ok() || !answer.value.contains("ids") || answer.value["ids"].empty()) {
    problem_ = answer.ok() ? tr("the worker found no tokens") : answer.error;
    return finished(turn);
  }
  for (const auto& id : answer.value["ids"][0]) ids_.push_back(id.get<int64_t>());
  QStringList numbers;
  for (const int64_t id : ids_) numbers << QString::number(id);
  show_tokens(numbers, QStringLiteral(" "));
  const auto end_of_response = answer.value.find("end_of_response");
  const bool ends = end_of_response != answer.value.end() && end_of_response->is_number_integer();
  const QString end = ends ? QString::number(end_of_response->get<int64_t>()) : QString();
  const QString ids = write("ids.json", QByteArray::fromStdString(nlohmann::json{{"ids", ids_}}.dump()));
  for (int side : {0, 1}) {
    if (model(side).isEmpty() || ids.isEmpty()) continue;
    go_on(side, ids, end, turn);
    measure(side, turn);
  }
  finished(turn);
}

void PromptPanel::show_tokens(const QStringList& tokens, const QString& between) {
  QString line = tr("%1 tokens: %2").arg(grouped(tokens.size()), tokens.mid(0, kShownTokens).join(between));
  if (tokens.size() > kShownTokens) line += tr(" … (the first %1 are shown)").arg(kShownTokens);
  tokens_->setText(line);
}

// In a folder of the panel's own; empty, with the problem told, where it cannot be.
QString PromptPanel::write(const char* name, const QByteArray& bytes) {
  QFile file(folder_.filePath(QString::fromLatin1(name)));
  if (file.open(QIODevice::WriteOnly) && file.write(bytes) == bytes.size()) return file.fileName();
  problem_ = tr("%1: %2").arg(file.fileName(), file.errorString());
  return {};
}

// `end` closes a response of the template; empty where the model's own configuration says what does.
void PromptPanel::go_on(int side, const QString& ids, const QString& end, int turn) {
  ++waiting_;
  QStringList arguments = {QStringLiteral("generate"),     model(side), QStringLiteral("--ids"), ids, QStringLiteral("--max-new"),
                           QString::number(most_->value())};
  if (!end.isEmpty()) arguments << QStringLiteral("--stop-ids") << end;
  sides_[side].call = WorkerCall::start(arguments, this, [this, side, turn](const Result<nlohmann::json>& answer) {
    if (turn != turn_) return;
    if (!answer.ok()) {
      sides_[side].error = answer.error;
    } else if (answer.value.contains("text") && answer.value["text"].is_string()) {
      sides_[side].text = QString::fromStdString(answer.value["text"].get<std::string>());
    } else {
      sides_[side].text = QString::fromStdString(answer.value.value("ids", nlohmann::json::array()).dump());
    }
    show_side(side);
    finished(turn);
  });
}

void PromptPanel::measure(int side, int turn) {
  ++waiting_;
  const auto site = static_cast<SiteKind>(site_->currentData().toInt());
  service_->measure(model(side), {prompt_->toPlainText(), ids_}, site, this, [this, side, turn](const Result<StateRef>& state) {
    if (turn != turn_) return;
    if (state.ok())
      sides_[side].state = state.value;
    else
      problem_ = tr("outliers of %1: %2").arg(side == 0 ? tr("A") : tr("B"), state.error);
    finished(turn);
  });
}

void PromptPanel::finished(int turn) {
  if (turn != turn_) return;
  --waiting_;
  if (waiting_ == 0 && (sides_[0].state.valid() || sides_[1].state.valid())) {
    const bool first = sides_[0].state.valid();
    const SummaryPtr summary = service_->store()->summary((first ? sides_[0] : sides_[1]).state.file);
    if (summary && summary->token_texts.size() >= std::min<qsizetype>(kShownTokens, static_cast<qsizetype>(ids_.size()))) {
      QStringList pieces = summary->token_texts.mid(0, static_cast<qsizetype>(ids_.size()));
      for (QString& piece : pieces) piece = readable_piece(piece);
      while (pieces.size() < static_cast<qsizetype>(ids_.size())) pieces << QString();
      show_tokens(pieces, QStringLiteral(" | "));
    }
    const auto site = static_cast<SiteKind>(site_->currentData().toInt());
    emit measured(first ? sides_[0].state : sides_[1].state, first ? sides_[1].state : StateRef(), SiteKey{-1, site});  // in every layer
  }
  show_state();
}

void PromptPanel::show_side(int side) {
  const Side& s = sides_[side];
  s.out->setPlainText(s.error.isEmpty() ? s.text : s.error);
}

void PromptPanel::show_state() {
  const bool ready = !prompt_->toPlainText().isEmpty() && !model(0).isEmpty();
  run_->setEnabled(ready && !is_busy());
  run_button_->setEnabled(run_->isEnabled());
  stop_button_->setEnabled(is_busy());
  if (is_busy())
    status_->setText(tr("The models are at work…"));
  else if (!problem_.isEmpty())
    status_->setText(problem_);
  else if (sides_[0].state.valid())
    status_->setText(tr("Measured: the views show this text, %1 in every layer.").arg(site_->currentText()));
  else
    status_->setText(model(0).isEmpty() ? tr("Choose a model folder and type a text.") : tr("Any text shows what each model makes of it."));
}

/// Text and answers beside each other in a low and wide dock, below each other elsewhere.
void PromptPanel::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  const bool beside = width() > 2 * height() && width() >= text_->minimumSizeHint().width() + answers_->minimumSizeHint().width();
  layout_->setDirection(beside ? QBoxLayout::LeftToRight : QBoxLayout::TopToBottom);
}

/// As narrow as it may be below each other, and as low as it may be beside each other: a dock asks for no more.
QSize PromptPanel::minimumSizeHint() const {
  const QSize text = text_->minimumSizeHint(), answers = answers_->minimumSizeHint();
  const QMargins margins = layout_->contentsMargins();
  return {std::max(text.width(), answers.width()) + margins.left() + margins.right(),
          std::max(text.height(), answers.height()) + margins.top() + margins.bottom()};
}

void PromptPanel::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (tokens_ != nullptr && (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)) style_texts();
}

void PromptPanel::style_texts() {
  QPalette faint;
  faint.setColor(QPalette::WindowText, theme_colours(palette()).faint_text);
  tokens_->setPalette(faint);
  status_->setPalette(faint);
}

}  // namespace rolora::widgets
