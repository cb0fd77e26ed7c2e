// SPDX-License-Identifier: GPL-3.0-or-later
// Messages that do not stop anybody: they lie over the lower right corner of their parent and push nothing away. Errors stay until they are
// closed, notes go by themselves unless the mouse rests on them. Equal ones are counted.
#pragma once

#include <QFrame>
#include <QString>
#include <QTimer>
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
  explicit MessageBar(QWidget* parent);  ///< not null: what it lies over
  /// `action_text` empty: only a close button; with one even a note stays. `about`: what forget() takes.
  void tell(Kind kind, const QString& text, const QString& action_text = {}, std::function<void()> action = {}, const QString& about = {});
  /// What was told about it is over.
  void forget(const QString& about);
  QString text() const;
  int count() const { return static_cast<int>(messages_.size()); }
  void set_lifetime(int ms) { lifetime_.setInterval(ms); }  ///< of a note

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;
  void enterEvent(QEnterEvent* event) override;
  void leaveEvent(QEvent* event) override;

 private:
  struct Message {
    Kind kind;
    QString text, action_text, about;
    std::function<void()> action;
    int times = 1;
  };
  static bool goes_by_itself(const Message& message);
  void show_newest();
  void close_newest();
  void place();
  std::vector<Message> messages_;
  QTimer lifetime_;
  QLabel *icon_, *label_, *more_;
  QPushButton* button_;
  QToolButton* close_;
};

}  // namespace rolora::widgets
