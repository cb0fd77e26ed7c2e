// SPDX-License-Identifier: GPL-3.0-or-later
// The dock of jobs: the list, and of the chosen one its stations, loss and log, with what can be done to it.
#pragma once

#include <QWidget>

#include "widgets/jobs/job_queue.h"

class QAction;
class QLabel;
class QListView;
class QPlainTextEdit;
class QStackedWidget;
class QToolButton;

namespace rolora::widgets {

class JobListModel;
class LossLine;
class StationListModel;

class JobsPanel : public QWidget {
  Q_OBJECT
 public:
  explicit JobsPanel(JobQueue* queue, QWidget* parent = nullptr);
  /// Chooses a job: a new one, say.
  void show_job(const QString& id);
  QString chosen() const;
  /// The program rolora is this one from now on; what failed for want of one can be tried again.
  void take_worker(const QString& program);
  /// Ordinary actions of the panel (they act on the chosen job): for menus and the palette. In order: open, start or go on, stop and save,
  /// cancel, move up, move down, log file, remove, choose rolora.
  QList<QAction*> job_actions() const { return actions(); }
  QListView* list() const { return list_; }

 signals:
  void run_open_asked(const QString& folder);
  void new_job_asked();
  void worker_chosen(const QString& program);  ///< by the user, where none was found

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void make_actions();
  QAction* make_action(const QString& text, const QString& shortcut, const QString& tip, void (JobsPanel::*act)());
  QWidget* make_left();
  QLayout* make_buttons();
  QWidget* make_right();
  QWidget* make_empty();
  void show_details();
  void show_log(const QStringList& lines);
  void show_station(const JobProgressPtr& now);
  void style_message(JobState state);
  void keep_in_sight();
  void update_actions();
  void style_texts();
  void open_run();
  void go_on();
  void stop_and_save();
  void ask_cancel();
  void move_up();
  void move_down();
  void open_log();
  void remove();
  void ask_for_worker();

  JobQueue* queue_;
  JobListModel* model_;
  StationListModel* stations_model_;
  QListView *list_ = nullptr, *stations_ = nullptr;
  QStackedWidget* pages_ = nullptr;
  QLabel *notice_ = nullptr, *title_ = nullptr, *state_ = nullptr, *facts_ = nullptr, *message_ = nullptr;
  LossLine* loss_ = nullptr;
  QPlainTextEdit* log_ = nullptr;
  QAction *open_ = nullptr, *go_on_ = nullptr, *stop_ = nullptr, *cancel_ = nullptr, *up_ = nullptr, *down_ = nullptr, *log_file_ = nullptr,
          *remove_ = nullptr, *worker_ = nullptr;
  QToolButton* worker_button_ = nullptr;
  QStringList shown_log_;
  QString shown_station_, shown_job_;
  bool log_follows_ = true;    // its end, until the user goes up in it
  int station_in_sight_ = -1;  // the station at work, until the user scrolls
};

}  // namespace rolora::widgets
