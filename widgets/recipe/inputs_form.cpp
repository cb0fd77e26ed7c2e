// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/inputs_form.h"

#include <QComboBox>
#include <QCompleter>
#include <QEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QIntValidator>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QRegularExpressionValidator>
#include <QStandardItemModel>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/base/format.h"
#include "widgets/base/lines_label.h"
#include "widgets/base/theme.h"
#include "widgets/jobs/dialog_folder.h"
#include "widgets/jobs/model_title.h"
#include "widgets/jobs/worker_call.h"
#include "widgets/recipe/path_edit.h"

namespace rolora::widgets {
namespace {

const QStringList kCorpora = {QStringLiteral("text"), QStringLiteral("wikitext2"), QStringLiteral("c4"), QStringLiteral("ptb"),
                              QStringLiteral("ids")};

QLineEdit* line_edit(const QString& name, const QString& tip) {
  auto* edit = new QLineEdit;
  edit->setAccessibleName(name);
  edit->setToolTip(tip);
  return edit;
}

QComboBox* combo_box(const QString& name, const QString& tip, const QStringList& items) {
  auto* combo = new QComboBox;
  combo->addItems(items);
  combo->setAccessibleName(name);
  combo->setToolTip(tip);
  return combo;
}

QRegularExpressionValidator* name_validator(QObject* parent) {
  return new QRegularExpressionValidator(QRegularExpression(QStringLiteral("[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")), parent);
}

QString facts_of(const nlohmann::json& info) {
  return InputsForm::tr("%1, %2 parameters, %3 layers of %4, context %5, stored as %6")
      .arg(QString::fromStdString(info.value("family", "")), si(info.value("parameters", 0.0)), grouped(info.value("layers", 0)),
           grouped(info.value("hidden", 0)), grouped(info.value("context", 0)), QString::fromStdString(info.value("dtype", "")));
}

}  // namespace

InputsForm::InputsForm(RecipeDocument* document, QWidget* parent) : QScrollArea(parent), document_(document), pause_(this) {
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Model and texts of the job"));
  auto* page = new QWidget;
  auto* layout = new QVBoxLayout(page);
  const int gap = fontMetrics().height();
  layout->setContentsMargins(gap, gap / 2, gap, gap);
  title_ = new QLabel(tr("Model and texts"));
  problem_ = new LinesLabel(1);
  problem_->hide();  // beside the title, so that no field moves when it comes
  auto* head = new QHBoxLayout;
  head->setSpacing(gap);
  head->addWidget(title_);
  head->addWidget(problem_, 1);
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(gap);
  grid->setVerticalSpacing(gap / 4);
  grid->setColumnStretch(1, 1);
  build_head(grid);
  texts_title_ = new QLabel(tr("Texts"));
  texts_ = new QVBoxLayout;
  texts_->setSpacing(gap / 3);
  auto* add = new QPushButton(tr("Add a text"));
  add->setToolTip(tr("One more file that stations can name"));
  add->setAccessibleName(tr("Add a text"));
  connect(add, &QPushButton::clicked, this, [this] { document_->set_text(document_->unused_text_name(), {}, QStringLiteral("text")); });
  layout->addLayout(head);
  layout->addLayout(grid);
  layout->addSpacing(gap);
  layout->addWidget(texts_title_);
  layout->addWidget(
      explained(tr("Files by name. How a file becomes one stream: text takes its bytes as they are, wikitext2, c4 and ptb follow GPTQ's "
                   "conventions, ids is "
                   "{\"ids\": […]} without a tokenizer.")));
  layout->addLayout(texts_);
  layout->addWidget(add, 0, Qt::AlignLeft);
  layout->addStretch(1);
  setWidget(page);
  pause_.setSingleShot(true);
  pause_.setInterval(400);
  connect(&pause_, &QTimer::timeout, this, &InputsForm::look_at_model);
  connect(document_, &RecipeDocument::reset, this, &InputsForm::rebuild_texts);
  connect(document_, &RecipeDocument::texts_changed, this, &InputsForm::rebuild_texts);
  connect(document_, &RecipeDocument::changed, this, &InputsForm::refresh);
  rebuild_texts();
  style_texts();
}

/// Two lines of what the worker found out: the fields below it stay where they are.
LinesLabel* InputsForm::told_below(QGridLayout* grid, int row) {
  auto* label = new LinesLabel(2);
  label->setAlignment(Qt::AlignLeft | Qt::AlignTop);
  faint_.push_back(label);
  grid->addWidget(label, row, 1, 1, 2);
  return label;
}

QWidget* InputsForm::explained(const QString& text) {
  auto* label = new QLabel(text);
  label->setWordWrap(true);
  faint_.push_back(label);
  return label;
}

void InputsForm::add_row(QGridLayout* grid, int row, const QString& label, QWidget* editor, QWidget* beside, const QString& explanation) {
  auto* name = new QLabel(label);
  name->setBuddy(editor);
  grid->addWidget(name, row, 0);
  if (beside == nullptr) editor->setMaximumWidth(fontMetrics().averageCharWidth() * 36);
  grid->addWidget(editor, row, 1, 1, beside == nullptr ? 2 : 1);
  if (beside != nullptr) grid->addWidget(beside, row, 2);
  if (!explanation.isEmpty()) grid->addWidget(explained(explanation), row + 1, 1, 1, 2);
}

void InputsForm::build_head(QGridLayout* grid) {
  name_ = line_edit(tr("Name of the job"), tr("Letters, digits, . _ and -. The run folder gets it."));
  name_->setValidator(name_validator(name_));
  connect(name_, &QLineEdit::textEdited, document_, &RecipeDocument::set_name);
  add_row(grid, 0, tr("Job"), name_, nullptr, tr("The run folder's name."));
  model_ = combo_box(tr("Model folder"), tr("A Hugging Face folder: plain, rotated or quantized by this program"), {});
  model_->setEditable(true);
  model_->setLineEdit(new PathEdit(model_->toolTip()));
  model_->setInsertPolicy(QComboBox::NoInsert);
  model_->lineEdit()->setAccessibleName(tr("Model folder"));
  model_->lineEdit()->setPlaceholderText(tr("needed: a model folder"));
  model_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  connect(model_, &QComboBox::editTextChanged, this, [this](const QString& folder) { document_->set_model(folder.trimmed()); });
  auto* browse = new QPushButton(tr("Browse…"));
  browse->setToolTip(tr("Choose a model folder"));
  browse->setAccessibleName(tr("Browse for a model folder"));
  connect(browse, &QPushButton::clicked, this, &InputsForm::pick_model);
  add_row(grid, 2, tr("Model"), model_, browse, QString());
  model_facts_ = told_below(grid, 3);
  seed_ = line_edit(tr("Seed"), tr("Of every station that has none of its own. In a job file: seed"));
  seed_->setValidator(new QRegularExpressionValidator(QRegularExpression(QStringLiteral("[0-9]{0,18}")), seed_));
  seed_->setPlaceholderText(QStringLiteral("0"));
  connect(seed_, &QLineEdit::textEdited, this, [this](const QString& text) {
    document_->set_value("seed", text.isEmpty() ? nlohmann::json() : nlohmann::json(text.toLongLong()));
  });
  add_row(grid, 4, tr("Seed"), seed_, nullptr, tr("Every random choice hangs on it. Default 0."));
  dtype_ = combo_box(tr("Arithmetic"), tr("Type of the arithmetic, whatever the stored type. In a job file: dtype"),
                     {QStringLiteral("float32"), QStringLiteral("bfloat16"), QStringLiteral("float16"), QStringLiteral("float64")});
  connect(dtype_, &QComboBox::textActivated, this, [this](const QString& type) {
    document_->set_value("dtype", type == u"float32" ? nlohmann::json() : nlohmann::json(type.toStdString()));
  });
  add_row(grid, 6, tr("Arithmetic"), dtype_, nullptr, tr("float32 for exactness; half types for speed on a GPU. Default float32."));
  device_ = combo_box(tr("Device"), tr("Where the arithmetic runs; jobs on one device wait for each other"),
                      {QStringLiteral("cpu"), QStringLiteral("cuda")});
  connect(device_, &QComboBox::textActivated, this, &InputsForm::device_changed);
  threads_ = line_edit(tr("Threads"), tr("Results repeat for a given number. Default 0: all cores"));
  threads_->setValidator(new QIntValidator(0, 1024, threads_));
  threads_->setPlaceholderText(tr("all cores"));
  add_row(grid, 8, tr("Device"), device_, nullptr, QString());
  device_facts_ = told_below(grid, 9);
  device_facts_->set_text(tr("cpu: this machine's processor, always there. cuda: its NVIDIA GPU, many times as fast where there is one."));
  add_row(grid, 10, tr("Threads"), threads_, nullptr, tr("Results repeat for a given number of threads on the same kind of machine."));
  connect(threads_, &QLineEdit::textEdited, this, &InputsForm::device_changed);
}

QString InputsForm::device() const { return device_->currentText(); }
int InputsForm::threads() const { return threads_->text().toInt(); }

void InputsForm::set_known_models(const QStringList& known) {
  const QStringList folders = existing_models(known);
  if (document_->model().isEmpty() && !folders.isEmpty()) document_->set_model(folders.first());
  const QSignalBlocker quiet(model_);
  const QString now = document_->model();
  model_->clear();
  model_->addItems(folders);
  for (int i = 0; i < model_->count(); ++i) model_->setItemData(i, model_title(folders[i]), Qt::ToolTipRole);
  model_->setEditText(now);
}

void InputsForm::rebuild_texts() {
  const QStringList names = document_->text_names();
  QStringList shown;
  for (const TextRow& row : rows_) shown << row.name;
  if (shown != names) {
    for (const TextRow& row : rows_) {
      row.box->hide();
      row.box->deleteLater();  // one of its own signals may have led here
    }
    rows_.clear();
    for (const QString& name : names) rows_.push_back(make_text_row(name));
  }
  refresh();
}

InputsForm::TextRow InputsForm::make_text_row(const QString& name) {
  TextRow row;
  row.name = name;
  row.box = new QWidget;
  row.title = line_edit(tr("Name of the text"), tr("What stations call it"));
  row.title->setValidator(name_validator(row.title));
  row.title->setMaximumWidth(fontMetrics().averageCharWidth() * 18);
  row.file = new PathEdit(tr("The file of the text %1").arg(name));
  row.file->setAccessibleName(tr("File of %1").arg(name));
  row.file->setPlaceholderText(tr("needed: a file"));
  row.corpus = combo_box(tr("Corpus of %1").arg(name), tr("How the file becomes one stream of tokens"), kCorpora);
  auto* browse = new QToolButton;
  browse->setText(tr("…"));
  browse->setToolTip(tr("Choose the file of %1").arg(name));
  browse->setAccessibleName(browse->toolTip());
  browse->setFocusPolicy(Qt::StrongFocus);
  auto* remove = new QToolButton;
  remove->setText(tr("✕"));
  remove->setAutoRaise(true);
  remove->setToolTip(tr("Take %1 out of the job").arg(name));
  remove->setAccessibleName(remove->toolTip());
  remove->setFocusPolicy(Qt::StrongFocus);
  auto* layout = new QHBoxLayout(row.box);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(row.title);
  layout->addWidget(row.file, 1);
  layout->addWidget(browse);
  layout->addWidget(row.corpus);
  layout->addWidget(remove);
  texts_->addWidget(row.box);
  connect(row.title, &QLineEdit::editingFinished, this, [this, name, title = row.title] { document_->rename_text(name, title->text()); });
  connect(row.file, &QLineEdit::textEdited, this,
          [this, name](const QString& file) { document_->set_text(name, file.trimmed(), document_->text_corpus(name)); });
  connect(row.corpus, &QComboBox::textActivated, this,
          [this, name](const QString& corpus) { document_->set_text(name, document_->text_file(name), corpus); });
  connect(browse, &QToolButton::clicked, this, [this, name] { pick_text(name); });
  connect(remove, &QToolButton::clicked, this, [this, name] { document_->remove_text(name); });
  return row;
}

void InputsForm::refresh() {
  const auto set_text = [](QLineEdit* edit, const QString& text) {
    if (edit->text() != text) edit->setText(text);
  };
  set_text(name_, document_->name());
  if (model_->currentText().trimmed() != document_->model()) {
    const QSignalBlocker quiet(model_);
    model_->setEditText(document_->model());
  }
  const nlohmann::json seed = document_->value("seed"), dtype = document_->value("dtype");
  set_text(seed_, seed.is_number_integer() ? QString::number(seed.get<qint64>()) : QString());
  const QSignalBlocker quiet(dtype_);
  dtype_->setCurrentText(dtype.is_string() ? QString::fromStdString(dtype.get<std::string>()) : QStringLiteral("float32"));
  for (const TextRow& row : rows_) {
    set_text(row.title, row.name);
    set_text(row.file, document_->text_file(row.name));
    row.corpus->setCurrentText(document_->text_corpus(row.name));
  }
  if (document_->model() != looked_at_) pause_.start();
}

void InputsForm::pick_model() {
  auto* dialog = new QFileDialog(this, tr("Model folder"), dialog_folder(document_->model(), {model_->itemText(0)}));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::Directory);
  dialog->setOption(QFileDialog::ShowDirsOnly);
  connect(dialog, &QFileDialog::fileSelected, document_, [document = document_](const QString& folder) {
    remember_dialog_folder(folder);
    document->set_model(folder);
  });
  dialog->open();
}

