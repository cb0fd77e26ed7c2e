// SPDX-License-Identifier: GPL-3.0-or-later
// quantize's options as JSON: of a quantize station and of an evaluation's fake-quantized look.
#include "core/jobs/station_settings.h"

namespace rolora {
namespace {

constexpr int64_t kMany = 1'000'000'000;

// 2–8 or 16, the widths of method §4.
int bits(const JsonObject& o, std::string_view key, int fallback) {
  const int64_t b = o.integer_or(key, fallback, 2, 16);
  if (b > 8 && b != 16) o.refuse(key, "2 to 8, or 16 (not quantized)", std::to_string(b));
  return static_cast<int>(b);
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
  spec.weights.group = o.integer_or("group", 0, 0, kMany);
  spec.weights.symmetric = !o.boolean_or("asymmetric", false);
  spec.weights.clip_search = o.boolean_or("clip_search", false);
  spec.gptq.act_order = o.boolean_or("act_order", false);
  spec.gptq.damping = o.number_or("damp", 0.01);
  if (!(spec.gptq.damping > 0)) o.refuse("damp", "a number above 0", o.raw("damp").dump());
  spec.gptq.block = o.integer_or("block", 128, 1, kMany);
}

void read_activations(const JsonObject& o, QuantizationSpec& spec) {
  spec.activations.bits = bits(o, "activations", 16);
  spec.activations.group = o.integer_or("activation_group", 0, 0, kMany);
  spec.activations.symmetric = !o.boolean_or("activation_asymmetric", false);
  spec.activations.clip = o.number_or("activation_clip", 1.0);
  if (!(spec.activations.clip > 0 && spec.activations.clip <= 1)) {
    o.refuse("activation_clip", "a number in (0, 1]", o.raw("activation_clip").dump());
  }
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
  if (o.has("calibration")) how.calibration = o.string("calibration");
  how.samples = o.integer_or("samples", how.samples, 1, kMany);
  if (o.has("context")) how.context = o.integer("context", 2, kMany);
  how.error_samples = o.integer_or("error_samples", how.error_samples, 1, kMany);
  if (how.spec.method == WeightMethod::gptq && !how.calibration) {
    o.refuse("calibration", "the name of a text (GPTQ calibrates on it)", "none");
  }
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
          {"samples", how.samples},
          {"context", how.context ? Json(*how.context) : Json()},
          {"error_samples", how.error_samples}};
}

}  // namespace rolora
