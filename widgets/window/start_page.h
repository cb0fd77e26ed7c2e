// SPDX-License-Identifier: GPL-3.0-or-later
// What the window shows before anything is open: where to begin, in plain words.
#pragma once

#include <QScrollArea>
#include <QStringList>

class QLabel;
class QListView;
class QStringListModel;

namespace rolora::widgets {

class CardButton;

class StartPage : public QScrollArea {
  Q_OBJECT
 public:
  explicit StartPage(QWidget* parent = nullptr);
  void set_recent(const QStringList& paths);
  CardButton* story_button() const { return story_; }

 signals:
  void story_asked();
  void model_asked();
  void run_asked();
  void statistics_asked();
  void recent_chosen(const QString& path);

 protected:
  void changeEvent(QEvent* event) override;

 private:
  QWidget* make_cards();
  QWidget* make_side();
  void style_texts();
  CardButton* story_ = nullptr;
  QLabel *title_ = nullptr, *subtitle_ = nullptr, *recent_title_ = nullptr, *steps_title_ = nullptr;
  QListView* recent_ = nullptr;
  QStringListModel* recent_model_ = nullptr;
  QStringList recent_paths_;
};

}  // namespace rolora::widgets
