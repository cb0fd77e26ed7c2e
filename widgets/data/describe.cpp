// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/describe.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <cmath>
#include <limits>

#include "core/outliers/statistics_fields.h"
#include "widgets/base/format.h"
#include "widgets/data/run_store.h"

namespace rolora::widgets {
namespace {

QString words(const char* text) { return QCoreApplication::translate("rolora::describe", text); }

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

// The statistic of a whole tensor, NaN where there is none of this name.
double figure_of(const TensorFigures& figures, const QString& statistic) {
  const std::string name = statistic.toStdString();
  const auto fields = tensor_fields();
  for (size_t i = 0; i < fields.size(); ++i) {
    if (name == fields[i].name) return tensor_values(figures)[i];
  }
  return kNone;
}

SelectedValue with_ratios(const QString& statistic, double value, const TensorFigures& site, bool magnitude) {
  SelectedValue out{statistic, value, kNone, kNone, -1};
  if (!magnitude) return out;
  if (site.token_median > 0) out.ratio = std::fabs(value) / site.token_median;
  if (site.rms > 0) out.over_rms = std::fabs(value) / site.rms;
  return out;
}

// x of a token and a channel: from the values that were kept, else from the list of the largest ones.
std::optional<double> one_value(const Selection& s, const StateRef& ref, const StatisticsStore& store) {
  const MatrixPtr full = store.cached_full(ref, {s.layer, s.site});
  if (full && s.token < full->rows && s.channel < full->columns) return full->at(s.token, s.channel);
  const SiteDetailPtr detail = store.cached_site(ref, {s.layer, s.site}, s.without_first);
  if (!detail) return std::nullopt;
  for (const LabelledOutlier& top : detail->top) {
    if (top.outlier.token == s.token && top.outlier.channel == s.channel) return top.outlier.value;
  }
  return std::nullopt;
}

QString states_in_words(const Selection& s, const Workbench& w) {
  const bool two_files = s.b.valid() && s.a.valid() && s.a.file != s.b.file;
  const auto title = [&](const StateRef& ref) {
    const QString state = state_title(ref, *w.statistics);
    return two_files ? source_title(ref.file, w) + QLatin1Char(' ') + state : state;
  };
  if (!s.b.valid() || s.comparison == Comparison::only_a) return title(s.a);
  if (!s.a.valid() || s.comparison == Comparison::only_b) return title(s.b);
  const char* joint = s.comparison == Comparison::difference ? "%1 − %2" : s.comparison == Comparison::ratio ? "%1 / %2" : "%1 vs %2";
  return words(joint).arg(title(s.a), title(s.b));
}

QString value_in_words(const Selection& s, const SelectedValue& v) {
  if (s.scaling == Scaling::over_rms && std::isfinite(v.over_rms)) return words("%1 of the rms").arg(times(v.over_rms));
  const QString value = number(v.value, 4);
  return std::isfinite(v.ratio) ? words("%1 (%2 median)").arg(value, times(v.ratio)) : value;
}

QString value_and_layer(const Selection& s, const SelectedValue& v) {
  return v.layer < 0 ? value_in_words(s, v) : words("%1 in layer %2").arg(value_in_words(s, v)).arg(v.layer);
}

QString values_in_words(const Selection& s, const StatisticsStore& store) {
  const bool show_a = s.a.valid() && s.comparison != Comparison::only_b;
  const bool show_b = s.b.valid() && s.comparison != Comparison::only_a;
  const auto a = show_a ? selected_value(s, s.a, store) : std::nullopt, b = show_b ? selected_value(s, s.b, store) : std::nullopt;
  const QString of = a ? a->statistic : b ? b->statistic : QString();
  if (of.isEmpty()) return {};
  const bool one_number = s.comparison == Comparison::difference || s.comparison == Comparison::ratio;
  if (s.layer < 0 && one_number) return {};  // the largest values of two states lie in layers of their own
  if (a && b && s.comparison == Comparison::difference) return words("%1 difference %2").arg(of, number(a->value - b->value, 4));
  if (a && b && s.comparison == Comparison::ratio) return words("%1 ratio %2").arg(of, times(a->value / b->value));
  if (a && b) return words("%1 %2 vs %3").arg(of, value_and_layer(s, *a), value_and_layer(s, *b));
  return of + QLatin1Char(' ') + value_and_layer(s, a ? *a : *b);
}

// "G2: layer 3, channel 7: absmax 80.00 (184× median) vs 6.00 (2× median)"
QString mark_in_words(const Selection& s, const Mark& mark, const StatisticsStore& store) {
  QStringList place;
  if (mark.layer >= 0) place.append(words("layer %1").arg(mark.layer));
  if (mark.site != s.site) place.append(site_title(mark.site));
  if (mark.channel >= 0) place.append(words("channel %1").arg(mark.channel));
  if (mark.token >= 0) place.append(words("token %1").arg(grouped(mark.token)));
  const QString values = values_in_words(at_mark(s, mark), store);
  const QString where = words("G%1: %2").arg(QString::number(mark.group), place.join(QStringLiteral(", ")));
  return values.isEmpty() ? where : where + QStringLiteral(": ") + values;
}

}  // namespace

bool is_magnitude(const QString& statistic) {
  return statistic == QStringLiteral("absmax") || statistic == QStringLiteral("rms") || statistic == QStringLiteral("std") ||
         statistic == QStringLiteral("value") || (statistic.startsWith(QLatin1Char('p')) && statistic.size() > 1 && statistic[1].isDigit());
}

QString site_title(SiteKind site) {
  switch (site) {
    case SiteKind::qkv_in:
      return words("q/k/v_proj input");
    case SiteKind::o_in:
      return words("o_proj input");
    case SiteKind::gate_up_in:
      return words("gate/up_proj input");
    case SiteKind::down_in:
      return words("down_proj input");
    case SiteKind::q_out:
      return words("queries");
    case SiteKind::k_out:
      return words("keys");
    case SiteKind::v_out:
      return words("values");
    case SiteKind::residual_in:
      return words("residual stream");
  }
  return {};
}

QString statistic_title(const QString& name) {
  if (name == QStringLiteral("absmax")) return words("largest |x| (absmax)");
  if (name == QStringLiteral("std")) return words("standard deviation");
  if (name == QStringLiteral("p50")) return words("median |x|");
  if (name == QStringLiteral("p99")) return words("99 % quantile of |x|");
  if (name == QStringLiteral("p999")) return words("99.9 % quantile of |x|");
  if (name == QStringLiteral("p9999")) return words("99.99 % quantile of |x|");
  return name;
}

QString state_title(const StateSummary& state) {
  if (!state.title.isEmpty()) return state.title;
  const bool told = state.label.contains(QStringLiteral("seed")) || state.rotation.isEmpty() || state.rotation == QStringLiteral("folded");
  if (told || !state.rotation_seed) return state.label;
  return words("%1 (seed %2)").arg(state.label).arg(*state.rotation_seed);
}

QString state_title(const StateRef& state, const StatisticsStore& store) {
  const SummaryPtr summary = store.summary(state.file);
  const StateSummary* found = summary ? summary->find(state.state) : nullptr;
  return found != nullptr ? state_title(*found) : state.state;
}

QString run_title(const QString& folder, const QStringList& folders) {
  const QString name = QFileInfo(folder).fileName();
  for (const QString& other : folders) {
    if (other != folder && QFileInfo(other).fileName() == name)
      return QFileInfo(QFileInfo(folder).path()).fileName() + QLatin1Char('/') + name;
  }
  return name;
}

QString source_title(const QString& file, const Workbench& workbench) {
  if (workbench.runs != nullptr) {
    for (const QString& folder : workbench.runs->open_runs()) {
      const RunDataPtr run = workbench.runs->run(folder);
      if (run && run->statistics_files.contains(file)) return run_title(folder, workbench.runs->open_runs());
    }
  }
  return QFileInfo(file).completeBaseName();
}

QString readable_piece(const QString& piece) {
  QString out = piece;
  out.replace(QChar(0x2581), QChar(0x2423));  // SentencePiece's blank
  out.replace(QChar(0x0120), QChar(0x2423));  // byte-level BPE's
  out.replace(QChar(0x010A), QChar(0x21B5));
  out.replace(QStringLiteral("<0x0A>"), QStringLiteral("↵"));
  out.replace(QLatin1Char('\n'), QChar(0x21B5));
  out.replace(QLatin1Char('\t'), QChar(0x21E5));
  out.replace(QLatin1Char(' '), QChar(0x2423));
  return out;
}

QString token_title(const StatisticsSummary* summary, int token) {
  const QString place = words("token %1").arg(grouped(token));
  if (summary == nullptr || token < 0 || token >= summary->token_texts.size()) return place;
  return words("%1 “%2”").arg(place, readable_piece(summary->token_texts[token]));
}

namespace {

// Of all layers: where the value is largest. Nothing is looked up token by token.
std::optional<SelectedValue> largest_of_layers(const Selection& s, const StateRef& ref, const StateSummary& state,
                                               const StatisticsStore& store) {
  std::optional<SelectedValue> most;
  const auto size_of = [&](const SelectedValue& v) {
    return s.scaling == Scaling::over_rms && std::isfinite(v.over_rms) ? v.over_rms : std::fabs(v.value);
  };
  for (const auto& [key, unused] : state.sites) {
    if (key.site != s.site || s.token >= 0) continue;
    Selection one = s;
    one.layer = key.layer;
    auto value = selected_value(one, ref, store);
    if (!value || !std::isfinite(value->value) || (most && size_of(*value) <= size_of(*most))) continue;
    value->layer = key.layer;
    most = std::move(value);
  }
  return most;
}

}  // namespace

std::optional<SelectedValue> selected_value(const Selection& s, const StateRef& ref, const StatisticsStore& store) {
  const SummaryPtr summary = store.summary(ref.file);
  const StateSummary* state = summary ? summary->find(ref.state) : nullptr;
  if (state == nullptr) return std::nullopt;
  if (s.layer < 0) return largest_of_layers(s, ref, *state, store);
  const SiteKey key{s.layer, s.site};
  const auto found = state->sites.find(key);
  if (found == state->sites.end()) return std::nullopt;
  const TensorFigures& site = s.without_first ? found->second.without_first : found->second.all;
  if (s.channel >= 0 && s.token >= 0) {
    const auto value = one_value(s, ref, store);
    return value ? std::optional(with_ratios(QStringLiteral("value"), *value, site, true)) : std::nullopt;
  }
  if (s.token >= 0) {
    const SiteDetailPtr detail = store.cached_site(ref, key, s.without_first);
    if (!detail || s.token >= static_cast<int>(detail->tokens.absmax.size())) return std::nullopt;
    return with_ratios(QStringLiteral("absmax"), detail->tokens.absmax[static_cast<size_t>(s.token)], site, true);
  }
  double value = kNone;
  if (s.channel >= 0) {
    const MatrixPtr overview = store.cached_overview(ref, s.site, s.statistic, s.without_first);
    if (!overview || s.layer >= overview->rows || s.channel >= overview->columns) return std::nullopt;
    value = overview->at(s.layer, s.channel);
  } else {
    value = figure_of(site, s.statistic);
  }
  return with_ratios(s.statistic, value, site, is_magnitude(s.statistic));
}

QString describe(const Selection& s, const Workbench& w) {
  if (!s.a.valid() && !s.b.valid()) return words("Nothing selected");
  const StateRef& first = s.a.valid() ? s.a : s.b;
  const bool two_files = s.a.valid() && s.b.valid() && s.a.file != s.b.file;
  const SummaryPtr summary = w.statistics->summary(first.file);
  QStringList parts;
  if (!two_files || s.comparison == Comparison::only_a) parts.append(source_title(first.file, w));
  if (two_files && s.comparison == Comparison::only_b) parts.append(source_title(s.b.file, w));
  parts.append(states_in_words(s, w));
  parts.append(s.layer < 0 ? words("all layers") : words("layer %1").arg(s.layer));
  parts.append(site_title(s.site));
  if (s.channel >= 0) parts.append(words("channel %1").arg(s.channel));
  if (s.token >= 0) parts.append(token_title(summary.get(), s.token));
  const QString values = values_in_words(s, *w.statistics);
  parts.append(values.isEmpty() ? s.statistic : values);
  if (s.without_first) parts.append(words("without first tokens"));
  for (const Mark& mark : s.marks) parts.append(mark_in_words(s, mark, *w.statistics));
  return parts.join(QStringLiteral(" · "));
}

SelectionSentence::SelectionSentence(const Workbench& workbench, QObject* parent) : QObject(parent), workbench_(workbench) {
  connect(workbench.selection, &SelectionModel::changed, this, &SelectionSentence::ask);
  connect(workbench.statistics, &StatisticsStore::opened, this, &SelectionSentence::ask);
  connect(workbench.statistics, &StatisticsStore::closed, this, &SelectionSentence::say);
  if (workbench.runs != nullptr) connect(workbench.runs, &RunStore::opened, this, &SelectionSentence::say);
  ask();
}

void SelectionSentence::ask() {
  const Selection& s = workbench_.selection->current();
  say();
  for (const StateRef& state : {s.a, s.b}) ask_for(state);
}

void SelectionSentence::ask_for(const StateRef& state) {
  const Selection& s = workbench_.selection->current();
  const SummaryPtr summary = state.valid() ? workbench_.statistics->summary(state.file) : nullptr;
  const StateSummary* found = summary ? summary->find(state.state) : nullptr;
  const SiteKey key{s.layer, s.site};
  if (found == nullptr || (s.layer >= 0 && !found->sites.contains(key)) || (s.channel < 0 && s.token < 0)) return;
  if (s.layer < 0 && s.token >= 0) return;
  const auto then = [this](const auto&) { say(); };
  if (s.channel >= 0 && s.token >= 0) {
    if (found->sites.at(key).kept) workbench_.statistics->full(state, key, this, then);
    workbench_.statistics->site(state, key, s.without_first, this, then);  // names the largest values even where not all were kept
  } else if (s.token >= 0) {
    workbench_.statistics->site(state, key, s.without_first, this, then);
  } else {
    workbench_.statistics->overview(state, s.site, s.statistic, s.without_first, this, then);
  }
}

void SelectionSentence::say() {
  const QString sentence = describe(workbench_.selection->current(), workbench_);
  if (sentence == sentence_) return;
  sentence_ = sentence;
  emit changed(sentence_);
}

}  // namespace rolora::widgets
