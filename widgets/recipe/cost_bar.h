// SPDX-License-Identifier: GPL-3.0-or-later
// Whether the job can run and what it will cost, with the arithmetic one click away.
#pragma once

#include <QWidget>
#include <nlohmann/json.hpp>

class QLabel;
class QToolButton;

namespace rolora::widgets {

/// "about 10–15 min", "about 40–60 s", "about 2.0–2.6 h": two ends that are worth telling apart, in one unit.
QString time_range(double low, double high);

class CostBar : public QWidget {
  Q_OBJECT
 public:
  explicit CostBar(QWidget* parent = nullptr);
  void show_checking();
  void show_problem(const QString& line);
  /// Not wrong, only not there yet.
  void show_needed(const QString& line);
  /// `station`: whose arithmetic is shown; empty = the one that needs most memory.
  void show_estimate(const nlohmann::json& estimate);
  void show_station(const QString& station);
  /// The machine has not what it needs: to start all the same takes a decision.
  bool is_too_much() const { return too_much_; }

 protected:
  void changeEvent(QEvent* event) override;

 private:
  enum class Mood { neutral, good, warning, error };
  void show_line(const QString& line, Mood mood);
  QString time_arithmetic() const;
  QString station_arithmetic() const;
  void show_details();
  void style_texts();
  void say(const QString& text, Mood mood);
  nlohmann::json estimate_;
  QString station_;
  QLabel *verdict_ = nullptr, *details_ = nullptr;
  QToolButton* more_ = nullptr;
  Mood mood_ = Mood::neutral;
  bool too_much_ = false;
};

}  // namespace rolora::widgets
