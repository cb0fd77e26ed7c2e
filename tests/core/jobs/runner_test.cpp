// SPDX-License-Identifier: GPL-3.0-or-later
// A small job from start to report: files, equal bytes, stopping and resuming, refusals that leave nothing behind.
#include "core/jobs/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "core/jobs/report/table.h"
#include "core/jobs/stations/stations.h"
#include "core/kernels/device.h"
#include "core/model/checkpoint.h"
#include "core/outliers/statistics_file.h"
#include "core/quantization/pipeline.h"
#include "core/storage/hdf5.h"
#include "core/storage/sha256.h"
#include "tests/core/jobs/small_run.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using test::RecordingObserver;
using ::testing::HasSubstr;
using Mode = RunFolder::Mode;

// One uninterrupted run for all tests that only read.
class FinishedRun : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    kernels::set_threads(1);
    folder_ = std::make_unique<test::TempFolder>();
    job_ = test::write_small_job(folder_->path());
    observer_ = std::make_unique<RecordingObserver>();
    results_ = test::run_small(job_, out(), Mode::create, *observer_);
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static fs::path out() { return *folder_ / "run"; }
  static Json station(const std::string& id) {
    for (const Json& s : results_["stations"]) {
      if (s["id"] == id) return s;
    }
    return {};
  }
  static std::unique_ptr<test::TempFolder> folder_;
  static std::unique_ptr<RecordingObserver> observer_;
  static fs::path job_;
  static Json results_;
};
std::unique_ptr<test::TempFolder> FinishedRun::folder_;
std::unique_ptr<RecordingObserver> FinishedRun::observer_;
fs::path FinishedRun::job_;
Json FinishedRun::results_;

TEST_F(FinishedRun, EveryStationLeavesItsResultAndMarker) {
  ASSERT_EQ(results_["stations"].size(), 20u);
  for (const Json& s : results_["stations"]) {
    const fs::path folder = out() / "stations" / s["id"].get<std::string>();
    EXPECT_EQ(test::read_text(folder / "result.json"), json_text(s));
    EXPECT_EQ(test::read_text(folder / "DONE"), sha256_of_text(json_text(s)) + "\n");
  }
  for (const char* file :
       {"job.json", "inputs.json", "run.json", "events.jsonl", "report.html", "stations/rotated-0/model/rotation.json",
        "stations/lora/adapter/adapter_config.json", "stations/gptq/model/quantization.json", "stations/sites/statistics.h5"}) {
    EXPECT_TRUE(fs::exists(out() / file)) << file;
  }
  EXPECT_FALSE(fs::exists(out() / "lock"));
  EXPECT_FALSE(fs::exists(out() / "stations/lora/adapter.checkpoints"));
  EXPECT_EQ(read_json_file(out() / "run.json")["state"], "finished");
}

TEST_F(FinishedRun, NumbersHangTogether) {
  const double plain = station("ppl-base")["perplexity"], folded = station("ppl-folded")["perplexity"];
  EXPECT_NEAR(folded / plain, 1, 1e-5) << "folding does not change the function";
  EXPECT_NEAR(station("ppl-lora")["perplexity"].get<double>() / station("ppl-tuned")["perplexity"].get<double>(), 1, 1e-5);
  EXPECT_NE(station("w4-base")["perplexity"], station("ppl-base")["perplexity"]);
  EXPECT_NE(station("w4-0")["perplexity"], station("w4-1")["perplexity"]) << "seeds matter";
  EXPECT_NEAR(std::exp(station("ppl-gptq")["nll"].get<double>()) / station("ppl-gptq")["perplexity"].get<double>(), 1, 1e-12);
  EXPECT_EQ(station("ppl-base")["tokens"], 3 * 31);
  EXPECT_EQ(station("ppl-gptq")["tokens"], 3 * 31 + 3) << "100 ids: three windows of 32 and a tail of 4";
  EXPECT_TRUE(station("rotated-0")["gate"]["passed"]);
  EXPECT_LT(station("tuned")["difference"], 1e-5);
  EXPECT_EQ(station("lora")["losses"].size(), 5u);
  EXPECT_EQ(station("gptq")["linears"].size(), 14u);
  EXPECT_EQ(station("sites")["states"]["plain"]["sites"].size(), 14u);
  const Json states = station("sites")["states"];
  const Json folded_down = states["folded"]["sites"]["layers.0.down_in"], plain_down = states["plain"]["sites"]["layers.0.down_in"];
  EXPECT_NEAR(folded_down["kurtosis"].get<double>() / plain_down["kurtosis"].get<double>(), 1, 1e-4) << "folding leaves down_in alone";
}

