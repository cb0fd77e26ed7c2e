// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/finetune.h"

#include <algorithm>
#include <chrono>
#include <sstream>

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/finetune/model_folder.h"
#include "core/finetune/training_state.h"
#include "core/kernels/device.h"
#include "core/model/checkpoint.h"
#include "core/rotation/rotated_source.h"
#include "core/rotation/samples.h"
#include "core/storage/atomic_file.h"
#include "core/storage/run_lock.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr const char* kStepStage = "finetune: step";

// A folder's own name, also of "model/".
std::string folder_name(const fs::path& folder) {
  const fs::path whole = fs::absolute(folder).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

// Everything that decides the result's bytes; kept with it, and what a resumed training must agree with, key for key.
Json identity_of(const FinetuneBase& base, const FinetuneJob& job, const Compute& compute) {
  Json identity = {{"settings", settings_json(job.settings)},
                   {"base", {{"name", folder_name(base.folder)}, {"hash", base.hash}, {"rotation", nullptr}}},
                   {"data",
                    {{"file", fs::path(job.data.source).filename().string()},
                     {"sha256", job.data.hash},
                     {"examples", job.data.examples.size()},
                     {"ids", examples_hash(job.data)}}},
                   {"start", job.start ? Json(adapter_hash(*job.start)) : Json()},
                   {"dtype", dtype_name(compute.type)},
                   {"device", compute.device.is_cuda() ? "cuda" : "cpu"},
                   {"threads", kernels::threads()},
                   {"cpu_features", kernels::cpu_features()},
                   {"tool_version", kToolVersion}};
  for (const auto& [key, value] : job.data.description.items()) identity["data"][key] = value;
  if (base.rotation) identity["base"]["rotation"] = base.rotation->checksum();
  if (job.settings.full) identity["store"] = dtype_name(job.store.value_or(base.stored));
  return identity;
}

void prepare_places(const FinetuneJob& job, const fs::path& checkpoints) {
  remove_leftovers(checkpoints);
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(job.out, ignored)) && !job.force && !job.take_finished) {
    throw InputError(job.out.string(), "--out", "a new folder (or --force to replace it)", "an existing one");
  }
  if (!fs::exists(checkpoints, ignored) || job.resume) return;
  if (!job.force) {
    throw InputError(checkpoints.string(), "--out", "no unfinished training there (--resume goes on with it, --force forgets it)",
                     "the checkpoints of one");
  }
  remove_folder(checkpoints);
}

// What decided the bytes of a finished output; InputError where this cannot be read.
Json identity_in(const fs::path& out, const FinetuneBase& base, bool full) {
  return full ? read_json_file(out / "training.json") : load_adapter(out, base.source->config()).training;
}

std::vector<StepRecord> read_log(const fs::path& file) {
  std::vector<StepRecord> log;
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);) {
    const std::string where = file.string() + ": line " + std::to_string(log.size() + 1);
    const Json document = parse_json(line, where);
    log.push_back(step_record(JsonObject(document, where)));
  }
  return log;
}

// The log of an output that this training finished, before its process was killed. An output gets its name when it is complete; one of
// another training, or none of ours, goes.
std::vector<StepRecord> finished_log(const FinetuneBase& base, const FinetuneJob& job, const Json& identity) {
  std::error_code ignored;
  if (!job.take_finished || !fs::exists(fs::symlink_status(job.out, ignored))) return {};
  std::vector<StepRecord> log;
  try {
    if (identity_in(job.out, base, job.settings.full) == identity) log = read_log(job.out / "log.jsonl");
  } catch (const InputError&) {
    log.clear();
  }
  if (log.empty()) remove_folder(job.out);
  return log;
}

