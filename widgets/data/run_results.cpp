// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/run_results.h"

#include <QDir>
#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/base/site.h"
#include "core/storage/atomic_file.h"
#include "widgets/data/run_lineage.h"

namespace rolora::widgets {
namespace {

namespace fs = std::filesystem;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kMost = int64_t{1} << 52;

QString text_of(const std::string& s) { return QString::fromStdString(s); }

double number_or_none(const JsonObject& o, const char* key) { return o.has(key) ? o.number(key) : kNone; }

// null where a step had nothing to learn from
std::vector<double> numbers(const JsonObject& o, const char* key) {
  const Json& list = o.raw(key);
  if (!list.is_array()) o.refuse(key, "a list of numbers", list.type_name());
  std::vector<double> out;
  out.reserve(list.size());
  for (const Json& value : list) {
    if (!value.is_number() && !value.is_null()) o.refuse(key, "numbers", value.type_name());
    out.push_back(value.is_null() ? kNone : value.get<double>());
  }
  return out;
}

// "model.layers.12.mlp.down_proj" → 12 and "down_proj"
void split_linear(const JsonObject& o, const std::string& name, LinearError& out) {
  const std::string start = "model.layers.";
  const size_t dot = name.find('.', start.size()), last = name.rfind('.');
  const std::string digits = dot == std::string::npos ? "" : name.substr(start.size(), dot - start.size());
  const bool right = name.starts_with(start) && !digits.empty() && digits.size() < 6 && last > dot &&
                     std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return c >= '0' && c <= '9'; });
  if (!right) o.refuse("name", "a linear of a layer", printable(name));
  out.layer = std::stoi(digits);
  out.kind = text_of(name.substr(last + 1));
}

QuantizedLook read_quantized(const JsonObject& declared, const JsonObject& result) {
  QuantizedLook out;
  out.station = text_of(declared.string("id"));
  out.model = text_of(declared.string("model"));
  out.method = text_of(declared.string_or("method", "rtn"));
  out.weight_bits = static_cast<int>(declared.integer_or("weights", 16, 1, 16));
  out.activation_bits = static_cast<int>(declared.integer_or("activations", 16, 1, 16));
  for (const JsonObject& one : result.objects("linears")) {
    LinearError e;
    const std::string name = one.string("name");
    e.linear = text_of(name);
    split_linear(one, name, e);
    e.weight_bits = static_cast<int>(one.integer("bits", 1, 16));
    e.activation_bits = static_cast<int>(one.integer("activation_bits", 1, 16));
    e.weight_mse = one.number("weight_mse");
    e.weight_relative_error = one.number("weight_relative_error");
    e.output_error_weights = number_or_none(one, "output_error_weights");
    e.output_error_activations = number_or_none(one, "output_error_activations");
    e.output_error_both = number_or_none(one, "output_error_both");
    e.sqnr_db = number_or_none(one, "sqnr_db");
    e.gptq_loss = number_or_none(one, "gptq_loss");
    out.linears.push_back(std::move(e));
  }
  return out;
}

PerplexityRow read_perplexity(const JsonObject& declared, const JsonObject& result) {
  PerplexityRow out;
  out.station = text_of(declared.string("id"));
  out.model = text_of(declared.string("model"));
  out.text = text_of(declared.string("text"));
  out.perplexity = number_or_none(result, "perplexity");  // null: beyond the numbers of a double
  out.nll = number_or_none(result, "nll");
  out.tokens = result.integer("tokens", 0, kMost);
  out.full_precision = kNone;
  return out;
}

// Kurtosis of the sites while training, from the log beside the adapter or the model.
void read_site_log(const fs::path& folder, TrainingCurve& out) {
  for (const char* output : {"adapter", "model"}) {
    const fs::path file = folder / output / "log.jsonl";
    std::error_code error;
    if (!fs::exists(file, error)) continue;
    const std::string text = read_file(file, uint64_t{1} << 30);
    int64_t number = 0;
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      const std::string_view line = std::string_view(text).substr(begin, end - begin);
      begin = end + 1;
      ++number;
      if (line.find("\"sites\"") == std::string_view::npos) continue;
      const std::string name = file.string() + " line " + std::to_string(number);
      const Json step = parse_json(line, name);
      const JsonObject o(step, name);
      const auto at = static_cast<double>(o.integer("step", 1, kMost));
      const JsonObject sites = o.object("sites");
      for (const auto& [site, unused] : o.raw("sites").items()) {
        const JsonObject figures = sites.object(site);
        if (figures.has("kurtosis")) out.kurtosis[text_of(site)].emplace_back(at, figures.number("kurtosis"));
      }
    }
  }
}