TEST_F(FinishedRun, KeepsTheFirstTokensOfTheSitesAskedFor) {
  const StatisticsFile file = load_statistics(out() / "stations/sites/statistics.h5");
  EXPECT_EQ(file.full("plain", "layers.1.down_in").size(), 40u * 40u) << "the first 40 tokens of 40 channels";
  EXPECT_FALSE(file.has_full("plain", "layers.1.qkv_in"));
  EXPECT_EQ(file.text().ids.size(), 128u) << "of every token there are figures of its own";
  EXPECT_TRUE(file.text().pieces.empty()) << "ids need no tokenizer";
}

// The look of an evaluation measures what the engine measures with these settings, GPTQ and RTN alike.
TEST_F(FinishedRun, LooksHonourTheirCalibrationAndKeepTheErrors) {
  const Checkpoint model(*folder_ / "model");
  const Json ids = read_json_file(*folder_ / "calibration.json")["ids"];
  const at::Tensor text = at::tensor(ids.get<std::vector<int64_t>>(), at::kLong);
  QuantizationSpec rtn, gptq;
  rtn.weights.bits = rtn.activations.bits = gptq.weights.bits = gptq.activations.bits = 4;
  rtn.weights.clip_search = true;
  gptq.method = WeightMethod::gptq;
  const auto expect_look = [&](const std::string& id, const QuantizationSpec& spec, const at::Tensor& windows, int64_t error_samples) {
    const Json linears = station(id)["linears"];
    ASSERT_EQ(linears.size(), 14u) << id;
    PipelineOptions options;
    options.error_samples = error_samples;
    SilentMonitor monitor;
    size_t next = 0;
    quantize_layers(model, spec, windows, options, monitor, [&](QuantizedLayer&& layer) {
      for (const LinearReport& report : layer.reports) {
        Json expected = report_json(report);
        expected["name"] = report.name;
        EXPECT_EQ(linears[next++], expected) << id;
        EXPECT_GT(report.output_error_both.value(), 0);
      }
    });
  };
  expect_look("w4-base", rtn, text.narrow(0, 0, 5 * 16).view({5, 16}), 2);
  expect_look("w4-gptq", gptq, text.narrow(0, 0, 3 * 32).view({3, 32}), 4);
  EXPECT_FALSE(station("w4-0").contains("linears")) << "nothing to measure on";
  const auto rows = parse_csv(test::read_text(out() / "tables/linears.csv"), "linears.csv");
  const auto column = std::find(rows[0].begin(), rows[0].end(), "chain_error") - rows[0].begin();
  std::map<std::string, int> seen;
  for (size_t i = 1; i < rows.size(); ++i) {
    const Json linear = station(rows[i][0])["linears"][static_cast<size_t>(seen[rows[i][0]]++)];
    EXPECT_EQ(std::stod(rows[i][static_cast<size_t>(column)]), linear["chain_error"].get<double>());
  }
  EXPECT_EQ(seen, (std::map<std::string, int>{{"gptq", 14}, {"rtn", 14}, {"w4-base", 14}, {"w4-gptq", 14}}));
}

TEST_F(FinishedRun, WhatAStationCouldNotDoIsTold) {
  const Json look = station("w4-1");
  EXPECT_EQ(look["per_channel"].size(), 14u);
  EXPECT_EQ(look["per_token"], Json({"layers.0.down_in", "layers.1.down_in"}));
  const Json notices = {
      "group 16 does not divide the width of q_proj (24), k_proj (24), v_proj (24), o_proj (24), gate_proj (24), up_proj (24), "
      "down_proj (40): 14 linears are quantized per output channel",
      "activation group 12 does not divide the width of down_in (40): 2 inputs are quantized per token",
      "samples is ignored: it is about a calibration text, and there is none"};
  EXPECT_EQ(look["notices"], notices);
  Json told = Json::array();
  for (const Json& e : observer_->events()) {
    if (e["event"] == "notice" && e["station"] == "w4-1") told.push_back(e["line"]);
  }
  EXPECT_EQ(told, notices);
  EXPECT_EQ(station("gptq")["notices"], Json::array());
}

