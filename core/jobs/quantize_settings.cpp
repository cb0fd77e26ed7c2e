// SPDX-License-Identifier: GPL-3.0-or-later
// quantize's options as JSON: of a quantize station and of an evaluation's fake-quantized look.
#include "core/jobs/station_settings.h"

namespace rolora {
namespace {

// Ranges are the engine's business (first_problem); here only the type of a value is looked at.
constexpr int64_t kAny = INT32_MAX;
int64_t count(const JsonObject& o, std::string_view key, int64_t fallback) { return o.integer_or(key, fallback, -kAny, kAny); }
int bits(const JsonObject& o, std::string_view key, int fallback) { return static_cast<int>(count(o, key, fallback)); }

void refuse_problem(const JsonObject& o, const std::optional<SpecProblem>& problem) {
  if (problem) o.refuse(problem->key, problem->expected, problem->found);
}

ScaleConvention convention(const JsonObject& o) {
  const std::string name = one_of(o, "scale_convention", {"quarot", "compressed-tensors"}, "quarot");
  return name == "quarot" ? ScaleConvention::quarot : ScaleConvention::compressed_tensors;
}

// A number left out is the general one, as in the command's --bits file.
std::map<std::string, LinearBits> linear_bits(const JsonObject& o, const QuantizationSpec& spec) {
  std::map<std::string, LinearBits> all;
  const JsonObject by_name = o.object("bits");
  const Json& raw = o.raw("bits");
  for (const auto& [name, unused] : raw.items()) {
    const JsonObject one = by_name.object(name);
    const bool down = spec.down_bits && name.ends_with(".down_proj");
    const LinearBits usual = down ? LinearBits{*spec.down_bits, *spec.down_bits} : LinearBits{spec.weights.bits, spec.activations.bits};
    all[name] = {bits(one, "weights", usual.weights), bits(one, "activations", usual.activations)};
    one.refuse_unknown();
  }
  return all;
}

void read_weights(const JsonObject& o, QuantizationSpec& spec) {
  spec.method = one_of(o, "method", {"rtn", "gptq"}, "rtn") == "rtn" ? WeightMethod::rtn : WeightMethod::gptq;
  spec.weights.bits = bits(o, "weights", 16);
  spec.weights.group = count(o, "group", 0);
  spec.weights.symmetric = !o.boolean_or("asymmetric", false);
  spec.weights.clip_search = o.boolean_or("clip_search", false);
  spec.gptq.act_order = o.boolean_or("act_order", false);
  spec.gptq.damping = o.number_or("damp", 0.01);
  spec.gptq.block = count(o, "block", 128);
}

void read_activations(const JsonObject& o, QuantizationSpec& spec) {
  spec.activations.bits = bits(o, "activations", 16);
  spec.activations.group = count(o, "activation_group", 0);
  spec.activations.symmetric = !o.boolean_or("activation_asymmetric", false);
  spec.activations.clip = o.number_or("activation_clip", 1.0);
}

void read_calibration(const JsonObject& o, QuantizeSettings& how) {
  if (o.has("calibration")) how.calibration = o.string("calibration");
  CalibrationWindows& windows = how.windows;
  windows.samples = count(o, "samples", windows.samples);
  if (o.has("context")) windows.context = count(o, "context", 0);
  windows.error_samples = count(o, "error_samples", windows.error_samples);
  refuse_problem(o, first_problem(windows));
  if (how.calibration) return;
  if (how.spec.method == WeightMethod::gptq) o.refuse("calibration", "the name of a text (GPTQ calibrates on it)", "none");
  for (const char* key : {"samples", "context", "error_samples"}) {
    if (o.has(key)) how.idle.emplace_back(key);
  }
  windows = {};
}

}  // namespace

QuantizeSettings parse_quantize_settings(const JsonObject& o) {
  QuantizeSettings how;
  read_weights(o, how.spec);
  read_activations(o, how.spec);
  how.spec.weights.convention = how.spec.activations.convention = convention(o);
  how.spec.kv_bits = bits(o, "kv", 16);
  if (o.has("down_bits")) how.spec.down_bits = bits(o, "down_bits", 16);
  if (o.has("bits")) how.spec.per_linear = linear_bits(o, how.spec);
  refuse_problem(o, first_problem(how.spec));
  read_calibration(o, how);
  return how;
}

Json quantize_settings_json(const QuantizeSettings& how) {
  const QuantizationSpec& s = how.spec;
  Json per_linear = nullptr;
  for (const auto& [name, b] : s.per_linear) per_linear[name] = {{"weights", b.weights}, {"activations", b.activations}};
  return {{"method", s.method == WeightMethod::rtn ? "rtn" : "gptq"},
          {"weights", s.weights.bits},
          {"group", s.weights.group},
          {"asymmetric", !s.weights.symmetric},
          {"clip_search", s.weights.clip_search},
          {"act_order", s.gptq.act_order},
          {"damp", s.gptq.damping},
          {"block", s.gptq.block},
          {"activations", s.activations.bits},
          {"activation_group", s.activations.group},
          {"activation_asymmetric", !s.activations.symmetric},
          {"activation_clip", s.activations.clip},
          {"scale_convention", s.activations.convention == ScaleConvention::quarot ? "quarot" : "compressed-tensors"},
          {"kv", s.kv_bits},
          {"down_bits", s.down_bits ? Json(*s.down_bits) : Json()},
          {"bits", std::move(per_linear)},
          {"calibration", how.calibration ? Json(*how.calibration) : Json()},
          {"samples", how.calibration ? Json(how.windows.samples) : Json()},
          {"context", how.windows.context ? Json(*how.windows.context) : Json()},
          {"error_samples", how.calibration ? Json(how.windows.error_samples) : Json()}};
}

}  // namespace rolora
