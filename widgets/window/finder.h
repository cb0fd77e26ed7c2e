// SPDX-License-Identifier: GPL-3.0-or-later
// The box that opens over the window to find something by typing: an action (command palette) or a place (search).
#pragma once

#include <QAbstractListModel>
#include <QFrame>
#include <QIcon>
#include <QPointer>
#include <QString>
#include <QVector>
#include <functional>
#include <vector>

class QLabel;
class QLineEdit;
class QListView;

namespace rolora::widgets {

struct FinderEntry {
  QString title, detail;  ///< what it does; where it stands or why it cannot run now
  QString shortcut;
  QIcon icon;
  bool enabled = true;
  std::function<void()> run;
  QVector<int> matched;    ///< letters of the title that were typed
  bool elsewhere = false;  ///< not on the page that is shown: comes after an equal one that is
};

class FinderModel : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role { kDetail = Qt::UserRole, kShortcut, kMatched };
  using QAbstractListModel::QAbstractListModel;
  void set_entries(std::vector<FinderEntry> entries);
  const FinderEntry& entry(int row) const { return entries_[static_cast<size_t>(row)]; }
  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;
  Qt::ItemFlags flags(const QModelIndex& index) const override;

 private:
  std::vector<FinderEntry> entries_;
};

/// Fills itself anew for every text that is typed. Esc or a click elsewhere closes it.
class Finder : public QFrame {
  Q_OBJECT
 public:
  using Provider = std::function<std::vector<FinderEntry>(const QString& text)>;
  explicit Finder(QWidget* window);
  ~Finder() override;
  void open(const QString& name, const QString& hint, Provider provider);
  void dismiss();
  const FinderModel* model() const { return model_; }
  QLineEdit* input() const { return input_; }

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void refill();
  void place();
  void run_current();
  void move_current(int by);
  QLineEdit* input_;
  QListView* list_;
  QLabel* nothing_;
  FinderModel* model_;
  Provider provider_;
  QPointer<QWidget> focus_before_;
};

}  // namespace rolora::widgets