TEST_F(FinishedRun, CompleteJobHasEveryHashAndSetting) {
  const Json complete = read_json_file(out() / "job.json");
  EXPECT_EQ(complete["model"]["sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(complete["texts"]["tuning"]["sha256"], sha256_of_file(*folder_ / "tuning.json"));
  EXPECT_EQ(complete["stations"][1]["store"], "float32");
  for (const Json& s : complete["stations"]) {
    const Json context = s.value("context", Json(0));
    EXPECT_TRUE(context.is_number()) << s["id"];
  }
  EXPECT_EQ(json_text(complete).find(folder_->path().string()), std::string::npos) << "no machine paths";
}

TEST_F(FinishedRun, NoFileButTheLogKnowsPlacesOrTimes) {
  for (const auto& [name, bytes] : test::bytes_of_tree(out())) {
    EXPECT_EQ(bytes.find(folder_->path().string()), std::string::npos) << name << " names a place on this machine";
  }
}

TEST_F(FinishedRun, TablesHoldTheResultsExactly) {
  const auto rows = parse_csv(test::read_text(out() / "tables/perplexity.csv"), "perplexity.csv");
  ASSERT_EQ(rows.size(), 1 + 9u);
  for (size_t i = 1; i < rows.size(); ++i) {
    const Json result = station(rows[i][0]);
    EXPECT_EQ(std::stod(rows[i][5]), result["nll"].get<double>()) << rows[i][0];
    EXPECT_EQ(std::stod(rows[i][6]), result["perplexity"].get<double>()) << rows[i][0];
  }
  const auto linears = parse_csv(test::read_text(out() / "tables/linears.csv"), "linears.csv");
  ASSERT_EQ(linears.size(), 1 + 4 * 14u) << "two quantize stations and two looks with a calibration text";
  const auto column = std::find(linears[0].begin(), linears[0].end(), "output_error_both") - linears[0].begin();
  EXPECT_EQ(std::stod(linears[1][static_cast<size_t>(column)]), station("gptq")["linears"][0]["output_error_both"].get<double>());
  const auto sites = parse_csv(test::read_text(out() / "tables/sites.csv"), "sites.csv");
  EXPECT_EQ(sites.size(), 1 + 5 * 14u);
  const auto training = parse_csv(test::read_text(out() / "tables/training.csv"), "training.csv");
  ASSERT_EQ(training.size(), 1 + 2 * 5u);
  EXPECT_EQ(std::stod(training[1][3]), station("lora")["losses"][0].get<double>());
}

TEST_F(FinishedRun, ThePageShowsTheNumbersOfTheResults) {
  const std::string page = test::read_text(out() / "report.html");
  for (const char* id : {"ppl-base", "ppl-gptq", "w4-0", "w4-1", "w4-gptq"}) {
    const double perplexity = station(id)["perplexity"];
    EXPECT_THAT(page, HasSubstr(readable(perplexity))) << id;
    EXPECT_THAT(page, HasSubstr(Json(perplexity).dump())) << "exact, as tooltip: " << id;
  }
  for (const char* heading : {"What was run", "1 Outliers", "2 Rotation", "3 Fine-tuning", "4 Quantization error", "5 Perplexity"}) {
    EXPECT_THAT(page, HasSubstr(heading));
  }
  EXPECT_THAT(page, HasSubstr(read_json_file(out() / "job.json")["model"]["sha256"].get<std::string>()));
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_EQ(page.find("nan"), std::string::npos);
  EXPECT_EQ(page.find("http"), std::string::npos) << "self-contained";
}

TEST_F(FinishedRun, EventsTellTheWholeRun) {
  EXPECT_EQ(observer_->count("start"), 1u);
  EXPECT_EQ(observer_->count("done"), 1u);
  EXPECT_EQ(observer_->count("station"), 40u);
  EXPECT_GE(observer_->count("metric"), 10u) << "losses of two trainings";
  std::vector<Json> logged;
  std::istringstream lines(test::read_text(out() / "events.jsonl"));
  for (std::string line; std::getline(lines, line);) logged.push_back(Json::parse(line));
  ASSERT_FALSE(logged.empty());
  EXPECT_EQ(logged.front()["event"], "start");
  EXPECT_EQ(logged.back()["event"], "done");
  const auto progress = std::find_if(logged.begin(), logged.end(), [](const Json& e) { return e["event"] == "progress"; });
  ASSERT_NE(progress, logged.end());
  for (const char* key :
       {"format", "time", "station", "stage", "step", "total", "eta_seconds", "run_fraction", "run_eta_seconds", "metrics"}) {
    EXPECT_TRUE(progress->contains(key)) << key;
  }
}

TEST_F(FinishedRun, TheSameJobElsewhereGivesTheSameBytes) {
  const fs::path job = test::write_small_job(*folder_ / "deeper/copy");
  RecordingObserver observer;
  test::run_small(job, *folder_ / "deeper/other-run", Mode::create, observer);
  const auto first = test::bytes_of_tree(out()), second = test::bytes_of_tree(*folder_ / "deeper/other-run");
  EXPECT_EQ(test::tree_difference(first, second), "");
}

TEST_F(FinishedRun, ResumingAFinishedRunChangesNothing) {
  const auto before = test::bytes_of_tree(out());
  RecordingObserver observer;
  EXPECT_EQ(test::run_small(job_, out(), Mode::resume, observer), results_);
  EXPECT_EQ(test::tree_difference(before, test::bytes_of_tree(out())), "");
  EXPECT_EQ(observer.count("progress"), 0u) << "nothing was worked on";
}

TEST_F(FinishedRun, StoppedAnywhereAndResumedGivesTheSameBytes) {
  const auto whole = test::bytes_of_tree(out());
  const auto events = static_cast<int64_t>(observer_->events().size());
  int stopped = 0;
  for (int64_t at = 0; at < events; at += std::max<int64_t>(1, events / 9)) {
    const fs::path run = *folder_ / ("stopped-" + std::to_string(at));
    RecordingObserver first(at), second;
    try {
      test::run_small(job_, run, Mode::create, first);
    } catch (const Cancelled&) {
      ++stopped;
      if (fs::exists(run)) {
        EXPECT_EQ(read_json_file(run / "run.json")["state"], "stopped");
        EXPECT_EQ(first.events().back()["event"], "stopped");
      }
    }
    test::run_small(job_, run, Mode::resume, second);
    EXPECT_EQ(test::tree_difference(whole, test::bytes_of_tree(run)), "") << "stopped after event " << at;
    fs::remove_all(run);
  }
  EXPECT_GE(stopped, 6);
}

// Not only the same bytes: the training goes on where it stopped.
TEST_F(FinishedRun, AStoppedTrainingGoesOnAtItsStep) {
  const auto third_step = [](const Json& e) {
    return e["event"] == "metric" && e["station"] == "lora" && e["name"] == "loss" && e["step"] == 3;
  };
  const auto& events = observer_->events();
  const auto at = std::find_if(events.begin(), events.end(), third_step) - events.begin();
  ASSERT_LT(at, static_cast<int64_t>(events.size()));
  const fs::path run = *folder_ / "stopped-in-training";
  RecordingObserver first(at), second;
  EXPECT_THROW(test::run_small(job_, run, Mode::create, first), Cancelled);
  EXPECT_TRUE(fs::exists(run / "stations/lora/adapter.checkpoints"));
  test::run_small(job_, run, Mode::resume, second);
  std::vector<int64_t> steps;
  for (const Json& e : second.events()) {
    if (e["event"] == "metric" && e["station"] == "lora" && e["name"] == "loss") steps.push_back(e["step"]);
  }
  EXPECT_EQ(steps, (std::vector<int64_t>{4, 5}));
  EXPECT_EQ(test::tree_difference(test::bytes_of_tree(out()), test::bytes_of_tree(run)), "");
}

// A kill caught the folder of checkpoints half removed, as it was before it took another name first.
TEST_F(FinishedRun, ATornCheckpointDoesNotStopTheRun) {
  const auto whole = test::bytes_of_tree(out());
  const auto& events = observer_->events();
  const auto trained = [](const Json& e) { return e["event"] == "metric" && e["station"] == "lora" && e["name"] == "loss"; };
  const auto third = std::find_if(events.begin(), events.end(), [&](const Json& e) { return trained(e) && e["step"] == 3; });
  for (const char* file : {"state.json", "state.safetensors", ""}) {
    const fs::path run = *folder_ / "torn";
    RecordingObserver first(third - events.begin()), second;
    EXPECT_THROW(test::run_small(job_, run, Mode::create, first), Cancelled);
    const fs::path step = run / "stations/lora/adapter.checkpoints/step-3";
    ASSERT_TRUE(fs::exists(step / "state.json"));
    EXPECT_GT(fs::remove_all(*file == '\0' ? step : step / file), 0u);
    test::run_small(job_, run, Mode::resume, second);
    EXPECT_EQ(std::count_if(second.events().begin(), second.events().end(), trained), 5) << "from the start: " << file;
    EXPECT_EQ(test::tree_difference(whole, test::bytes_of_tree(run)), "");
    fs::remove_all(run);
  }
}

// Killed after the adapter stood and before the station was marked: the training is not done again.
TEST_F(FinishedRun, AFinishedTrainingIsNotRepeated) {
  const fs::path run = *folder_ / "unmarked";
  for (const bool checkpoints_left : {false, true}) {
    fs::copy(out(), run, fs::copy_options::recursive);
    fs::remove(run / "stations/lora/DONE");
    fs::remove(run / "stations/lora/result.json");
    if (checkpoints_left) fs::create_directories(run / "stations/lora/adapter.checkpoints/step-4");
    RecordingObserver observer;
    EXPECT_EQ(test::run_small(job_, run, Mode::resume, observer), results_);
    EXPECT_EQ(observer.count("metric"), 0u) << "nothing was trained";
    EXPECT_EQ(test::tree_difference(test::bytes_of_tree(out()), test::bytes_of_tree(run)), "");
    fs::remove_all(run);
  }
}

TEST_F(FinishedRun, AnotherJobIsNotResumed) {
  Json job = read_json_file(job_);
  job["stations"][4]["lr"] = 0.02;
  test::put(*folder_ / "job-2.json", job.dump());
  RecordingObserver observer;
  try {
    test::run_small(*folder_ / "job-2.json", out(), Mode::resume, observer);
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), HasSubstr("stations[lora].lr: expected 0.01"));
  }
}

