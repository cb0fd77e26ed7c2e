// SPDX-License-Identifier: GPL-3.0-or-later
// Forecasts of memory and disk beside what runs were measured to take (maximum resident size, one thread, Linux with glibc).
#include "core/jobs/estimate.h"

#include <gtest/gtest.h>

#include "core/finetune/random_source.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

// The program and its libraries where it was measured: 128.4 MB when it had started, 12 MB of code came with the first pass.
constexpr double kStarted = 128.4e6, kCode = 12e6;

// 33 million parameters, stored in bf16.
Json large() {
  Json config = test::small_config();
  config.update({{"hidden_size", 512},
                 {"intermediate_size", 1376},
                 {"num_hidden_layers", 8},
                 {"num_attention_heads", 8},
                 {"num_key_value_heads", 8},
                 {"vocab_size", 8000},
                 {"max_position_embeddings", 2048}});
  return config;
}

// resources/bundled
Json bundled() {
  Json config = test::small_config();
  config.update({{"hidden_size", 256},
                 {"intermediate_size", 688},
                 {"num_hidden_layers", 4},
                 {"num_attention_heads", 8},
                 {"num_key_value_heads", 4},
                 {"vocab_size", 2048},
                 {"max_position_embeddings", 256}});
  return config;
}

RunEstimate estimate(const Json& config, Json station, int64_t tokens) {
  const test::TempFolder folder;
  test::write_text(folder / "config.json", config.dump());
  RunInputs inputs;
  inputs.base.source = std::make_shared<RandomSource>(read_model_config(folder.path()), 0);
  inputs.base.stored = at::kBFloat16;
  inputs.base.folder = folder.path();
  inputs.streams["t"].ids.assign(static_cast<size_t>(tokens), 0);
  station["id"] = "a";
  Job job = parse_job({{"format", 1},
                       {"name", "x"},
                       {"model", {{"path", "model"}}},
                       {"texts", {{"t", {{"file", "t"}, {"corpus", "ids"}}}}},
                       {"stations", Json::array({station})}},
                      "job");
  complete_job(job, inputs);
  PaceProbe pace;
  pace.code_bytes = kCode;
  return estimate_run(job, inputs, {}, kStarted, pace);
}

const Json kGptq = {{"kind", "quantize"}, {"model", "base"},    {"method", "gptq"}, {"weights", 4},
                    {"activations", 4},   {"calibration", "t"}, {"samples", 8},     {"context", 512}};
const Json kRtn = {{"kind", "quantize"}, {"model", "base"}, {"weights", 4}, {"activations", 4}};
const Json kStatistics = {{"kind", "statistics"}, {"model", "base"}, {"text", "t"}, {"context", 512}, {"windows", 8}};
const Json kEvaluate = {{"kind", "evaluate"}, {"model", "base"}, {"text", "t"}, {"context", 512}};

Json without_error_samples() {
  Json station = kGptq;
  station["error_samples"] = 0;
  return station;
}

TEST(Estimate, PeaksAreWhatRunsTook) {
  struct Measured {
    const char* what;
    Json config, station;
    double megabytes;  // mean of two runs
  };
  const std::vector<Measured> all = {{"rotate", large(), {{"kind", "rotate"}, {"model", "base"}}, 214},
                                     {"rtn", large(), kRtn, 196},
                                     {"gptq", large(), kGptq, 452},
                                     {"gptq without error samples", large(), without_error_samples(), 364},
                                     {"statistics", large(), kStatistics, 305},
                                     {"evaluate", large(), kEvaluate, 379},
                                     {"gptq, bundled", bundled(), kGptq, 285},
                                     {"statistics, bundled", bundled(), kStatistics, 221}};
  for (const Measured& one : all) {
    const double peak = estimate(one.config, one.station, 14327).peak_bytes() / 1e6;
    EXPECT_NEAR(peak / one.megabytes, 1, 0.1) << one.what << ": " << peak;
  }
}

TEST(Estimate, AStatisticsFileTakesWhatWasWritten) {
  EXPECT_NEAR(estimate(large(), kStatistics, 14327).disk_bytes() / 20638053, 1, 0.03);
  EXPECT_NEAR(estimate(bundled(), kStatistics, 14327).disk_bytes() / 8594200, 1, 0.03);
}

// Four windows of 512 tokens, in fp32: two streams of 512 channels; behind the last site 1376 channels that wait, 2 × 1376 in the chain.
TEST(Estimate, ErrorSamplesHoldStreamsAndInputs) {
  const auto part = [](const RunEstimate& all, const std::string& what) {
    for (const MemoryPart& p : all.stations.front().memory) {
      if (p.what.starts_with(what)) return p.bytes;
    }
    return 0.0;
  };
  const RunEstimate with = estimate(large(), kGptq, 14327), without = estimate(large(), without_error_samples(), 14327);
  EXPECT_EQ(part(with, "residual streams of 2,048 tokens of error samples"), 2.0 * 2048 * 512 * 4);
  EXPECT_EQ(part(with, "what linears read of them"), 3.0 * 2048 * 1376 * 4);
  EXPECT_EQ(part(without, "what linears read of them"), 0);
  EXPECT_EQ(part(estimate(large(), kEvaluate, 14327), "a chunk of logits"), 2.0 * 511 * 8000 * 8) << "a window at a time";
  EXPECT_EQ(part(estimate(large(), kRtn, 14327), "the head, for the sample logits"), 8000.0 * 512 * 4);
}

TEST(Estimate, CodeOfTheFirstPassBelongsToTheProgram) { EXPECT_EQ(estimate(large(), kRtn, 14327).program_bytes, kStarted + kCode); }

}  // namespace
}  // namespace rolora