void InputsForm::pick_text(const QString& name) {
  QStringList near;
  for (const TextRow& row : rows_) near << document_->text_file(row.name);
  auto* dialog =
      new QFileDialog(this, tr("File of the text %1").arg(name), dialog_folder(document_->text_file(name), near << document_->model()));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, document_, [document = document_, name](const QString& file) {
    remember_dialog_folder(file);
    document->set_text(name, file, document->text_corpus(name));
  });
  dialog->open();
}

void InputsForm::look_at_model() {
  const QString folder = document_->model();
  if (folder == looked_at_) return;
  looked_at_ = folder;
  if (look_) look_->stop();
  look_.clear();
  if (folder.isEmpty()) return model_facts_->set_text(tr("A Hugging Face folder: plain, rotated or quantized by this program."));
  model_facts_->set_text(tr("looking…"));
  look_ = WorkerCall::start({QStringLiteral("info"), folder}, this, [this, folder](const Result<nlohmann::json>& info) {
    if (folder != document_->model()) return;
    model_facts_->set_text(info.ok() ? facts_of(info.value) : info.error);
    if (info.ok() && !looked_for_cuda_) look_for_cuda();
  });
}

// Any model that can be read will do: the worker opens the device before it looks at it.
void InputsForm::look_for_cuda() {
  looked_for_cuda_ = true;
  WorkerCall::start({QStringLiteral("info"), looked_at_, QStringLiteral("--device"), QStringLiteral("cuda")}, this,
                    [this](const Result<nlohmann::json>& info) { show_cuda(info.ok() ? QString() : info.error); });
}

