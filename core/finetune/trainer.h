// SPDX-License-Identifier: GPL-3.0-or-later
// The training loop's one step: micro-batches, loss over all predicted tokens of the step, gradient, clip, AdamW.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/monitor.h"
#include "core/finetune/adam_w.h"
#include "core/finetune/batches.h"
#include "core/finetune/trainee.h"
#include "core/finetune/training_settings.h"
#include "core/model/passes.h"

namespace rolora {

class SiteProbe;

/// What is known about one step. loss: mean NLL (nats) over its predicted tokens, before the update; grad_norm: before the clip.
struct StepRecord {
  int64_t step = 0;  ///< from 1
  double loss = 0;   ///< NaN for a step without any predicted token (JSON: null)
  double learning_rate = 0;
  double grad_norm = 0;
  int64_t tokens = 0;                  ///< predicted
  std::optional<double> evaluation{};  ///< mean NLL of the validation part after the update
  Json sites{};                        ///< null, or "layers.0.qkv_in" → {kurtosis, absmax}
};
Json to_json(const StepRecord& record);
StepRecord step_record(const JsonObject& line);

class Trainer {
 public:
  /// `model` holds the frozen weights; `trainee` puts what is trained into it.
  Trainer(ResidentModel& model, Trainee& trainee, const TrainingData& training, const TrainingData& validation,
          const TrainingSettings& settings);
  ~Trainer();
  int64_t total() const { return total_; }
  int64_t done() const { return static_cast<int64_t>(log_.size()); }
  const std::vector<StepRecord>& log() const { return log_; }
  /// One optimizer step. NumericError when loss or gradient are not finite.
  const StepRecord& step();
  /// Mean NLL over the validation part; nothing when it is empty.
  std::optional<double> evaluate();

  // What a checkpoint holds beside the parameters.
  AdamW& optimizer() { return optimizer_; }
  double loss_scale() const { return loss_scale_; }
  void restore(std::vector<StepRecord> log, double loss_scale);

 private:
  /// Sum of the NLL over the step's predicted tokens; the gradient of sum/tokens·loss_scale is left in the parameters' gradient buffer.
  double gradient_of_step(int64_t step, const std::vector<MicroBatch>& batches, int64_t tokens);
  bool evaluation_due(int64_t step) const;

  ResidentModel& model_;
  Trainee& trainee_;
  const TrainingData& training_;
  const TrainingData& validation_;
  TrainingSettings settings_;
  BatchOrder order_;
  int64_t total_;
  Schedule schedule_;
  AdamW optimizer_;
  std::shared_ptr<SiteProbe> probe_;
  double loss_scale_;  ///< of fp16 gradients; 1 for every other type
  std::vector<StepRecord> log_;
};

/// NLL of the targets at the given places of a batch, in row chunks so that no [rows, V] tensor of a whole batch appears.
/// With `gradient_scale`, the gradient of sum·gradient_scale is accumulated in every leaf. Returns the sum, fp64.
double batch_nll(ResidentModel& model, const MicroBatch& batch, std::optional<double> gradient_scale);

}  // namespace rolora
