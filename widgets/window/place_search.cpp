// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/place_search.h"

#include <QCoreApplication>
#include <QPointer>

#include "widgets/base/format.h"
#include "widgets/data/describe.h"
#include "widgets/data/selection.h"
#include "widgets/data/statistics_store.h"
#include "widgets/window/place_query.h"

namespace rolora::widgets {
namespace {

QString words(const char* text) { return QCoreApplication::translate("PlaceSearch", text); }

struct Candidate {
  StateRef state;
  const StateSummary* summary;
};

bool names(const Candidate& candidate, const QStringList& wanted, const Workbench& workbench) {
  const QString known = candidate.summary->label + QLatin1Char(' ') + state_title(*candidate.summary) + QLatin1Char(' ') +
                        source_title(candidate.state.file, workbench);
  for (const QString& word : wanted) {
    if (!known.contains(word, Qt::CaseInsensitive)) return false;
  }
  return true;
}

FinderEntry entry_of(const Selection& place, const SiteSummary& site, const Workbench& workbench) {
  FinderEntry entry;
  QStringList title = {words("layer %1").arg(place.layer), site_title(place.site)};
  if (place.channel >= 0) title += words("channel %1").arg(place.channel);
  if (place.token >= 0) title += token_title(workbench.statistics->summary(place.a.file).get(), place.token);
  title += state_title(place.a, *workbench.statistics);
  entry.title = title.join(QStringLiteral(" · "));  // what tells the rows apart comes first
  entry.detail = words("%1. Largest |x| of the site %2, kurtosis %3")
                     .arg(source_title(place.a.file, workbench), number(site.all.absmax), number(site.all.kurtosis));
  entry.icon = {};
  entry.run = [selection = QPointer<SelectionModel>(workbench.selection), place] {
    if (selection != nullptr) selection->propose(place);
  };
  return entry;
}

FinderEntry refusal(const QString& title, const QString& detail) {
  FinderEntry entry;
  entry.title = title;
  entry.detail = detail;
  entry.enabled = false;
  return entry;
}

void add_places(const Candidate& candidate, const PlaceQuery& query, const Workbench& workbench, std::vector<FinderEntry>& out) {
  Selection place = moved_to(workbench.selection->current(), query);
  if (candidate.state != place.a) place.a = candidate.state;
  if (place.b == place.a) place.b = {};
  for (const auto& [key, site] : candidate.summary->sites) {
    if (query.site ? key.site != *query.site : key.site != place.site) continue;
    if (query.layer ? key.layer != *query.layer : place.layer >= 0 && key.layer != place.layer) continue;
    Selection one = place;
    one.layer = key.layer;
    one.site = key.site;
    out.push_back(entry_of(one, site, workbench));
  }
}

}  // namespace

std::vector<FinderEntry> find_places(const QString& text, const Workbench& workbench) {
  constexpr size_t kMost = 60;
  std::vector<Candidate> candidates;
  QStringList state_words;
  for (const SummaryPtr& file : workbench.statistics->open_files()) {
    for (const StateSummary& state : file->states) {
      candidates.push_back({{file->file, state.label}, &state});
      state_words += state.label;
      state_words += state_title(state);
    }
    state_words += source_title(file->file, workbench);
  }
  const PlaceQuery query = parse_place(text, state_words);
  if (!query.unknown.isEmpty()) {
    return {refusal(words("“%1” names no layer, site, channel or state").arg(query.unknown.join(QLatin1Char(' '))),
                    words("For example: l2 down 115, qkv plain, layer 3 channel 7 token 0"))};
  }
  const StateRef current = workbench.selection->current().a;
  std::vector<FinderEntry> entries;
  for (const bool of_current : {true, false}) {  // the state that is looked at first
    for (const Candidate& candidate : candidates) {
      if ((candidate.state == current) != of_current || entries.size() >= kMost) continue;
      if (names(candidate, query.states, workbench)) add_places(candidate, query, workbench, entries);
    }
  }
  if (entries.size() > kMost) entries.resize(kMost);
  if (entries.empty() && !query.empty())
    entries.push_back(refusal(words("Nothing measured there"), words("The open statistics have no such layer or site.")));
  return entries;
}

}  // namespace rolora::widgets
