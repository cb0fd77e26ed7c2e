// SPDX-License-Identifier: GPL-3.0-or-later
// Where a job is made: from a preset or a file, its stations in order, each field explained, checked by the worker while it is edited.
#pragma once

#include <QWidget>
#include <map>
#include <vector>

#include "widgets/recipe/recipe_document.h"
#include "widgets/recipe/recipe_presets.h"

class QAction;
class QCheckBox;
class QComboBox;
class QLabel;
class QListView;
class QPushButton;
class QStackedWidget;

namespace rolora::widgets {

class CostBar;
class InputsForm;
class JobQueue;
class RecipeCheck;
class RecipeListModel;
class StationForm;

class RecipePage : public QWidget {
  Q_OBJECT
 public:
  explicit RecipePage(JobQueue* queue, QWidget* parent = nullptr);
  /// Files that presets take for the texts of these names ("calibration", "tuning", "evaluation", "heldout"), and what the model is picked
  /// from.
  void set_default_texts(const std::map<QString, QString>& files);
  void set_known_models(const QStringList& folders);
  void set_model(const QString& folder);
  void show_preset(const QString& id);
  /// Shows a job file; the error is one line.
  Result<bool> open_job(const QString& file);
  RecipeDocument* document() const { return document_; }
  /// In order: start, save as job, copy as command, open job.
  QList<QAction*> recipe_actions() const { return actions(); }
  /// Nothing is wrong as far as the worker has said.
  bool can_start() const;
  QString command() const;
  Result<bool> save_job(const QString& file) const;

 signals:
  void job_added(const QString& id);
  void message(const QString& line);  ///< for the status bar: what was copied or saved, or why not

 private:
  void make_actions();
  QWidget* make_top();
  QWidget* make_left();
  QWidget* make_bottom();
  void take_preset(const RecipePreset& preset);
  void show_row(int row);
  int station_row() const;  ///< −1: model and texts
  void document_changed();
  void accepted(const nlohmann::json& estimate);
  void refused(const QString& line);
  void show_problem(const JobProblem& problem);
  JobProblem first_gap() const;
  bool has_gap() const { return !first_gap().line.isEmpty(); }
  void show_gap(const JobProblem& gap);
  void go_to(const JobProblem& problem);
  void name_preset(const QString& file);
  void update_actions();
  void start();
  nlohmann::json shown_job() const;
  void follow_queued();
  void copy_command();
  void ask_where_to_save();
  void ask_what_to_open();

  JobQueue* queue_;
  RecipeDocument* document_;
  RecipeCheck* check_;
  RecipeListModel* list_model_;
  std::vector<RecipePreset> presets_;
  std::map<QString, QString> default_texts_;
  QComboBox* preset_ = nullptr;
  QLabel* preset_explanation_ = nullptr;
  QListView* list_ = nullptr;
  QStackedWidget* forms_ = nullptr;
  InputsForm* inputs_ = nullptr;
  StationForm* station_ = nullptr;
  CostBar* cost_ = nullptr;
  QCheckBox* override_ = nullptr;
  QAction *start_ = nullptr, *save_ = nullptr, *copy_ = nullptr, *open_ = nullptr, *up_ = nullptr, *down_ = nullptr, *remove_ = nullptr;
  bool valid_ = false, wrong_text_ = false;
  bool asked_to_start_ = false;  // with gaps: from then on they are shown as wrong
  bool checking_ = false;
  nlohmann::json waits_to_start_;  // what start was pressed for while it was being checked
  QString queued_;                 // the id of the job that was made of what is shown, as long as it waits or runs
  nlohmann::json queued_job_;
};

}  // namespace rolora::widgets
