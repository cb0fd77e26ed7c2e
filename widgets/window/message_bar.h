// SPDX-License-Identifier: GPL-3.0-or-later
// Messages that do not stop anybody: they lie in the row that the menus leave free, push nothing away and cover no page. A new one that is
// longer than a line shows all of itself for a while, later when the mouse or the keyboard is on it. Errors stay until they are closed,
// notes go by themselves unless the mouse rests on them. Equal ones are counted.
#pragma once

#include <QFrame>
#include <QString>
#include <QTimer>
#include <functional>
#include <vector>

class QLabel;
class QMenuBar;
class QPlainTextEdit;
class QPushButton;
class QToolButton;

namespace rolora::widgets {

class MessageBar : public QFrame {
  Q_OBJECT
 public:
  enum class Kind { note, error };
  /// `window`: over whose upper edge it lies; right of `menus` where they stand in the window.
  MessageBar(QWidget* window, QMenuBar* menus);
  /// `action_text` empty: only a close button; with one even a note stays. `about`: what forget() takes.
  void tell(Kind kind, const QString& text, const QString& action_text = {}, std::function<void()> action = {}, const QString& about = {});
  /// What was told about it is over.
  void forget(const QString& about);
  QString text() const;
  int count() const { return static_cast<int>(messages_.size()); }
  /// The line that is shown; where it says less than all, all is one click away.
  QString line() const;
  QToolButton* details_button() const { return unfold_; }
  QPlainTextEdit* details() const { return details_; }
  /// Of a note.
  void set_lifetime(int ms) { lifetime_.setInterval(ms); }

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
  QRect row() const;
  std::vector<Message> messages_;
  QMenuBar* menus_;
  QTimer lifetime_;
  QLabel *icon_, *label_, *more_;
  QPushButton* button_;
  QToolButton *unfold_, *close_;
  QPlainTextEdit* details_;
};

/// What a message says in one line: of a file its name and not where it lies, of a parser's finding that the file is damaged and where.
QString message_line(const QString& text);

}  // namespace rolora::widgets
