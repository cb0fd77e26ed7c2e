// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/spec.h"

#include <cmath>
#include <set>

#include "core/base/error.h"
#include "core/model/sites.h"

namespace rolora {
namespace {

bool is_quantized(int bits) { return bits != kFullBits; }

void require_bits(const std::string& what, int bits) {
  if (bits == kFullBits || (bits >= 2 && bits <= 8)) return;
  throw UsageError(what + ": expected 2 to 8 bits, or 16 for none, found " + std::to_string(bits));
}

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

void validate_values(const QuantizationSpec& spec) {
  require_bits("weights", spec.weights.bits);
  require_bits("activations", spec.activations.bits);
  require_bits("kv", spec.kv_bits);
  if (spec.down_bits) require_bits("down_proj", *spec.down_bits);
  for (const auto& [name, bits] : spec.per_linear) {
    require_bits(name + " weights", bits.weights);
    require_bits(name + " activations", bits.activations);
  }
  if (spec.weights.group < 0 || spec.activations.group < 0) throw UsageError("group: expected a number of channels, found a negative one");
  if (!(spec.activations.clip > 0 && spec.activations.clip <= 1)) {
    throw UsageError("activation clip: expected a ratio in (0, 1], found " + Json(spec.activations.clip).dump());
  }
  if (!(spec.gptq.damping >= 0) || !std::isfinite(spec.gptq.damping)) {
    throw UsageError("damp: expected a share of the mean diagonal of at least 0, found " + Json(spec.gptq.damping).dump());
  }
  if (spec.gptq.block < 1) throw UsageError("block: expected at least 1 column, found " + std::to_string(spec.gptq.block));
}

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

void validate(const QuantizationSpec& spec, const ModelConfig& config) {
  validate_values(spec);
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
  spec.weights = {static_cast<int>(w.integer("bits", 2, kFullBits)), w.integer("group", 0, INT32_MAX), w.boolean("symmetric"),
                  w.boolean("clip_search"), parse_convention(w.string("scale_convention"))};
  w.refuse_unknown();
  const JsonObject a = object.object("activations");
  spec.activations = {static_cast<int>(a.integer("bits", 2, kFullBits)), a.integer("group", 0, INT32_MAX), a.boolean("symmetric"),
                      a.number("clip"), parse_convention(a.string("scale_convention"))};
  a.refuse_unknown();
  spec.kv_bits = static_cast<int>(object.integer("kv_bits", 2, kFullBits));
  const JsonObject g = object.object("gptq");
  spec.gptq = {g.boolean("act_order"), g.number("damping"), g.integer("block", 1, INT32_MAX)};
  g.refuse_unknown();
  if (object.has("down_bits")) spec.down_bits = static_cast<int>(object.integer("down_bits", 2, kFullBits));
  const LinearBits none;
  spec.per_linear = parse_linears(object.object("per_linear"), object.raw("per_linear"), none, none);
  return spec;
}

std::map<std::string, LinearBits> read_bits_file(const std::filesystem::path& file, const QuantizationSpec& general,
                                                 const ModelConfig& config) {
  const Json document = read_json_file(file);
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