std::string refusal(const fs::path& job, const fs::path& out, Mode mode = Mode::create) {
  RecordingObserver observer;
  try {
    test::run_small(job, out, mode, observer);
  } catch (const Error& e) {
    return e.what();
  }
  return "(accepted)";
}

class RefusedRun : public ::testing::Test {
 protected:
  RefusedRun() : job_file_(test::write_small_job(folder_.path())), job_(read_json_file(job_file_)) {}
  std::string refused() {
    test::put(job_file_, job_.dump());
    const std::string message = refusal(job_file_, folder_ / "run");
    EXPECT_FALSE(fs::exists(folder_ / "run")) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
    return message;
  }
  test::TempFolder folder_;
  fs::path job_file_;
  Json job_;
};

TEST_F(RefusedRun, WrongHashes) {
  job_["texts"]["tuning"]["sha256"] = std::string(64, 'a');
  EXPECT_THAT(refused(), HasSubstr("tuning.json: sha256: expected aaaa"));
  job_ = read_json_file(test::write_small_job(folder_.path()));
  job_["model"]["sha256"] = std::string(64, 'b');
  EXPECT_THAT(refused(), HasSubstr("sha256: expected bbbb"));
}

TEST_F(RefusedRun, InputsThatAreNotThere) {
  job_["texts"]["tuning"]["file"] = "nothing.json";
  EXPECT_THAT(refused(), HasSubstr("nothing.json"));
  job_ = read_json_file(test::write_small_job(folder_.path()));
  job_["model"]["path"] = "no-model";
  EXPECT_THAT(refused(), HasSubstr("no-model"));
}

