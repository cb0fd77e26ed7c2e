// SPDX-License-Identifier: GPL-3.0-or-later
// Panels around the centre: where they stand, perspectives, lock, reset, and their state in bytes. The rest of the window knows only this,
// so that another docking library can take QMainWindow's place.
#pragma once

#include <QHash>
#include <QIcon>
#include <QKeySequence>
#include <QMainWindow>
#include <QObject>
#include <QString>
#include <QStringList>
#include <QVector>

class QAction;
class QDockWidget;

namespace rolora::widgets {

/// Which panels stand where; of several in one area the first is in front. Shares are of the window's width or height. In a window that is
/// too narrow for three columns the panels of the right stand among those at the bottom.
struct Perspective {
  QString id, title, tip;
  QStringList left, right, bottom;
  double left_share = 0.22, right_share = 0.2, bottom_share = 0.26;
};

class DockHost : public QObject {
  Q_OBJECT
 public:
  static constexpr int kStateVersion = 1;  ///< of save(); another one is refused by restore()

  explicit DockHost(QMainWindow* window);
  /// The panel becomes a dock of this id; `title` is its name everywhere. Returns the action that shows it and gives it the focus.
  QAction* add(const QString& id, const QString& title, const QString& tip, const QIcon& icon, const QKeySequence& shortcut,
               QWidget* panel);
  void define(const Perspective& perspective);

  QStringList ids() const { return order_; }
  QWidget* panel(const QString& id) const;
  QAction* show_action(const QString& id) const;
  QAction* toggle_action(const QString& id) const;  ///< checkable: shown or closed
  bool is_shown(const QString& id) const;
  /// Opens it, brings it to the front of its tabs and gives it the focus.
  void show(const QString& id);
  void raise(const QString& id);  ///< the same without the focus

  const QVector<Perspective>& perspectives() const { return perspectives_; }
  QString current() const { return current_; }
  /// The perspective as compiled in.
  void arrange(const QString& perspective);
  void set_locked(bool locked);
  bool locked() const { return locked_; }
  /// Every floating panel back into the window.
  void dock_back();
  bool any_floating() const;

  /// Hides the panels while there is nothing to show in them; showing any of them, or set_veiled(false), brings all of them back.
  void set_veiled(bool veiled);
  bool veiled() const { return !behind_veil_.isEmpty(); }

  /// Hides these while a page has no use for them; those that were set aside before and are not among them come back. Another layout or
  /// a panel that is asked for ends it, and save() knows nothing of it.
  void set_aside(const QStringList& ids);
  QStringList aside() const { return aside_; }
  /// Whether the window has no room for three columns.
  bool is_narrow() const;

  QByteArray save();
  /// False, and nothing changed, when the bytes are of another version or damaged.
  bool restore(const QByteArray& state, const QString& perspective);

 signals:
  void floating_changed();
  void perspective_changed(const QString& id);

 private:
  void renew_titles_soon();
  void renew_titles();
  QDockWidget* dock(const QString& id) const;
  void stack(const QStringList& ids, Qt::DockWidgetArea area);
  void keep_at_home(const QString& id, const Perspective& shown);
  void apply_features();
  QMainWindow* window_;
  QStringList order_;
  QHash<QString, QDockWidget*> docks_;
  QHash<QString, QAction*> show_actions_;
  QVector<Perspective> perspectives_;
  QString current_;
  QByteArray behind_veil_;  // the state while veiled
  QStringList aside_;
  bool locked_ = false, renewing_ = false;
};

}  // namespace rolora::widgets
