// SPDX-License-Identifier: GPL-3.0-or-later
// rolora run --dry-run: checks as a run does, touches nothing, and says what the run would cost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/app/process.h"
#include "tests/core/jobs/small_run.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::rolora;
using ::testing::HasSubstr;

class DryRun : public ::testing::Test {
 protected:
  test::TempFolder folder_;  // first: the job lies in it
  std::string job_ = test::write_small_job(folder_.path()).string();
  Json job() const { return Json::parse(test::read_text(job_)); }
  std::string write(const Json& job, const std::string& name) const {
    std::ofstream(folder_ / name) << job.dump();
    return folder_ / name;
  }
};

TEST_F(DryRun, EstimatesEveryStationAndTouchesNothing) {
  const auto before = test::bytes_of_tree(folder_.path());
  const Outcome run = rolora({"run", job_, "--dry-run", "--out", folder_ / "run", "--threads", "1", "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(test::bytes_of_tree(folder_.path()), before);
  EXPECT_FALSE(fs::exists(folder_ / "run"));
  const Json estimate = Json::parse(run.out);
  ASSERT_EQ(estimate["stations"].size(), job()["stations"].size());
  double seconds = 0, peak = 0, disk = 0;
  for (const Json& station : estimate["stations"]) {
    double bytes = estimate["program_bytes"];
    for (const Json& part : station["memory"]) {
      EXPECT_GT(part["bytes"].get<double>(), 0) << station["id"] << " " << part["what"];
      bytes += part["bytes"].get<double>();
    }
    EXPECT_DOUBLE_EQ(station["peak_bytes"].get<double>(), bytes);
    EXPECT_DOUBLE_EQ(station["seconds"].get<double>(),
                     station["work_tokens"].get<double>() * estimate["pace"]["seconds_per_token"].get<double>());
    seconds += station["seconds"].get<double>();
    disk += station["disk_bytes"].get<double>();
    peak = std::max(peak, bytes);
  }
  EXPECT_DOUBLE_EQ(estimate["seconds"].get<double>(), seconds);
  EXPECT_DOUBLE_EQ(estimate["peak_bytes"].get<double>(), peak);
  EXPECT_DOUBLE_EQ(estimate["disk_bytes"].get<double>(), disk);
  EXPECT_GT(estimate["free_bytes"].get<double>(), 0);
}

// What decides the time is measured several times, and the estimate says how far apart the measurements were.
TEST_F(DryRun, TheTimeHasASpreadAndItsArithmetic) {
  const Outcome run = rolora({"run", job_, "--dry-run", "--threads", "1", "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const Json estimate = Json::parse(run.out);
  const Json& pace = estimate["pace"];
  EXPECT_EQ(pace["threads"], 1);
  ASSERT_GE(pace["passes"].size(), 3u);
  std::vector<double> passes = pace["passes"];
  std::sort(passes.begin(), passes.end());
  const double median = (passes[(passes.size() - 1) / 2] + passes[passes.size() / 2]) / 2;
  EXPECT_NEAR(pace["layer_seconds"].get<double>(), median, 1e-12);
  EXPECT_LE(pace["layer_seconds_low"].get<double>(), median);
  EXPECT_GE(pace["layer_seconds_high"].get<double>(), median);
  EXPECT_NEAR(pace["seconds_per_token"].get<double>(),
              median / pace["tokens"].get<double>() * (pace["layers"].get<double>() + pace["head_share"].get<double>()), 1e-15);
  EXPECT_EQ(pace["waiting"], 1) << "one thread waits for none";
  EXPECT_GE(pace["slowdown"].get<double>(), 1);
  EXPECT_LT(estimate["seconds_low"].get<double>(), 0.81 * estimate["seconds"].get<double>());
  EXPECT_GT(estimate["seconds_high"].get<double>(), 1.19 * estimate["seconds"].get<double>());
}

TEST_F(DryRun, RefusesWhatARunRefusesInTheSameWords) {
  Json wrong = job();
  wrong["stations"][0]["colour"] = "blue";
  const std::string file = write(wrong, "wrong.json");
  const Outcome dry = rolora({"run", file, "--dry-run"}), wet = rolora({"run", file, "--out", folder_ / "run"});
  EXPECT_EQ(dry.code, 1);
  EXPECT_EQ(dry.err, wet.err);
  EXPECT_THAT(dry.err, HasSubstr("colour"));
  fs::create_directories(folder_ / "there");
  EXPECT_EQ(rolora({"run", job_, "--dry-run", "--out", folder_ / "there"}).code, 1) << "an existing folder";
  EXPECT_EQ(rolora({"run", job_}).code, 2) << "only a dry run goes without --out";
}

TEST_F(DryRun, MoreWorkCostsMore) {
  Json once = job();
  once["stations"] = Json::array(
      {{{"id", "e"}, {"kind", "evaluate"}, {"model", "base"}, {"text", once["texts"].begin().key()}, {"context", 16}, {"windows", 2}}});
  Json twice = once;
  twice["stations"][0]["windows"] = 4;
  const auto work = [&](const Json& job) {
    const Outcome run = rolora({"run", write(job, "j.json"), "--dry-run", "--threads", "1", "--json"});
    EXPECT_EQ(run.code, 0) << run.err;
    return Json::parse(run.out)["stations"][0]["work_tokens"].get<double>();
  };
  EXPECT_DOUBLE_EQ(work(twice), 2 * work(once));
}

// What stations of the bundled model took, in tokens of the evaluations that ran before and after each (two cores, 2026): a run of seconds
// is forecast within a third of it.
TEST_F(DryRun, WorkIsWhatStationsTookOnTheBundledModel) {
  const fs::path resources = fs::absolute(test::source_folder()) / "resources";
  Json bundled = {{"format", 1}, {"name", "bundled"}, {"model", {{"path", (resources / "bundled").string()}}}, {"seed", 0}};
  for (const char* text : {"calibration", "tuning", "evaluation"})
    bundled["texts"][text] = {{"file", (resources / "texts" / (std::string(text) + ".txt")).string()}};
  const Json calibrated = {{"calibration", "calibration"}, {"samples", 128}};
  std::vector<std::pair<double, Json>> measured;
  const auto add = [&](double took, Json station, const Json& more = Json::object()) {
    station.update(more);
    station["id"] = "s" + std::to_string(measured.size());
    measured.emplace_back(took, std::move(station));
  };
  const Json statistics = {{"kind", "statistics"}, {"text", "calibration"}, {"states", Json::array({{{"label", "p"}, {"model", "base"}}})}};
  add(24967, statistics, {{"windows", 64}});
  add(5556, statistics, {{"windows", 8}});
  add(30761, statistics, {{"windows", 64}, {"keep", {"qkv_in", "o_in", "gate_up_in", "down_in"}}, {"keep_tokens", 256}});
  const Json rtn = {{"kind", "quantize"}, {"model", "base"}, {"method", "rtn"}, {"weights", 4}, {"activations", 4}};
  add(1260, rtn);
  add(9054, rtn, calibrated);
  add(33971, rtn, {{"calibration", "calibration"}, {"samples", 128}, {"error_samples", 16}});
  add(5903, rtn, {{"clip_search", true}});
  const Json gptq = {{"kind", "quantize"}, {"model", "base"}, {"method", "gptq"}, {"weights", 4}};
  add(25525, gptq, {{"activations", 4}, {"calibration", "calibration"}, {"samples", 32}});
  add(69394, gptq, {{"activations", 4}, {"calibration", "calibration"}, {"samples", 128}});
  add(61683, gptq, {{"calibration", "calibration"}, {"samples", 128}, {"error_samples", 0}});
  const Json tune = {{"kind", "finetune"}, {"model", "base"}, {"data", "tuning"}, {"format", "text"}, {"block", 256},
                     {"steps", 30},        {"batch", 4},      {"targets", "all"}, {"rank", 16}};
  add(161731, tune);
  add(182671, tune, {{"validation", 0.05}, {"evaluate_every", 10}});
  bundled["stations"] = Json::array();
  for (const auto& [took, station] : measured) bundled["stations"].push_back(station);
  const Outcome run = rolora({"run", write(bundled, "bundled.json"), "--dry-run", "--json"});
  ASSERT_EQ(run.code, 0) << run.err;
  const Json stations = Json::parse(run.out)["stations"];
  for (size_t i = 0; i < measured.size(); ++i) {
    const double work = stations[i]["work_tokens"];
    EXPECT_GT(work, measured[i].first / 1.34) << measured[i].second;
    EXPECT_LT(work, measured[i].first * 1.34) << measured[i].second;
  }
}

TEST_F(DryRun, TheTableSaysHowItIsEstimated) {
  const Outcome run = rolora({"run", job_, "--dry-run", "--threads", "1"});
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("one layer was run on this machine"));
  EXPECT_THAT(run.out, HasSubstr("nothing was written"));
}

// What cannot work is said before anything is written, in one line that names the job file and the key; exit 1, not 2.
TEST_F(DryRun, ImpossibleSettingsAreTheJobFilesFault) {
  std::vector<std::pair<std::string, Json>> table;
  const auto add = [&](const std::string& key, size_t station, const Json& change) {
    Json wrong = job();
    wrong["stations"][station].merge_patch(change);
    table.emplace_back(key, wrong);
  };
  add("stations[sites].sites", 3, {{"sites", {"down"}}});
  add("stations[sites].keep", 3, {{"sites", {"qkv_in"}}});
  add("stations[lora].format", 4, {{"format", "alpaca"}, {"block", nullptr}});
  for (const auto& [key, wrong] : table) {
    const std::string file = write(wrong, "wrong.json");
    const Outcome dry = rolora({"run", file, "--dry-run"}), wet = rolora({"run", file, "--out", folder_ / "run"});
    EXPECT_EQ(dry.code, 1) << key;
    EXPECT_EQ(wet.code, 1) << key;
    EXPECT_EQ(dry.err, wet.err);
    ASSERT_EQ(dry.err_lines().size(), 1u) << dry.err;
    EXPECT_EQ(dry.err.find("error: " + file + ": " + key + ": expected "), 0u) << dry.err;
    EXPECT_FALSE(fs::exists(folder_ / "run"));
  }
}

double bytes_of_folder(const fs::path& folder) {
  double sum = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    sum += entry.is_regular_file() ? static_cast<double>(entry.file_size()) : 0;
  return sum;
}

// A model large enough that records and headers are little beside its weights.
TEST_F(DryRun, ForecastsTheDiskThatIsReallyTaken) {
  Json config = test::small_config();
  config.update({{"hidden_size", 512},
                 {"intermediate_size", 1024},
                 {"num_key_value_heads", 4},
                 {"vocab_size", 1024},
                 {"tie_word_embeddings", true},
                 {"torch_dtype", "bfloat16"}});
  test::write_random_model(folder_ / "model", config, 5, at::kBFloat16);
  Json sized = job();
  sized["stations"] = Json::parse(R"([
    {"id": "folded", "kind": "rotate", "model": "base", "fold_only": true, "store": "float32"},
    {"id": "w4", "kind": "quantize", "model": "base", "weights": 4},
    {"id": "w4-folded", "kind": "quantize", "model": "folded", "weights": 4, "group": 128, "asymmetric": true},
    {"id": "mixed", "kind": "quantize", "model": "base", "weights": 3, "down_bits": 8},
    {"id": "look", "kind": "evaluate", "model": "base", "text": "evaluation", "context": 32,
     "quantization": {"weights": 4, "calibration": "calibration", "samples": 1, "error_samples": 1}},
    {"id": "look-rounded", "kind": "evaluate", "model": "base", "text": "evaluation", "context": 32, "quantization": {"weights": 4}},
    {"id": "figures", "kind": "statistics", "text": "evaluation", "context": 32, "keep": ["down_in"],
     "states": [{"label": "one", "model": "base"}, {"label": "two", "model": "base"}]}])");
  const std::string file = write(sized, "sized.json");
  const Outcome dry = rolora({"run", file, "--dry-run", "--json"});
  ASSERT_EQ(dry.code, 0) << dry.err;
  const Outcome wet = rolora({"run", file, "--out", folder_ / "run", "--quiet"});
  ASSERT_EQ(wet.code, 0) << wet.err;
  const Json estimate = Json::parse(dry.out);
  for (size_t i = 0; i < 4; ++i) {
    const Json& station = estimate["stations"][i];
    const double written = bytes_of_folder(folder_ / "run" / "stations" / station["id"].get<std::string>() / "model");
    EXPECT_NEAR(station["disk_bytes"].get<double>() / written, 1, 0.01) << station["id"] << ": " << written;
    EXPECT_EQ(station["temporary_bytes"], 0);
  }
  // Two layers: q, k, v, o 512 × 512, gate and up 1024 × 512, down 512 × 1024, two integers a byte; a float32 scale for each of 4608 rows.
  const double integers = 2 * ((4 * 512 * 512 + 3 * 512 * 1024) / 2 + 4608 * 4);
  EXPECT_EQ(estimate["stations"][4]["temporary_bytes"], integers);
  EXPECT_EQ(estimate["stations"][4]["disk_bytes"], 0);
  EXPECT_EQ(estimate["stations"][5]["temporary_bytes"], 0) << "rounded as it is loaded";
  EXPECT_EQ(estimate["temporary_bytes"], integers);
  const double file_bytes = bytes_of_folder(folder_ / "run" / "stations/figures");
  EXPECT_NEAR(std::log2(estimate["stations"][6]["disk_bytes"].get<double>() / file_bytes), 0, 1)
      << "within a factor of two of " << file_bytes;
  for (const Json& part : estimate["stations"][4]["memory"])
    EXPECT_EQ(part["what"].get<std::string>().find("quantized weights"), std::string::npos);
}

}  // namespace
}  // namespace rolora
