// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/statistics_reading.h"

#include <algorithm>
#include <limits>

#include "core/base/error.h"

namespace rolora::widgets {
namespace {

constexpr int64_t kMostLayers = 10'000;  // a file may name any

SiteKey key_of(const std::string& name) {  // "layers.12.down_in"
  const size_t dot = name.find('.', 7);
  return {std::stoi(name.substr(7, dot - 7)), *site_of_name(name.substr(dot + 1))};
}

StateSummary read_state(const StatisticsFile& file, const std::string& state) {
  StateSummary out;
  out.label = QString::fromStdString(state);
  out.model_hash = QString::fromStdString(file.model_hash(state));
  out.rotation_checksum = QString::fromStdString(file.rotation_checksum(state));
  const Json rotation = file.rotation(state);
  out.rotation = rotation_text(rotation);
  if (rotation.is_object() && rotation.contains("seed") && rotation["seed"].is_number_unsigned()) {
    out.rotation_seed = rotation["seed"].get<uint64_t>();
  }
  for (const std::string& site : file.sites(state)) {
    if (key_of(site).layer >= kMostLayers) throw Error("/" + state + "/" + site + ": more than 10 000 layers");
    out.sites[key_of(site)] = {file.tensor(state, site, false), file.tensor(state, site, true), file.has_full(state, site),
                               file.kept_tokens(state, site)};
  }
  out.linears = file.linear_figures(state);
  return out;
}

}  // namespace

std::string name_of_site(SiteKey site) { return site_name(LayerIndex(site.layer), site.site); }

QString rotation_text(const Json& rotation) {
  if (!rotation.is_object()) return {};
  QStringList parts;
  for (const char* name : {"r1", "r2", "r3", "r4"}) {
    const auto found = rotation.find(name);
    if (found == rotation.end() || !found->is_object()) continue;
    const auto kind = found->find("kind");
    const QString shown = kind != found->end() && kind->is_string() ? QString::fromStdString(kind->get<std::string>()) : QString();
    parts.append((QString::fromLatin1(name).toUpper() + QLatin1Char(' ') + shown).trimmed());
  }
  if (parts.isEmpty()) return QStringLiteral("folded");
  const auto seed = rotation.find("seed");
  if (seed != rotation.end() && seed->is_number_unsigned()) parts.append(QStringLiteral("seed %1").arg(seed->get<uint64_t>()));
  return parts.join(QStringLiteral(", "));
}

StatisticsSummary read_summary(const StatisticsFile& file, const QString& name) {
  StatisticsSummary out;
  out.file = name;
  out.provenance = file.provenance();
  for (const std::string& state : file.states()) out.states.push_back(read_state(file, state));
  const NamedTokens text = file.text();
  out.token_ids = text.ids;
  out.token_texts.reserve(static_cast<qsizetype>(text.pieces.size()));
  for (const std::string& piece : text.pieces) out.token_texts.append(QString::fromStdString(piece));
  return out;
}

Matrix read_overview(const StatisticsFile& file, const QString& state, SiteKind site, const QString& statistic, bool without_first) {
  const OverviewMatrix found = file.overview(state.toStdString(), site, statistic.toStdString(), without_first);
  Matrix out;
  out.columns = found.channels;
  for (const int64_t layer : found.layers) out.rows = std::max(out.rows, layer + 1);
  if (out.rows > kMostLayers) throw Error("/" + state.toStdString() + "/overview: more than 10 000 layers");
  out.values.assign(static_cast<size_t>(out.rows * out.columns), std::numeric_limits<float>::quiet_NaN());
  for (size_t row = 0; row < found.layers.size(); ++row) {
    const auto from = found.values.begin() + static_cast<std::ptrdiff_t>(row) * found.channels;
    std::copy(from, from + found.channels, out.values.begin() + static_cast<std::ptrdiff_t>(found.layers[row] * found.channels));
  }
  return out;
}

Matrix read_full(const StatisticsFile& file, const QString& name, const QString& state, SiteKey site) {
  const std::string site_text = name_of_site(site);
  Matrix out;
  out.values = file.full(state.toStdString(), site_text);
  if (out.values.empty()) {
    throw InputError(name.toStdString(), "/" + state.toStdString() + "/" + site_text, "values that were kept, token by token",
                     "none: measure again with --keep " + std::string(name_of(site.site)));
  }
  out.columns = file.tensor(state.toStdString(), site_text).channels;
  out.rows = static_cast<int64_t>(out.values.size()) / out.columns;
  return out;
}

SiteDetail read_site(const StatisticsFile& file, const QString& state, SiteKey site, bool without_first) {
  const std::string label = state.toStdString(), name = name_of_site(site);
  return {file.site(label, name, without_first), file.top_labelled(label, name, without_first), file.tokens(label, name)};
}

std::vector<SiteOutliers> read_outliers(const StatisticsFile& file, const QString& state, bool without_first) {
  const std::string label = state.toStdString();
  std::vector<SiteOutliers> out;
  for (const std::string& site : file.sites(label)) out.push_back({key_of(site), file.top_labelled(label, site, without_first)});
  return out;
}

}  // namespace rolora::widgets
