// SPDX-License-Identifier: GPL-3.0-or-later
// The window: docks around a centre of views, one selection, every command an action. What it shows comes from the stores; what it does
// beyond looking is done by workers.
#pragma once

#include <QMainWindow>
#include <QPointer>
#include <QSize>
#include <QString>
#include <QStringList>
#include <QTimer>
#include <memory>
#include <utility>

#include "widgets/base/settings.h"
#include "widgets/data/selection.h"
#include "widgets/data/statistics_store.h"
#include "widgets/data/workbench.h"
#include "widgets/plots/figure.h"

class QFileDialog;
class QLabel;
class QMenu;

namespace rolora::widgets {

class Actions;
class Centre;
class DockHost;
class DoctorPage;
class FigureDialog;
class Finder;
class JobQueue;
class JobsPanel;
class MeasureService;
class MessageBar;
class OutlierPanel;
class PromptPanel;
class RecipePage;
class RunsPanel;
class SelectionSentence;
class StatusLine;
class Theme;

struct WindowOptions {
  QString settings_file;  ///< empty: the user's
  QString runs_folder;    ///< of new runs; empty: what the settings say, else default_runs_folder()
  bool reset_layout = false;
  QSize size = {};  ///< invalid: as remembered
};

class MainWindow : public QMainWindow {
  Q_OBJECT
 public:
  MainWindow(Theme* theme, const WindowOptions& options, QWidget* parent = nullptr);
  ~MainWindow() override;

  /// A run, a statistics file, a model, a job, or a file in one of them. What is none of these is said in the message bar.
  /// When it is read, the page `view` is shown, or the one that suits it.
  void open_path(const QString& path, const QString& view = {});
  /// The story on the bundled model, ready to start.
  void prepare_story();
  bool show_view(const QString& id);
  /// Something that was opened is still being read.
  bool is_opening() const { return opening_ > 0; }
  QString sentence() const;
  Actions* action_registry() const { return actions_; }
  DockHost* docks() const { return docks_; }
  Centre* centre() const { return centre_; }
  MessageBar* messages() const { return messages_; }
  Finder* finder() const { return finder_; }
  const Workbench& workbench() const { return workbench_; }
  JobQueue* jobs() const { return jobs_; }
  RecipePage* recipe() const { return recipe_; }
  DoctorPage* doctor() const { return doctor_; }
  Settings& settings() { return settings_; }
  void save_layout();

 protected:
  void closeEvent(QCloseEvent* event) override;
  void dragEnterEvent(QDragEnterEvent* event) override;
  void dropEvent(QDropEvent* event) override;
  QMenu* createPopupMenu() override;

 private:
  void make_panels();
  void make_views();
  void make_status_bar();
  void make_actions();
  void make_file_actions();
  void make_view_actions();
  void make_plot_actions();
  void make_panel_actions();
  void make_help_actions();
  void make_menus();
  void define_perspectives();
  void restore_layout(const WindowOptions& options);
  void connect_stores();
  void connect_panels();
  void name_action_sources();
  void connect_measuring();
  void offer_models();
  void follow_states();
  void update_actions();
  void update_style();
  void fill_recent();

  void ask_for_folder();
  void ask_for_statistics();
  void open_run(const QString& folder, const QString& view);
  void open_statistics(const QString& file, const QString& view);
  void open_model(const QString& folder);
  void load_job(const QString& file);
  QString dialog_start(const QString& setting) const;
  void make_room_for_the_recipe();
  void set_aside_for_the_page();
  void renew_known_places();
  void offer_way_back(const Selection& from, const QString& page);
  void measure_values(const QVector<StateRef>& states, const SiteKey& site, int token);
  void offer_whole_text(const Selection& from, int token, int64_t window, int shown);
  void remember(const QString& path);
  void tell_error(const QString& text);
  void begin_opening(const QString& path);
  void end_opening();
  void job_ended(const QString& id);
  void save_statistics_copy();
  void export_figure(const QString& format);
  void copy_figure();
  FigurePtr current_figure();
  void show_figure_dialog();
  void open_palette();
  void open_search();
  void switch_perspective(const QString& id);
  void switch_layout(const QString& perspective);
  void reset_layout();
  void drill(const QString& from);
  void climb(const QString& from);
  void show_station(const QString& folder, const QString& station);
  void ask_about_jobs();
  void show_jobs_status();

  Theme* theme_;
  Settings settings_;
  Workbench workbench_;
  SelectionSentence* sentence_ = nullptr;
  JobQueue* jobs_ = nullptr;
  Actions* actions_ = nullptr;
  DockHost* docks_ = nullptr;
  Centre* centre_ = nullptr;
  MessageBar* messages_ = nullptr;
  Finder* finder_ = nullptr;
  StatusLine* status_ = nullptr;
  QLabel* jobs_status_ = nullptr;
  RunsPanel* runs_panel_ = nullptr;
  JobsPanel* jobs_panel_ = nullptr;
  OutlierPanel* outlier_panel_ = nullptr;
  PromptPanel* prompt_ = nullptr;
  MeasureService* measure_ = nullptr;
  RecipePage* recipe_ = nullptr;
  DoctorPage* doctor_ = nullptr;
  QMenu* recent_menu_ = nullptr;
  QPointer<FigureDialog> figure_dialog_;
  bool quit_anyway_ = false;
  bool made_room_ = false;
  QTimer known_soon_;
  std::pair<Selection, QString> way_back_;  // from a prompt, and the file of the prompt that is shown
  int opening_ = 0;
};

}  // namespace rolora::widgets
