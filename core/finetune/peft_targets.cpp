// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/peft_targets.h"

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/finetune/fused_adapter.h"

namespace rolora {
namespace {

constexpr const char* kTargets = "target_modules";
constexpr int64_t kMostRank = 1 << 20;

// An expression that the whole of a name must match.
Pattern whole_name(const JsonObject& config, std::string_view key, const std::string& expression) {
  try {
    return Pattern::regex("\\A(?:" + expression + ")\\z");
  } catch (const RegexError& e) {
    config.refuse(key, "a regular expression", printable(expression) + " (" + e.what() + ")");
  }
}

bool matches(const Pattern& pattern, const std::string& name) {
  const std::vector<Span> spans = pattern.spans(name);
  return spans.size() == 1 && spans.front().match;
}

bool ends_with_name(const std::string& module, const std::string& name) { return module.ends_with("." + name); }

// "model.layers.3.mlp.up_proj" → 3: the first number between points that has a name before it.
std::optional<int64_t> layer_of(const std::string& module) {
  for (size_t at = module.find('.'); at != std::string::npos; at = module.find('.', at + 1)) {
    const size_t end = module.find('.', at + 1);
    if (end == std::string::npos) return std::nullopt;
    const std::string part = module.substr(at + 1, end - at - 1);
    if (!part.empty() && part.size() < 10 && part.find_first_not_of("0123456789") == std::string::npos) return std::stoll(part);
  }
  return std::nullopt;
}

// Modules of a layer as PEFT sees them.
std::vector<std::string> modules_of_layer(const FamilyDescription& family, int64_t layer) {
  std::vector<std::string> modules;
  for (const LinearKind kind : kAllLinears) {
    const FusedLinears* fused = fused_with(family, kind);
    std::string name = fused ? layer_tensor(family, LayerIndex(layer), fused->name) : linear_name(family, LayerIndex(layer), kind);
    if (modules.empty() || modules.back() != name) modules.push_back(std::move(name));
  }
  return modules;
}

std::string module_of_tensor(std::string_view tensor) { return std::string(tensor.substr(0, tensor.rfind('.'))); }

}  // namespace

bool PeftTargets::Names::holds(const std::string& module) const {
  if (expression) return matches(*expression, module);
  return std::any_of(list.begin(), list.end(), [&](const std::string& name) { return module == name || ends_with_name(module, name); });
}

PeftTargets::Names PeftTargets::read_names(const JsonObject& config, std::string_view key) {
  Names names;
  if (!config.has(key)) return names;
  if (config.raw(key).is_string()) {
    names.expression = whole_name(config, key, config.string(key));
  } else {
    names.list = config.strings(key);
  }
  return names;
}

// PEFT lets a pattern's key match the end of a name, behind a point.
PeftTargets::Values PeftTargets::read_values(const JsonObject& config, std::string_view key, bool whole) {
  Values values;
  if (!config.has(key)) return values;
  if (!config.raw(key).is_object()) config.refuse(key, "an object of names and numbers", printable(config.raw(key).dump()));
  for (const auto& [name, value] : config.raw(key).items()) {
    const bool good = whole ? value.is_number_integer() && value >= 1 && value <= kMostRank : value.is_number() && value > 0;
    if (!good) config.refuse(key, whole ? "ranks of at least 1" : "numbers above 0", printable(name) + ": " + printable(value.dump()));
    values.emplace_back(whole_name(config, key, "(?:.*\\.)?(?:" + name + ")"), value.get<double>());
  }
  return values;
}

double PeftTargets::value_of(const Values& values, const std::string& module, double otherwise) {
  const auto found = std::find_if(values.begin(), values.end(), [&](const auto& value) { return matches(value.first, module); });
  return found == values.end() ? otherwise : found->second;
}

void PeftTargets::read_layers(const JsonObject& config) {
  if (!config.has("layers_to_transform")) return;
  const Json& value = config.raw("layers_to_transform");
  const std::vector<int64_t> list =
      value.is_array() ? config.integers("layers_to_transform") : std::vector<int64_t>{config.integer("layers_to_transform", 0, INT32_MAX)};
  if (!list.empty()) layers_ = list;
  if (!config.has("layers_pattern") || config.raw("layers_pattern").empty()) return;
  const Json& pattern = config.raw("layers_pattern");
  if (pattern != "layers" && pattern != Json::array({"layers"})) config.refuse("layers_pattern", "layers", printable(pattern.dump()));
}

// A name that means nothing here is a mistake or another model's; the head and the embedding have no adapters.
void PeftTargets::refuse_others(const JsonObject& config, const FamilyDescription& family, int64_t layers) const {
  std::vector<std::string> modules;
  for (int64_t i = 0; i < layers; ++i) {
    const auto more = modules_of_layer(family, i);
    modules.insert(modules.end(), more.begin(), more.end());
  }
  std::string known;
  for (size_t i = 0; i < modules.size() / static_cast<size_t>(layers); ++i) {
    known += (i == 0 ? "" : ", ") + modules[i].substr(modules[i].rfind('.') + 1);
  }
  const std::string expected = "names of a layer's linears (" + known + ")";
  for (const std::string& name : targets_.list) {
    const bool there =
        std::any_of(modules.begin(), modules.end(), [&](const std::string& m) { return m == name || ends_with_name(m, name); });
    if (!there) config.refuse(kTargets, expected, printable(name));
  }
  for (const std::string_view tensor : {family.head, family.embedding}) {
    const std::string module = module_of_tensor(tensor);
    if (targets(module)) config.refuse(kTargets, expected, module + " (not supported)");
  }
  if (std::none_of(modules.begin(), modules.end(), [&](const std::string& module) { return targets(module); })) {
    config.refuse(kTargets, "at least one linear", "none");
  }
}

PeftTargets::PeftTargets(const JsonObject& config, const FamilyDescription& family, int64_t layers)
    : excluded_(read_names(config, "exclude_modules")),
      ranks_(read_values(config, "rank_pattern", true)),
      alphas_(read_values(config, "alpha_pattern", false)),
      rank_(config.integer("r", 1, kMostRank)),
      alpha_(config.number("lora_alpha")) {
  if (!(alpha_ > 0)) config.refuse("lora_alpha", "a number above 0", config.raw("lora_alpha").dump());
  all_linear_ = config.raw(kTargets) == "all-linear";
  if (!all_linear_) targets_ = read_names(config, kTargets);
  read_layers(config);
  // Every name is tried now, so that an expression without end is found here.
  const auto try_all = [&](const char* key, const auto& look) {
    try {
      look();
    } catch (const RegexError& e) {
      config.refuse(key, "regular expressions that end", e.what());
    }
  };
  try_all(kTargets, [&] { refuse_others(config, family, layers); });
  for (int64_t i = 0; i < layers; ++i) {
    for (const std::string& module : modules_of_layer(family, i)) {
      try_all("rank_pattern", [&] { (void)rank(module); });
      try_all("alpha_pattern", [&] { (void)alpha(module); });
    }
  }
}

bool PeftTargets::targets(const std::string& module) const {
  if (excluded_.holds(module)) return false;
  if (all_linear_) return layer_of(module).has_value();
  if (!targets_.holds(module)) return false;
  const bool by_name = std::find(targets_.list.begin(), targets_.list.end(), module) != targets_.list.end();
  if (targets_.expression || by_name || !layers_) return true;  // layers limit ends of names alone
  const auto layer = layer_of(module);
  return layer && std::find(layers_->begin(), layers_->end(), *layer) != layers_->end();
}

}  // namespace rolora
