// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/spec.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/model/sites.h"
#include "core/storage/small_json.h"

namespace rolora {
namespace {

bool is_quantized(int bits) { return bits != kFullBits; }

template <class Use>
bool any_linear(const ModelConfig& config, Use use) {
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    for (const LinearKind kind : kAllLinears) {
      if (use(LayerIndex(layer), kind)) return true;
    }
  }
  return false;
}

std::set<std::string> all_linear_names(const ModelConfig& config) {
  std::set<std::string> names;
  any_linear(config, [&](LayerIndex layer, LinearKind kind) {
    names.insert(linear_name(*config.family, layer, kind));
    return false;
  });
  return names;
}

constexpr int64_t kMost = 1'000'000'000;  // of groups, blocks, windows and tokens: more is a slip

// Collects the first problem of several checks.
class Check {
 public:
  void bits(const std::string& key, int bits) {
    if (bits == kFullBits || (bits >= 2 && bits <= 8)) return;
    note(key, "2 to 8, or 16 (not quantized)", std::to_string(bits));
  }
  void count(const std::string& key, int64_t value, int64_t least, const std::string& what) {
    if (value >= least && value <= kMost) return;
    note(key, what + " from " + std::to_string(least) + " to " + std::to_string(kMost), std::to_string(value));
  }
  void number(const std::string& key, bool right, const std::string& expected, double value) {
    if (!right) note(key, expected, std::isfinite(value) ? Json(value).dump() : std::to_string(value));
  }
  std::optional<SpecProblem> first() const { return first_; }

 private:
  void note(const std::string& key, const std::string& expected, const std::string& found) {
    if (!first_) first_ = SpecProblem{key, expected, found};
  }
  std::optional<SpecProblem> first_;
};

// A setting that has nothing to act on is a mistake of the caller, not something to drop silently.
void refuse_idle_settings(const QuantizationSpec& spec, const ModelConfig& config) {
  const ScaleConvention usual = ScaleConvention::quarot;
  const bool weights = quantizes_weights(spec, config), activations = quantizes_activations(spec, config);
  const WeightQuant& w = spec.weights;
  const ActivationQuant& a = spec.activations;
  if (!weights && (w.group != 0 || !w.symmetric || w.clip_search || spec.method == WeightMethod::gptq)) {
    throw UsageError("method, group, asymmetric and clip search act on weights: expected weight bits below 16, found none");
  }
  if (!activations && (a.group != 0 || !a.symmetric || a.clip != 1.0)) {
    throw UsageError("activation group, asymmetric and clip: expected activation bits below 16, found none");
  }
  if (spec.method == WeightMethod::rtn && (spec.gptq.act_order || spec.gptq.damping != 0.01 || spec.gptq.block != 128)) {
    throw UsageError("act-order, damp and block belong to GPTQ: expected method gptq, found rtn");
  }
  const bool acts = (weights && w.symmetric && w.convention != usual) || (activations && a.symmetric && a.convention != usual);
  if ((w.convention != usual || a.convention != usual) && !acts) {
    throw UsageError("scale convention is about symmetric scales: expected symmetric weights or activations below 16 bits, found none");
  }
}

}  // namespace

LinearBits bits_of(const QuantizationSpec& spec, const ModelConfig& config, LayerIndex layer, LinearKind kind) {
  if (!spec.per_linear.empty()) {
    const auto own = spec.per_linear.find(linear_name(*config.family, layer, kind));
    if (own != spec.per_linear.end()) return own->second;
  }
  if (kind == LinearKind::down && spec.down_bits) return {*spec.down_bits, *spec.down_bits};
  return {spec.weights.bits, spec.activations.bits};
}

int site_bits(const QuantizationSpec& spec, const ModelConfig& config, LayerIndex layer, SiteKind site) {
  std::optional<int> bits;
  std::string first;
  for (const LinearKind kind : kAllLinears) {
    if (input_site(kind) != site) continue;
    const int own = bits_of(spec, config, layer, kind).activations;
    const std::string name = linear_name(*config.family, layer, kind);
    if (bits && *bits != own) {
      throw UsageError("activation bits: " + first + " and " + name + " read one tensor: expected equal bits, found " +
                       std::to_string(*bits) + " and " + std::to_string(own));
    }
    if (!bits) first = name;
    bits = own;
  }
  return bits.value_or(kFullBits);
}