TrainingCurve read_training(const JsonObject& declared, const JsonObject& result, const fs::path& folder) {
  TrainingCurve out;
  out.station = text_of(declared.string("id"));
  out.model = text_of(declared.string("model"));
  out.loss = numbers(result, "losses");
  out.learning_rate = numbers(result, "lr");
  out.gradient_norm = numbers(result, "grad_norm");
  const size_t steps = out.loss.size();
  if (out.learning_rate.size() != steps) result.refuse("lr", std::to_string(steps) + " numbers", std::to_string(out.learning_rate.size()));
  if (out.gradient_norm.size() != steps) {
    result.refuse("grad_norm", std::to_string(steps) + " numbers", std::to_string(out.gradient_norm.size()));
  }
  for (size_t i = 0; i < steps; ++i) out.step.push_back(static_cast<double>(i + 1));
  for (const JsonObject& one : result.objects("evaluation")) {
    out.evaluation_step.push_back(static_cast<double>(one.integer("step", 0, kMost)));
    out.evaluation_loss.push_back(number_or_none(one, "loss"));
  }
  read_site_log(folder, out);
  return out;
}

// "layers.12.down_in" → layer and site; false for another name
bool split_site(const std::string& name, int* layer, std::string* site) {
  const size_t dot = name.find('.', 7);
  if (!name.starts_with("layers.") || dot == std::string::npos || dot == 7 || dot > 12) return false;
  *site = name.substr(dot + 1);
  const std::string digits = name.substr(7, dot - 7);
  if (!std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return c >= '0' && c <= '9'; })) return false;
  *layer = std::stoi(digits);
  return site_of_name(*site).has_value();
}

std::vector<MeasuredState> read_measured(const JsonObject& declared, const JsonObject& result, const QString& file) {
  std::vector<MeasuredState> out;
  const JsonObject states = result.object("states");
  for (const JsonObject& one : declared.objects("states")) {
    MeasuredState m;
    const std::string label = one.string("label");
    m.station = text_of(declared.string("id"));
    m.file = file;
    m.label = text_of(label);
    m.model = text_of(one.string("model"));
    m.worst_ratio = kNone;
    const JsonObject state = states.object(label), sites = state.object("sites");
    for (const auto& [name, unused] : state.raw("sites").items()) {
      int layer = 0;
      std::string site;
      if (!split_site(name, &layer, &site) || !site.ends_with("_in") || site == "residual_in") continue;
      const double ratio = number_or_none(sites.object(name), "token_ratio");
      if (std::isnan(ratio) || ratio <= m.worst_ratio) continue;
      m.worst_ratio = ratio;
      m.worst_layer = layer;
      m.worst_site = text_of(site);
    }
    out.push_back(std::move(m));
  }
  return out;
}

}  // namespace

StationResults read_station(const JsonObject& declared, const fs::path& folder) {
  const fs::path file = folder / "result.json";
  const Json document = read_json_file(file);
  const JsonObject result(document, file.string());
  const std::string id = declared.string("id"), kind = declared.string("kind");
  if (const std::string found = result.string("id"); found != id) result.refuse("id", id, printable(found));
  if (const std::string found = result.string("kind"); found != kind) result.refuse("kind", kind, printable(found));
  StationResults out;
  if (kind == "evaluate") out.perplexity = read_perplexity(declared, result);
  if (kind == "finetune") out.training = read_training(declared, result, folder);
  if (kind == "quantize") out.quantized = read_quantized(declared, result);
  if (kind == "statistics") {
    out.statistics_file = QDir::cleanPath(text_of((folder / "statistics.h5").string()));
    out.measured = read_measured(declared, result, out.statistics_file);
  }
  return out;
}

