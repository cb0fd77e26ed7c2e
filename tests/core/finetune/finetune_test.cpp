// SPDX-License-Identifier: GPL-3.0-or-later
// A whole training: files written, stopped and resumed to the same bytes, refusals, full training that reloads.
#include "core/finetune/finetune.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <map>
#include <sstream>
#include <utility>

#include "core/base/error.h"
#include "core/finetune/random_source.h"
#include "core/finetune/training_state.h"
#include "core/kernels/device.h"
#include "core/model/tuned.h"
#include "core/storage/sha256.h"
#include "tests/core/finetune/training_fixtures.h"

namespace rolora {
namespace {

class Job : public ::testing::Test {
 protected:
  Job() : base_(test::plain_base(test::model_fixture("gqa_tied_embedding"))) {}

  FinetuneJob job(bool full) const {
    FinetuneJob job;
    job.settings.full = full;
    job.settings.lora.rank = 4;
    job.settings.lora.dropout = 0.1;
    job.settings.learning_rate = 5e-3;
    job.settings.steps = 9;
    job.settings.batch = 2;
    job.settings.accumulate = 2;
    job.settings.validation = 0.2;
    job.settings.evaluate_every = 2;
    job.settings.site_statistics_every = 4;
    job.settings.seed = 6;
    job.data = test::made_blocks();
    job.out = folder_ / "out";
    return job;
  }

  // The bytes of every file of the output.
  std::map<std::string, std::string> bytes(const std::filesystem::path& folder) const {
    std::map<std::string, std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      files[entry.path().filename().string()] = test::read_text(entry.path());
    return files;
  }

  std::map<std::string, std::string> run(FinetuneJob job) {
    SilentMonitor silent;
    finetune(base_, job, Compute{}, silent);
    return bytes(job.out);
  }

  FinetuneBase base_;
  test::TempFolder folder_;
};

TEST_F(Job, WritesAPeftFolderAndTheLog) {
  SilentMonitor silent;
  const FinetuneResult result = finetune(base_, job(false), Compute{}, silent);
  EXPECT_EQ(result.trained_values, 2 * (2 * 4 * 16 + 4 * 16 + 4 * 8));
  EXPECT_EQ(result.training_examples, 8);
  EXPECT_EQ(result.validation_examples, 2);
  const auto files = bytes(folder_ / "out");
  std::vector<std::string> names;
  for (const auto& [name, text] : files) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"adapter_config.json", "adapter_model.safetensors", "log.jsonl", "rolora_adapter.json"}));
  EXPECT_FALSE(std::filesystem::exists(checkpoint_folder(folder_ / "out")));

  const Json object = result.json();
  EXPECT_EQ(object["steps"], 9);
  EXPECT_EQ(object["losses"].size(), 9U);
  EXPECT_EQ(object["evaluation"].size(), 5U);  // steps 2, 4, 6, 8 and the last
  std::istringstream log(files.at("log.jsonl"));
  std::string line;
  for (size_t i = 0; i < 9; ++i) {
    ASSERT_TRUE(std::getline(log, line));
    const Json record = Json::parse(line);
    EXPECT_EQ(record["step"], i + 1);
    EXPECT_EQ(record["loss"], object["losses"][i]);
    EXPECT_EQ(record["lr"], object["lr"][i]);
    EXPECT_EQ(record["grad_norm"], object["grad_norm"][i]);
    EXPECT_EQ(record.contains("evaluation"), i % 2 == 1 || i == 8);
    EXPECT_EQ(record.contains("sites"), (i + 1) % 4 == 0);
  }
  EXPECT_FALSE(std::getline(log, line));
  EXPECT_LT(result.log.back().loss, result.log.front().loss);

  const Json own = Json::parse(files.at("rolora_adapter.json"));
  EXPECT_EQ(own["base_hash"], base_.hash);
  EXPECT_TRUE(own["rotation"].is_null());
  EXPECT_EQ(own["training"]["settings"]["seed"], 6);
  EXPECT_NE(adapter_hash(load_adapter(folder_ / "out", base_.source->config())),
            adapter_hash(new_adapter(base_.source->config(), job(false).settings.lora, 6)));
}

TEST_F(Job, TheSameJobGivesTheSameBytes) {
  for (const bool full : {false, true}) {
    FinetuneJob again = job(full);
    again.out = folder_ / (full ? "full again" : "again");
    FinetuneJob first = job(full);
    first.out = folder_ / (full ? "full" : "lora");
    EXPECT_EQ(run(first), run(again));
  }
}

