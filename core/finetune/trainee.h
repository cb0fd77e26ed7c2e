// SPDX-License-Identifier: GPL-3.0-or-later
// What is trained — an adapter or all weights — and how it gets into the resident model.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "core/finetune/adapter.h"
#include "core/finetune/parameters.h"
#include "core/model/passes.h"

namespace rolora {

class Trainee {
 public:
  virtual ~Trainee() = default;
  virtual ParameterSet& parameters() = 0;
  /// Puts the parameters into the model, in its compute type and as part of the autograd graph. Called before every micro-batch;
  /// `noise_seed` names the dropout masks of this one.
  virtual void install(ResidentModel& model, bool training, uint64_t noise_seed) = 0;
};

/// The adapter's matrices and magnitudes, fp32 (fp64 under fp64) whatever the compute type.
class LoraTrainee final : public Trainee {
 public:
  LoraTrainee(const Adapter& start, const ModelConfig& config, const Compute& compute);
  ParameterSet& parameters() override { return parameters_; }
  void install(ResidentModel& model, bool training, uint64_t noise_seed) override;
  /// The adapter as it is now, fp32.
  Adapter adapter() const;

 private:
  Adapter start_;
  std::map<std::string, std::string> a_of_;  ///< linear → parameter
  ParameterSet parameters_;
};

/// Every tensor of the model under its Hugging Face name. The master copy is fp32 (fp64 under fp64); half compute types see it rounded.
/// Gains of a model whose gains are folded stay ones: they are not trained (`train_gains` false).
class FullTrainee final : public Trainee {
 public:
  FullTrainee(const ModelSource& source, const Compute& compute, bool train_gains);
  ParameterSet& parameters() override { return parameters_; }
  void install(ResidentModel& model, bool training, uint64_t noise_seed) override;

 private:
  ParameterSet parameters_;
  std::set<std::string> trained_;
};

/// The base with the trained tensors in place, sharing their memory: what a full training saves.
std::shared_ptr<const ModelSource> trained_source(std::shared_ptr<const ModelSource> base, const ParameterSet& parameters);

}  // namespace rolora
