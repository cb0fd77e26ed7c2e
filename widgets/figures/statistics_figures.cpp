// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/figures/statistics_figures.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "widgets/base/format.h"
#include "widgets/data/describe.h"
#include "widgets/data/statistics_reading.h"
#include "widgets/plots/distribution_plot.h"
#include "widgets/plots/from_statistics.h"
#include "widgets/plots/magnitude_plot.h"
#include "widgets/plots/overview_plot.h"
#include "widgets/plots/profile_plot.h"
#include "widgets/plots/surface_plot.h"

namespace rolora::widgets {
namespace {

using Take = std::function<void(const FigurePtr&)>;

/// One file with the two states that its figures compare.
class Pair {
 public:
  Pair(const QString& file, const RunData& run) : file_(file.toStdString()), summary_(read_summary(file_, file)) {
    give_titles(summary_, titles_in(run, file));
    if (summary_.states.empty()) return;
    a_ = &summary_.states.front();
    for (const StateSummary& state : summary_.states) {
      if (b_ == nullptr && &state != a_ && !state.rotation.isEmpty() && state.rotation != QStringLiteral("folded")) b_ = &state;
    }
    if (b_ == nullptr && summary_.states.size() > 1) b_ = &summary_.states[1];
    QStringList labels{a_->label};
    if (b_ != nullptr) labels << b_->label;
    facts_ = QCoreApplication::translate("rolora::figures", "Model %1. ").arg(run.model) + measured_on(summary_, labels);
  }
  const StatisticsFile& file() const { return file_; }
  const StatisticsSummary& summary() const { return summary_; }
  const StateSummary* a() const { return a_; }
  const StateSummary* b() const { return b_; }
  const QString& facts() const { return facts_; }
  std::vector<const StateSummary*> states() const {
    std::vector<const StateSummary*> states;
    for (const StateSummary* state : {a_, b_}) {
      if (state != nullptr) states.push_back(state);
    }
    return states;
  }
  /// Folding a gain moves the scale of the norms' sites, so there magnitudes are compared as multiples of the rms.
  bool over_rms(SiteKind site) const {
    const bool norm = site == SiteKind::qkv_in || site == SiteKind::gate_up_in;
    return norm && b_ != nullptr && a_->rotation.isEmpty() != b_->rotation.isEmpty();
  }
  bool has(SiteKind site) const {
    const auto of = [site](const auto& entry) { return entry.first.site == site; };
    return a_ != nullptr && std::any_of(a_->sites.begin(), a_->sites.end(), of);
  }
  std::vector<int> layers(SiteKind site) const {
    std::vector<int> layers;
    for (const auto& [key, figures] : a_->sites) {
      if (key.site == site) layers.push_back(key.layer);
    }
    return layers;
  }

