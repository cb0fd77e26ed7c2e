// SPDX-License-Identifier: GPL-3.0-or-later
// What is typed into the search for places: "l12 down 1415", "layer 3 qkv", "t40 c7", "kurtosis".
#pragma once

#include <QString>
#include <QStringList>
#include <optional>

#include "widgets/data/selection.h"

namespace rolora::widgets {

struct PlaceQuery {
  std::optional<int> layer, channel, token;
  std::optional<SiteKind> site;
  QStringList states;   ///< words that name a state or a run
  QStringList unknown;  ///< words that name nothing: the query has no answer
  bool empty() const { return !layer && !channel && !token && !site && states.isEmpty(); }
};

/// `state_words`: parts of names that a word may stand for ("plain", "rotated", a run's name). A bare number is the channel, a second one
/// the token; "L3", "c115", "t0" name themselves.
PlaceQuery parse_place(const QString& text, const QStringList& state_words);

/// The current selection moved to where the query points. What it does not name stays, but a token or channel of another site is dropped.
Selection moved_to(const Selection& current, const PlaceQuery& query);

}  // namespace rolora::widgets
