// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QVector>
#include <optional>

namespace rolora::widgets {

struct FuzzyMatch {
  int score = 0;           ///< larger is better
  QVector<int> positions;  ///< of the matched letters in the text, ascending
};

/// Every word of the pattern must be found in the text, letter by letter in order; words in any order. Beginnings of words and runs of
/// letters count more. Nothing when a word is not there; an empty pattern matches with score 0.
std::optional<FuzzyMatch> fuzzy_match(const QString& pattern, const QString& text);

}  // namespace rolora::widgets