TEST_F(Job, StoppedAnywhereAndResumedItGivesTheSameBytes) {
  for (const bool full : {false, true}) {
    FinetuneJob whole = job(full);
    whole.out = folder_ / (full ? "full" : "lora");
    const auto expected = run(whole);
    for (const int64_t stop : {0, 1, 4, 9}) {
      SCOPED_TRACE(std::to_string(stop) + (full ? " full" : " lora"));
      FinetuneJob part = job(full);
      part.out = folder_ / ("part " + std::to_string(stop) + (full ? " full" : " lora"));
      part.save_every = 3;
      test::StoppingMonitor stopping(stop);
      if (stop < 9) {
        EXPECT_THROW(finetune(base_, part, Compute{}, stopping), Cancelled);
        EXPECT_FALSE(std::filesystem::exists(part.out));
        EXPECT_TRUE(std::filesystem::exists(checkpoint_folder(part.out) / ("step-" + std::to_string(stop)) / "state.json"));
        test::StoppingMonitor later(stop + 2);
        part.resume = true;
        EXPECT_THROW(finetune(base_, part, Compute{}, later), Cancelled);
      }
      part.resume = true;
      EXPECT_EQ(run(part), expected);
      EXPECT_FALSE(std::filesystem::exists(checkpoint_folder(part.out)));
    }
  }
}

TEST_F(Job, AKilledTrainingGoesOnFromItsNewestCompleteCheckpoint) {
  FinetuneJob whole = job(false);
  whole.out = folder_ / "whole";
  const auto expected = run(whole);
  FinetuneJob part = job(false);
  test::StoppingMonitor stopping(4);
  EXPECT_THROW(finetune(base_, part, Compute{}, stopping), Cancelled);
  // What a killed process leaves: a half-written checkpoint under a temporary name.
  std::filesystem::create_directories(checkpoint_folder(part.out) / ".step-6.partial-1");
  test::write_text(checkpoint_folder(part.out) / ".step-6.partial-1" / "state.safetensors", "half");
  part.resume = true;
  EXPECT_EQ(run(part), expected);
}

TEST_F(Job, ACheckpointOfAnotherTrainingIsRefusedByKey) {
  FinetuneJob part = job(false);
  test::StoppingMonitor stopping(3);
  EXPECT_THROW(finetune(base_, part, Compute{}, stopping), Cancelled);
  SilentMonitor silent;
  const std::vector<std::pair<std::string, std::function<void(FinetuneJob&)>>> table = {
      {"settings.lr", [](FinetuneJob& j) { j.settings.learning_rate = 1e-3; }},
      {"settings.seed", [](FinetuneJob& j) { j.settings.seed = 7; }},
      {"settings.rank", [](FinetuneJob& j) { j.settings.lora.rank = 5; }},
      {"settings.steps", [](FinetuneJob& j) { j.settings.steps = 10; }},
      {"data.block", [](FinetuneJob& j) { j.data = test::made_blocks(10, 12); }},
      {"data.sha256", [](FinetuneJob& j) { j.data.hash = "other"; }},
      {"data.ids", [](FinetuneJob& j) { j.data.examples[0].ids[3] ^= 1; }},  // another tokenizer on the same file
  };
  for (const auto& [key, change] : table) {
    FinetuneJob other = job(false);
    other.resume = true;
    change(other);
    try {
      finetune(base_, other, Compute{}, silent);
      ADD_FAILURE() << key << " accepted";
    } catch (const InputError& e) {
      EXPECT_EQ(e.key(), key);
    }
  }
  EXPECT_THROW(finetune(base_, job(false), Compute{}, silent), InputError);  // neither --resume nor --force
  FinetuneJob forced = job(false);
  forced.force = true;
  EXPECT_NO_THROW(finetune(base_, forced, Compute{}, silent));
  EXPECT_THROW(finetune(base_, job(false), Compute{}, silent), InputError);  // the output is there now
}

