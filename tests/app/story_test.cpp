// SPDX-License-Identifier: GPL-3.0-or-later
// The story that the project ships, scaled down: every station of resources/jobs/story.json on the bundled model, fewer windows and steps.
// The numbers must agree with each other and with the command's verbs on what the run wrote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/jobs/job.h"
#include "core/jobs/report/table.h"
#include "tests/app/process.h"
#include "tests/core/jobs/tree.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::rolora;
using ::testing::HasSubstr;

constexpr int64_t kContext = 64, kWindows = 4;

fs::path resources() { return test::source_folder() / "resources"; }

// Until weights lie beside the bundled config and tokenizer, random ones of that shape stand in.
fs::path model_folder(const fs::path& spare) {
  const fs::path bundled = resources() / "bundled";
  if (fs::exists(bundled / "model.safetensors")) return bundled;
  test::write_random_model(spare, read_json_file(bundled / "config.json"), 3, at::kBFloat16);
  fs::copy_file(bundled / "tokenizer.model", spare / "tokenizer.model");
  return spare;
}

Json scaled_down(Json job, const fs::path& model) {
  job["model"] = {{"path", model.string()}};
  for (auto& [name, text] : job["texts"].items())
    text["file"] = (resources() / "jobs" / text["file"].get<std::string>()).lexically_normal().string();
  for (Json& station : job["stations"]) {
    const std::string kind = station["kind"];
    if (kind == "evaluate" || kind == "statistics") {
      station["context"] = kContext;
      station["windows"] = kWindows;
    }
    if (kind == "quantize") {
      station["context"] = kContext;
      station["samples"] = 4;
    }
    if (kind == "finetune") {
      station["block"] = kContext;
      station["steps"] = 3;
      station["batch"] = 2;
      station["evaluate_every"] = 2;
      station["validation"] = 0.002;
    }
  }
  return job;
}

