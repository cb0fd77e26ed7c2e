// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/actions.h"

#include <QMenu>
#include <QRegularExpression>
#include <QSet>
#include <QWidget>
#include <QWidgetAction>
#include <algorithm>

#include "widgets/base/icons.h"
#include "widgets/window/fuzzy.h"

namespace rolora::widgets {
namespace {

constexpr char kReason[] = "why_disabled";

bool is_listed(const QAction* action) {
  return !action->isSeparator() && action->menu() == nullptr && action->isVisible() && !action->text().isEmpty() &&
         qobject_cast<const QWidgetAction*>(action) == nullptr && action->objectName() != QStringLiteral("command.palette");
}

}  // namespace

QString plain_text(const QAction* action) {
  QString text = action->text();
  text.replace(QStringLiteral("&&"), QStringLiteral("\x01")).remove(QLatin1Char('&')).replace(QStringLiteral("\x01"), QStringLiteral("&"));
  if (text.endsWith(QStringLiteral("…"))) text.chop(1);
  return text.section(QLatin1Char('\t'), 0, 0);
}

Actions::Actions(QWidget* window) : QObject(window), window_(window) {}

QAction* Actions::add(const ActionSpec& spec, std::function<void()> run) {
  auto* action = new QAction(spec.text, window_);
  action->setObjectName(spec.id);
  action->setStatusTip(spec.tip);
  action->setToolTip(spec.shortcut.isEmpty() ? spec.tip : tr("%1 (%2)").arg(spec.tip, spec.shortcut.toString(QKeySequence::NativeText)));
  action->setShortcut(spec.shortcut);
  if (!spec.icon.isEmpty()) action->setIcon(icon(spec.icon));
  connect(action, &QAction::triggered, this, [run = std::move(run)] { run(); });
  window_->addAction(action);
  actions_.insert(spec.id, action);
  return action;
}

void Actions::set_disabled(QAction* action, const QString& reason) {
  if (action == nullptr) return;
  action->setEnabled(reason.isEmpty());
  action->setProperty(kReason, reason);
}

QString Actions::reason(const QAction* action) { return action->property(kReason).toString(); }

void Actions::add_source(const QWidget* panel, const QString& name, const QString& reason) { sources_.push_back({panel, name, reason}); }

const Actions::Source* Actions::source_of(const QAction* action) const {
  for (const QObject* at = action->parent(); at != nullptr; at = at->parent()) {
    for (const Source& source : sources_) {
      if (source.panel == at) return &source;
    }
  }
  return nullptr;
}

std::vector<FinderEntry> Actions::find(const QString& text) const {
  struct Found {
    FinderEntry entry;
    int score;
  };
  std::vector<Found> found;
  QSet<QString> seen;
  for (QAction* action : window_->findChildren<QAction*>()) {
    if (!is_listed(action)) continue;
    const Source* source = source_of(action);
    QString title = plain_text(action);
    // An arrow says nothing in a list: its tip does.
    if (!title.contains(QRegularExpression(QStringLiteral("\\p{L}")))) title = action->toolTip();
    if (source != nullptr) title = QStringLiteral("%1: %2").arg(source->name, title);
    const QString key = title + action->shortcut().toString();
    if (seen.contains(key)) continue;
    const std::optional<FuzzyMatch> match = fuzzy_match(text, title);
    const std::optional<FuzzyMatch> in_tip = match ? std::nullopt : fuzzy_match(text, title + QLatin1Char(' ') + action->statusTip());
    if (!match && !in_tip) continue;
    seen.insert(key);
    const QString tip = action->statusTip().isEmpty() ? action->toolTip() : action->statusTip();
    QString why = reason(action);
    if (why.isEmpty()) why = source != nullptr ? source->reason : tip;
    FinderEntry entry{title,
                      action->isEnabled() ? tip : tr("Not now: %1").arg(why),
                      action->shortcut().toString(QKeySequence::NativeText),
                      action->icon(),
                      action->isEnabled(),
                      [target = QPointer<QAction>(action)] {
                        if (target != nullptr) target->trigger();
                      },
                      match ? match->positions : QVector<int>()};
    if (action->isCheckable() && action->isChecked()) entry.detail = tr("On. %1").arg(entry.detail);
    found.push_back({std::move(entry), (match ? match->score : in_tip->score / 3) + (action->isEnabled() ? 4 : 0)});
  }
  std::stable_sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return a.score != b.score ? a.score > b.score : a.entry.title.localeAwareCompare(b.entry.title) < 0;
  });
  std::vector<FinderEntry> entries;
  entries.reserve(found.size());
  for (Found& one : found) entries.push_back(std::move(one.entry));
  return entries;
}

}  // namespace rolora::widgets
