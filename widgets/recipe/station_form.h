// SPDX-License-Identifier: GPL-3.0-or-later
// The form of one station, made from the table of its kind.
#pragma once

#include <QScrollArea>
#include <memory>
#include <vector>

#include "widgets/recipe/recipe_document.h"
#include "widgets/recipe/recipe_fields.h"

class QGridLayout;
class QLabel;
class QLineEdit;
class QToolButton;

namespace rolora::widgets {

class LinesLabel;

class FieldEditor;

class StationForm : public QScrollArea {
  Q_OBJECT
 public:
  explicit StationForm(RecipeDocument* document, QWidget* parent = nullptr);
  /// −1: none
  void show_station(int row);
  int row() const { return row_; }
  /// What the worker refused of this station; an empty key is the station as a whole.
  void show_problem(const JobProblem& problem);
  /// Some text is no value: the document does not have it.
  bool has_wrong_text() const;
  /// The first such field; without a line where there is none.
  JobProblem first_wrong() const;
  /// Puts the keyboard into the field of this key.
  void focus_field(const QString& key);
  const std::vector<FieldEditor*>& editors() const { return editors_; }

 signals:
  void wrong_changed();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void build(const StationKind& kind);
  void build_unknown();
  void refresh();
  void edit(const Field& field, const nlohmann::json& value);
  void style_texts();

  RecipeDocument* document_;
  int row_ = -1;
  bool advanced_ = false;
  const StationKind* kind_ = nullptr;
  std::vector<FieldEditor*> editors_;
  QWidget* page_ = nullptr;
  QLabel *title_ = nullptr, *explanation_ = nullptr;
  LinesLabel* problem_ = nullptr;
  QLineEdit* id_ = nullptr;
  QToolButton* more_ = nullptr;
};

}  // namespace rolora::widgets