class Story : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TempFolder>();
    model_ = model_folder(*folder_ / "spare");
    job_ = scaled_down(read_json_file(resources() / "jobs/story.json"), model_);
    test::put(*folder_ / "story.json", job_.dump());
    outcome_ = rolora({"run", *folder_ / "story.json", "--out", run(), "--threads", "1", "--json", "--quiet"});
    if (outcome_.code == 0) results_ = Json::parse(outcome_.out);
  }
  static void TearDownTestSuite() { folder_.reset(); }
  void SetUp() override { ASSERT_EQ(outcome_.code, 0) << outcome_.err; }
  static fs::path run() { return *folder_ / "run"; }
  static Json station(const std::string& id) {
    for (const Json& s : results_["stations"]) {
      if (s["id"] == id) return s;
    }
    throw std::runtime_error("no station " + id);
  }
  static Json settings(const std::string& id) {
    for (const Json& s : job_["stations"]) {
      if (s["id"] == id) return s;
    }
    throw std::runtime_error("no station " + id);
  }
  static std::vector<std::string> ids_of(const std::string& kind) {
    std::vector<std::string> ids;
    for (const Json& s : results_["stations"]) {
      if (s["kind"] == kind) ids.push_back(s["id"]);
    }
    return ids;
  }
  // The text that evaluations see, as a file for the verbs: they have no --windows.
  static Json evaluate_by_verb(const fs::path& model, const std::string& text) {
    const Outcome ids = rolora({"tokenize", model_, "--text-file", job_["texts"][text]["file"], "--special", "--json"});
    Json stream = Json::parse(ids.out)["ids"][0];
    stream.erase(stream.begin() + kContext * kWindows, stream.end());
    test::put(*folder_ / "ids.json", Json({{"ids", stream}}).dump());
    const Outcome outcome =
        rolora({"evaluate", model, "--ids", *folder_ / "ids.json", "--context", std::to_string(kContext), "--threads", "1", "--json"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return Json::parse(outcome.out);
  }
  static std::unique_ptr<test::TempFolder> folder_;
  static fs::path model_;
  static Json job_, results_;
  static Outcome outcome_;
};
std::unique_ptr<test::TempFolder> Story::folder_;
fs::path Story::model_;
Json Story::job_, Story::results_;
Outcome Story::outcome_;

TEST_F(Story, TellsEveryStationOfTheIssue) {
  std::set<uint64_t> seeds;
  for (const std::string& id : ids_of("rotate")) {
    if (!settings(id).value("fold_only", false)) seeds.insert(settings(id)["seed"].get<uint64_t>());
    EXPECT_TRUE(station(id)["gate"]["passed"]) << id;
  }
  EXPECT_GE(seeds.size(), 3u) << "R1 + R4 over at least three seeds";
  EXPECT_EQ(ids_of("finetune").size(), 2u) << "LoRA on the rotated and on the plain base";
  Json rotated = settings(ids_of("finetune")[0]), plain = settings(ids_of("finetune")[1]);
  EXPECT_NE(rotated["model"], plain["model"]);
  for (const char* own : {"id", "model"}) {
    rotated.erase(own);
    plain.erase(own);
  }
  EXPECT_EQ(rotated, plain) << "the same recipe, data and seed";
  EXPECT_EQ(ids_of("quantize").size(), 8u) << "two models, RTN and GPTQ, W4A4 and W6A6";
}

TEST_F(Story, TextsAreDisjointAndNamed) {
  const Json inputs = read_json_file(run() / "inputs.json");
  std::map<std::string, std::set<std::string>> texts_of;
  for (const auto& [name, text] : inputs["texts"].items()) {
    for (const Json& role : text["roles"]) texts_of[role].insert(name);
  }
  for (const char* a : {"calibration", "tuning", "evaluation"}) {
    EXPECT_FALSE(texts_of[a].empty());
    for (const char* b : {"calibration", "tuning", "evaluation"}) {
      if (std::string(a) == b) continue;
      for (const std::string& name : texts_of[a]) EXPECT_FALSE(texts_of[b].contains(name)) << name << " is for " << a << " and " << b;
    }
  }
  std::map<std::string, std::string> by_hash;
  for (const auto& [name, text] : inputs["texts"].items()) {
    EXPECT_TRUE(by_hash.emplace(text["sha256"], name).second) << name << " is another text's file";
  }
}

TEST_F(Story, FullPrecisionStatesOfOneFunctionAgree) {
  std::map<std::string, double> plain;
  for (const std::string& id : ids_of("evaluate")) {
    if (settings(id)["model"] == "base" && !settings(id).contains("quantization")) plain[settings(id)["text"]] = station(id)["nll"];
  }
  ASSERT_FALSE(plain.empty());
  int compared = 0;
  for (const std::string& id : ids_of("evaluate")) {
    const Json s = settings(id);
    const bool rotated = s["model"] != "base" && settings(s["model"])["kind"] == "rotate" && !s.contains("quantization");
    if (!rotated || !plain.contains(s["text"])) continue;
    EXPECT_NEAR(station(id)["nll"].get<double>() / plain[s["text"]], 1, 1e-5) << id;
    ++compared;
  }
  EXPECT_GE(compared, 3);
}

TEST_F(Story, VerbsOnTheRunsModelsGiveTheRunsNumbers) {
  int compared = 0;
  std::set<std::string> kinds;
  for (const std::string& id : ids_of("evaluate")) {
    const Json s = settings(id);
    if (s.contains("quantization")) continue;
    const std::string model = s["model"], kind = model == "base" ? "base" : settings(model)["kind"].get<std::string>();
    if (kind == "finetune" || !kinds.insert(kind).second) continue;  // one of each kind is enough
    const Json verb = evaluate_by_verb(model == "base" ? model_ : run() / "stations" / model / "model", s["text"]);
    EXPECT_EQ(verb["nll"], station(id)["nll"]) << id;
    EXPECT_EQ(verb["tokens"], station(id)["tokens"]);
    ++compared;
  }
  EXPECT_EQ(compared, 4) << "base, rotated, merged and quantized";
}

TEST_F(Story, EveryLinearHasItsErrors) {
  const auto layers = read_json_file(run() / "inputs.json")["model"]["layers"].get<size_t>();
  for (const std::string& id : ids_of("quantize")) {
    const Json linears = station(id)["linears"];
    ASSERT_EQ(linears.size(), 7 * layers) << id;
    for (const Json& linear : linears) {
      for (const char* key :
           {"weight_relative_error", "output_error_weights", "output_error_activations", "output_error_both", "sqnr_db"}) {
        EXPECT_GT(linear[key].get<double>(), 0) << id << " " << linear["name"] << " " << key;
      }
      const double both = linear["output_error_both"];
      EXPECT_NEAR(linear["sqnr_db"].get<double>(), -20 * std::log10(both), 1e-9) << "signal to noise is the error in decibels";
    }
  }
}

TEST_F(Story, TheReportAndTablesAreThere) {
  const std::string page = test::read_text(run() / "report.html");
  for (const char* heading : {"1 Outliers", "2 Rotation", "3 Fine-tuning", "4 Quantization error", "5 Perplexity"}) {
    EXPECT_THAT(page, HasSubstr(heading));
  }
  for (const std::string& id : ids_of("evaluate")) EXPECT_THAT(page, HasSubstr(station(id)["perplexity"].dump())) << id;
  const auto rows = parse_csv(test::read_text(run() / "tables/perplexity.csv"), "perplexity.csv");
  EXPECT_EQ(rows.size(), 1 + ids_of("evaluate").size());
  for (const char* file : {"sites.csv", "rotations.csv", "seeds.csv", "training.csv", "linears.csv", "texts.csv", "merges.csv"}) {
    EXPECT_TRUE(fs::exists(run() / "tables" / file)) << file;
  }
}

}  // namespace
}  // namespace rolora
