// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/report/tables.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/jobs/station_settings.h"

namespace rolora {
namespace {

// Sites that a seed can change: R1's the first two, R4's (with random signs) the last.
constexpr const char* kSeedSites[] = {"qkv_in", "gate_up_in", "down_in"};

Json value_or_null(const Json& object, const char* key) { return object.contains(key) ? object[key] : Json(); }
Json finite_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

std::string joined(const Json& words) {
  std::string text;
  for (const Json& word : words) text += (text.empty() ? "" : " ") + word.get<std::string>();
  return text;
}

// Every key that any row's figures have, scalars only, in name order.
std::vector<std::string> scalar_keys(const std::vector<SiteRow>& rows) {
  std::set<std::string> keys;
  for (const SiteRow& row : rows) {
    for (const auto& [key, value] : row.figures.items()) {
      if (!value.is_structured() && !value.is_string()) keys.insert(key);
    }
  }
  return {keys.begin(), keys.end()};
}

// Settings that make two rotations the same but for the seed.
std::string without_seed(const Station& station) {
  RotateStation settings = std::get<RotateStation>(station.settings);
  return station_settings_json(settings).dump();
}

// Largest over the layers of a site's figure in one state.
double worst(const std::vector<SiteRow>& rows, const std::string& model, const std::string& site, const std::string& figure) {
  double largest = std::nan("");
  for (const SiteRow& row : rows) {
    if (row.of.model == model && row.site == site) largest = std::fmax(largest, row.figure(figure));
  }
  return largest;
}

Json perplexity_of(const std::vector<PerplexityRow>& rows, const std::string& model, const std::string& quantization,
                   const std::string& text) {
  for (const PerplexityRow& row : rows) {
    if (row.state.unquantized == model && row.quantization == quantization && row.text == text) return row.perplexity;
  }
  return nullptr;
}

}  // namespace

Table texts_table(const RunData& run) {
  Table table{"texts", "Texts of the run and what each was used for", {"name", "roles", "file", "corpus", "bytes", "tokens", "sha256"}, {}};
  for (const auto& [name, text] : run.inputs().at("texts").items()) {
    table.add({name, joined(text.at("roles")), text.at("file"), text.at("corpus"), text.at("bytes"), text.at("tokens"), text.at("sha256")});
  }
  return table;
}

Table perplexity_table(const RunData& run) {
  Table table{
      "perplexity", "Perplexity of every state", {"station", "text", "state", "model", "quantization", "nll", "perplexity", "tokens"}, {}};
  for (const PerplexityRow& row : run.perplexities()) {
    table.add({row.station, row.text, row.state.label, row.model, row.quantization.empty() ? "full precision" : row.quantization, row.nll,
               row.perplexity, row.tokens});
  }
  return table;
}

Table sites_table(const RunData& run) {
  const std::vector<SiteRow> rows = run.sites();
  const std::vector<std::string> keys = scalar_keys(rows);
  Table table{"sites", "Outlier statistics of every site", {"station", "state", "model", "layer", "site"}, {}};
  table.columns.insert(table.columns.end(), keys.begin(), keys.end());
  for (const SiteRow& row : rows) {
    std::vector<Json> cells = {row.of.station, row.of.label, row.of.model, row.layer, row.site};
    for (const std::string& key : keys) cells.push_back(value_or_null(row.figures, key.c_str()));
    table.add(std::move(cells));
  }
  return table;
}

Table rotations_table(const RunData& run) {
  Table table{"rotations",
              "Rotations and their equality gate",
              {"station", "rotation", "seed", "store", "relative L2 of logits", "bound", "arg-max agreement", "perplexity original",
               "perplexity rotated", "passed", "R1", "R4", "checksum"},
              {}};
  for (const Station* station : run.stations<RotateStation>()) {
    const auto& settings = std::get<RotateStation>(station->settings);
    const Json& result = run.result(station->id);
    const Json &gate = result.at("gate"), &rotation = result.at("rotation");
    const auto construction = [&](const char* part) {
      return rotation.contains(part) && rotation[part].is_object() ? value_or_null(rotation[part], "construction") : Json();
    };
    table.add({station->id, rotation_label(settings.rotation, station->seed), station->seed, *settings.store, gate.at("relative_l2"),
               gate.at("bounds").at("relative_l2"), gate.at("argmax_agreement"), value_or_null(gate, "perplexity_original"),
               value_or_null(gate, "perplexity_rotated"), gate.at("passed"), construction("r1"), construction("r4"),
               value_or_null(rotation, "checksum")});
  }
  return table;
}

Table seeds_table(const RunData& run) {
  const std::vector<PerplexityRow> perplexities = run.perplexities();
  const std::vector<SiteRow> sites = run.sites();
  Table table{"seeds", "What the seed of the rotation changes", {"rotation", "station", "seed"}, {}};
  std::vector<std::pair<std::string, std::string>> columns;
  for (const std::string& text : evaluated_texts(run)) {
    for (const std::string& quantization : quantizations(perplexities)) {
      bool any = false;
      for (const auto& group : seed_groups(run)) {
        for (const Station* s : group) any = any || !perplexity_of(perplexities, s->id, quantization, text).is_null();
      }
      if (!any) continue;
      columns.emplace_back(quantization, text);
      table.columns.push_back("perplexity, " + text + ", " + (quantization.empty() ? "full precision" : quantization));
    }
  }
  for (const char* site : kSeedSites) table.columns.push_back(std::string("largest kurtosis, ") + site);
  for (const auto& group : seed_groups(run)) {
    for (const Station* s : group) {
      std::string label = rotation_label(std::get<RotateStation>(s->settings).rotation, s->seed);
      std::vector<Json> row = {label.substr(0, label.find(", seed")), s->id, s->seed};
      for (const auto& [quantization, text] : columns) row.push_back(perplexity_of(perplexities, s->id, quantization, text));
      for (const char* site : kSeedSites) row.push_back(finite_or_null(worst(sites, s->id, site, "kurtosis")));
      table.add(std::move(row));
    }
  }
  return table;
}

Table training_table(const RunData& run) {
  Table table{
      "training", "Every step of every training", {"station", "state", "step", "loss", "lr", "grad_norm", "tokens", "evaluation loss"}, {}};
  for (const Station* station : run.stations<FinetuneStation>()) {
    const Json& result = run.result(station->id);
    std::map<int64_t, Json> evaluations;
    for (const Json& e : result.at("evaluation")) evaluations[e.at("step").get<int64_t>()] = e.at("loss");
    for (size_t i = 0; i < result.at("losses").size(); ++i) {
      const auto step = static_cast<int64_t>(i) + 1;
      const auto evaluation = evaluations.find(step);
      table.add({station->id, state_of(run.job(), station->id).label, step, result["losses"][i], result.at("lr").at(i),
                 result.at("grad_norm").at(i), result.at("tokens").at(i), evaluation == evaluations.end() ? Json() : evaluation->second});
    }
  }
  return table;
}

Table merges_table(const RunData& run) {
  Table table{"merges",
              "Merged against unmerged: relative L2 of the logits",
              {"station", "adapter", "store", "difference", "bound", "difference as stored"},
              {}};
  for (const Station* station : run.stations<MergeStation>()) {
    const auto& settings = std::get<MergeStation>(station->settings);
    const Json& result = run.result(station->id);
    table.add({station->id, settings.model, *settings.store, result.at("difference"), result.at("bound"), result.at("difference_stored")});
  }
  return table;
}

Table linears_table(const RunData& run) {
  const std::vector<const char*> keys = {"bits",
                                         "activation_bits",
                                         "group",
                                         "group_fell_back",
                                         "activation_group",
                                         "activation_group_fell_back",
                                         "weight_mse",
                                         "weight_relative_error",
                                         "input_relative_error",
                                         "output_error_weights",
                                         "output_error_activations",
                                         "output_error_both",
                                         "sqnr_db",
                                         "chain_inherited",
                                         "chain_added_weights",
                                         "chain_added_activations",
                                         "chain_error",
                                         "gptq_loss",
                                         "rtn_loss"};
  Table table{"linears", "Error of every linear of every quantized model", {"station", "state", "quantization", "linear"}, {}};
  table.columns.insert(table.columns.end(), keys.begin(), keys.end());
  for (const LinearRow& row : run.linears()) {
    std::vector<Json> cells = {row.station, row.state.label, row.quantization, row.linear};
    for (const char* key : keys) cells.push_back(value_or_null(row.report, key));
    table.add(std::move(cells));
  }
  return table;
}

std::vector<Table> all_tables(const RunData& run) {
  std::vector<Table> tables;
  for (Table (*make)(const RunData&) :
       {texts_table, perplexity_table, sites_table, rotations_table, seeds_table, training_table, merges_table, linears_table}) {
    Table table = make(run);
    if (!table.rows.empty()) tables.push_back(std::move(table));
  }
  return tables;
}

Table perplexity_matrix(const RunData& run, const std::string& text) {
  const std::vector<PerplexityRow> rows = run.perplexities();
  Table table{"perplexity", "Perplexity on " + text, {"state", "model"}, {}};
  std::vector<std::string> columns;
  for (const std::string& quantization : quantizations(rows)) {
    const bool used =
        std::any_of(rows.begin(), rows.end(), [&](const PerplexityRow& r) { return r.quantization == quantization && r.text == text; });
    if (!used) continue;
    columns.push_back(quantization);
    table.columns.push_back(quantization.empty() ? "full precision" : quantization);
  }
  std::set<std::string> seen;
  for (const PerplexityRow& row : rows) {
    const std::string& model = row.state.unquantized;
    if (row.text != text || !seen.insert(model).second) continue;
    std::vector<Json> cells = {state_of(run.job(), model).label, model};
    for (const std::string& quantization : columns) cells.push_back(perplexity_of(rows, model, quantization, text));
    table.add(std::move(cells));
  }
  return table;
}

Table site_matrix(const RunData& run, const StatisticsGroup& group, const std::string& figure) {
  Table table{
      "sites", "Largest " + figure + " over the layers, " + group.text + " (" + std::to_string(group.tokens) + " tokens)", {"site"}, {}};
  std::map<std::pair<std::string, std::string>, double> largest;  // site, title
  for (const SiteRow& row : run.sites()) {
    double& value = largest.try_emplace({row.site, row.of.title}, std::nan("")).first->second;
    value = std::fmax(value, row.figure(figure));
  }
  for (const StateRef& state : group.states) table.columns.push_back(state.title);
  for (const SiteKind kind : kReportedSites) {
    std::vector<Json> cells = {std::string(name_of(kind))};
    bool any = false;
    for (const StateRef& state : group.states) {
      const auto found = largest.find({std::string(name_of(kind)), state.title});
      any = any || found != largest.end();
      cells.push_back(found == largest.end() ? Json() : finite_or_null(found->second));
    }
    if (any) table.add(std::move(cells));
  }
  return table;
}

Table error_matrix(const RunData& run, const std::string& error, const std::string& meaning) {
  struct Mean {
    double sum = 0, count = 0;
  };
  std::map<std::pair<std::string, std::string>, Mean> means;  // station, kind of linear
  const std::vector<LinearRow> rows = run.linears();
  for (const LinearRow& row : rows) {
    if (!std::isfinite(row.error(error))) continue;
    for (const std::string& kind : {row.linear.substr(row.linear.rfind('.') + 1), std::string("all")}) {
      Mean& mean = means[{row.station, kind}];
      mean.sum += row.error(error);
      mean.count += 1;
    }
  }
  Table table{"linears", meaning + ": mean over the layers", {"state", "quantization"}, {}};
  std::vector<std::string> kinds = {"all"};
  for (const LinearKind kind : kAllLinears) kinds.emplace_back(target_name(kind));
  table.columns.insert(table.columns.end(), kinds.begin(), kinds.end());
  for (const MeasuredStation& m : run.measured()) {
    std::vector<Json> cells = {m.state.label, m.state.quantization};
    for (const std::string& kind : kinds) {
      const auto found = means.find({m.station->id, kind});
      cells.push_back(found == means.end() ? Json() : Json(found->second.sum / found->second.count));
    }
    table.add(std::move(cells));
  }
  return table;
}

std::vector<std::vector<const Station*>> seed_groups(const RunData& run) {
  std::vector<std::pair<std::string, std::vector<const Station*>>> groups;
  for (const Station* station : run.stations<RotateStation>()) {
    if (std::get<RotateStation>(station->settings).rotation.fold_only) continue;
    const std::string key = without_seed(*station);
    const auto same = [&](const auto& group) { return group.first == key; };
    const auto found = std::find_if(groups.begin(), groups.end(), same);
    if (found == groups.end()) {
      groups.push_back({key, {station}});
    } else {
      found->second.push_back(station);
    }
  }
  std::vector<std::vector<const Station*>> several;
  for (auto& [key, members] : groups) {
    if (members.size() > 1) several.push_back(std::move(members));
  }
  return several;
}

std::vector<std::string> evaluated_texts(const RunData& run) {
  std::vector<std::string> texts;
  for (const PerplexityRow& row : run.perplexities()) {
    if (std::find(texts.begin(), texts.end(), row.text) == texts.end()) texts.push_back(row.text);
  }
  return texts;
}

std::vector<std::string> quantizations(const std::vector<PerplexityRow>& rows) {
  std::vector<std::string> names;
  for (const PerplexityRow& row : rows) {
    if (std::find(names.begin(), names.end(), row.quantization) == names.end()) names.push_back(row.quantization);
  }
  const auto full = std::find(names.begin(), names.end(), "");
  if (full != names.end()) std::rotate(names.begin(), full, full + 1);
  return names;
}

}  // namespace rolora
