// SPDX-License-Identifier: GPL-3.0-or-later
// Every action of the window: each has a text, a tip and, where it helps, a shortcut. The command palette lists them, also those that
// panels bring.
#pragma once

#include <QAction>
#include <QHash>
#include <QKeySequence>
#include <QObject>
#include <QString>
#include <QStringList>
#include <functional>
#include <vector>

#include "widgets/window/finder.h"

class QWidget;

namespace rolora::widgets {

struct ActionSpec {
  QString id, text, tip;
  QKeySequence shortcut;
  QString icon;  ///< name in resources/icons, or empty
};

class Actions : public QObject {
  Q_OBJECT
 public:
  explicit Actions(QWidget* window);
  QAction* add(const ActionSpec& spec, std::function<void()> run);
  /// nullptr for an id that was never added.
  QAction* at(const QString& id) const { return actions_.value(id); }
  /// An empty reason enables it.
  static void set_disabled(QAction* action, const QString& reason);
  static QString reason(const QAction* action);
  /// Actions of this panel are listed with its name before theirs; a disabled one that says nothing itself says this.
  /// `only_shown`: not at all while the panel is out of sight, for actions that change what it shows.
  void add_source(const QWidget* panel, const QString& name, const QString& reason, bool only_shown = false);
  /// Gives the entries of the page that is shown; they are listed with the actions.
  void set_page(std::function<std::vector<FinderEntry>()> entries) { page_ = std::move(entries); }
  /// Every action in the window that fits the text, best first; without a text those used last. Disabled ones say why.
  std::vector<FinderEntry> find(const QString& text) const;

 private:
  struct Source {
    const QWidget* panel;
    QString name, reason;
    bool only_shown;
  };
  const Source* source_of(const QAction* action) const;
  FinderEntry entry_of(QAction* action) const;
  void remember(const QString& title) const;
  QWidget* window_;
  std::function<std::vector<FinderEntry>()> page_;
  mutable QStringList used_;  // titles, the last one first
  std::vector<Source> sources_;
  QHash<QString, QAction*> actions_;
};

/// "Open &model…" → "Open model".
QString plain_text(const QAction* action);

}  // namespace rolora::widgets