bool quantizes_weights(const QuantizationSpec& spec, const ModelConfig& config) {
  return any_linear(config, [&](LayerIndex l, LinearKind k) { return is_quantized(bits_of(spec, config, l, k).weights); });
}

bool quantizes_activations(const QuantizationSpec& spec, const ModelConfig& config) {
  return any_linear(config, [&](LayerIndex l, LinearKind k) { return is_quantized(bits_of(spec, config, l, k).activations); });
}

bool quantizes(const QuantizationSpec& spec, const ModelConfig& config) {
  return is_quantized(spec.kv_bits) || quantizes_weights(spec, config) || quantizes_activations(spec, config);
}

std::optional<SpecProblem> first_problem(const QuantizationSpec& spec) {
  Check check;
  check.bits("weights", spec.weights.bits);
  check.bits("activations", spec.activations.bits);
  check.bits("kv", spec.kv_bits);
  if (spec.down_bits) check.bits("down_bits", *spec.down_bits);
  for (const auto& [name, bits] : spec.per_linear) {
    check.bits("bits." + name + ".weights", bits.weights);
    check.bits("bits." + name + ".activations", bits.activations);
  }
  check.count("group", spec.weights.group, 0, "a number of inputs");
  check.count("activation_group", spec.activations.group, 0, "a number of channels");
  const double clip = spec.activations.clip, damping = spec.gptq.damping;
  check.number("activation_clip", clip > 0 && clip <= 1, "a number in (0, 1]", clip);
  check.number("damp", damping >= 0 && std::isfinite(damping), "a number of at least 0 (a share of the mean diagonal)", damping);
  check.count("block", spec.gptq.block, 1, "a number of columns");
  return check.first();
}

std::optional<SpecProblem> first_problem(const CalibrationWindows& windows) {
  Check check;
  check.count("samples", windows.samples, 1, "a number of windows");
  if (windows.context) check.count("context", *windows.context, 2, "a number of tokens");
  check.count("error_samples", windows.error_samples, 0, "a number of windows");
  return check.first();
}

void refuse_problem(const std::optional<SpecProblem>& problem) {
  if (!problem) return;
  std::string option = "--" + problem->key;
  if (!problem->key.starts_with("bits.")) std::replace(option.begin(), option.end(), '_', '-');
  throw UsageError(option + ": expected " + problem->expected + ", found " + problem->found);
}

void validate(const QuantizationSpec& spec, const ModelConfig& config) {
  refuse_problem(first_problem(spec));
  const std::set<std::string> names = all_linear_names(config);
  for (const auto& [name, bits] : spec.per_linear) {
    if (!names.contains(name)) throw UsageError("bits: expected a linear of this model, found " + printable(name));
  }
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    for (const LinearKind kind : kAllLinears) site_bits(spec, config, LayerIndex(layer), input_site(kind));
  }
  refuse_idle_settings(spec, config);
}

std::string_view name_of(WeightMethod method) { return method == WeightMethod::gptq ? "gptq" : "rtn"; }

std::string_view name_of(ScaleConvention convention) {
  return convention == ScaleConvention::compressed_tensors ? "compressed-tensors" : "quarot";
}

WeightMethod parse_method(const std::string& text) {
  if (text == "rtn") return WeightMethod::rtn;
  if (text == "gptq") return WeightMethod::gptq;
  throw UsageError("method: expected rtn or gptq, found " + printable(text));
}

ScaleConvention parse_convention(const std::string& text) {
  if (text == "quarot") return ScaleConvention::quarot;
  if (text == "compressed-tensors") return ScaleConvention::compressed_tensors;
  throw UsageError("scale convention: expected quarot or compressed-tensors, found " + printable(text));
}

