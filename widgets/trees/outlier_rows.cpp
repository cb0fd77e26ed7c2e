// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/outlier_rows.h"

#include <QHash>
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>
#include <utility>

#include "widgets/data/describe.h"

namespace rolora::widgets {
namespace {

constexpr size_t kAtOnce = 1 << 16;  // rows between two looks at whether anybody still waits

// One word of the filter. A number names a place ("l2", "c115", "t13"); other words are looked for in names and texts.
struct Word {
  enum class Kind { layer, channel, token, text } kind = Kind::text;
  int64_t number = 0;
  std::vector<bool> states, sites, texts;  // which of them have the word
};

std::vector<bool> having(const QStringList& names, const QString& word) {
  std::vector<bool> out;
  for (const QString& name : names) out.push_back(name.contains(word, Qt::CaseInsensitive));
  return out;
}

QStringList site_names() {
  QStringList names;
  for (int i = 0; i <= static_cast<int>(SiteKind::residual_in); ++i) {
    const auto site = static_cast<SiteKind>(i);
    names.append(QString::fromStdString(std::string(name_of(site))) + QLatin1Char(' ') + site_title(site));
  }
  return names;
}

Word parse_word(const QString& word, const OutlierRows& rows) {
  Word out;
  for (const auto& [start, kind] : {std::pair("layer", Word::Kind::layer),
                                    {"l", Word::Kind::layer},
                                    {"ch", Word::Kind::channel},
                                    {"c", Word::Kind::channel},
                                    {"t", Word::Kind::token}}) {
    if (!word.startsWith(QLatin1String(start), Qt::CaseInsensitive)) continue;
    bool whole = false;
    out.number = word.mid(static_cast<qsizetype>(std::char_traits<char>::length(start))).toLongLong(&whole);
    if (!whole) continue;
    out.kind = kind;
    return out;
  }
  out.states = having(rows.titles, word);
  out.sites = having(site_names(), word);
  out.texts = having(rows.texts, word);
  return out;
}

bool has(const OutlierRow& row, const Word& word) {
  switch (word.kind) {
    case Word::Kind::layer:
      return row.layer == word.number;
    case Word::Kind::channel:
      return row.channel == word.number;
    case Word::Kind::token:
      return row.token == word.number;
    case Word::Kind::text:
      return word.states[static_cast<size_t>(row.state)] || word.sites[static_cast<size_t>(row.site)] ||
             word.texts[static_cast<size_t>(row.text)];
  }
  return false;
}

std::vector<int32_t> ranks(const QStringList& names) {
  std::vector<int32_t> order(static_cast<size_t>(names.size())), rank(order.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return names[a].compare(names[b], Qt::CaseInsensitive) < 0; });
  for (size_t i = 0; i < order.size(); ++i) rank[static_cast<size_t>(order[i])] = static_cast<int32_t>(i);
  return rank;
}

double number_of(const OutlierRow& row, int column, const std::vector<int32_t>& rank) {
  switch (column) {
    case kOutlierState:
      return rank[static_cast<size_t>(row.state)];
    case kOutlierLayer:
      return row.layer;
    case kOutlierSite:
      return rank[static_cast<size_t>(row.site)];
    case kOutlierChannel:
      return row.channel;
    case kOutlierToken:
      return static_cast<double>(row.token);
    case kOutlierText:
      return rank[static_cast<size_t>(row.text)];
    case kOutlierValue:
      return std::fabs(row.value);
    case kOutlierRatio:
      return row.ratio;
    case kOutlierDrawn:
      return row.drawn ? 1 : 0;
    default:
      return row.kurtosis;
  }
}

struct Sorted {
  uint64_t key;  // as numbers grow, so does it
  uint32_t row;
};

uint64_t key_of(double number, bool descending) {
  const auto bits = std::bit_cast<uint64_t>(number + 0.0);  // one zero only
  constexpr uint64_t kSign = uint64_t{1} << 63;
  const uint64_t rising = (bits & kSign) != 0 ? ~bits : bits | kSign;
  return descending ? ~rising : rising;
}

// By digits of 11 bits from the lowest on: stable, and digits that are the same everywhere (most, of whole numbers and floats) cost
// nothing.
void sort_by_key(std::vector<Sorted>& list) {
  constexpr int kBits = 11;
  constexpr size_t kDigits = size_t{1} << kBits;
  std::vector<Sorted> other(list.size());
  for (int shift = 0; shift < 64; shift += kBits) {
    const auto digit = [shift](const Sorted& one) { return static_cast<size_t>(one.key >> shift) & (kDigits - 1); };
    std::array<size_t, kDigits> start{};
    for (const Sorted& one : list) ++start[digit(one)];
    if (std::any_of(start.begin(), start.end(), [&](size_t n) { return n == list.size(); })) continue;
    size_t sum = 0;
    for (size_t& n : start) sum += std::exchange(n, sum);
    for (const Sorted& one : list) other[start[digit(one)]++] = one;
    list.swap(other);
  }
}

}  // namespace

