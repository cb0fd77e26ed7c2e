// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/training_settings.h"

#include <algorithm>
#include <cmath>

#include "core/base/error.h"

namespace rolora {
namespace {

void require(bool holds, const char* option, const char* expected, double found) {
  if (!holds) throw InputError("finetune", option, expected, Json(found).dump());
}

}  // namespace

void TrainingSettings::validate() const {
  require(learning_rate > 0 && std::isfinite(learning_rate), "--lr", "a number above 0", learning_rate);
  require(warmup_ratio >= 0 && warmup_ratio <= 1, "--warmup-ratio", "a number in [0, 1]", warmup_ratio);
  require(!warmup || *warmup >= 0, "--warmup-steps", "a number from 0", static_cast<double>(warmup.value_or(0)));
  require(epochs > 0 && epochs <= 1e6, "--epochs", "a number above 0", epochs);
  require(!steps || *steps > 0, "--steps", "a number from 1", static_cast<double>(steps.value_or(0)));
  require(batch > 0, "--batch", "a number from 1", static_cast<double>(batch));
  require(accumulate > 0, "--accumulate", "a number from 1", static_cast<double>(accumulate));
  require(clip >= 0 && std::isfinite(clip), "--clip-grad", "a number from 0 (0: no clipping)", clip);
  require(weight_decay >= 0 && std::isfinite(weight_decay), "--weight-decay", "a number from 0", weight_decay);
  require(validation >= 0 && validation < 1, "--validation", "a number in [0, 1)", validation);
  if (full) return;
  require(lora.rank > 0, "--rank", "a number from 1", static_cast<double>(lora.rank));
  require(lora.alpha > 0 && std::isfinite(lora.alpha), "--alpha", "a number above 0", lora.alpha);
  require(lora.dropout >= 0 && lora.dropout < 1, "--dropout", "a number in [0, 1)", lora.dropout);
}

int64_t total_steps(const TrainingSettings& settings, int64_t steps_per_epoch) {
  if (settings.steps) return *settings.steps;
  return static_cast<int64_t>(std::ceil(settings.epochs * static_cast<double>(steps_per_epoch)));
}

Schedule schedule_of(const TrainingSettings& settings, int64_t total) {
  return {.kind = settings.schedule,
          .peak = settings.learning_rate,
          .warmup = settings.warmup ? *settings.warmup : warmup_steps(total, settings.warmup_ratio),
          .total = total};
}

Json settings_json(const TrainingSettings& s) {
  Json out = {{"full", s.full},
              {"lr", s.learning_rate},
              {"schedule", name_of(s.schedule)},
              {"batch", s.batch},
              {"accumulate", s.accumulate},
              {"clip_grad", s.clip},
              {"weight_decay", s.weight_decay},
              {"shuffle", s.shuffle},
              {"validation", s.validation},
              {"evaluate_every", s.evaluate_every},
              {"site_statistics_every", s.site_statistics_every},
              {"seed", s.seed}};
  out[s.warmup ? "warmup_steps" : "warmup_ratio"] = s.warmup ? Json(*s.warmup) : Json(s.warmup_ratio);
  out[s.steps ? "steps" : "epochs"] = s.steps ? Json(*s.steps) : Json(s.epochs);
  if (!s.full) {
    Json targets = Json::array();
    for (const LinearKind kind : s.lora.targets) targets.push_back(target_name(kind));
    out["rank"] = s.lora.rank;
    out["alpha"] = s.lora.alpha;
    out["dropout"] = s.lora.dropout;
    out["variant"] = variant_name(s.lora);
    out["targets"] = std::move(targets);
  }
  return out;
}

std::vector<LinearKind> parse_targets(const std::string& text) {
  if (text == "all") return {kAllLinears.begin(), kAllLinears.end()};
  std::vector<bool> asked(kLinearKinds, false);
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string name = text.substr(begin, end - begin);
    const auto kind = std::find_if(kAllLinears.begin(), kAllLinears.end(), [&](LinearKind k) { return target_name(k) == name; });
    if (kind == kAllLinears.end()) {
      throw InputError("finetune", "--targets", "all, or q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj with commas between",
                       printable(name));
    }
    asked[static_cast<size_t>(*kind)] = true;
    begin = end + 1;
  }
  std::vector<LinearKind> targets;
  for (const LinearKind kind : kAllLinears) {
    if (asked[static_cast<size_t>(kind)]) targets.push_back(kind);
  }
  return targets;
}

}  // namespace rolora
