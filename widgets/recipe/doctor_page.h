// SPDX-License-Identifier: GPL-3.0-or-later
// The page that examines a model: what it is, what can be rotated and how, and what a recipe would take. The worker looks, in the
// background, while the page is shown.
#pragma once

#include <QPointer>
#include <QString>
#include <QStringList>
#include <QWidget>
#include <nlohmann/json.hpp>

class QComboBox;
class QPushButton;
class QTextBrowser;

namespace rolora::widgets {

class LinesLabel;
class WorkerCall;

class DoctorPage : public QWidget {
  Q_OBJECT
 public:
  explicit DoctorPage(QWidget* parent = nullptr);
  void set_known_models(const QStringList& folders);
  void set_model(const QString& folder);
  QString model() const;
  bool is_busy() const { return !call_.isNull(); }
  QString text() const;  ///< that stands there, plain
  QPushButton* time_button() const { return time_; }

 protected:
  void showEvent(QShowEvent* event) override;

 private:
  void look(bool with_times);
  void show_answer(const nlohmann::json& info, bool with_times);
  QComboBox *model_, *recipe_;
  QPushButton* time_;
  LinesLabel* state_;
  QTextBrowser* page_;
  QPointer<WorkerCall> call_;
  QString looked_at_;
  int turn_ = 0;  ///< of the newest look; an answer to an older one is not shown
};

}  // namespace rolora::widgets