// Where and in which type it is computed and stored decides the bytes as settings do.
TEST_F(Job, ACheckpointOfAnotherMachineOrTypeIsRefusedByKey) {
  FinetuneJob part = job(true);
  test::StoppingMonitor stopping(3);
  EXPECT_THROW(finetune(base_, part, Compute{}, stopping), Cancelled);
  part.resume = true;
  SilentMonitor silent;
  const auto refused_key = [&](const FinetuneJob& job, const Compute& compute) {
    try {
      finetune(base_, job, compute, silent);
    } catch (const InputError& e) {
      return e.key();
    }
    return std::string("accepted");
  };
  const int threads = kernels::threads();
  kernels::set_threads(threads + 1);
  EXPECT_EQ(refused_key(part, Compute{}), "threads");
  kernels::set_threads(threads);
  EXPECT_EQ(refused_key(part, Compute{at::kDouble}), "dtype");
  FinetuneJob stored = part;
  stored.store = at::kBFloat16;
  EXPECT_EQ(refused_key(stored, Compute{}), "store");
  stored.store = at::kFloat;  // what it is without saying so
  const std::filesystem::path state = checkpoint_folder(part.out) / "step-3" / "state.json";
  const Json whole = read_json_file(state);
  for (const char* key : {"threads", "device", "cpu_features", "store", "data", "tool_version"}) {
    ASSERT_TRUE(whole["identity"].contains(key)) << key;
    Json less = whole;
    less["identity"].erase(key);
    test::write_text(state, less.dump());
    EXPECT_EQ(refused_key(part, Compute{}), key);
  }
  Json more = whole;
  more["identity"]["settings"]["unknown"] = 1;
  test::write_text(state, more.dump());
  EXPECT_EQ(refused_key(part, Compute{}), "settings.unknown");
  test::write_text(state, whole.dump());
  EXPECT_EQ(refused_key(stored, Compute{}), "accepted");
}

// Trains into the same folder once more, from inside a training.
class SecondTraining final : public Monitor {
 public:
  explicit SecondTraining(std::function<void()> attempt) : attempt_(std::move(attempt)) {}
  void progress(std::string_view, int64_t, int64_t) override {
    if (std::exchange(tried_, true)) return;
    try {
      attempt_();
      refusal = "accepted";
    } catch (const InputError& e) {
      refusal = e.what();
    }
  }
  void metric(std::string_view, int64_t, double) override {}
  void notice(std::string_view) override {}
  bool stop_requested() const override { return false; }
  std::string refusal;

 private:
  std::function<void()> attempt_;
  bool tried_ = false;
};

TEST_F(Job, TwoTrainingsNeverShareAFolder) {
  FinetuneJob first = job(false);
  first.out = folder_ / "new" / "out";
  const auto alone = run(first);
  std::filesystem::remove_all(folder_ / "new");
  for (const bool resume : {false, true}) {
    FinetuneJob second = first;
    second.out = folder_ / "new" / "." / "out" / "";
    second.force = !resume;
    second.resume = resume;
    SilentMonitor silent;
    SecondTraining monitor([&] { finetune(base_, second, Compute{}, silent); });
    finetune(base_, first, Compute{}, monitor);
    EXPECT_EQ(monitor.refusal,
              second.out.string() + ": lock: expected no other run at work on this folder, found process " + std::to_string(::getpid()));
    EXPECT_EQ(bytes(first.out), alone);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ / "new"), {}), 1) << "neither lock nor checkpoints are left";
    std::filesystem::remove_all(folder_ / "new");
  }
}

TEST_F(Job, ABrokenCheckpointIsRefused) {
  const auto attempt = [&](const std::function<void(const std::filesystem::path&)>& damage) {
    FinetuneJob part = job(false);
    part.force = true;
    test::StoppingMonitor stopping(3);
    EXPECT_THROW(finetune(base_, part, Compute{}, stopping), Cancelled);
    damage(checkpoint_folder(part.out) / "step-3");
    part.resume = true;
    SilentMonitor silent;
    EXPECT_THROW(finetune(base_, part, Compute{}, silent), InputError);
    EXPECT_FALSE(std::filesystem::exists(part.out));
  };
  attempt([](const auto& folder) { std::filesystem::resize_file(folder / "state.safetensors", 2000); });
  attempt([](const auto& folder) { test::write_text(folder / "state.json", "{"); });
  attempt([](const auto& folder) { std::filesystem::rename(folder, folder.parent_path() / "step-4"); });
}