 private:
  StatisticsFile file_;
  StatisticsSummary summary_;
  const StateSummary *a_ = nullptr, *b_ = nullptr;
  QString facts_;
};

QString words(const char* text) { return QCoreApplication::translate("rolora::figures", text); }
QString site_text(SiteKind site) { return QString::fromUtf8(name_of(site).data()); }

double rms_of(const StateSummary& state, SiteKey key) {
  const auto found = state.sites.find(key);
  return found == state.sites.end() ? std::nan("") : found->second.all.rms;
}

ComparedState overview_of(const Pair& pair, const StateSummary& state, SiteKind site, const QString& statistic, bool over_rms) {
  ComparedState out{state_title(state), nullptr, {}};
  if (!pair.file().has_overview(state.label.toStdString(), site)) return out;
  out.values = std::make_shared<Matrix>(read_overview(pair.file(), state.label, site, statistic, false));
  for (int64_t layer = 0; over_rms && layer < out.values->rows; ++layer) {
    out.divisors.push_back(rms_of(state, {static_cast<int>(layer), site}));
  }
  return out;
}

void overview(const Pair& pair, SiteKind site, const QString& statistic, const Take& take) {
  OverviewData data;
  data.over_rms = is_magnitude(statistic) && pair.over_rms(site);
  data.a = overview_of(pair, *pair.a(), site, statistic, data.over_rms);
  if (pair.b() != nullptr) data.b = overview_of(pair, *pair.b(), site, statistic, data.over_rms);
  if (data.a.empty()) return;
  data.statistic = statistic;
  data.site = site_text(site);
  data.caption = words("%1 of each channel of %2 by layer").arg(statistic_title(statistic), site_title(site));
  data.caption[0] = data.caption[0].toUpper();
  data.caption += data.over_rms ? words(", divided by the rms of the layer's site.") : QStringLiteral(".");
  if (!data.b.empty()) data.caption += words(" Both panels share one scale.");
  data.caption += QLatin1Char(' ') + pair.facts();
  OverviewPlot plot;
  plot.set_data(std::move(data));
  take(plot.figure());
}

DistributionRow distribution_row(const Pair& pair, SiteKey key) {
  DistributionRow row;
  row.layer = key.layer;
  for (const StateSummary* state : pair.states()) {
    if (state->sites.count(key) == 0) continue;
    const SiteDetail detail = read_site(pair.file(), state->label, key, false);
    (state == pair.a() ? row.a : row.b) = distribution_series(state_title(*state), detail.figures, false);
  }
  return row;
}

/// All layers as ridges, and large the layer where the largest token stands out most.
void distributions(const Pair& pair, SiteKind site, const Take& take) {
  DistributionData data;
  data.site = site_text(site);
  data.facts = pair.facts();
  data.scaling = pair.over_rms(site) ? Scaling::over_rms : Scaling::absolute;
  DistributionData worst = data;
  double largest = -1;
  for (const int layer : pair.layers(site)) {
    data.rows.push_back(distribution_row(pair, {layer, site}));
    const double ratio = pair.a()->sites.at({layer, site}).all.token_ratio();
    if (!(ratio > largest)) continue;
    largest = ratio;
    worst.rows = {data.rows.back()};
  }
  DistributionPlot plot;
  if (data.rows.size() > 1) {
    plot.set_data(data, false);
    take(plot.figure());
  }
  if (worst.rows.empty() && !data.rows.empty()) worst.rows = {data.rows.front()};
  plot.set_data(std::move(worst), false);
  take(plot.figure());
}

void profile(const Pair& pair, SiteKind site, const Take& take) {
  ProfileData data;
  data.site = site_text(site);
  data.facts = pair.facts();
  data.scaling = pair.over_rms(site) ? Scaling::over_rms : Scaling::absolute;
  data.a = profile_series(state_title(*pair.a()), *pair.a(), site, false);
  if (pair.b() != nullptr) data.b = profile_series(state_title(*pair.b()), *pair.b(), site, false);
  ProfilePlot plot;
  plot.set_data(std::move(data), false);
  take(plot.figure());
}

void surface(const Pair& pair, SiteKey key, const Take& take) {
  MagnitudeData data;
  data.over_rms = pair.over_rms(key.site);
  for (const StateSummary* state : pair.states()) {
    const auto found = state->sites.find(key);
    if (found == state->sites.end() || !found->second.kept) continue;
    ComparedState& side = state == pair.a() ? data.a : data.b;
    side.name = state_title(*state);
    side.values = std::make_shared<Matrix>(read_full(pair.file(), pair.summary().file, state->label, key));
    if (data.over_rms) side.divisors = {rms_of(*state, key)};
  }
  data.site = QString::fromStdString(name_of_site(key));
  data.tokens = pair.summary().token_texts;
  data.window = pair.summary().provenance.context;
  data.caption = words("Magnitudes of %1 in layer %2 by token and channel.").arg(site_title(key.site)).arg(key.layer);
  const MatrixPtr& any = data.a.empty() ? data.b.values : data.a.values;
  if (any != nullptr) data.caption += words(" Tokens 0 to %1 are shown.").arg(grouped(any->rows - 1));
  data.caption += QLatin1Char(' ') + pair.facts();
  SurfacePlot plot;
  HeatContents contents = MagnitudePlot::contents_of(data);
  plot.set_data(std::move(data), std::move(contents));
  take(plot.figure());
}

}  // namespace

void statistics_figures(const QString& file, const RunData& run, const std::function<bool(const char*)>& wants, const Take& take) {
  const Pair pair(file, run);
  if (pair.a() == nullptr) return;
  const auto each = [&](const char* name, const std::function<void(SiteKind)>& make, std::initializer_list<SiteKind> sites) {
    if (!wants(name)) return;
    for (const SiteKind site : sites) {
      if (pair.has(site)) make(site);
    }
  };
  const auto absmax = [&](SiteKind site) { overview(pair, site, QStringLiteral("absmax"), take); };
  each(
      "overview", absmax,
      {SiteKind::residual_in, SiteKind::qkv_in, SiteKind::k_out, SiteKind::v_out, SiteKind::o_in, SiteKind::gate_up_in, SiteKind::down_in});
  const std::initializer_list<SiteKind> inputs = {SiteKind::qkv_in, SiteKind::o_in, SiteKind::gate_up_in, SiteKind::down_in};
  each("kurtosis", [&](SiteKind site) { overview(pair, site, QStringLiteral("kurtosis"), take); }, {SiteKind::down_in});
  each("distribution", [&](SiteKind site) { distributions(pair, site, take); }, {SiteKind::down_in});
  each(
      "profile", [&](SiteKind site) { profile(pair, site, take); }, inputs);
  if (!wants("surface")) return;
  // Of each site whose values were kept, the layer that reaches farthest: a vector surface weighs megabytes.
  std::map<SiteKind, std::pair<SiteKey, double>> farthest;
  for (const auto& [key, summary] : pair.a()->sites) {
    if (!summary.kept) continue;
    const auto found = farthest.try_emplace(key.site, key, summary.all.absmax).first;
    if (summary.all.absmax > found->second.second) found->second = {key, summary.all.absmax};
  }
  for (const auto& [site, layer] : farthest) surface(pair, layer.first, take);
}

}  // namespace rolora::widgets
