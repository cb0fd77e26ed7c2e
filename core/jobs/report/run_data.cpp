// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/report/run_data.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/base/error.h"

namespace rolora {
namespace {

double number_or_nan(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

double SiteRow::figure(const std::string& name) const { return number_or_nan(figures, name); }
double LinearRow::error(const std::string& name) const { return number_or_nan(report, name); }

std::pair<int64_t, std::string> split_site(const std::string& name) {
  const size_t first = name.find('.'), second = name.find('.', first + 1);
  int64_t layer = 0;
  const char* digits = name.data() + first + 1;
  const bool fits = first != std::string::npos && second != std::string::npos &&
                    std::from_chars(digits, name.data() + second, layer).ptr == name.data() + second;
  if (!fits) throw Error("not a site: " + printable(name));
  return {layer, name.substr(second + 1)};
}

RunData::RunData(const RunFolder& folder)
    : folder_(folder.path()),
      job_(read_job(folder.path() / "job.json")),
      inputs_(read_json_file(folder.path() / "inputs.json")),
      machine_(machine_of_run(folder.path())) {
  const Json& model = inputs_.at("model");
  job_.base.rotated = model.at("rotated").get<bool>();
  job_.base.quantized = model.at("quantized").get<bool>();
  if (job_.base.rotated) job_.base.label = "base (rotated)";
  for (const Station& station : job_.stations) results_[station.id] = folder.result(station.id);
}

std::vector<PerplexityRow> RunData::perplexities() const {
  std::vector<PerplexityRow> rows;
  for (const Station* station : stations<EvaluateStation>()) {
    const auto& settings = std::get<EvaluateStation>(station->settings);
    const Json& result = results_.at(station->id);
    PerplexityRow row{station->id, settings.model, settings.text, state_of(job_, settings.model), "", 0, 0, 0};
    row.quantization = settings.quantization ? quantization_label(settings.quantization->spec) : row.state.quantization;
    row.nll = result.at("nll").get<double>();
    row.perplexity = result.at("perplexity").get<double>();
    row.tokens = result.at("tokens").get<int64_t>();
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<StatisticsGroup> RunData::statistics() const {
  std::map<std::string, int> uses;
  for (const Station* station : stations<StatisticsStation>()) {
    for (const StatisticsState& state : std::get<StatisticsStation>(station->settings).states) ++uses[state.label];
  }
  std::vector<StatisticsGroup> groups;
  for (const Station* station : stations<StatisticsStation>()) {
    const auto& settings = std::get<StatisticsStation>(station->settings);
    const auto tokens = results_.at(station->id).at("tokens").get<int64_t>();
    const auto same = [&](const StatisticsGroup& g) {
      return g.text == settings.text && g.tokens == tokens && g.context == *settings.context;
    };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) group = groups.insert(groups.end(), {settings.text, tokens, *settings.context, {}});
    for (const StatisticsState& state : settings.states) {
      const std::string title = uses[state.label] > 1 ? state.label + " (" + station->id + ")" : state.label;
      group->states.push_back({station->id, state.label, state.model, title});
    }
  }
  return groups;
}

std::vector<SiteRow> RunData::sites() const {
  std::vector<SiteRow> rows;
  for (const StatisticsGroup& group : statistics()) {
    for (const StateRef& state : group.states) {
      for (const auto& [name, figures] : results_.at(state.station).at("states").at(state.label).at("sites").items()) {
        const auto [layer, site] = split_site(name);
        rows.push_back({state, state_of(job_, state.model), layer, site, figures});
      }
    }
  }
  return rows;
}

std::vector<MeasuredStation> RunData::measured() const {
  std::vector<MeasuredStation> found;
  for (const Station& station : job_.stations) {
    if (!results_.at(station.id).contains("linears")) continue;
    if (const auto* s = std::get_if<QuantizeStation>(&station.settings)) found.push_back({&station, s->model, state_of(job_, station.id)});
    if (const auto* s = std::get_if<EvaluateStation>(&station.settings)) {
      ModelState state = state_of(job_, s->model);
      state.quantization = quantization_label(s->quantization->spec);
      found.push_back({&station, s->model, std::move(state)});
    }
  }
  return found;
}

std::vector<LinearRow> RunData::linears() const {
  std::vector<LinearRow> rows;
  for (const MeasuredStation& m : measured()) {
    for (const Json& linear : results_.at(m.station->id).at("linears")) {
      rows.push_back({m.station->id, m.model, m.state, m.state.quantization, linear.at("name").get<std::string>(), linear});
    }
  }
  return rows;
}

}  // namespace rolora