// What a kill leaves that caught a folder of checkpoints half removed: the training goes on from what is whole, or from the start.
TEST_F(Job, ATornCheckpointCountsAsAbsent) {
  namespace fs = std::filesystem;
  FinetuneJob whole = job(false);
  whole.out = folder_ / "whole";
  const auto expected = run(whole);
  FinetuneJob part = job(false);
  const fs::path checkpoints = checkpoint_folder(part.out);
  const auto stopped_at = [&](int64_t step) {
    test::StoppingMonitor stopping(step);
    EXPECT_THROW(finetune(base_, part, Compute{}, stopping), Cancelled);
  };
  const auto first_step_after = [&](const fs::path& missing, bool older) {
    fs::remove_all(checkpoints);
    fs::remove_all(part.out);
    part.resume = false;
    stopped_at(3);
    fs::rename(checkpoints / "step-3", folder_ / "kept");
    fs::copy(folder_ / "kept", checkpoints / "step-3");
    part.resume = true;
    stopped_at(5);
    if (older) fs::copy(folder_ / "kept", checkpoints / "step-3");
    fs::remove_all(folder_ / "kept");
    EXPECT_TRUE(fs::remove_all(checkpoints / missing) > 0);
    test::RecordingMonitor monitor;
    finetune(base_, part, Compute{}, monitor);
    EXPECT_EQ(bytes(part.out), expected) << missing;
    EXPECT_FALSE(fs::exists(checkpoints));
    return monitor.first_step;
  };
  for (const char* file : {"state.json", "state.safetensors"}) {
    EXPECT_EQ(first_step_after(fs::path("step-5") / file, true), 4) << file;
    EXPECT_EQ(first_step_after(fs::path("step-5") / file, false), 1) << file;
  }
  EXPECT_EQ(first_step_after("step-5", false), 1) << "the folder of checkpoints alone";
}

TEST_F(Job, WhatAKilledRemovalLeftIsSweptAtTheStart) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  const std::filesystem::path left = folder_ / (".out.checkpoints.removed-" + std::to_string(child));
  std::filesystem::create_directories(left / "step-3");
  test::StoppingMonitor stopping(3);
  EXPECT_THROW(finetune(base_, job(false), Compute{}, stopping), Cancelled);
  EXPECT_FALSE(std::filesystem::exists(left));
}

// The owner of the folder was killed between the end of the training and its own note of it.
TEST_F(Job, AFinishedTrainingIsTakenAndAnotherReplaced) {
  for (const bool full : {false, true}) {
    FinetuneJob done = job(full);
    done.out = folder_ / (full ? "full" : "lora");
    SilentMonitor silent;
    const Json result = finetune(base_, done, Compute{}, silent).json();
    const auto expected = bytes(done.out);
    EXPECT_THROW(finetune(base_, done, Compute{}, silent), InputError) << "only where it is asked for";
    std::filesystem::create_directories(checkpoint_folder(done.out) / "step-9");
    done.take_finished = done.resume = true;
    test::RecordingMonitor again;
    EXPECT_EQ(finetune(base_, done, Compute{}, again).json(), result);
    EXPECT_EQ(again.first_step, 0) << "nothing was trained";
    EXPECT_EQ(bytes(done.out), expected);
    EXPECT_FALSE(std::filesystem::exists(checkpoint_folder(done.out)));
    FinetuneJob other = done;
    other.settings.learning_rate = 1e-3;
    test::RecordingMonitor anew;
    finetune(base_, other, Compute{}, anew);
    EXPECT_EQ(anew.first_step, 1);
    EXPECT_NE(bytes(done.out), expected);
    std::filesystem::remove(done.out / "log.jsonl");
    EXPECT_EQ(run(done), expected) << "a folder that is not ours";
  }
}

TEST_F(Job, FullTrainingMakesAFolderThatReloads) {
  SilentMonitor silent;
  for (const at::ScalarType store : {at::kFloat, at::kBFloat16}) {
    FinetuneJob full = job(true);
    full.out = folder_ / dtype_name(store);
    full.store = store;
    const FinetuneResult result = finetune(base_, full, Compute{}, silent);
    EXPECT_EQ(read_json_file(full.out / "config.json")["torch_dtype"], dtype_name(store));
    const Checkpoint trained(full.out);
    EXPECT_TRUE(trained.config().tied);
    const auto mark = tuned_mark(trained.config());
    ASSERT_TRUE(mark);
    EXPECT_EQ(mark->how, "full");
    EXPECT_EQ(mark->sha256, sha256_of_file(full.out / "training.json"));
    EXPECT_EQ(mark->base_hash, base_.hash);
    EXPECT_EQ(mark->rotation, "");
    // The folder computes the evaluation loss that the training reported.
    const Split split = split_validation(test::made_blocks(), 0.2, 6);
    ResidentModel model(trained, Compute{});
    double sum = 0;
    int64_t tokens = 0;
    const at::NoGradGuard no_gradient;
    for (size_t i = 0; i < split.validation.examples.size(); ++i) {
      const MicroBatch batch = make_micro_batch(split.validation, {static_cast<int64_t>(i)}, at::kCPU);
      sum += batch_nll(model, batch, std::nullopt);
      tokens += batch.targets.numel();
    }
    EXPECT_TRUE(test::near_relative(sum / static_cast<double>(tokens), *result.evaluation, store == at::kFloat ? 1e-6 : 2e-2));
  }
}