std::unique_ptr<Trainee> make_trainee(const FinetuneBase& base, const FinetuneJob& job, const Compute& compute) {
  if (job.settings.full) {
    const bool folded = base.rotation && base.rotation->gains_folded;
    return std::make_unique<FullTrainee>(*base.source, compute, !folded);
  }
  Adapter start = job.start ? *job.start : new_adapter(base.source->config(), job.settings.lora, job.settings.seed);
  // A start without magnitudes, new or a LoRA, goes on from what it computes.
  const bool has_magnitudes = job.start && job.start->settings.dora;
  start.settings = job.settings.lora;
  if (start.settings.dora && !has_magnitudes) set_magnitudes(start, *base.source);
  start.base_model = job.base_name.empty() ? folder_name(base.folder) : job.base_name;
  start.base_hash = base.hash;
  start.rotation_checksum = base.rotation ? base.rotation->checksum() : "";
  return std::make_unique<LoraTrainee>(start, base.source->config(), compute);
}

void report(const StepRecord& record, int64_t total, double seconds, Monitor& monitor) {
  if (std::isfinite(record.loss)) monitor.metric("loss", record.step, record.loss);
  monitor.metric("lr", record.step, record.learning_rate);
  monitor.metric("grad_norm", record.step, record.grad_norm);
  if (record.evaluation) monitor.metric("evaluation", record.step, *record.evaluation);
  if (seconds > 0) monitor.metric("tokens_per_second", record.step, static_cast<double>(record.tokens) / seconds);
  if (!record.sites.is_null()) {
    for (const auto& [site, values] : record.sites.items()) {
      monitor.metric("kurtosis " + site, record.step, values.at("kurtosis").get<double>());
      monitor.metric("absmax " + site, record.step, values.at("absmax").get<double>());
    }
  }
  monitor.progress(kStepStage, record.step, total);
}

void train(const FinetuneJob& job, const Json& identity, ParameterSet& parameters, Trainer& trainer, Monitor& monitor) {
  const fs::path checkpoints = checkpoint_folder(job.out);
  const int64_t save_every = job.save_every.value_or(usual_save_interval(trainer.total()));
  // Before the first step, so that whoever draws the course drops what an earlier attempt did after its checkpoint.
  if (trainer.done() > 0) monitor.progress(kStepStage, trainer.done(), trainer.total());
  while (trainer.done() < trainer.total()) {
    if (monitor.stop_requested()) {
      save_training(checkpoints, identity, parameters, trainer);
      throw Cancelled("finetune: stopped after step " + std::to_string(trainer.done()) + " of " + std::to_string(trainer.total()) +
                      "; --resume goes on from there");
    }
    const auto begin = std::chrono::steady_clock::now();
    const StepRecord& record = trainer.step();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    report(record, trainer.total(), seconds.count(), monitor);
    const bool due = save_every > 0 && record.step % save_every == 0 && record.step < trainer.total();
    if (due && !monitor.stop_requested()) save_training(checkpoints, identity, parameters, trainer);
  }
}

std::string log_lines(const std::vector<StepRecord>& log) {
  std::string lines;
  for (const StepRecord& record : log) lines += to_json(record).dump() + "\n";
  return lines;
}

void write_result(const FinetuneBase& base, const FinetuneJob& job, const Json& identity, Trainee& trainee, const Trainer& trainer,
                  Monitor& monitor) {
  PendingFolder pending(job.out, job.force);
  if (job.settings.full) {
    const std::string record = json_text(identity);
    ModelFolderKind kind{base.folder, base.rotation, job.store.value_or(base.stored), std::nullopt};
    if (!base.from_scratch) kind.tuned = {"full", sha256_of_text(record), base.hash, base.rotation ? base.rotation->checksum() : ""};
    write_model_folder(*trained_source(base.source, trainee.parameters()), kind, pending.path(), monitor);
    write_file_atomically(pending.path() / "training.json", record);
    if (base.rotation) save_samples(RotatedFolder(pending.path()), pending.path(), 0, monitor);
  } else {
    Adapter adapter = static_cast<LoraTrainee&>(trainee).adapter();
    adapter.training = identity;
    save_adapter(adapter, base.source->config(), pending.path());
    if (base.rotation) save_rotation(*base.rotation, pending.path());
  }
  write_file_atomically(pending.path() / "log.jsonl", log_lines(trainer.log()));
  pending.commit();
}

