// SPDX-License-Identifier: GPL-3.0-or-later
// What a quantization_config of compressed-tensors says, read so that nothing in it is passed over.
#include <cstdio>
#include <regex>

#include "core/base/error.h"
#include "core/exports/compressed_tensors.h"

namespace rolora {
namespace {

constexpr const char* kAnyLinear = "Linear";  // the class of modules that linears are
constexpr size_t kLongestPattern = 400;
constexpr std::ptrdiff_t kMostRuns = 3, kMostSets = 3;  // what a pattern may try of a name grows with their powers
constexpr size_t kMostTargets = 20000, kMostPatterns = 64;

bool is_pattern(const std::string& target) { return target.starts_with("re:"); }

// As the library matches: from the name's beginning, not to its end.
bool matches(const std::string& name, const std::string& target) {
  if (!is_pattern(target)) return name == target;
  return std::regex_search(name, std::regex(target.substr(3)), std::regex_constants::match_continuous);
}

bool matches_any(const std::string& name, const std::vector<std::string>& targets) {
  return std::any_of(targets.begin(), targets.end(), [&](const std::string& target) { return matches(name, target); });
}

// Names, dots, runs of one character, sets of digits and alternatives: what such files have, and what is matched in bounded time.
bool is_plain_pattern(const std::string& pattern) {
  static const std::regex allowed(R"(([A-Za-z0-9_|()^$-]|\\[.d]\+?|\.[*+]?|\[[0-9-]+\]\+?)*)");
  if (pattern.size() > kLongestPattern || !std::regex_match(pattern, allowed)) return false;
  const auto runs = std::count_if(pattern.begin(), pattern.end(), [](char c) { return c == '*' || c == '+'; });
  if (runs > kMostRuns || std::count(pattern.begin(), pattern.end(), '(') > kMostSets) return false;
  try {
    const std::regex compiled(pattern);
  } catch (const std::regex_error&) {
    return false;
  }
  return true;
}

std::vector<std::string> read_targets(const JsonObject& from, std::string_view key) {
  std::vector<std::string> targets = from.strings(key);
  const auto patterns = static_cast<size_t>(std::count_if(targets.begin(), targets.end(), is_pattern));
  if (targets.size() > kMostTargets || patterns > kMostPatterns) {
    from.refuse(key, std::to_string(kMostTargets) + " entries at most, " + std::to_string(kMostPatterns) + " of them patterns",
                std::to_string(targets.size()) + " and " + std::to_string(patterns));
  }
  for (const std::string& target : targets) {
    if (is_pattern(target) && !is_plain_pattern(target.substr(3))) {
      from.refuse(key, "patterns of names, dots, .*, sets of digits and alternatives", printable(target));
    }
  }
  return targets;
}

// Null, false, {} and [] say nothing.
void require_nothing(const JsonObject& from, std::string_view key, const char* why) {
  if (from.has(key) && !from.raw(key).empty() && from.raw(key) != false)
    from.refuse(key, std::string("none (") + why + ")", printable(from.raw(key).dump()));
}

void require_word(const JsonObject& from, std::string_view key, const std::vector<std::string>& known) {
  const std::string found = from.string(key);
  if (std::find(known.begin(), known.end(), found) != known.end()) return;
  std::string list;
  for (const std::string& word : known) list += (list.empty() ? "" : " or ") + word;
  from.refuse(key, list, printable(found));
}

// Keys that say how scales were found, which changes nothing of what they give.
void pass_over_origin(const JsonObject& from) {
  for (const char* key : {"observer", "observer_kwargs", "scale_dtype", "zp_dtype"}) from.has(key);
}

int read_activations(const JsonObject& group) {
  if (!group.has("input_activations")) return kFullBits;
  const JsonObject input = group.object("input_activations");
  require_word(input, "type", {"int"});
  require_word(input, "strategy", {"token"});
  if (!input.boolean("dynamic")) input.refuse("dynamic", "true (scales of every token, found while the model runs)", "false");
  if (!input.boolean("symmetric")) input.refuse("symmetric", "true", "false");
  require_nothing(input, "group_size", "one scale a token");
  require_nothing(input, "block_structure", "one scale a token");
  require_nothing(input, "actorder", "inputs have no order");
  pass_over_origin(input);
  const int bits = static_cast<int>(input.integer("num_bits", 2, 8));
  input.refuse_unknown();
  return bits;
}

// Until 0.17 the library left the rest of a word free where the bits do not divide it; since 0.18 it packs without gaps. The shapes do not
// always tell.
void require_gapless(const JsonObject& root, const JsonObject& weights, int bits) {
  if (bits == 2 || bits == 4 || bits == 8) return;
  int major = 0, minor = 0;
  const std::string version = root.string_or("version", "");
  const bool read = std::sscanf(version.c_str(), "%d.%d", &major, &minor) == 2;
  if (read && (major > 0 || minor >= 18)) return;
  weights.refuse("num_bits", "2, 4 or 8 in a folder of compressed-tensors before 0.18",
                 std::to_string(bits) + " of version " + (version.empty() ? "none" : printable(version)));
}

}  // namespace

CompressedTensorsFormat::CompressedTensorsFormat(const Json& quantization_config, std::string file) : file_(std::move(file)) {
  const JsonObject root(quantization_config, file_, "quantization_config");
  require_word(root, "quant_method", {"compressed-tensors"});
  if (root.has("quantization_status")) require_word(root, "quantization_status", {"compressed", "frozen"});
  require_nothing(root, "kv_cache_scheme", "a quantized KV cache with stored scales is not read");
  require_nothing(root, "moe_sparsity_config", "sparse weights are not read");
  if (root.has("sparsity_config") && !root.raw("sparsity_config").empty()) {
    const JsonObject sparsity = root.object("sparsity_config");
    require_word(sparsity, "format", {"dense"});
    for (const char* key : {"sparsity_structure", "global_sparsity", "registry_requires_subclass", "ignore", "targets"}) sparsity.has(key);
    sparsity.refuse_unknown();
  }
  for (const char* key : {"version", "global_compression_ratio"}) root.has(key);
  root.has("transform_config");
  if (root.has("ignore")) ignored_ = read_targets(root, "ignore");
  for (const char* whole_class : {kAnyLinear, "Module"}) {
    if (matches_any(whole_class, ignored_)) root.refuse("ignore", "linears by name or pattern", whole_class);
  }
  const std::string usual_format = root.string_or("format", "");
  const JsonObject groups = root.object("config_groups");
  for (const auto& [name, value] : root.raw("config_groups").items()) {
    const JsonObject group = groups.object(name);
    schemes_.push_back(read_scheme(group, usual_format));
    const JsonObject weights = group.object("weights");
    if (schemes_.back().packed) require_gapless(root, weights, schemes_.back().bits);
  }
  if (schemes_.empty()) root.refuse("config_groups", "at least one group", "none");
  root.refuse_unknown();
}

CompressedTensorsFormat::Scheme CompressedTensorsFormat::read_scheme(const JsonObject& group, const std::string& usual_format) const {
  Scheme scheme;
  scheme.targets = read_targets(group, "targets");
  const JsonObject weights = group.object("weights");
  require_word(weights, "type", {"int"});
  require_word(weights, "strategy", {"channel", "group"});
  scheme.bits = static_cast<int>(weights.integer("num_bits", 2, 8));
  scheme.symmetric = weights.boolean("symmetric");
  if (weights.boolean_or("dynamic", false)) weights.refuse("dynamic", "false (scales of weights are stored)", "true");
  if (weights.string("strategy") == "group") {
    scheme.group = weights.integer("group_size", 1, INT32_MAX);
  } else {
    weights.integer_or("group_size", -1, -1, -1);  // null, or -1 for the whole row
  }
  const bool reordered = weights.has("actorder") && weights.raw("actorder") != false;
  if (reordered) require_word(weights, "actorder", {"weight", "static"});  // columns stay in their own order
  require_nothing(weights, "block_structure", "blocks are not read");
  pass_over_origin(weights);
  weights.refuse_unknown();
  scheme.activation_bits = read_activations(group);
  require_nothing(group, "output_activations", "outputs are not quantized here");
  const std::string format = group.string_or("format", usual_format);
  if (format != "pack-quantized" && format != "int-quantized" && format != "naive-quantized") {  // the last: the same integers
    group.refuse("format", "pack-quantized, int-quantized or naive-quantized", format.empty() ? "none" : printable(format));
  }
  scheme.packed = format == "pack-quantized";
  group.refuse_unknown();
  return scheme;
}

// A name goes before a pattern, as in the library. Of several groups that fit alike the library takes one by their spelling; a folder where
// that would decide is refused.
const CompressedTensorsFormat::Scheme* CompressedTensorsFormat::scheme_by_name(const std::string& module) const {
  for (const bool patterns : {false, true}) {
    const Scheme* found = nullptr;
    for (const Scheme& scheme : schemes_) {
      const bool fits = std::any_of(scheme.targets.begin(), scheme.targets.end(), [&](const std::string& target) {
        return is_pattern(target) == patterns && target != kAnyLinear && matches(module, target);
      });
      if (!fits) continue;
      if (found != nullptr) throw InputError(file_, "quantization_config.config_groups", "one group for " + module, "several");
      found = &scheme;
    }
    if (found != nullptr) return found;
  }
  return nullptr;
}

const CompressedTensorsFormat::Scheme* CompressedTensorsFormat::scheme_of(const std::string& linear) const {
  if (matches_any(linear, ignored_)) return nullptr;
  if (const Scheme* named = scheme_by_name(linear)) return named;
  const Scheme* found = nullptr;
  for (const Scheme& scheme : schemes_) {
    if (std::find(scheme.targets.begin(), scheme.targets.end(), kAnyLinear) == scheme.targets.end()) continue;
    if (found != nullptr) throw InputError(file_, "quantization_config.config_groups", "one group for Linear", "several");
    found = &scheme;
  }
  return found;
}

WeightLayout CompressedTensorsFormat::layout(const std::string& linear, int64_t out, int64_t in) const {
  const Scheme* scheme = scheme_of(linear);
  if (scheme == nullptr) return {out, in};
  if (scheme->group > 0 && in % scheme->group != 0) {
    throw InputError(file_, "quantization_config.config_groups", "a group_size that divides " + linear + "'s width " + std::to_string(in),
                     std::to_string(scheme->group));
  }
  return {out, in, scheme->bits, scheme->group, scheme->symmetric};
}

int CompressedTensorsFormat::activation_bits(const std::string& linear) const {
  const Scheme* scheme = scheme_of(linear);
  return scheme == nullptr ? kFullBits : scheme->activation_bits;
}

void CompressedTensorsFormat::require_linears_alone(const std::set<std::string>& linears, const std::vector<std::string>& others) const {
  const char* key = "quantization_config.config_groups";
  for (const Scheme& scheme : schemes_) {
    for (const std::string& target : scheme.targets) {
      if (is_pattern(target) || target == kAnyLinear || linears.contains(target)) continue;
      throw InputError(file_, key, "targets among the linears of the decoder's layers", printable(target));
    }
  }
  for (const std::string& module : others) {
    if (matches_any(module, ignored_)) continue;
    const bool is_head = module == others.front();  // a linear too
    if (is_head ? scheme_of(module) == nullptr : scheme_by_name(module) == nullptr) continue;
    throw InputError(file_, key, "linears of the decoder's layers alone (" + module + " among `ignore`)", "a group for " + module);
  }
}

}  // namespace rolora
