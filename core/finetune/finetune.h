// SPDX-License-Identifier: GPL-3.0-or-later
// One training from start to saved result: LoRA on a plain or rotated model, or all weights.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/monitor.h"
#include "core/finetune/examples.h"
#include "core/finetune/trainer.h"
#include "core/finetune/training_settings.h"
#include "core/rotation/record.h"

namespace rolora {

/// The model that is trained.
struct FinetuneBase {
  std::shared_ptr<const ModelSource> source;
  std::filesystem::path folder;            ///< config.json and tokenizer files are taken from here
  std::optional<RotationRecord> rotation;  ///< of a rotated base
  std::string hash;                        ///< identity of its weights
  at::ScalarType stored = at::kFloat;      ///< type of its weights on disk
  bool from_scratch = false;               ///< random weights: what is trained from them is no tuned model
};

struct FinetuneJob {
  TrainingSettings settings;
  TrainingData data;
  /// Where the adapter starts; its settings must be the job's. Drawn from the seed when absent.
  std::optional<Adapter> start;
  std::filesystem::path out;
  bool force = false;   ///< replace an existing output, forget an unfinished training
  bool resume = false;  ///< go on from the newest checkpoint, if there is one
  /// An existing output of this very training is its result, and nothing is trained; any other is replaced. For an owner of the output's
  /// folder who may have been killed after the training ended.
  bool take_finished = false;
  std::optional<int64_t> save_every;    ///< steps between checkpoints; 0 = only when stopped; default usual_save_interval(steps)
  std::optional<at::ScalarType> store;  ///< of a full training's model; default the base's
  /// What the adapter calls its base, for PEFT; the name of the base's folder when empty: results of jobs have no machine's paths.
  std::string base_name;
};

struct FinetuneResult {
  std::vector<StepRecord> log;
  std::optional<double> evaluation;  ///< mean NLL of the validation part at the end
  int64_t trained_values = 0;
  int64_t training_examples = 0, validation_examples = 0;
  Json json() const;  ///< steps, losses, lr, grad_norm, tokens, evaluation
};

/// Trains and writes `out`: a PEFT folder (adapter_model.safetensors, adapter_config.json, rolora_adapter.json, the base's rotation record)
/// or, for full training, a model folder of the base's kind; log.jsonl in both. Checkpoints lie in `checkpoint_folder(out)` until the
/// result is complete, and `.OUT.lock` keeps other processes off both. Asked to stop, it finishes the step, saves a checkpoint and throws
/// Cancelled; the same job resumed gives the same bytes as one never stopped, and a job that differs in anything that decides the bytes is
/// refused by that key. InputError ("lock") while another process trains into `out`. NumericError when loss or gradient are not finite.
FinetuneResult finetune(const FinetuneBase& base, FinetuneJob job, const Compute& compute, Monitor& monitor);

/// InputError with both hashes when the adapter was trained on other weights than those of `base_hash` (FinetuneBase::hash) and says so.
/// Behind require_same_rotation: a rotation is part of the hash.
void require_same_base(const Adapter& adapter, const std::filesystem::path& adapter_folder, const std::string& base_hash);

/// A tenth of the steps, at most 100: what a kill may cost. Checkpoints change no result.
int64_t usual_save_interval(int64_t steps);

/// "OUT.checkpoints", beside the output.
std::filesystem::path checkpoint_folder(const std::filesystem::path& out);

}  // namespace rolora
