// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/station_form.h"

#include <QEvent>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QRegularExpressionValidator>
#include <QToolButton>
#include <QVBoxLayout>

#include "widgets/base/lines_label.h"
#include "widgets/base/theme.h"
#include "widgets/recipe/field_editor.h"

namespace rolora::widgets {

StationForm::StationForm(RecipeDocument* document, QWidget* parent) : QScrollArea(parent), document_(document) {
  setWidgetResizable(true);
  setFrameShape(QFrame::NoFrame);
  setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  setAccessibleName(tr("Settings of the station"));
  connect(document_, &RecipeDocument::station_changed, this, [this](int row) {
    if (row == row_) refresh();
  });
  connect(document_, &RecipeDocument::texts_changed, this, &StationForm::refresh);
}

void StationForm::show_station(int row) {
  row_ = row >= 0 && row < document_->station_count() ? row : -1;
  const StationKind* kind = row_ < 0 ? nullptr : find_kind(document_->station_kind(row_));
  editors_.clear();
  more_ = nullptr;
  id_ = nullptr;
  delete takeWidget();
  page_ = new QWidget;
  kind_ = kind;
  if (row_ >= 0) kind != nullptr ? build(*kind) : build_unknown();
  setWidget(page_);
  refresh();
  style_texts();
  emit wrong_changed();
}

void StationForm::build_unknown() {
  auto* layout = new QVBoxLayout(page_);
  title_ = new QLabel(document_->station_id(row_));
  explanation_ =
      new QLabel(tr("This station's kind, %1, is not known here. It stays in the job as it is.").arg(document_->station_kind(row_)));
  problem_ = new LinesLabel(2);
  for (QLabel* label : {title_, explanation_}) {
    label->setWordWrap(true);
    layout->addWidget(label);
  }
  layout->addWidget(problem_);
  layout->addStretch(1);
}

void StationForm::build(const StationKind& kind) {
  auto* layout = new QVBoxLayout(page_);
  const int gap = fontMetrics().height();
  layout->setContentsMargins(gap, gap / 2, gap, gap);
  title_ = new QLabel(field_text(kind.title));
  explanation_ = new QLabel(field_text(kind.explanation));
  explanation_->setWordWrap(true);
  problem_ = new LinesLabel(1);
  problem_->hide();  // beside the title, so that no field moves when it comes
  auto* head = new QHBoxLayout;
  head->setSpacing(gap);
  head->addWidget(title_);
  head->addWidget(problem_, 1);
  layout->addLayout(head);
  layout->addWidget(explanation_);
  auto* grid = new QGridLayout;
  grid->setHorizontalSpacing(gap);
  grid->setVerticalSpacing(gap / 4);
  grid->setColumnStretch(1, 2);
  grid->setColumnStretch(3, 4);
  layout->addSpacing(gap / 2);
  layout->addLayout(grid);
  id_ = new QLineEdit;
  id_->setValidator(new QRegularExpressionValidator(QRegularExpression(QStringLiteral("[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")), id_));
  id_->setAccessibleName(tr("Name of the station"));
  id_->setToolTip(tr("Letters, digits, . _ and -. Its results lie in a folder of this name; later stations name it as their model."));
  auto* name = new QLabel(tr("Name"));
  name->setBuddy(id_);
  grid->addWidget(name, 0, 0);
  grid->addWidget(id_, 0, 1);
  connect(id_, &QLineEdit::editingFinished, this, [this] {
    if (!id_->text().isEmpty() && document_->row_of(id_->text()) < 0 && id_->text() != u"base")
      document_->rename_station(row_, id_->text());
    else
      id_->setText(document_->station_id(row_));
  });
  int row = 1;
  more_ = new QToolButton;
  for (const bool advanced : {false, true}) {
    if (advanced) grid->addWidget(more_, row++, 0, 1, 4, Qt::AlignLeft);
    for (const Field& field : kind.fields) {
      if (field.advanced != advanced) continue;
      auto* editor = new FieldEditor(field, page_);
      editor->put_into(grid, row);
      row += 2;
      editors_.push_back(editor);
      connect(editor, &FieldEditor::edited, this, [this, &field](const nlohmann::json& value) { edit(field, value); });
      connect(editor, &FieldEditor::wrong_changed, this, &StationForm::wrong_changed);
    }
  }
  more_->setAutoRaise(true);
  more_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  more_->setCheckable(true);
  more_->setChecked(advanced_);
  more_->setFocusPolicy(Qt::StrongFocus);
  connect(more_, &QToolButton::toggled, this, [this](bool on) {
    advanced_ = on;
    refresh();
  });
  layout->addStretch(1);
}

void StationForm::refresh() {
  if (row_ < 0 || kind_ == nullptr || row_ >= document_->station_count()) return;
  const nlohmann::json& station = document_->station(row_);
  if (!id_->hasFocus()) id_->setText(document_->station_id(row_));
  bool some_advanced = false;
  for (FieldEditor* editor : editors_) {
    const Field& field = editor->field();
    const bool set = !field_value(station, field).is_null();  // what the job says is never hidden
    const bool fits = field_shown(station, *kind_, field);
    some_advanced = some_advanced || (field.advanced && fits);
    if (field.kind == FieldKind::text) editor->set_choices(document_->text_names());
    if (field.kind == FieldKind::model) editor->set_choices(document_->models_before(row_));
    editor->show_value(field_value(station, field));
    editor->set_shown(set || (fits && (!field.advanced || advanced_)));
  }
  more_->setVisible(some_advanced);
  more_->setArrowType(advanced_ ? Qt::DownArrow : Qt::RightArrow);
  more_->setText(advanced_ ? tr("Fewer settings") : tr("More settings"));
  more_->setAccessibleName(more_->text());
  more_->setToolTip(tr("Settings that most jobs leave at their defaults"));
}

void StationForm::edit(const Field& field, const nlohmann::json& value) {
  nlohmann::json station = document_->station(row_);
  set_field(station, field, value);
  // Two that exclude each other: the one that was set last counts.
  static const std::pair<const char*, const char*> kEither[] = {{"steps", "epochs"}, {"warmup_steps", "warmup_ratio"}};
  for (const auto& [one, other] : kEither) {
    if (value.is_null() || station.value("kind", "") != "finetune") continue;
    if (std::string_view(field.key) == one) station.erase(other);
    if (std::string_view(field.key) == other) station.erase(one);
  }
  // What the new value rules out would be refused.
  for (const Field& other : kind_->fields) {
    if (&other != &field && *other.when != '\0' && !field_shown(station, *kind_, other)) set_field(station, other, nullptr);
  }
  document_->set_station(row_, station);
}

void StationForm::show_problem(const JobProblem& problem) {
  if (row_ < 0 || problem_ == nullptr) return;
  const bool here = problem.station == row_ && !problem.line.isEmpty();
  bool placed = false;
  for (FieldEditor* editor : editors_) {
    const QString key = QString::fromLatin1(editor->field().key);
    const bool hit = here && !problem.key.isEmpty() && (problem.key == key || problem.key.startsWith(key + QLatin1Char('/')));
    editor->set_problem(hit ? problem.line : QString());
    if (hit) editor->set_shown(true);
    placed = placed || hit;
  }
  problem_->set_text(here && !placed ? (problem.key.isEmpty() ? problem.line : problem.key + QStringLiteral(": ") + problem.line)
                                     : QString());
  problem_->setVisible(!problem_->whole_text().isEmpty());
}

JobProblem StationForm::first_wrong() const {
  for (const FieldEditor* editor : editors_) {
    if (editor->is_wrong()) return {row_, QString::fromLatin1(editor->field().key), editor->own_problem()};
  }
  return {};
}

void StationForm::focus_field(const QString& key) {
  for (FieldEditor* editor : editors_) {
    if (key != QLatin1String(editor->field().key)) continue;
    editor->set_shown(true);
    ensureWidgetVisible(editor->widget());
    editor->widget()->setFocus(Qt::OtherFocusReason);
  }
}

bool StationForm::has_wrong_text() const {
  return std::any_of(editors_.begin(), editors_.end(), [](const FieldEditor* editor) { return editor->is_wrong(); });
}

void StationForm::changeEvent(QEvent* event) {
  QScrollArea::changeEvent(event);
  if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) style_texts();
}

void StationForm::style_texts() {
  if (row_ < 0) return;
  QFont strong = font();
  strong.setWeight(QFont::DemiBold);
  strong.setPointSizeF(strong.pointSizeF() * 1.15);
  title_->setFont(strong);
  const ThemeColours theme = theme_colours(palette());
  for (const auto& [label, text] : {std::pair<QLabel*, QColor>{explanation_, theme.faint_text}, {problem_, theme.error}}) {
    QPalette colours;
    colours.setColor(QPalette::WindowText, text);
    label->setPalette(colours);
  }
  for (FieldEditor* editor : editors_) editor->style_texts(palette());
}

}  // namespace rolora::widgets
