// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/field_editor.h"

#include <QCheckBox>
#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QSignalBlocker>

#include "widgets/base/lines_label.h"
#include "widgets/base/theme.h"

namespace rolora::widgets {
namespace {

using Json = nlohmann::json;

void colour(QLabel* label, const QColor& text) {
  QPalette palette;
  palette.setColor(QPalette::WindowText, text);
  label->setPalette(palette);
}

bool is_combo(FieldKind kind) { return kind == FieldKind::choice || kind == FieldKind::text || kind == FieldKind::model; }
bool is_box(FieldKind kind) { return kind == FieldKind::flag || kind == FieldKind::section; }

}  // namespace

FieldEditor::FieldEditor(const Field& field, QWidget* parent) : QObject(parent), field_(field) {
  label_ = new QLabel(field_text(field.label), parent);
  unit_ = new QLabel(field_text(field.unit), parent);
  explanation_ = new QLabel(field_text(field.explanation), parent);
  explanation_->setWordWrap(true);
  problem_ = new LinesLabel(1, parent);
  QSizePolicy policy = problem_->sizePolicy();
  policy.setRetainSizeWhenHidden(false);  // the explanation holds the room
  problem_->setSizePolicy(policy);
  problem_->hide();
  make_editor(parent);
  editor_->setAccessibleName(*field.unit == '\0' ? label_->text() : label_->text() + QStringLiteral(", ") + unit_->text());
  editor_->setToolTip(QStringLiteral("%1\n%2").arg(explanation_->text(), tr("In a job file: %1").arg(QString::fromLatin1(field.key))));
  editor_->setObjectName(QStringLiteral("field:") + QString::fromLatin1(field.key));
  label_->setBuddy(editor_);
  label_->setToolTip(editor_->toolTip());
  style_texts(parent->palette());
}

void FieldEditor::style_texts(const QPalette& palette) {
  const ThemeColours theme = theme_colours(palette);
  colour(unit_, theme.faint_text);
  colour(explanation_, theme.faint_text);
  colour(problem_, theme.error);
}

QString FieldEditor::placeholder() const {
  if (*field_.hint != '\0') return field_text(field_.hint);
  return *field_.fallback == '\0' ? tr("needed") : field_to_text(field_, Json::parse(field_.fallback));
}

void FieldEditor::make_editor(QWidget* parent) {
  if (is_box(field_.kind)) {
    box_ = new QCheckBox(parent);
    connect(box_, &QCheckBox::toggled, this, [this](bool on) {
      if (field_.kind == FieldKind::section) return emit edited(on ? Json{{"weights", 4}, {"activations", 4}} : Json());
      const bool usual = *field_.fallback != '\0' && Json::parse(field_.fallback) == Json(on);
      emit edited(usual ? Json() : Json(on));
    });
    editor_ = box_;
  } else if (is_combo(field_.kind)) {
    combo_ = new QComboBox(parent);
    combo_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    combo_->setMinimumContentsLength(14);
    if (field_.kind == FieldKind::choice) set_choices(QString::fromLatin1(field_.words).split(QLatin1Char(' ')));
    connect(combo_, &QComboBox::activated, this, &FieldEditor::choice_made);
    editor_ = combo_;
  } else {
    line_ = new QLineEdit(parent);
    line_->setPlaceholderText(placeholder());
    line_->setMinimumWidth(line_->fontMetrics().averageCharWidth() * 18);
    connect(line_, &QLineEdit::textEdited, this, &FieldEditor::text_edited);
    editor_ = line_;
  }
}

void FieldEditor::put_into(QGridLayout* grid, int row) {
  grid->addWidget(label_, row, 0, Qt::AlignLeft | Qt::AlignVCenter);
  grid->addWidget(editor_, row, 1);
  grid->addWidget(unit_, row, 2);
  // A mistake stands in place of the explanation: no other field moves when one is typed.
  for (QLabel* label : {explanation_, static_cast<QLabel*>(problem_)}) grid->addWidget(label, row, 3, Qt::AlignVCenter);
}

void FieldEditor::set_choices(const QStringList& choices) {
  if (combo_ == nullptr) return;
  const QString now = combo_->currentData().toString();
  const QSignalBlocker quiet(combo_);
  combo_->clear();
  const bool usual = *field_.fallback != '\0', from_elsewhere = usual && Json::parse(field_.fallback).is_null();
  if (from_elsewhere) combo_->addItem(placeholder(), QString());
  for (const QString& choice : choices) combo_->addItem(choice, choice);
  const int row = combo_->findData(now);
  combo_->setCurrentIndex(row >= 0 ? row : -1);
}

void FieldEditor::show_value(const Json& value) {
  if (box_ != nullptr) {
    const QSignalBlocker quiet(box_);
    const bool usual = *field_.fallback != '\0' && Json::parse(field_.fallback) == Json(true);
    box_->setChecked(field_.kind == FieldKind::section ? value.is_object() : value.is_boolean() ? value.get<bool>() : usual);
    return;
  }
  if (combo_ != nullptr) {
    const QSignalBlocker quiet(combo_);
    const Json shown = value.is_null() && *field_.fallback != '\0' ? Json::parse(field_.fallback) : value;
    const QString text = field_to_text(field_, shown);
    int row = combo_->findData(text);
    if (row < 0 && !text.isEmpty()) {  // a name that is not there: the job says it, so it is shown
      combo_->addItem(text, text);
      row = combo_->count() - 1;
    }
    combo_->setCurrentIndex(row);
    return;
  }
  const ParsedField shown = field_from_text(field_, line_->text());
  if (shown.error.isEmpty() && shown.value == value) return;
  const QSignalBlocker quiet(line_);
  line_->setText(field_to_text(field_, value));
  const QString problem = field_from_text(field_, line_->text()).error;
  if (problem == own_problem_) return;
  own_problem_ = problem;
  show_problem();
  emit wrong_changed();
}

void FieldEditor::text_edited(const QString& text) {
  const ParsedField parsed = field_from_text(field_, text);
  const bool turned = parsed.error != own_problem_;
  own_problem_ = parsed.error;
  worker_problem_.clear();
  show_problem();
  if (parsed.error.isEmpty()) emit edited(parsed.value);
  if (turned) emit wrong_changed();
}

void FieldEditor::choice_made() {
  const QString chosen = combo_->currentData().toString();
  if (chosen.isEmpty()) return emit edited(Json());
  const Json value = chosen.toStdString();
  const bool usual = *field_.fallback != '\0' && Json::parse(field_.fallback) == value;
  worker_problem_.clear();
  show_problem();
  emit edited(usual ? Json() : value);
}

void FieldEditor::set_shown(bool shown) {
  shown_ = shown;
  for (QWidget* widget : {static_cast<QWidget*>(label_), editor_, static_cast<QWidget*>(unit_), static_cast<QWidget*>(explanation_)}) {
    widget->setVisible(shown);
  }
  show_problem();
}

void FieldEditor::set_problem(const QString& line) {
  if (line == worker_problem_) return;
  worker_problem_ = line;
  show_problem();
}

void FieldEditor::show_problem() {
  const QString line = own_problem_.isEmpty() ? worker_problem_ : own_problem_;
  problem_->set_text(line);
  problem_->setVisible(shown_ && !line.isEmpty());
  explanation_->setVisible(shown_ && line.isEmpty());
  QSizePolicy policy = explanation_->sizePolicy();
  policy.setRetainSizeWhenHidden(shown_);
  explanation_->setSizePolicy(policy);
  editor_->setAccessibleDescription(line.isEmpty() ? explanation_->text() : tr("Wrong: %1").arg(line));
}

}  // namespace rolora::widgets
