// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/from_statistics.h"

#include <QCoreApplication>
#include <algorithm>

#include "core/base/error.h"
#include "core/outliers/log_histogram.h"
#include "widgets/base/format.h"
#include "widgets/data/describe.h"
#include "widgets/data/run_lineage.h"

namespace rolora::widgets {
namespace {

QString words(const char* text) { return QCoreApplication::translate("rolora::from_statistics", text); }

// What stands at a quantile of the tokens' largest |x| is not in the file: it is read from the histogram as the file's own quantiles are.
double quantile(const LogHistogram& histogram, double q, double absmax) {
  return quantile_of({histogram.counts, histogram.first, 1, histogram.zeros}, q, absmax);
}

}  // namespace

QStringList quantile_names() { return {QStringLiteral("p50"), QStringLiteral("p99"), QStringLiteral("p99.9"), QStringLiteral("p99.99")}; }

DistributionSeries distribution_series(const QString& name, const SiteFigures& figures, bool token_maxima) {
  DistributionSeries series;
  series.name = name;
  series.histogram = token_maxima ? figures.token_histogram : figures.histogram;
  series.rms = figures.tensor.rms;
  const QStringList names = quantile_names();
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    const double value = token_maxima ? quantile(series.histogram, kQuantiles[i], figures.tensor.absmax) : figures.tensor.quantiles[i];
    series.marks.emplace_back(names[static_cast<qsizetype>(i)], value);
  }
  series.marks.emplace_back(words("max"), figures.tensor.absmax);
  return series;
}

std::optional<ProfileSeries> profile_series(const QString& name, const StateSummary& state, SiteKind site, bool without_first) {
  ProfileSeries series;
  series.name = name;
  for (const auto& [key, summary] : state.sites) {
    if (key.site != site) continue;
    const TensorFigures& t = without_first ? summary.without_first : summary.all;
    series.layers.push_back(
        {key.layer, t.token_top[0], t.token_top[1], t.token_top[2], t.token_median, t.token_least, t.kurtosis, t.rms > 0 ? t.rms : 1});
  }
  if (series.layers.empty()) return std::nullopt;
  return series;
}

QString model_in_words(const QString& model, const RunData& run) {
  try {
    const auto stations = run.job.find("stations");
    if (stations == run.job.end()) return model;
    return RunLineage(JsonObject(run.job, run.folder.toStdString() + "/job.json").objects("stations")).state(model.toStdString());
  } catch (const Error&) {  // a job of another format: its own name says most
    return model;
  }
}

ErrorSeries error_series(const QuantizedLook& look, const RunData& run) {
  const QString name = model_in_words(look.station, run), state = model_in_words(look.model, run);
  const QString method = name.startsWith(state) ? name.mid(state.size()).remove(QStringLiteral(", ")) : look.method;
  return {name, state, method, look.linears};
}

QString run_facts(const RunData& run) {
  const auto seed = run.job.find("seed");
  QString text = words("Model %1, run %2").arg(run.model, run.name);
  if (seed != run.job.end() && seed->is_number_unsigned()) text += words(", seed %1").arg(seed->get<uint64_t>());
  return text + QLatin1Char('.');
}

QString measured_on(const StatisticsSummary& summary, const QStringList& states) {
  const StatisticsProvenance& p = summary.provenance;
  QString text = words("Measured on %1: %2 tokens in %3 windows of %4, %5.")
                     .arg(QString::fromStdString(p.text), grouped(p.windows * p.context), grouped(p.windows), grouped(p.context),
                          QString::fromStdString(p.dtype));
  for (const QString& label : states) {
    const StateSummary* state = summary.find(label);
    if (state == nullptr) continue;
    text += words(" %1: %2, model %3.")
                .arg(state_title(*state), state->rotation.isEmpty() ? words("not rotated") : state->rotation, state->model_hash.left(12));
  }
  return text;
}

}  // namespace rolora::widgets