void add_results(const StationResults& results, RunData& data) {
  if (results.training) data.trainings.push_back(*results.training);
  if (results.quantized) data.quantized.push_back(*results.quantized);
  if (results.perplexity) data.perplexities.push_back(*results.perplexity);
  if (!results.statistics_file.isEmpty()) data.statistics_files.append(results.statistics_file);
  data.measured.insert(data.measured.end(), results.measured.begin(), results.measured.end());
}

TrainingCurve live_curve(const JsonObject& declared, const std::map<std::string, LiveEvents::Series>& metrics) {
  TrainingCurve out;
  out.station = text_of(declared.string("id"));
  out.model = text_of(declared.string("model"));
  const auto series = [&](const char* name) {
    const auto found = metrics.find(name);
    return found == metrics.end() ? LiveEvents::Series() : found->second;
  };
  const LiveEvents::Series loss = series("loss"), rate = series("lr"), norm = series("grad_norm");
  const auto at = [](const LiveEvents::Series& s, int64_t step) {
    const auto found = s.find(step);
    return found == s.end() ? kNone : found->second;
  };
  for (const auto& [step, unused] : rate) {  // every step has a rate; one without predicted tokens has no loss
    out.step.push_back(static_cast<double>(step));
    out.loss.push_back(at(loss, step));
    out.learning_rate.push_back(at(rate, step));
    out.gradient_norm.push_back(at(norm, step));
  }
  for (const auto& [step, value] : series("evaluation")) {
    out.evaluation_step.push_back(static_cast<double>(step));
    out.evaluation_loss.push_back(value);
  }
  const std::string kurtosis = "kurtosis ";
  for (const auto& [name, values] : metrics) {
    if (!name.starts_with(kurtosis)) continue;
    auto& curve = out.kurtosis[text_of(name.substr(kurtosis.size()))];
    for (const auto& [step, value] : values) curve.emplace_back(static_cast<double>(step), value);
  }
  return out;
}

StateTitles titles_in(const RunData& run, const QString& file) {
  StateTitles titles;
  for (const MeasuredState& measured : run.measured) {
    if (measured.file == file) titles[measured.label] = measured.title;
  }
  return titles;
}

void name_states(const std::vector<JsonObject>& stations, RunData& data) {
  const auto base_is = [&data](const char* what) {  // before the first station has begun, nothing is known of it
    const nlohmann::json::json_pointer at(std::string("/model/") + what);
    return data.inputs.contains(at) && data.inputs[at] == true;
  };
  const bool quantized_base = base_is("quantized");
  QString base = base_is("rotated") ? QStringLiteral("base (rotated)") : QStringLiteral("plain");
  if (quantized_base) base += QStringLiteral(", quantized as it came");
  const RunLineage lineage(stations, base);
  for (MeasuredState& measured : data.measured) measured.title = lineage.state(measured.model.toStdString());
  std::map<std::string, Json> looks;  // station → how it was evaluated, without the model
  std::map<std::string, std::string> unquantized;
  for (const JsonObject& station : stations) {
    if (station.string("kind") != "evaluate") continue;
    const std::string id = station.string("id");
    looks[id] = {station.string("text"), station.integer_or("context", 0, 0, kMost), station.integer_or("windows", 0, 0, kMost),
                 station.boolean_or("keep_tail", false)};
    const std::string model = station.string("model");
    unquantized[id] = lineage.unquantized(model);
    for (PerplexityRow& row : data.perplexities) {
      if (row.station.toStdString() != id) continue;
      row.state = lineage.state(model);
      if (station.has("quantization")) row.state += QStringLiteral(", ") + quantization_text(station.object("quantization"));
      const bool whole = unquantized[id] == model && !(model == "base" && quantized_base);
      if (!station.has("quantization") && whole) row.full_precision = row.perplexity;
    }
  }
  std::vector<const PerplexityRow*> full;
  for (const PerplexityRow& row : data.perplexities) {
    if (!std::isnan(row.full_precision)) full.push_back(&row);
  }
  for (PerplexityRow& row : data.perplexities) {
    if (!std::isnan(row.full_precision)) continue;
    for (const PerplexityRow* other : full) {
      const bool same_look = looks[row.station.toStdString()] == looks[other->station.toStdString()];
      if (same_look && unquantized[row.station.toStdString()] == other->model.toStdString()) row.full_precision = other->perplexity;
    }
  }
}

}  // namespace rolora::widgets
