// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/actions.h"

#include <QMenu>
#include <QRegularExpression>
#include <QSet>
#include <QWidget>
#include <QWidgetAction>
#include <algorithm>
#include <iterator>
#include <ranges>

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

void Actions::add_source(const QWidget* panel, const QString& name, const QString& reason, bool only_shown) {
  sources_.push_back({panel, name, reason, only_shown});
}

const Actions::Source* Actions::source_of(const QAction* action) const {
  for (const QObject* at = action->parent(); at != nullptr; at = at->parent()) {
    for (const Source& source : sources_) {
      if (source.panel == at) return &source;
    }
  }
  return nullptr;
}

void Actions::remember(const QString& title) const {
  constexpr qsizetype kMost = 12;
  used_.removeAll(title);
  used_.prepend(title);
  if (used_.size() > kMost) used_.removeLast();
}

/// The action as an entry, with its panel before its name.
FinderEntry Actions::entry_of(QAction* action) const {
  const Source* source = source_of(action);
  FinderEntry entry;
  entry.title = plain_text(action);
  // An arrow says nothing in a list: its tip does.
  if (!entry.title.contains(QRegularExpression(QStringLiteral("\\p{L}")))) entry.title = action->toolTip();
  if (source != nullptr) entry.title = QStringLiteral("%1: %2").arg(source->name, entry.title);
  const QString tip = action->statusTip().isEmpty() ? action->toolTip() : action->statusTip();
  QString why = reason(action);
  if (why.isEmpty()) why = source != nullptr ? source->reason : tip;
  entry.enabled = action->isEnabled();
  entry.detail = entry.enabled ? tip : tr("Not now: %1").arg(why);
  if (action->isCheckable() && action->isChecked()) entry.detail = tr("On. %1").arg(entry.detail);
  entry.shortcut = action->shortcut().toString(QKeySequence::NativeText);
  entry.icon = action->icon();
  entry.run = [target = QPointer<QAction>(action)] {
    if (target != nullptr) target->trigger();
  };
  return entry;
}

std::vector<FinderEntry> Actions::find(const QString& text) const {
  std::vector<FinderEntry> all;
  QSet<QString> seen;
  for (QAction* action : window_->findChildren<QAction*>()) {
    if (!is_listed(action)) continue;
    const Source* source = source_of(action);
    if (source != nullptr && source->only_shown && !source->panel->isVisible()) continue;
    FinderEntry entry = entry_of(action);
    const QString key = entry.title + entry.shortcut;
    if (seen.contains(key)) continue;
    seen.insert(key);
    all.push_back(std::move(entry));
  }
  // A panel's own action and its place in the menu are one: the one that has the keys says more.
  QSet<QString> with_keys;
  for (const FinderEntry& entry : all) {
    if (!entry.shortcut.isEmpty()) with_keys.insert(entry.title);
  }
  std::erase_if(all, [&](const FinderEntry& entry) { return entry.shortcut.isEmpty() && with_keys.contains(entry.title); });
  if (page_) {
    QSet<QString> named;
    for (const FinderEntry& entry : all) named.insert(entry.title);
    std::vector<FinderEntry> shown = page_();
    std::erase_if(shown, [&](const FinderEntry& entry) { return named.contains(entry.title); });  // a button of an action
    std::ranges::move(shown, std::back_inserter(all));
  }
  struct Found {
    FinderEntry entry;
    int score;
  };
  std::vector<Found> found;
  for (FinderEntry& entry : all) {
    const std::optional<FuzzyMatch> match = fuzzy_match(text, entry.title);
    const std::optional<FuzzyMatch> in_tip = match ? std::nullopt : fuzzy_match(text, entry.title + QLatin1Char(' ') + entry.detail);
    if (!match && !in_tip) continue;
    if (match) entry.matched = match->positions;
    const auto used = used_.indexOf(entry.title);
    const int lately = used < 0 ? 0 : static_cast<int>(used_.size() - used) + (text.isEmpty() ? 100 : 0);
    const int score = (match ? match->score : in_tip->score / 3) + (entry.enabled ? 4 : 0) + (entry.elsewhere ? 0 : 1) + lately;
    entry.run = [this, title = entry.title, run = std::move(entry.run)] {
      remember(title);
      run();
    };
    found.push_back({std::move(entry), score});
  }
  // Without a text the order is that of the menus.
  std::stable_sort(found.begin(), found.end(), [&](const Found& a, const Found& b) {
    return a.score != b.score ? a.score > b.score : !text.isEmpty() && a.entry.title.localeAwareCompare(b.entry.title) < 0;
  });
  std::vector<FinderEntry> entries;
  entries.reserve(found.size());
  for (Found& one : found) entries.push_back(std::move(one.entry));
  return entries;
}

}  // namespace rolora::widgets
