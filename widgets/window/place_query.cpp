// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/place_query.h"

#include <QRegularExpression>
#include <array>
#include <utility>

namespace rolora::widgets {
namespace {

struct SiteWord {
  const char* word;
  SiteKind site;
};

// The linears' names, parts of them and the sites' own names.
constexpr std::array<SiteWord, 31> kSiteWords = {{
    {"down", SiteKind::down_in},
    {"down_in", SiteKind::down_in},
    {"down_proj", SiteKind::down_in},
    {"gate", SiteKind::gate_up_in},
    {"up", SiteKind::gate_up_in},
    {"gate_up", SiteKind::gate_up_in},
    {"gate_up_in", SiteKind::gate_up_in},
    {"gate_proj", SiteKind::gate_up_in},
    {"up_proj", SiteKind::gate_up_in},
    {"mlp", SiteKind::gate_up_in},
    {"qkv", SiteKind::qkv_in},
    {"qkv_in", SiteKind::qkv_in},
    {"q_proj", SiteKind::qkv_in},
    {"k_proj", SiteKind::qkv_in},
    {"v_proj", SiteKind::qkv_in},
    {"attention", SiteKind::qkv_in},
    {"attn", SiteKind::qkv_in},
    {"o", SiteKind::o_in},
    {"o_in", SiteKind::o_in},
    {"o_proj", SiteKind::o_in},
    {"out", SiteKind::o_in},
    {"k", SiteKind::k_out},
    {"k_out", SiteKind::k_out},
    {"key", SiteKind::k_out},
    {"v", SiteKind::v_out},
    {"v_out", SiteKind::v_out},
    {"value", SiteKind::v_out},
    {"q", SiteKind::q_out},
    {"q_out", SiteKind::q_out},
    {"residual", SiteKind::residual_in},
    {"residual_in", SiteKind::residual_in},
}};

std::optional<SiteKind> site_of_word(const QString& word) {
  for (const SiteWord& known : kSiteWords) {
    if (word == QLatin1String(known.word)) return known.site;
  }
  return {};
}

/// Beginnings of at least three letters: "resid", "dow".
std::optional<SiteKind> site_of_beginning(const QString& word) {
  if (word.size() < 3) return {};
  for (const SiteWord& known : kSiteWords) {
    if (QLatin1String(known.word).startsWith(word)) return known.site;
  }
  return {};
}

bool names_state(const QString& word, const QStringList& state_words) {
  for (const QString& known : state_words) {
    if (known.contains(word, Qt::CaseInsensitive)) return true;
  }
  return false;
}

void take_number(int number, PlaceQuery& query, const QString& word) {
  if (!query.channel) {
    query.channel = number;
  } else if (!query.token) {
    query.token = number;
  } else {
    query.unknown += word;
  }
}

}  // namespace

PlaceQuery parse_place(const QString& text, const QStringList& state_words) {
  // "layer 3" and "l 3" are one word; so are "channel 7" and "token 2".
  static const QRegularExpression spaced(QStringLiteral("\\b(layers?|l|channel|ch|c|tokens?|tok|t)[ .#:]*(\\d+)\\b"));
  QString folded = text.toLower();
  folded.replace(QRegularExpression(QStringLiteral("[,;·/]+")), QStringLiteral(" "));
  PlaceQuery query;
  QRegularExpressionMatchIterator all = spaced.globalMatch(folded);
  QString rest = folded;
  while (all.hasNext()) {
    const QRegularExpressionMatch match = all.next();
    const int number = match.captured(2).toInt();
    switch (match.captured(1)[0].unicode()) {
      case u'l':
        query.layer = number;
        break;
      case u'c':
        query.channel = number;
        break;
      default:
        query.token = number;
        break;
    }
    rest.replace(match.capturedStart(), match.capturedLength(), QString(match.capturedLength(), QLatin1Char(' ')));
  }
  for (const QString& word : rest.split(QLatin1Char(' '), Qt::SkipEmptyParts)) {
    bool is_number = false;
    const int number = word.toInt(&is_number);
    if (is_number && number >= 0) {
      take_number(number, query, word);
    } else if (const std::optional<SiteKind> site = site_of_word(word)) {
      query.site = site;
    } else if (names_state(word, state_words)) {
      query.states += word;
    } else if (const std::optional<SiteKind> beginning = site_of_beginning(word)) {
      query.site = beginning;
    } else if (word != QStringLiteral("input") && word != QStringLiteral("in") && word != QStringLiteral("proj")) {
      query.unknown += word;
    }
  }
  return query;
}

Selection moved_to(const Selection& current, const PlaceQuery& query) {
  Selection moved = current;
  if (query.site && *query.site != current.site) {
    moved.site = *query.site;
    moved.channel = moved.token = -1;
  }
  if (query.layer) moved.layer = *query.layer;
  if (query.channel) moved.channel = *query.channel;
  if (query.token) moved.token = *query.token;
  return moved;
}

}  // namespace rolora::widgets
