// SPDX-License-Identifier: GPL-3.0-or-later
// A whole job in miniature on a random model: every kind of station, ids in place of texts, a second or so.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/jobs/runner.h"
#include "tests/core/jobs/tree.h"
#include "tests/support/random_model.h"

namespace rolora::test {

inline void write_ids(const std::filesystem::path& file, int64_t count, uint64_t seed) {
  const at::Tensor ids = random_ids(1, count, 50, seed);
  put(file, Json({{"ids", std::vector<int64_t>(ids.const_data_ptr<int64_t>(), ids.const_data_ptr<int64_t>() + count)}}).dump());
}

/// job.json, model/ and ids in a folder; the job's file.
inline std::filesystem::path write_small_job(const std::filesystem::path& folder) {
  write_random_model(folder / "model", small_config(), 5, at::kFloat);
  write_ids(folder / "calibration.json", 130, 1);
  write_ids(folder / "tuning.json", 200, 2);
  write_ids(folder / "evaluation.json", 100, 3);
  put(folder / "job.json", R"({
    "format": 1, "name": "small", "model": {"path": "model"}, "seed": 4,
    "texts": {"calibration": {"file": "calibration.json", "corpus": "ids"}, "tuning": {"file": "tuning.json", "corpus": "ids"},
              "evaluation": {"file": "evaluation.json", "corpus": "ids"}},
    "stations": [
      {"id": "folded", "kind": "rotate", "model": "base", "fold_only": true, "store": "float32"},
      {"id": "rotated-0", "kind": "rotate", "model": "base", "seed": 0, "text": "calibration"},
      {"id": "rotated-1", "kind": "rotate", "model": "base", "seed": 1, "text": "calibration"},
      {"id": "sites", "kind": "statistics", "text": "calibration", "context": 32, "keep": ["down_in"], "keep_tokens": 40,
       "states": [{"label": "plain", "model": "base"}, {"label": "folded", "model": "folded"}, {"label": "rotated", "model": "rotated-0"},
                  {"label": "rotated-1", "model": "rotated-1"}]},
      {"id": "lora", "kind": "finetune", "model": "rotated-0", "data": "tuning", "format": "text", "block": 20, "steps": 5, "batch": 2,
       "lr": 0.01, "targets": "all", "rank": 2, "validation": 0.2, "evaluate_every": 2, "save_every": 2},
      {"id": "lora-plain", "kind": "finetune", "model": "base", "data": "tuning", "format": "text", "block": 20, "steps": 5, "batch": 2,
       "lr": 0.01, "targets": "all", "rank": 2, "validation": 0.2, "evaluate_every": 2},
      {"id": "tuned", "kind": "merge", "model": "lora", "store": "float32"},
      {"id": "tuned-plain", "kind": "merge", "model": "lora-plain", "store": "float32"},
      {"id": "sites-tuned", "kind": "statistics", "text": "calibration", "context": 32, "states": [{"label": "tuned", "model": "lora"}]},
      {"id": "gptq", "kind": "quantize", "model": "tuned", "method": "gptq", "weights": 4, "activations": 4, "calibration": "calibration",
       "context": 32, "samples": 3},
      {"id": "rtn", "kind": "quantize", "model": "tuned", "weights": 4, "activations": 4, "calibration": "calibration", "context": 32},
      {"id": "ppl-base", "kind": "evaluate", "model": "base", "text": "evaluation", "context": 32},
      {"id": "ppl-folded", "kind": "evaluate", "model": "folded", "text": "evaluation", "context": 32},
      {"id": "ppl-lora", "kind": "evaluate", "model": "lora", "text": "evaluation", "context": 32},
      {"id": "ppl-tuned", "kind": "evaluate", "model": "tuned", "text": "evaluation", "context": 32},
      {"id": "ppl-gptq", "kind": "evaluate", "model": "gptq", "text": "evaluation", "context": 32, "keep_tail": true},
      {"id": "w4-base", "kind": "evaluate", "model": "base", "text": "evaluation", "context": 32,
       "quantization": {"weights": 4, "activations": 4, "clip_search": true, "calibration": "calibration", "context": 16, "samples": 5,
                        "error_samples": 2}},
      {"id": "w4-0", "kind": "evaluate", "model": "rotated-0", "text": "evaluation", "context": 32,
       "quantization": {"weights": 4, "activations": 4, "group": 16, "activation_group": 12, "samples": 5}},
      {"id": "w4-1", "kind": "evaluate", "model": "rotated-1", "text": "evaluation", "context": 32,
       "quantization": {"weights": 4, "activations": 4, "group": 16, "activation_group": 12, "samples": 5}},
      {"id": "w4-gptq", "kind": "evaluate", "model": "base", "text": "evaluation", "context": 32,
       "quantization": {"method": "gptq", "weights": 4, "activations": 4, "calibration": "calibration", "context": 32, "samples": 3}}
    ]})");
  return folder / "job.json";
}

/// Keeps the events; asks to stop when the given one has come (counted from 0).
class RecordingObserver final : public RunObserver {
 public:
  explicit RecordingObserver(int64_t stop_after = -1) : stop_after_(stop_after) {}
  void event(const Json& e) override { events_.push_back(e); }
  bool stop_requested() const override { return stop_after_ >= 0 && static_cast<int64_t>(events_.size()) > stop_after_; }
  const std::vector<Json>& events() const { return events_; }
  size_t count(const std::string& name) const {
    return static_cast<size_t>(std::count_if(events_.begin(), events_.end(), [&](const Json& e) { return e["event"] == name; }));
  }

 private:
  int64_t stop_after_;
  std::vector<Json> events_;
};

inline Json run_small(const std::filesystem::path& job, const std::filesystem::path& out, RunFolder::Mode mode, RunObserver& observer) {
  RunOptions options;
  options.out = out;
  options.mode = mode;
  return run_job(read_job(job), options, observer);
}

}  // namespace rolora::test