void InputsForm::show_cuda(const QString& error) {
  static const QString kAgain = QStringLiteral("cuda: ");
  const QString problem = error.startsWith(kAgain) ? error.mid(kAgain.size()) : error;
  device_facts_->set_text(problem.isEmpty() ? tr("cpu is always there; cuda, an NVIDIA GPU many times as fast, is available here.")
                                            : tr("cpu is always there; cuda, an NVIDIA GPU, is not available here."));
  device_facts_->setToolTip(problem);
  device_->setItemData(1, problem, Qt::ToolTipRole);
  if (auto* items = qobject_cast<QStandardItemModel*>(device_->model())) items->item(1)->setEnabled(problem.isEmpty());
}

void InputsForm::focus_gap() {
  if (document_->model().isEmpty()) return model_->setFocus(Qt::OtherFocusReason);
  for (const TextRow& row : rows_) {
    if (document_->text_file(row.name).isEmpty()) return row.file->setFocus(Qt::OtherFocusReason);
  }
}

void InputsForm::show_problem(const JobProblem& problem) {
  const bool here = problem.station < 0 && !problem.line.isEmpty();
  problem_->set_text(here ? problem_in_words(problem, *document_) : QString());
  problem_->setVisible(here);
}

void InputsForm::changeEvent(QEvent* event) {
  QScrollArea::changeEvent(event);
  if (title_ != nullptr && (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange)) style_texts();
}

void InputsForm::style_texts() {
  QFont strong = font();
  strong.setWeight(QFont::DemiBold);
  texts_title_->setFont(strong);
  strong.setPointSizeF(strong.pointSizeF() * 1.15);
  title_->setFont(strong);
  const ThemeColours theme = theme_colours(palette());
  QPalette faint, wrong;
  faint.setColor(QPalette::WindowText, theme.faint_text);
  wrong.setColor(QPalette::WindowText, theme.error);
  for (QLabel* label : faint_) label->setPalette(faint);
  problem_->setPalette(wrong);
}

}  // namespace rolora::widgets