TEST_F(Job, TrainingFromScratchNeedsOnlyAConfiguration) {
  const std::filesystem::path folder = folder_ / "empty";
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(test::model_fixture("mha_untied") / "config.json", folder / "config.json");
  const auto source = std::make_shared<RandomSource>(read_model_config(folder), 5);
  const FinetuneBase base{source, folder, std::nullopt, source->hash(), at::kFloat, true};
  FinetuneJob full = job(true);
  full.settings.steps = 60;
  full.settings.learning_rate = 1e-2;
  SilentMonitor silent;
  const FinetuneResult result = finetune(base, full, Compute{}, silent);
  EXPECT_NEAR(result.log.front().loss, std::log(32.0), 0.1);  // nothing known yet: uniform over the vocabulary
  EXPECT_LT(result.log.back().loss, 1.0);                     // the ids repeat with period 32
  EXPECT_FALSE(Checkpoint(full.out).config().tied);
  EXPECT_FALSE(tuned_mark(Checkpoint(full.out).config())) << "there was no model to tune";
}

// A kill leaves no time to save: without being told, a training saves every tenth of its steps.
TEST_F(Job, SavesOnTheWayWithoutBeingTold) {
  EXPECT_EQ(usual_save_interval(1), 1);
  EXPECT_EQ(usual_save_interval(9), 1);
  EXPECT_EQ(usual_save_interval(150), 15);
  EXPECT_EQ(usual_save_interval(100000), 100);
  FinetuneJob part = job(false);
  part.out = folder_ / "killed";
  const std::filesystem::path first = checkpoint_folder(part.out) / "step-1" / "state.json";
  class Watching final : public Monitor {
   public:
    explicit Watching(std::filesystem::path file) : file_(std::move(file)) {}
    void progress(std::string_view stage, int64_t done, int64_t) override {
      if (stage == "finetune: step" && done == 2) seen_ = std::filesystem::exists(file_);
    }
    void metric(std::string_view, int64_t, double) override {}
    void notice(std::string_view) override {}
    bool stop_requested() const override { return false; }
    bool seen_ = false;

   private:
    std::filesystem::path file_;
  } watching(first);
  finetune(base_, part, Compute{}, watching);
  EXPECT_TRUE(watching.seen_);
}

// Who draws the course learns where it goes on before the first step is done again.
TEST_F(Job, AResumedTrainingSaysFirstWhereItStands) {
  FinetuneJob part = job(false);
  part.out = folder_ / "resumed";
  test::StoppingMonitor stopping(4);
  EXPECT_THROW(finetune(base_, part, Compute{}, stopping), Cancelled);
  class First final : public Monitor {
   public:
    void progress(std::string_view stage, int64_t done, int64_t) override {
      if (stage == "finetune: step" && told_ < 0) told_ = done;
    }
    void metric(std::string_view, int64_t, double) override { metric_first_ = metric_first_ || told_ < 0; }
    void notice(std::string_view) override {}
    bool stop_requested() const override { return false; }
    int64_t told_ = -1;
    bool metric_first_ = false;
  } first;
  part.resume = true;
  finetune(base_, part, Compute{}, first);
  EXPECT_EQ(first.told_, 4);
  EXPECT_FALSE(first.metric_first_);
}

TEST_F(Job, ImpossibleSettingsAreRefused) {
  SilentMonitor silent;
  const std::vector<std::function<void(TrainingSettings&)>> table = {[](TrainingSettings& s) { s.learning_rate = 0; },
                                                                     [](TrainingSettings& s) { s.learning_rate = std::nan(""); },
                                                                     [](TrainingSettings& s) { s.batch = 0; },
                                                                     [](TrainingSettings& s) { s.accumulate = 0; },
                                                                     [](TrainingSettings& s) { s.lora.rank = 0; },
                                                                     [](TrainingSettings& s) { s.lora.dropout = 1; },
                                                                     [](TrainingSettings& s) { s.warmup_ratio = 1.5; },
                                                                     [](TrainingSettings& s) { s.clip = -1; },
                                                                     [](TrainingSettings& s) { s.weight_decay = -0.1; },
                                                                     [](TrainingSettings& s) { s.validation = 1; },
                                                                     [](TrainingSettings& s) { s.steps = 0; },
                                                                     [](TrainingSettings& s) {
                                                                       s.epochs = 0;
                                                                       s.steps.reset();
                                                                     }};
  for (size_t i = 0; i < table.size(); ++i) {
    FinetuneJob bad = job(false);
    table[i](bad.settings);
    EXPECT_THROW(finetune(base_, bad, Compute{}, silent), InputError) << i;
  }
}

}  // namespace
}  // namespace rolora
