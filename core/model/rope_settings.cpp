// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/rope_settings.h"

#include <array>
#include <cmath>

#include "core/base/error.h"

namespace rolora {
namespace {

constexpr int64_t kMostContext = int64_t{1} << 31;
constexpr double kLeastTheta = 1e-6, kMostTheta = 1e30, kMostFactor = 1e9;

RopeKind rope_kind(const JsonObject& rope, const FamilyDescription& family) {
  const std::string key = rope.has("rope_type") || !rope.has("type") ? "rope_type" : "type";
  if (!rope.has(key) && rope.has("factor")) rope.refuse(key, "a kind of scaling beside factor", "none");
  std::string name = rope.string_or(key, "default");
  if (family.old_longrope_names && (name == "su" || name == "yarn")) name = "longrope";
  std::string known;
  for (const RopeKind kind : family.rope_kinds) {
    if (name == name_of(kind)) return kind;
    known += (known.empty() ? "" : ", ") + std::string(name_of(kind));
  }
  rope.refuse(key, "one of " + known, printable(name));
}

// The rotary embedding turns the first dims of each head, in pairs.
void read_dims(const JsonObject& json, const JsonObject* rope, ModelConfig& c) {
  const JsonObject& from = rope && rope->has("partial_rotary_factor") ? *rope : json;
  const double share = from.number_or("partial_rotary_factor", 1.0);
  const auto refuse = [&](const std::string& expected) {
    from.refuse("partial_rotary_factor", expected, from.raw("partial_rotary_factor").dump());
  };
  c.rope.dims = c.head_dim;
  if (share == 1.0) return;
  if (!c.family->partial_rotary_key) refuse("1 (the whole head is rotated)");
  if (!(share > 0 && share < 1)) refuse("a number in (0, 1]");
  c.rope.dims = static_cast<int64_t>(static_cast<double>(c.head_dim) * share);
  if (c.rope.dims < 2 || c.rope.dims % 2 != 0) refuse("a share that leaves an even number of each head's " + std::to_string(c.head_dim));
}

void read_original_context(const JsonObject& json, const JsonObject& rope, ModelConfig& c) {
  const char* key = "original_max_position_embeddings";
  const int64_t inner = rope.integer_or(key, c.context, 1, kMostContext);
  const int64_t fallback = c.family->default_original_context > 0 ? c.family->default_original_context : inner;
  c.rope.original_context = json.integer_or(key, fallback, 1, kMostContext);
}

void read_llama3(const JsonObject& json, const JsonObject& rope, ModelConfig& c) {
  c.rope.low_freq_factor = rope.number("low_freq_factor", 1e-9, kMostFactor);
  c.rope.high_freq_factor = rope.number("high_freq_factor", 1e-9, kMostFactor);
  if (!(c.rope.low_freq_factor < c.rope.high_freq_factor)) {
    rope.refuse("high_freq_factor", "more than low_freq_factor", rope.raw("high_freq_factor").dump());
  }
  read_original_context(json, rope, c);
}

std::vector<double> frequency_factors(const JsonObject& rope, const char* key, int64_t count) {
  const Json& list = rope.raw(key);
  const std::string expected = std::to_string(count) + " numbers above 0, one for each frequency";
  if (!list.is_array()) rope.refuse(key, expected, printable(list.dump()));
  if (list.size() != static_cast<size_t>(count)) rope.refuse(key, expected, std::to_string(list.size()));
  std::vector<double> factors;
  for (const Json& one : list) {
    const double factor = one.is_number() ? one.get<double>() : 0.0;
    if (!(factor > 0 && factor < kMostFactor)) rope.refuse(key, expected, printable(one.dump()));
    factors.push_back(factor);
  }
  return factors;
}

// LongRoPE (arXiv 2402.13753): a factor for each frequency, and a common one on cosines and sines.
void read_longrope(const JsonObject& json, const JsonObject& rope, ModelConfig& c) {
  read_original_context(json, rope, c);
  c.rope.short_factors = frequency_factors(rope, "short_factor", c.rope.dims / 2);
  c.rope.long_factors = frequency_factors(rope, "long_factor", c.rope.dims / 2);
  const auto original = static_cast<double>(c.rope.original_context);
  const double growth = rope.has("factor") ? rope.number("factor", 1e-9, kMostFactor) : static_cast<double>(c.context) / original;
  if (rope.has("attention_factor")) {
    c.rope.attention_scaling = rope.number("attention_factor", 1e-9, kMostFactor);
  } else if (growth > 1) {
    if (c.rope.original_context < 2) rope.refuse("original_max_position_embeddings", "at least 2", "1");
    c.rope.attention_scaling = std::sqrt(1 + std::log(growth) / std::log(original));
  }
}

void read_scaling(const JsonObject& json, const JsonObject& rope, ModelConfig& c) {
  for (const char* type : {"full_attention", "sliding_attention"}) {
    if (rope.has(type)) rope.refuse(type, "one rotary embedding for all layers", "one for layers of this type");
  }
  c.rope.kind = rope_kind(rope, *c.family);
  if (rope.has("rope_theta")) c.rope.theta = rope.number("rope_theta", kLeastTheta, kMostTheta);
  read_dims(json, &rope, c);
  if (c.rope.kind == RopeKind::plain) return;
  if (c.rope.kind == RopeKind::longrope) return read_longrope(json, rope, c);
  c.rope.factor = rope.number("factor", 1.0, kMostFactor);
  if (c.rope.kind == RopeKind::dynamic && c.head_dim <= 2) json.refuse("head_dim", "more than 2 for dynamic scaling", "2");
  if (c.rope.kind == RopeKind::llama3) read_llama3(json, rope, c);
}

}  // namespace

std::string_view name_of(RopeKind kind) {
  constexpr std::array<std::string_view, 5> names = {"default", "llama3", "linear", "dynamic", "longrope"};
  return names[static_cast<size_t>(kind)];
}

// rope_scaling wins where rope_parameters stands, too.
void read_rope(const JsonObject& json, ModelConfig& c) {
  c.rope.theta = json.has("rope_theta") ? json.number("rope_theta", kLeastTheta, kMostTheta) : c.family->default_theta;
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    if (!json.has(key) || (json.raw(key).is_object() && json.raw(key).empty())) continue;
    read_scaling(json, json.object(key), c);
    return;
  }
  read_dims(json, nullptr, c);
}

}  // namespace rolora