Json spec_json(const QuantizationSpec& spec) {
  Json json;
  json["method"] = name_of(spec.method);
  json["weights"] = {{"bits", spec.weights.bits},
                     {"group", spec.weights.group},
                     {"symmetric", spec.weights.symmetric},
                     {"clip_search", spec.weights.clip_search},
                     {"scale_convention", name_of(spec.weights.convention)}};
  json["activations"] = {{"bits", spec.activations.bits},
                         {"group", spec.activations.group},
                         {"symmetric", spec.activations.symmetric},
                         {"clip", spec.activations.clip},
                         {"scale_convention", name_of(spec.activations.convention)}};
  json["kv_bits"] = spec.kv_bits;
  json["gptq"] = {{"act_order", spec.gptq.act_order}, {"damping", spec.gptq.damping}, {"block", spec.gptq.block}};
  json["down_bits"] = spec.down_bits ? Json(*spec.down_bits) : Json(nullptr);
  json["per_linear"] = Json::object();
  for (const auto& [name, bits] : spec.per_linear) {
    json["per_linear"][name] = {{"weights", bits.weights}, {"activations", bits.activations}};
  }
  return json;
}

namespace {

std::map<std::string, LinearBits> parse_linears(const JsonObject& linears, const Json& raw, const LinearBits& general,
                                                const LinearBits& down) {
  std::map<std::string, LinearBits> result;
  for (const auto& [name, value] : raw.items()) {
    const JsonObject entry = linears.object(name);
    const bool is_down = name.ends_with("." + std::string(target_name(LinearKind::down)));
    LinearBits bits = is_down ? down : general;
    bits.weights = static_cast<int>(entry.integer_or("weights", bits.weights, 2, kFullBits));
    bits.activations = static_cast<int>(entry.integer_or("activations", bits.activations, 2, kFullBits));
    entry.refuse_unknown();
    result[name] = bits;
  }
  return result;
}

}  // namespace

QuantizationSpec parse_spec(const JsonObject& object) {
  QuantizationSpec spec;
  spec.method = parse_method(object.string("method"));
  const JsonObject w = object.object("weights");
  spec.weights = {static_cast<int>(w.integer("bits", 2, kFullBits)), w.integer("group", 0, kMost), w.boolean("symmetric"),
                  w.boolean("clip_search"), parse_convention(w.string("scale_convention"))};
  w.refuse_unknown();
  const JsonObject a = object.object("activations");
  spec.activations = {static_cast<int>(a.integer("bits", 2, kFullBits)), a.integer("group", 0, kMost), a.boolean("symmetric"),
                      a.number("clip"), parse_convention(a.string("scale_convention"))};
  a.refuse_unknown();
  spec.kv_bits = static_cast<int>(object.integer("kv_bits", 2, kFullBits));
  const JsonObject g = object.object("gptq");
  spec.gptq = {g.boolean("act_order"), g.number("damping"), g.integer("block", 1, kMost)};
  g.refuse_unknown();
  if (object.has("down_bits")) spec.down_bits = static_cast<int>(object.integer("down_bits", 2, kFullBits));
  const LinearBits none;
  spec.per_linear = parse_linears(object.object("per_linear"), object.raw("per_linear"), none, none);
  return spec;
}

std::map<std::string, LinearBits> read_bits_file(const std::filesystem::path& file, const QuantizationSpec& general,
                                                 const ModelConfig& config) {
  const Json document = read_json_file(file, kSmallJson);
  const JsonObject root(document, file.string());
  root.integer("format", 1, 1);
  const JsonObject linears = root.object("linears");
  const LinearBits usual{general.weights.bits, general.activations.bits};
  const LinearBits down = general.down_bits ? LinearBits{*general.down_bits, *general.down_bits} : usual;
  const std::map<std::string, LinearBits> result = parse_linears(linears, root.raw("linears"), usual, down);
  root.refuse_unknown();
  const std::set<std::string> names = all_linear_names(config);
  for (const auto& [name, bits] : result) {
    if (!names.contains(name)) linears.refuse(printable(name), "a linear of this model (\"model.layers.0.mlp.down_proj\")", "another name");
    for (const int b : {bits.weights, bits.activations}) {
      if (b > 8 && b != kFullBits) linears.refuse(printable(name), "2 to 8 bits, or 16 for none", std::to_string(b));
    }
  }
  return result;
}

}  // namespace rolora
