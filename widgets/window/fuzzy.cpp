// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/fuzzy.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace rolora::widgets {
namespace {

constexpr int kStartOfWord = 8, kRun = 12, kWholeStart = 6, kLetter = 1, kGap = -4;
constexpr int kNever = std::numeric_limits<int>::min() / 2;

bool starts_word(const QString& text, qsizetype at) {
  return at == 0 || !text[at - 1].isLetterOrNumber() || (text[at].isUpper() && text[at - 1].isLower());
}

int letter_score(const QString& text, qsizetype at) {
  return kLetter + (starts_word(text, at) ? kStartOfWord : 0) + (at == 0 ? kWholeStart : 0);
}

/// Best alignment of one word: best[i][j] is the score with letter i of the word on letter j of the text.
std::optional<FuzzyMatch> match_word(const QString& word, const QString& text) {
  const qsizetype n = word.size(), m = text.size();
  if (n > m) return {};
  std::vector<std::vector<int>> best(n, std::vector<int>(m, kNever)), from(n, std::vector<int>(m, -1));
  for (qsizetype i = 0; i < n; i++) {
    int carried = kNever, carried_at = -1;  // the best of row i−1 before j−1, less the gap to it
    for (qsizetype j = i; j < m; j++) {
      if (i > 0 && j > 1 && best[i - 1][j - 2] > kNever) {
        if (best[i - 1][j - 2] >= carried) std::tie(carried, carried_at) = std::pair(best[i - 1][j - 2], static_cast<int>(j - 2));
      }
      if (word[i].toCaseFolded() != text[j].toCaseFolded()) continue;
      if (i == 0) {
        best[i][j] = letter_score(text, j);
        continue;
      }
      if (j > 0 && best[i - 1][j - 1] > kNever)
        std::tie(best[i][j], from[i][j]) = std::pair(best[i - 1][j - 1] + kRun, static_cast<int>(j - 1));
      if (carried > kNever && carried + kGap > best[i][j]) std::tie(best[i][j], from[i][j]) = std::pair(carried + kGap, carried_at);
      if (best[i][j] > kNever) best[i][j] += letter_score(text, j);
    }
  }
  const auto last = std::max_element(best[n - 1].begin(), best[n - 1].end());
  if (*last == kNever) return {};
  FuzzyMatch match;
  match.score = *last;
  qsizetype j = last - best[n - 1].begin();
  for (qsizetype i = n - 1; i >= 0; i--) {
    match.positions.prepend(static_cast<int>(j));
    j = from[i][j];
  }
  return match;
}

/// Letters strewn over a text are no match: each run of them begins a word, or is long enough to be meant.
bool is_meant(const FuzzyMatch& match, const QString& text) {
  constexpr qsizetype kLong = 3;
  for (qsizetype i = 0; i < match.positions.size();) {
    qsizetype end = i + 1;
    while (end < match.positions.size() && match.positions[end] == match.positions[end - 1] + 1) ++end;
    if (end - i < kLong && !starts_word(text, match.positions[i])) return false;
    i = end;
  }
  return true;
}

}  // namespace

std::optional<FuzzyMatch> fuzzy_match(const QString& pattern, const QString& text) {
  FuzzyMatch whole;
  for (const QString& word : pattern.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
    const std::optional<FuzzyMatch> match = match_word(word, text);
    if (!match || !is_meant(*match, text)) return {};
    whole.score += match->score;
    whole.positions += match->positions;
  }
  std::sort(whole.positions.begin(), whole.positions.end());
  whole.positions.erase(std::unique(whole.positions.begin(), whole.positions.end()), whole.positions.end());
  return whole;
}

}  // namespace rolora::widgets