TEST_F(RefusedRun, ATextShorterThanAWindow) {
  job_["stations"][3]["context"] = 64;
  test::write_ids(folder_ / "calibration.json", 40, 1);
  EXPECT_THAT(refused(), HasSubstr("calibration.json"));
}

TEST_F(RefusedRun, SettingsThatTheModelCannotHave) {
  job_["stations"][10]["bits"] = {{"model.layers.7.mlp.down_proj", {{"weights", 8}, {"activations", 8}}}};
  EXPECT_THAT(refused(), HasSubstr("stations[rtn]"));
}

TEST_F(RefusedRun, SitesThatAreNone) {
  const std::string sites = job_file_.string() + ": stations[sites].sites: expected one of residual_in, qkv_in, ";
  const std::string keep = job_file_.string() + ": stations[sites].keep: expected ";
  Json& station = job_["stations"][3];
  station["sites"] = {"down"};
  EXPECT_EQ(refused(), sites + "k_out, v_out, o_in, gate_up_in, down_in or such a name after layers.0. to layers.1., found down");
  station["sites"] = {"qkv_in", "layers.2.down_in"};
  EXPECT_THAT(refused(), HasSubstr(sites));
  station["sites"] = {"qkv_in", "layers.1.down_in"};
  EXPECT_EQ(refused(), keep + "sites that are among sites, found layers.0.down_in");
  station["keep"] = {"nose"};
  EXPECT_THAT(refused(), HasSubstr(keep + "one of residual_in"));
  station["keep"] = {"layers.1.down_in"};
  EXPECT_THAT(refusal(job_file_, folder_ / "run"), HasSubstr(keep)) << "as written before";
}

