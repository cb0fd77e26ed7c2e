// SPDX-License-Identifier: GPL-3.0-or-later
// Which modules an adapter_config.json of PEFT means, and with which rank and alpha: names, regular expressions, layers and patterns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/model/family.h"
#include "core/storage/json_file.h"
#include "core/tokenizer/pattern.h"

namespace rolora {

/// The rules of PEFT 0.21 (tuners_utils.check_target_module_exists, other.get_pattern_key), keys of patterns in the sorted order in which
/// it writes them.
class PeftTargets {
 public:
  /// InputError naming the key: expressions that cannot be used, names that are no linear of this family's layers, a rank or alpha that
  /// cannot be.
  PeftTargets(const JsonObject& config, const FamilyDescription& family, int64_t layers);
  /// `module`: "model.layers.0.self_attn.q_proj" or, in a family that fuses it, "….qkv_proj".
  bool targets(const std::string& module) const;
  int64_t rank(const std::string& module) const { return static_cast<int64_t>(value_of(ranks_, module, static_cast<double>(rank_))); }
  double alpha(const std::string& module) const { return value_of(alphas_, module, alpha_); }

 private:
  struct Names {  ///< a list of names or ends of names, or one expression for the whole name
    std::vector<std::string> list;
    std::optional<Pattern> expression;
    bool holds(const std::string& module) const;
  };
  using Values = std::vector<std::pair<Pattern, double>>;
  static Names read_names(const JsonObject& config, std::string_view key);
  static Values read_values(const JsonObject& config, std::string_view key, bool whole);
  void read_layers(const JsonObject& config);
  void refuse_others(const JsonObject& config, const FamilyDescription& family, int64_t layers) const;
  static double value_of(const Values& values, const std::string& module, double otherwise);

  bool all_linear_ = false;
  Names targets_, excluded_;
  std::optional<std::vector<int64_t>> layers_;
  Values ranks_, alphas_;
  int64_t rank_ = 1;
  double alpha_ = 1;
};

}  // namespace rolora
