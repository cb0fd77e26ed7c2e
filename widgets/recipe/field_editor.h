// SPDX-License-Identifier: GPL-3.0-or-later
// One field of the form: label, editor, unit, explanation, and what is wrong with it.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <nlohmann/json.hpp>

#include "widgets/recipe/recipe_fields.h"

class QCheckBox;
class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QWidget;

namespace rolora::widgets {

class LinesLabel;

class FieldEditor : public QObject {
  Q_OBJECT
 public:
  FieldEditor(const Field& field, QWidget* parent);
  /// Takes the next two rows of a grid: label, editor with unit, explanation; then the problem.
  void put_into(QGridLayout* grid, int row);
  const Field& field() const { return field_; }
  /// Shows what a station holds; leaves the text alone while it says the same in other words.
  void show_value(const nlohmann::json& value);
  /// What a text or a model can be chosen from.
  void set_choices(const QStringList& choices);
  void set_shown(bool shown);
  bool is_shown() const { return shown_; }
  /// What the worker said of it; the editor's own refusal comes first.
  void set_problem(const QString& line);
  /// Its text is no value.
  bool is_wrong() const { return shown_ && !own_problem_.isEmpty(); }
  const QString& own_problem() const { return own_problem_; }
  QWidget* widget() const { return editor_; }
  /// `palette`: of the form, which has a new one before its parts have.
  void style_texts(const QPalette& palette);

 signals:
  /// By the user: a value, or null for the default.
  void edited(const nlohmann::json& value);
  void wrong_changed();

 private:
  void make_editor(QWidget* parent);
  void text_edited(const QString& text);
  void choice_made();
  void show_problem();
  QString placeholder() const;

  const Field& field_;
  QLabel *label_ = nullptr, *unit_ = nullptr, *explanation_ = nullptr;
  LinesLabel* problem_ = nullptr;
  QWidget* editor_ = nullptr;
  QLineEdit* line_ = nullptr;
  QComboBox* combo_ = nullptr;
  QCheckBox* box_ = nullptr;
  QString own_problem_, worker_problem_;
  bool shown_ = true;
};

}  // namespace rolora::widgets