TEST_F(RefusedRun, RecordsThatCannotBeTrainedOn) {
  Json& station = job_["stations"][4];
  station.erase("block");
  station["format"] = "alpaca";
  station["data"] = "records";
  job_["texts"]["records"] = {{"file", "records.json"}};
  test::put(folder_ / "records.json", R"({"ids": [1, 2]})");
  const std::string key = job_file_.string() + ": stations[lora].";
  EXPECT_THAT(refused(), HasSubstr(key + "format: expected a model with a tokenizer")) << "the model has none";
  fs::copy_file(test::source_folder() / "tests/core/tokenizer/fixtures/bpe.model", folder_ / "model/tokenizer.model");
  EXPECT_THAT(refused(), HasSubstr(key + "data: expected a text of records that can be trained on, found ")) << "ids are no records";
  for (const char* text : {"[{", "[]", R"([{"instruction": "a"}])", R"([{"instruction": "a", "output": "b", "system": "c"}])"}) {
    test::put(folder_ / "records.json", text);
    EXPECT_THAT(refused(), HasSubstr(key + "data: expected a text of records that can be trained on, found ")) << text;
  }
}

TEST_F(RefusedRun, NothingLeftToTrainOnOrToQuantize) {
  job_["stations"][4]["validation"] = 0.95;
  EXPECT_THAT(refused(), HasSubstr("stations[lora].validation: expected a share that leaves something to train on, found 10 of 10"));
  job_ = read_json_file(test::write_small_job(folder_.path()));
  for (const char* key : {"weights", "activations"}) job_["stations"][10][key] = 16;
  EXPECT_THAT(refused(), HasSubstr("stations[rtn].weights: expected bits below 16"));
}

TEST_F(RefusedRun, AShortTextIsNotToldOfATailThatNobodyKeeps) {
  for (const auto& [station, key] : std::map<size_t, std::string>{{3, "context"}, {4, "block"}, {9, "context"}, {11, "context"}}) {
    job_ = read_json_file(test::write_small_job(folder_.path()));
    job_["stations"][station][key] = 1000;
    const std::string message = refused();
    EXPECT_THAT(message, HasSubstr(": text: expected at least one window of "));
    EXPECT_EQ(message.find("tail") != std::string::npos, station == 11) << "only an evaluation can keep it: " << message;
  }
}

// What the checks before the run did not foresee is still no wrong call.
TEST_F(RefusedRun, AnEnginesUsageErrorNamesTheStation) {
  Job job = read_job(job_file_);
  RecordingObserver observer;
  RunMonitor monitor(observer, {}, seconds_since_start);
  const RunInputs inputs = inspect_inputs(job, monitor);
  Station station = job.station("sites");
  std::get<StatisticsStation>(station.settings).sites = {"nose"};
  std::get<StatisticsStation>(station.settings).states.resize(1);  // of the base
  RunFolder folder(folder_ / "run", Mode::create, job_json(job), Json::object());
  folder.begin_station(station.id, {});
  try {
    run_station({job, inputs, folder, Compute{}, monitor}, station);
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_THAT(e.what(), HasSubstr(job_file_.string() + ": stations[sites]: expected settings that its engine takes, found --sites: "));
  }
}

TEST(FailedRun, IsToldLoggedAndCanBeResumedAfterRepair) {
  test::TempFolder folder;
  const fs::path job = test::write_small_job(folder.path());
  const ModelConfig config = parse_model_config(test::small_config(), "config.json");
  test::NamedTensors tensors = test::random_tensors(config, 5);
  tensors["model.layers.1.mlp.up_proj.weight"].index_put_({0, 0}, std::nan(""));
  test::write_tensors(folder / "model/model.safetensors", tensors, at::kFloat);
  RecordingObserver observer;
  EXPECT_THROW(test::run_small(job, folder / "run", Mode::create, observer), InputError);
  EXPECT_EQ(observer.events().back()["event"], "failed");
  EXPECT_THAT(observer.events().back()["message"].get<std::string>(), HasSubstr("up_proj"));
  EXPECT_EQ(read_json_file(folder / "run/run.json")["state"], "failed");
  EXPECT_FALSE(fs::exists(folder / "run/lock"));
  test::write_small_job(folder.path());  // the model made good: another model, so another run
  EXPECT_THAT(refusal(job, folder / "run", Mode::resume), HasSubstr("model.sha256"));
}

}  // namespace
}  // namespace rolora
