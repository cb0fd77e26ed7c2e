// SPDX-License-Identifier: GPL-3.0-or-later
// What a training is asked to do. The defaults are RoLoRA's recipe (Huang et al., EMNLP 2024, arXiv 2407.08044).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/finetune/adapter.h"
#include "core/finetune/schedule.h"
#include "core/storage/json_file.h"

namespace rolora {

struct TrainingSettings {
  bool full = false;  ///< train every weight of the model in place of an adapter
  LoraSettings lora;  ///< not looked at when full
  double learning_rate = 1e-4;
  ScheduleKind schedule = ScheduleKind::cosine;
  double warmup_ratio = 0.01;
  std::optional<int64_t> warmup;  ///< steps; in place of the ratio
  double epochs = 3;
  std::optional<int64_t> steps;  ///< in place of epochs
  int64_t batch = 8;             ///< examples of a micro-batch
  int64_t accumulate = 1;        ///< micro-batches of a step
  double clip = 1.0;             ///< bound of the gradient norm; 0 = none
  double weight_decay = 0;
  bool shuffle = true;
  double validation = 0;              ///< share of the examples kept out for the evaluation loss
  int64_t evaluate_every = 0;         ///< steps between evaluations; 0 = at every epoch's end; always at the end of training
  int64_t site_statistics_every = 0;  ///< steps between kurtosis and maximum of every linear's input in the log; 0 = never
  uint64_t seed = 0;
  /// InputError naming the option when a number makes no sense.
  void validate() const;
};

/// ceil(epochs · steps_per_epoch) unless steps were given.
int64_t total_steps(const TrainingSettings& settings, int64_t steps_per_epoch);
Schedule schedule_of(const TrainingSettings& settings, int64_t total);
/// Every setting under the command's name: part of results, and what a resumed training must agree with.
Json settings_json(const TrainingSettings& settings);
/// "all" or names separated by commas ("q_proj,v_proj"), in the order of kAllLinears. InputError ("--targets").
std::vector<LinearKind> parse_targets(const std::string& text);

}  // namespace rolora
