// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/pairs.h"

#include <algorithm>

#include "widgets/data/run_store.h"

namespace rolora::widgets {
namespace {

bool is_plain(const StateSummary& s) { return s.rotation.isEmpty(); }
bool is_folded_only(const StateSummary& s) { return s.rotation == QStringLiteral("folded"); }

const StateSummary* found_state(const StateRef& ref, const StatisticsStore& store) {
  // The summary lives as long as the file is open; the caller is on the GUI thread and does not keep the pointer.
  const SummaryPtr summary = ref.valid() ? store.summary(ref.file) : nullptr;
  return summary ? summary->find(ref.state) : nullptr;
}

}  // namespace

Selection first_look(const StatisticsSummary& summary, const Selection& from) {
  const auto& states = summary.states;
  const auto plain = std::find_if(states.begin(), states.end(), is_plain);
  auto after = std::find_if(states.begin(), states.end(), [](const StateSummary& s) { return !is_plain(s) && !is_folded_only(s); });
  if (after == states.end()) after = std::find_if(states.begin(), states.end(), is_folded_only);
  Selection s = from;
  s.layer = s.channel = s.token = -1;
  s.a = s.b = {};
  if (plain != states.end()) s.a = {summary.file, plain->label};
  if (after != states.end()) (s.a.valid() ? s.b : s.a) = {summary.file, after->label};
  if (!s.a.valid() && !states.empty()) s.a = {summary.file, states.front().label};
  const StateSummary* shown = summary.find(s.a.state);
  const auto measured = [&](SiteKind site) {
    return shown != nullptr &&
           std::any_of(shown->sites.begin(), shown->sites.end(), [&](const auto& one) { return one.first.site == site; });
  };
  if (!measured(s.site)) s.site = SiteKind::down_in;
  if (!measured(s.site) && shown != nullptr && !shown->sites.empty()) s.site = shown->sites.begin()->first.site;
  return s;
}

bool scale_was_folded(const StateRef& a, const StateRef& b, SiteKind site, const StatisticsStore& store) {
  if (site != SiteKind::qkv_in && site != SiteKind::gate_up_in) return false;
  const StateSummary *one = found_state(a, store), *other = found_state(b, store);
  return one != nullptr && other != nullptr && is_plain(*one) != is_plain(*other);
}

bool basis_was_rotated(const StateRef& a, const StateRef& b, const StatisticsStore& store) {
  const StateSummary *one = found_state(a, store), *other = found_state(b, store);
  const auto turned = [](const StateSummary& s) { return is_plain(s) || is_folded_only(s) ? QString() : s.rotation; };
  return one != nullptr && other != nullptr && turned(*one) != turned(*other);
}

Scaling default_scaling(const StateRef& a, const StateRef& b, SiteKind site, const StatisticsStore& store) {
  return scale_was_folded(a, b, site, store) ? Scaling::over_rms : Scaling::absolute;
}

SelectionModel::Rule scaling_rule(const StatisticsStore& store) {
  return [&store](Selection& proposed, const Selection& current) {
    const bool same_pair = proposed.a == current.a && proposed.b == current.b && proposed.site == current.site;
    if (same_pair || proposed.scaling != current.scaling) return;
    const bool was_folded = scale_was_folded(current.a, current.b, current.site, store);
    const bool folded = scale_was_folded(proposed.a, proposed.b, proposed.site, store);
    if (folded != was_folded) proposed.scaling = folded ? Scaling::over_rms : Scaling::absolute;
  };
}

void show_statistics(const Workbench& workbench, const QString& file, QObject* receiver, std::function<void(const QString& error)> done,
                     const StateTitles& titles) {
  const auto look = [workbench, done = std::move(done)](const Result<SummaryPtr>& result) {
    if (result.ok()) {
      Selection s = first_look(*result.value, workbench.selection->current());
      s.scaling = default_scaling(s.a, s.b, s.site, *workbench.statistics);
      workbench.selection->propose(s);
    }
    if (done) done(result.error);
  };
  workbench.statistics->open(file, receiver, look, titles);
}

void open_new_statistics(const Workbench& workbench, const QString& folder, bool damaged_too) {
  const RunDataPtr run = workbench.runs->run(folder);
  if (!run) return;
  for (const QString& file : run->statistics_files) {
    if (workbench.statistics->summary(file) != nullptr || (!damaged_too && !workbench.statistics->error(file).isEmpty())) continue;
    workbench.statistics->open(
        file, nullptr, [](const auto&) {}, titles_in(*run, file));
  }
}

void show_run(const Workbench& workbench, const QString& folder, QObject* receiver, std::function<void(const QString& error)> done) {
  workbench.runs->open(folder, receiver, [workbench, folder, receiver, done = std::move(done)](const Result<RunDataPtr>& result) {
    if (!result.ok() || result.value->statistics_files.isEmpty()) {
      if (done) done(result.error);
      return;
    }
    const QStringList files = result.value->statistics_files;
    show_statistics(workbench, files.first(), receiver, done, titles_in(*result.value, files.first()));
    open_new_statistics(workbench, folder, true);
  });
}

}  // namespace rolora::widgets