void append_outliers(OutlierRows& all, const StateRef& ref, const QString& title, const StateSummary& state, bool without_first,
                     const std::vector<SiteOutliers>& top) {
  const auto index = static_cast<int32_t>(all.states.size());
  all.states.push_back(ref);
  all.titles.append(title);
  QHash<QString, int32_t> texts;
  for (qsizetype i = 0; i < all.texts.size(); ++i) texts.insert(all.texts[i], static_cast<int32_t>(i));
  for (const SiteOutliers& site : top) {
    const auto found = state.sites.find(site.site);
    if (found == state.sites.end()) continue;
    const TensorFigures& figures = without_first ? found->second.without_first : found->second.all;
    for (const LabelledOutlier& one : site.top) {
      const QString text = readable_piece(QString::fromStdString(one.text));
      auto known = texts.find(text);
      if (known == texts.end()) {
        known = texts.insert(text, static_cast<int32_t>(all.texts.size()));
        all.texts.append(text);
      }
      const double median = figures.token_median, none = std::numeric_limits<double>::quiet_NaN();
      const double ratio = median > 0 ? std::fabs(one.outlier.value) / median : none;
      all.rows.push_back({index, site.site.layer, site.site.site, static_cast<int32_t>(one.outlier.channel), one.outlier.token, *known,
                          one.outlier.value, static_cast<float>(ratio), static_cast<float>(figures.kurtosis),
                          one.outlier.token < found->second.kept_tokens});
    }
  }
}

namespace {

// Which rows hold the largest |x| of their state, site and channel; with `drawn_only` of those that are drawn.
std::vector<bool> largest_of_channels(const std::vector<OutlierRow>& rows, bool drawn_only) {
  std::vector<bool> largest(rows.size(), true);
  std::unordered_map<uint64_t, size_t> best;
  for (size_t i = 0; i < rows.size(); ++i) {
    const OutlierRow& row = rows[i];
    if (drawn_only && !row.drawn) continue;
    const uint64_t place = (static_cast<uint64_t>(row.state) << 48) ^ (static_cast<uint64_t>(row.site) << 44) ^
                           (static_cast<uint64_t>(row.layer) << 28) ^ static_cast<uint64_t>(row.channel);
    const auto [known, fresh] = best.try_emplace(place, i);
    if (fresh) continue;
    const bool larger = std::fabs(row.value) > std::fabs(rows[known->second].value);
    largest[larger ? known->second : i] = false;
    if (larger) known->second = i;
  }
  return largest;
}

}  // namespace

std::optional<std::vector<uint32_t>> ordered(const OutlierRows& all, const OutlierOrder& order, const std::atomic<bool>& given_up) {
  std::vector<Word> words;
  for (const QString& word : order.words.split(QLatin1Char(' '), Qt::SkipEmptyParts)) words.push_back(parse_word(word, all));
  std::vector<bool> wanted;
  for (const StateRef& state : all.states) {
    wanted.push_back(order.only.empty() || std::find(order.only.begin(), order.only.end(), state) != order.only.end());
  }
  std::vector<int32_t> rank;
  if (order.column == kOutlierState) rank = ranks(all.titles);
  if (order.column == kOutlierSite) rank = ranks(site_names());
  if (order.column == kOutlierText) rank = ranks(all.texts);
  const std::vector<bool> largest = order.one_a_channel ? largest_of_channels(all.rows, order.drawn_only) : std::vector<bool>();
  std::vector<Sorted> shown, unknown;
  shown.reserve(all.rows.size());
  for (size_t i = 0; i < all.rows.size(); ++i) {
    if (i % kAtOnce == 0 && given_up) return std::nullopt;
    const OutlierRow& row = all.rows[i];
    if ((!largest.empty() && !largest[i]) || (order.drawn_only && !row.drawn)) continue;
    if (!wanted[static_cast<size_t>(row.state)] || !std::all_of(words.begin(), words.end(), [&](const Word& w) { return has(row, w); }))
      continue;
    const double number = number_of(row, order.column, rank);
    (std::isnan(number) ? unknown : shown).push_back({key_of(number, order.descending), static_cast<uint32_t>(i)});
  }
  sort_by_key(shown);
  if (given_up) return std::nullopt;
  std::vector<uint32_t> out;
  out.reserve(shown.size() + unknown.size());
  for (const Sorted& one : shown) out.push_back(one.row);
  for (const Sorted& one : unknown) out.push_back(one.row);
  return out;
}

}  // namespace rolora::widgets
