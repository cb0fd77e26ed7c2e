// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the job can run and what it will cost, with the arithmetic one click away.
#pragma once

#include <QWidget>
#include <nlohmann/json.hpp>

class QLabel;
class QToolButton;

namespace rolora::widgets {

class CostBar : public QWidget {
  Q_OBJECT
 public:
  explicit CostBar(QWidget* parent = nullptr);
  void show_checking();
  void show_problem(const QString& line);
  /// `station`: whose arithmetic is shown; empty = the one that needs most memory.
  void show_estimate(const nlohmann::json& estimate);
  void show_station(const QString& station);
  /// The machine has not what it needs: to start all the same takes a decision.
  bool is_too_much() const { return too_much_; }

 protected:
  void changeEvent(QEvent* event) override;

 private:
  void show_details();
  void style_texts();
  enum class Mood { neutral, good, warning, error };
  void say(const QString& text, Mood mood);
  nlohmann::json estimate_;
  QString station_;
  QLabel *verdict_ = nullptr, *details_ = nullptr;
  QToolButton* more_ = nullptr;
  Mood mood_ = Mood::neutral;
  bool too_much_ = false;
};

}  // namespace rolora::widgets
