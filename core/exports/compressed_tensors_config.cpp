// SPDX-License-Identifier: GPL-3.0-or-later
#include <tuple>

#include "core/base/error.h"
#include "core/exports/compressed_tensors.h"

namespace rolora {
namespace {

// What one config_group says of its linears.
struct Key {
  int bits, activations;
  int64_t group;
  bool symmetric;
  auto operator<=>(const Key&) const = default;
};

Key key_of(const WholeLinear& linear) { return {linear.layout.bits, linear.activation_bits, linear.layout.group, linear.layout.symmetric}; }

std::string format_of(const Key& key) { return key.activations == kFullBits ? "pack-quantized" : "int-quantized"; }

// In a regular expression a dot means itself only behind a backslash.
std::string pattern_of(const std::string& tail) {
  std::string pattern = "re:.*\\.";
  for (const char c : tail) pattern += c == '.' ? std::string("\\.") : std::string(1, c);
  return pattern + "$";
}

Json weights_json(const Key& key) {
  return {{"num_bits", key.bits},
          {"type", "int"},
          {"symmetric", key.symmetric},
          {"strategy", key.group == 0 ? "channel" : "group"},
          {"group_size", key.group == 0 ? Json(nullptr) : Json(key.group)},
          {"dynamic", false}};
}

Json activations_json(const Key& key) {
  if (key.activations == kFullBits) return nullptr;
  return {{"num_bits", key.activations}, {"type", "int"},         {"symmetric", true},
          {"strategy", "token"},         {"group_size", nullptr}, {"dynamic", true}};
}

// A kind of linear that is alike in every layer is one regular expression, others are named.
Json targets_of(const std::vector<const WholeLinear*>& members, const std::map<std::string, int64_t>& all_of_kind) {
  std::map<std::string, int64_t> here;
  for (const WholeLinear* linear : members) ++here[linear->tail];
  Json targets = Json::array();
  for (const auto& [tail, count] : here) {
    if (count == all_of_kind.at(tail)) targets.push_back(pattern_of(tail));
  }
  for (const WholeLinear* linear : members) {
    if (here.at(linear->tail) != all_of_kind.at(linear->tail)) targets.push_back(linear->name);
  }
  return targets;
}

}  // namespace

Json compressed_tensors_config(const std::vector<WholeLinear>& linears, const std::string& file) {
  std::map<Key, std::vector<const WholeLinear*>> groups;
  std::map<std::string, int64_t> all_of_kind;
  Json ignore = Json::array({"lm_head"});
  for (const WholeLinear& linear : linears) {
    ++all_of_kind[linear.tail];
    if (linear.layout.bits != kFullBits) {
      groups[key_of(linear)].push_back(&linear);
      continue;
    }
    if (linear.activation_bits != kFullBits) {
      throw InputError(file, linear.name, "weights below 16 bits where activations are (other libraries round neither or both)",
                       "W16A" + std::to_string(linear.activation_bits));
    }
    ignore.push_back(linear.name);
  }
  Json config_groups = Json::object();
  std::string format;
  for (const auto& [key, members] : groups) {
    const std::string name = "group_" + std::to_string(config_groups.size());
    config_groups[name] = {{"targets", groups.size() == 1 ? Json::array({"Linear"}) : targets_of(members, all_of_kind)},
                           {"weights", weights_json(key)},
                           {"input_activations", activations_json(key)},
                           {"output_activations", nullptr},
                           {"format", format_of(key)}};
    format = format.empty() || format == format_of(key) ? format_of(key) : "mixed-precision";
  }
  return {
      {"quant_method", "compressed-tensors"}, {"version", "0.20.0"}, {"format", format},           {"quantization_status", "compressed"},
      {"config_groups", config_groups},       {"ignore", ignore},    {"kv_cache_scheme", nullptr}, {"global_compression_ratio", nullptr}};
}

}  // namespace rolora
