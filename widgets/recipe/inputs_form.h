// SPDX-License-Identifier: GPL-3.0-or-later
// What a job works on: its name, model, seed, type of arithmetic, device, and texts.
#pragma once

#include <QPointer>
#include <QScrollArea>
#include <QTimer>
#include <vector>

#include "widgets/recipe/recipe_document.h"

class QComboBox;
class QGridLayout;
class QLabel;
class QLineEdit;
class QVBoxLayout;

namespace rolora::widgets {

class LinesLabel;

class WorkerCall;

class InputsForm : public QScrollArea {
  Q_OBJECT
 public:
  explicit InputsForm(RecipeDocument* document, QWidget* parent = nullptr);
  /// Folders that the model can be picked from, the ones in use first.
  void set_known_models(const QStringList& folders);
  QString device() const;
  int threads() const;
  void show_problem(const JobProblem& problem);
  /// Puts the keyboard where the first thing is missing: the model, else a text.
  void focus_gap();

 signals:
  void device_changed();

 protected:
  void changeEvent(QEvent* event) override;

 private:
  struct TextRow {
    QString name;
    QWidget* box = nullptr;
    QLineEdit *title = nullptr, *file = nullptr;
    QComboBox* corpus = nullptr;
  };
  void build_head(QGridLayout* grid);
  LinesLabel* told_below(QGridLayout* grid, int row);
  QWidget* explained(const QString& text);
  void add_row(QGridLayout* grid, int row, const QString& label, QWidget* editor, QWidget* beside, const QString& explanation);
  void rebuild_texts();
  TextRow make_text_row(const QString& name);
  void refresh();
  void pick_model();
  void pick_text(const QString& name);
  void look_at_model();
  void look_for_cuda();
  void show_cuda(const QString& error);
  void style_texts();

  RecipeDocument* document_;
  QLineEdit *name_ = nullptr, *seed_ = nullptr, *threads_ = nullptr;
  QComboBox *model_ = nullptr, *dtype_ = nullptr, *device_ = nullptr;
  LinesLabel *model_facts_ = nullptr, *device_facts_ = nullptr, *problem_ = nullptr;
  QLabel *title_ = nullptr, *texts_title_ = nullptr;
  QVBoxLayout* texts_ = nullptr;
  std::vector<TextRow> rows_;
  std::vector<QLabel*> faint_;
  QTimer pause_;
  QString looked_at_;
  bool looked_for_cuda_ = false;
  QPointer<WorkerCall> look_;
};

}  // namespace rolora::widgets