std::vector<StepRecord> train_and_write(const FinetuneBase& base, const FinetuneJob& job, const Json& identity, const Split& split,
                                        Trainee& trainee, const Compute& compute, Monitor& monitor) {
  const fs::path checkpoints = checkpoint_folder(job.out);
  ResidentModel model(*base.source, compute);
  Trainer trainer(model, trainee, split.training, split.validation, job.settings);
  if (job.resume && !resume_training(checkpoints, identity, trainee.parameters(), trainer)) {
    monitor.notice("no unfinished training at " + checkpoints.string() + ": starting at step 1");
  }
  train(job, identity, trainee.parameters(), trainer, monitor);
  try {
    write_result(base, job, identity, trainee, trainer, monitor);
  } catch (...) {  // stopped or no space: the finished training stays resumable
    save_training(checkpoints, identity, trainee.parameters(), trainer);
    throw;
  }
  return trainer.log();
}

}  // namespace

void require_same_base(const Adapter& adapter, const fs::path& adapter_folder, const std::string& base_hash) {
  if (adapter.base_hash.empty() || adapter.base_hash == base_hash) return;
  throw InputError((adapter_folder / "rolora_adapter.json").string(), "base_hash", "the hash of this base's weights, " + base_hash,
                   printable(adapter.base_hash));
}

int64_t usual_save_interval(int64_t steps) { return std::clamp<int64_t>((steps + 9) / 10, 1, 100); }

fs::path checkpoint_folder(const fs::path& out) {
  fs::path folder = out.lexically_normal();
  if (folder.filename().empty()) folder = folder.parent_path();
  return folder += ".checkpoints";
}

FinetuneResult finetune(const FinetuneBase& base, FinetuneJob job, const Compute& compute, Monitor& monitor) {
  job.settings.validate();
  require_vocabulary(job.data, base.source->config().vocabulary);
  const RunLock lock = RunLock::beside(job.out);  // output and checkpoints are one process's from here on
  const fs::path checkpoints = checkpoint_folder(job.out);
  prepare_places(job, checkpoints);
  const Json identity = identity_of(base, job, compute);
  const Split split = split_validation(std::move(job.data), job.settings.validation, job.settings.seed);
  const std::unique_ptr<Trainee> trainee = make_trainee(base, job, compute);
  std::vector<StepRecord> log = finished_log(base, job, identity);
  if (log.empty()) {
    log = train_and_write(base, job, identity, split, *trainee, compute, monitor);
  } else {
    monitor.notice("the training was finished already: its result is taken");
  }
  try {
    remove_folder(checkpoints);
  } catch (const Error& e) {  // the result is complete; what is left of the checkpoints is only in the way of another training
    monitor.notice(e.what());
  }
  const std::optional<double> evaluation = log.back().evaluation;
  return {.log = std::move(log),
          .evaluation = evaluation,
          .trained_values = trainee->parameters().count(),
          .training_examples = static_cast<int64_t>(split.training.examples.size()),
          .validation_examples = static_cast<int64_t>(split.validation.examples.size())};
}

Json FinetuneResult::json() const {
  Json losses = Json::array(), rates = Json::array(), norms = Json::array(), tokens = Json::array(), evaluations = Json::array();
  for (const StepRecord& record : log) {
    losses.push_back(std::isfinite(record.loss) ? Json(record.loss) : Json());
    rates.push_back(record.learning_rate);
    norms.push_back(record.grad_norm);
    tokens.push_back(record.tokens);
    if (record.evaluation) evaluations.push_back({{"step", record.step}, {"loss", *record.evaluation}});
  }
  return {{"steps", log.size()},
          {"losses", std::move(losses)},
          {"lr", std::move(rates)},
          {"grad_norm", std::move(norms)},
          {"tokens", std::move(tokens)},
          {"evaluation", std::move(evaluations)},
          {"trained_values", trained_values},
          {"training_examples", training_examples},
          {"validation_examples", validation_examples}};
}

}  // namespace rolora
