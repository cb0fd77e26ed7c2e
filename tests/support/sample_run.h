// SPDX-License-Identifier: GPL-3.0-or-later
// A run folder written by hand after core/jobs/run_folder.h: what `rolora run` would leave, with numbers that are easy to tell apart.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "core/storage/json_file.h"
#include "core/storage/sha256.h"
#include "tests/support/folders.h"
#include "tests/support/sample_statistics.h"

namespace rolora::test {

class SampleRun {
 public:
  /// base → rotated → lora → merged → quantized, evaluated plain, with RTN, quantized; statistics of plain and rotated. Nothing is done.
  explicit SampleRun(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_ / "stations");
    job_ = Json::parse(R"({"format": 1, "name": "sample", "seed": 0, "dtype": "float32", "model": {"path": "m", "sha256": "abc"},
      "texts": {"calibration": {"file": "c.txt", "corpus": "text", "sha256": "1"}, "evaluation": {"file": "e.txt", "corpus": "text", "sha256": "2"}},
      "stations": [
        {"id": "rotated-0", "kind": "rotate", "model": "base", "seed": 0, "r1": "hadamard", "r2": false, "r3": false, "r4": "hadamard", "fold_only": false},
        {"id": "outliers", "kind": "statistics", "text": "calibration", "seed": 0,
         "states": [{"label": "plain", "model": "base"}, {"label": "rotated", "model": "rotated-0"}]},
        {"id": "ppl", "kind": "evaluate", "model": "base", "text": "evaluation", "context": 64, "windows": 0, "keep_tail": false, "quantization": null},
        {"id": "ppl-w4", "kind": "evaluate", "model": "rotated-0", "text": "evaluation", "context": 64, "windows": 0, "keep_tail": false,
         "quantization": {"method": "rtn", "weights": 4, "activations": 4, "kv": 16, "group": 0, "asymmetric": false, "down_bits": null}},
        {"id": "lora", "kind": "finetune", "model": "rotated-0", "data": "calibration", "full": false, "steps": 3},
        {"id": "merged", "kind": "merge", "model": "lora", "store": "float32"},
        {"id": "ppl-merged", "kind": "evaluate", "model": "merged", "text": "evaluation", "context": 64, "windows": 0, "keep_tail": false, "quantization": null},
        {"id": "gptq", "kind": "quantize", "model": "merged", "method": "gptq", "weights": 4, "activations": 8, "kv": 4, "group": 0, "asymmetric": false},
        {"id": "ppl-gptq", "kind": "evaluate", "model": "gptq", "text": "evaluation", "context": 64, "windows": 0, "keep_tail": false, "quantization": null}
      ]})");
    write("job.json", job_);
    write("inputs.json", {{"format", 1}, {"model", {{"name", "/models/story"}, {"sha256", "abc"}, {"layers", 2}}}});
    set_state("running");
  }
  const std::filesystem::path& folder() const { return folder_; }
  Json& job() { return job_; }
  void write(const std::string& name, const Json& json) const { write_text(folder_ / name, json_text(json)); }
  void set_state(const std::string& state) const {
    write("run.json", {{"format", 1}, {"state", state}, {"tool", "0"}, {"machine", {{"device", "cpu"}}}, {"stations", Json::array()}});
  }
  void event(const Json& fields) const {
    Json line = fields;
    line["format"] = 1;
    line["time"] = 1.5;
    std::ofstream(folder_ / "events.jsonl", std::ios::app) << line.dump() << "\n";
  }
  void finish(const std::string& id, Json result, const std::string& kind) const {
    const std::filesystem::path station = folder_ / "stations" / id;
    std::filesystem::create_directories(station);
    result["id"] = id;
    result["kind"] = kind;
    write_text(station / "result.json", json_text(result));
    write_text(station / "DONE", sha256_of_text(json_text(result)) + "\n");
  }
  void finish_all() const {
    finish("rotated-0", {{"store", "float32"}}, "rotate");
    std::filesystem::create_directories(folder_ / "stations/outliers");
    write_sample(folder_ / "stations/outliers/statistics.h5");
    const auto site = [](double ratio) { return Json{{"token_ratio", ratio}, {"kurtosis", 3.5}, {"absmax", 2.0}}; };
    const Json plain = {{"model", "base"},
                        {"sites", {{"layers.0.qkv_in", site(3)}, {"layers.1.down_in", site(184)}, {"layers.0.residual_in", site(999)}}}};
    const Json rotated = {{"model", "rotated-0"}, {"sites", {{"layers.0.qkv_in", site(2)}, {"layers.1.down_in", site(1.5)}}}};
    finish("outliers", {{"states", {{"plain", plain}, {"rotated", rotated}}}, {"tokens", 60}, {"context", 20}, {"windows", 3}},
           "statistics");
    const auto ppl = [](double value) {
      return Json{{"perplexity", value}, {"nll", 2.5}, {"tokens", 1000}, {"context", 64}, {"windows", 16}};
    };
    finish("ppl", ppl(12), "evaluate");
    finish("ppl-w4", ppl(15), "evaluate");
    finish("lora",
           {{"losses", {4.0, nullptr, 3.0}},
            {"lr", {0.0, 1e-3, 5e-4}},
            {"grad_norm", {1.0, 2.0, 1.5}},
            {"evaluation", {{{"step", 2}, {"loss", 3.25}}}}},
           "finetune");
    std::filesystem::create_directories(folder_ / "stations/lora/adapter");
    write_text(folder_ / "stations/lora/adapter/log.jsonl",
               "{\"step\":1,\"loss\":4.0}\n{\"step\":2,\"loss\":null,\"sites\":{\"layers.1.down_in\":{\"kurtosis\":7.5,\"absmax\":3}}}\n");
    finish("merged", {{"difference", 1e-7}}, "merge");
    finish("ppl-merged", ppl(11), "evaluate");
    const auto linear = [](const char* name, double error) {
      return Json{{"name", name},
                  {"bits", 4},
                  {"activation_bits", 8},
                  {"weight_mse", 1e-4},
                  {"weight_relative_error", error},
                  {"sqnr_db", 20.5},
                  {"gptq_loss", nullptr},
                  {"output_error_both", 0.125}};
    };
    finish("gptq", {{"linears", {linear("model.layers.0.self_attn.q_proj", 0.1), linear("model.layers.12.mlp.down_proj", 0.2)}}},
           "quantize");
    finish("ppl-gptq", ppl(11.5), "evaluate");
  }

 private:
  std::filesystem::path folder_;
  Json job_;
};

}  // namespace rolora::test
