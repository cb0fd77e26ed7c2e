// SPDX-License-Identifier: GPL-3.0-or-later
// Messages that do not stop anybody: they stand above the centre until they are closed. Equal ones are counted.
#pragma once

#include <QFrame>
#include <QString>
#include <functional>
#include <vector>

class QLabel;
class QPushButton;
class QToolButton;

namespace rolora::widgets {

class MessageBar : public QFrame {
  Q_OBJECT
 public:
  enum class Kind { note, error };
  explicit MessageBar(QWidget* parent = nullptr);
  /// `action_text` empty: only a close button.
  void tell(Kind kind, const QString& text, const QString& action_text = {}, std::function<void()> action = {});
  QString text() const;
  int count() const { return static_cast<int>(messages_.size()); }

 private:
  struct Message {
    Kind kind;
    QString text, action_text;
    std::function<void()> action;
    int times = 1;
  };
  void show_newest();
  void close_newest();
  std::vector<Message> messages_;
  QLabel *icon_, *label_, *more_;
  QPushButton* button_;
  QToolButton* close_;
};

}  // namespace rolora::widgets
