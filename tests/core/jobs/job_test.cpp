// SPDX-License-Identifier: GPL-3.0-or-later
// The job schema: what is read, what is refused and in which words.
#include "core/jobs/job.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/jobs/lineage.h"
#include "core/jobs/station_settings.h"

namespace rolora {
namespace {

using testing::HasSubstr;

Json small_job() {
  return Json::parse(R"({
    "format": 1, "name": "small", "model": {"path": "../model"}, "seed": 7,
    "texts": {"calibration": {"file": "c.txt"}, "tuning": {"file": "t.txt"}, "evaluation": {"file": "/texts/e.json", "corpus": "ids"}},
    "stations": [
      {"id": "folded", "kind": "rotate", "model": "base", "fold_only": true},
      {"id": "rotated", "kind": "rotate", "model": "base", "seed": 3},
      {"id": "lora", "kind": "finetune", "model": "rotated", "data": "tuning", "format": "text", "steps": 4, "block": 16, "targets": ["v_proj", "q_proj"]},
      {"id": "merged", "kind": "merge", "model": "lora", "store": "float32"},
      {"id": "q", "kind": "quantize", "model": "merged", "method": "gptq", "weights": 4, "activations": 6, "calibration": "calibration"},
      {"id": "sites", "kind": "statistics", "text": "calibration", "keep": ["down_in"], "keep_tokens": 64,
       "states": [{"label": "plain", "model": "base"}, {"label": "tuned", "model": "lora"}]},
      {"id": "ppl", "kind": "evaluate", "model": "q", "text": "evaluation"},
      {"id": "look", "kind": "evaluate", "model": "merged", "text": "evaluation", "quantization": {"weights": 4, "kv": 4}}
    ]})");
}

std::string refusal(const Json& document) {
  try {
    parse_job(document, "jobs/small.json");
  } catch (const InputError& e) {
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos) << e.what();
    return e.what();
  }
  return "(accepted)";
}

std::string refusal_with(const std::string& pointer, const Json& value) {
  Json document = small_job();
  document[Json::json_pointer(pointer)] = value;
  return refusal(document);
}

TEST(Job, ReadsStationsWithTheCommandsDefaults) {
  const Job job = parse_job(small_job(), "jobs/small.json");
  EXPECT_EQ(job.model.path, "model");
  EXPECT_EQ(job.texts.at("calibration").input.path, "jobs/c.txt");
  EXPECT_EQ(job.texts.at("evaluation").input.path, "/texts/e.json");
  ASSERT_EQ(job.stations.size(), 8u);
  const auto& rotate = std::get<RotateStation>(job.station("rotated").settings);
  EXPECT_EQ(rotate.rotation.seed, 3u);
  EXPECT_EQ(rotate.rotation.r1, OrthogonalKind::hadamard);
  EXPECT_FALSE(rotate.rotation.r2);
  const auto& lora = std::get<FinetuneStation>(job.station("lora").settings);
  EXPECT_EQ(lora.training.seed, 7u);
  EXPECT_EQ(lora.training.lora.targets, (std::vector<LinearKind>{LinearKind::q, LinearKind::v}));
  EXPECT_DOUBLE_EQ(lora.training.learning_rate, 1e-4);
  EXPECT_EQ(lora.training.steps, 4);
  const auto& quantize = std::get<QuantizeStation>(job.station("q").settings);
  EXPECT_EQ(quantize.how.spec.method, WeightMethod::gptq);
  EXPECT_EQ(quantize.how.spec.activations.bits, 6);
  EXPECT_DOUBLE_EQ(quantize.how.spec.gptq.damping, 0.01);
  EXPECT_EQ(quantize.how.windows.samples, 128);
  EXPECT_EQ(quantize.how.windows.error_samples, 4);
  EXPECT_TRUE(quantize.how.idle.empty());
  EXPECT_EQ(std::get<StatisticsStation>(job.station("sites").settings).keep_tokens, 64);
  Json all_tokens = small_job();
  all_tokens["stations"][5].erase("keep_tokens");
  EXPECT_EQ(std::get<StatisticsStation>(parse_job(all_tokens, "jobs/small.json").station("sites").settings).keep_tokens, 0);
}

TEST(Job, ABitWidthLeftOutOfALinearIsTheGeneralOne) {
  const std::string o = "model.layers.0.self_attn.o_proj", down = "model.layers.0.mlp.down_proj";
  const Json settings = {
      {"weights", 4}, {"activations", 6}, {"down_bits", 8}, {"bits", {{o, {{"activations", 8}}}, {down, {{"weights", 3}}}}}};
  const QuantizationSpec spec = parse_quantize_settings(JsonObject(settings, "job.json")).spec;
  EXPECT_EQ(spec.per_linear.at(o).weights, 4);
  EXPECT_EQ(spec.per_linear.at(o).activations, 8);
  EXPECT_EQ(spec.per_linear.at(down).weights, 3);
  EXPECT_EQ(spec.per_linear.at(down).activations, 8);
}

TEST(Job, CalibrationSettingsWithoutATextAreKnownAsIdle) {
  Json document = small_job();
  document["stations"][7]["quantization"]["samples"] = 16;
  document["stations"][7]["quantization"]["error_samples"] = 2;
  const Job job = parse_job(document, "jobs/small.json");
  const auto& look = *std::get<EvaluateStation>(job.station("look").settings).quantization;
  EXPECT_EQ(look.idle, (std::vector<std::string>{"samples", "error_samples"}));
  const Json complete = job_json(job);
  EXPECT_EQ(complete["stations"][7]["quantization"]["samples"], nullptr) << "what does nothing is no setting of the complete job";
  EXPECT_EQ(complete["stations"][4]["samples"], 128);
  document["stations"][7]["quantization"]["calibration"] = "calibration";
  const Job calibrated = parse_job(document, "jobs/small.json");
  const auto& measured = *std::get<EvaluateStation>(calibrated.station("look").settings).quantization;
  EXPECT_TRUE(measured.idle.empty());
  EXPECT_EQ(measured.windows.samples, 16);
  EXPECT_EQ(measured.windows.error_samples, 2);
}

TEST(Job, CompleteJobReadsBackToItself) {
  const Json complete = job_json(parse_job(small_job(), "jobs/small.json"));
  EXPECT_EQ(job_json(parse_job(complete, "elsewhere/job.json")), complete);
  EXPECT_EQ(complete["stations"][2]["lr"], 1e-4);
  EXPECT_EQ(complete["stations"][2]["targets"], Json({"q_proj", "v_proj"}));
  EXPECT_EQ(complete["stations"][0]["r1"], "none");
}

TEST(Job, VariantsOfAnAdapterReadBack) {
  for (const auto& [name, dora, rslora] :
       {std::tuple{"lora", false, false}, {"dora", true, false}, {"rslora", false, true}, {"rsdora", true, true}}) {
    Json document = small_job();
    document["stations"][2]["variant"] = name;
    const Job job = parse_job(document, "jobs/small.json");
    const LoraSettings& lora = std::get<FinetuneStation>(job.station("lora").settings).training.lora;
    EXPECT_EQ(lora.dora, dora) << name;
    EXPECT_EQ(lora.rslora, rslora) << name;
    EXPECT_EQ(job_json(job)["stations"][2]["variant"], name);
    EXPECT_EQ(state_of(job, "merged").label, std::string("R1+R4, seed 3 + ") + (dora ? "DoRA" : "LoRA"));
  }
  EXPECT_THAT(refusal_with("/stations/2/variant", "adora"), HasSubstr("rsdora"));
}

TEST(Job, OverridesPutOtherInputsInPlace) {
  JobOverrides overrides;
  overrides.model = "/models/mine/";
  overrides.texts["tuning"] = "/texts/other.txt";
  overrides.seed = 11;
  Json document = small_job();
  document["model"]["sha256"] = std::string(64, 'a');
  const Job job = parse_job(document, "jobs/small.json", overrides);
  EXPECT_EQ(job.model.path, "/models/mine/");
  EXPECT_EQ(job.model.written, "mine");
  EXPECT_EQ(job.model.sha256, "") << "the hash was of the model that is not used";
  EXPECT_EQ(job.texts.at("tuning").input.written, "other.txt");
  EXPECT_EQ(job.station("lora").seed, 11u);
  EXPECT_EQ(job.station("rotated").seed, 3u);
  overrides.texts["nothing"] = "x";
  EXPECT_THROW(parse_job(document, "jobs/small.json", overrides), InputError);
}

TEST(Job, RefusesUnknownKeysEverywhere) {
  EXPECT_THAT(refusal_with("/colour", 1), HasSubstr("jobs/small.json: colour: expected"));
  EXPECT_THAT(refusal_with("/model/hash", 1), HasSubstr("model.hash"));
  EXPECT_THAT(refusal_with("/texts/tuning/encoding", "x"), HasSubstr("texts.tuning.encoding"));
  EXPECT_THAT(refusal_with("/stations/2/learning_rate", 1), HasSubstr("stations[2].learning_rate"));
  EXPECT_THAT(refusal_with("/stations/3/seeds", 1), HasSubstr("stations[3].seeds"));
  EXPECT_THAT(refusal_with("/stations/5/states/1/name", "x"), HasSubstr("stations[5].states[1].name"));
  EXPECT_THAT(refusal_with("/stations/7/quantization/bits_kv", 4), HasSubstr("stations[7].quantization.bits_kv"));
}

TEST(Job, RefusesOtherFormatsAndNames) {
  EXPECT_THAT(refusal_with("/format", 2), HasSubstr("format"));
  EXPECT_THAT(refusal_with("/name", "../up"), HasSubstr("name: expected letters"));
  EXPECT_THAT(refusal_with("/stations/1/id", "../../etc"), HasSubstr("stations[1].id"));
  EXPECT_THAT(refusal_with("/stations/1/id", "base"), HasSubstr("stations[1].id"));
  EXPECT_THAT(refusal_with("/stations/1/id", "folded"), HasSubstr("folded twice"));
  EXPECT_THAT(refusal_with("/stations/1/kind", "prune"), HasSubstr("stations[1].kind: expected statistics, rotate"));
  EXPECT_THAT(refusal_with("/stations", Json::array()), HasSubstr("at least one station"));
  EXPECT_THAT(refusal_with("/model/sha256", "abc"), HasSubstr("model.sha256: expected 64"));
  EXPECT_THAT(refusal_with("/dtype", "int8"), HasSubstr("dtype: expected float32"));
}

TEST(Job, RefusesModelsThatAreNotThere) {
  EXPECT_THAT(refusal_with("/stations/1/model", "merged"), HasSubstr("merged (it stands later)"));
  EXPECT_THAT(refusal_with("/stations/1/model", "rotated"), HasSubstr("rotated (the station itself)"));
  EXPECT_THAT(refusal_with("/stations/1/model", "nobody"), HasSubstr("found nobody"));
  EXPECT_THAT(refusal_with("/stations/6/model", "sites"), HasSubstr("sites (kind statistics)"));
  EXPECT_THAT(refusal_with("/stations/5/states/1/model", "look"), HasSubstr("look (it stands later)"));
  EXPECT_THAT(refusal_with("/stations/6/text", "nothing"), HasSubstr("name of a text"));
}

TEST(Job, RefusesStatesAStationCannotWorkOn) {
  EXPECT_THAT(refusal_with("/stations/3/model", "rotated"), HasSubstr("stations[3].model: expected the id of a finetune"));
  EXPECT_THAT(refusal_with("/stations/2/model", "folded"), HasSubstr("(accepted)"));
  EXPECT_THAT(refusal_with("/stations/4/model", "lora"), HasSubstr("merge it first"));
  EXPECT_THAT(refusal_with("/stations/7/model", "q"), HasSubstr("not quantized"));
  EXPECT_THAT(refusal_with("/stations/7/model", "lora"), HasSubstr("merge it first"));
  EXPECT_THAT(refusal_with("/stations/1/model", "folded"), HasSubstr("folded or rotated already"));
  EXPECT_THAT(refusal_with("/stations/2/full", true), HasSubstr("stations[2].targets: expected nothing beside full"));
  Json full = small_job();
  full["stations"][2].erase("targets");
  full["stations"][2]["full"] = true;
  EXPECT_THAT(refusal(full), HasSubstr("stations[3].model: expected the id of a finetune station that makes an adapter"));
}

TEST(Job, RefusesNumbersOutOfRange) {
  EXPECT_THAT(refusal_with("/stations/4/weights", 9), HasSubstr("stations[4].weights: expected 2 to 8, or 16"));
  EXPECT_THAT(refusal_with("/stations/4/weights", 1), HasSubstr("stations[4].weights"));
  EXPECT_THAT(refusal_with("/stations/4/damp", -0.01), HasSubstr("stations[4].damp: expected a number of at least 0"));
  EXPECT_EQ(refusal_with("/stations/4/damp", 0), "(accepted)") << "as the command";
  EXPECT_THAT(refusal_with("/stations/4/error_samples", -1), HasSubstr("stations[4].error_samples: expected a number of windows from 0"));
  EXPECT_EQ(refusal_with("/stations/4/error_samples", 0), "(accepted)") << "as the command";
  EXPECT_THAT(refusal_with("/stations/4/samples", 0), HasSubstr("stations[4].samples: expected a number of windows from 1"));
  EXPECT_THAT(refusal_with("/stations/4/context", 1), HasSubstr("stations[4].context: expected a number of tokens from 2"));
  EXPECT_THAT(refusal_with("/stations/4/block", 0), HasSubstr("stations[4].block: expected a number of columns from 1"));
  EXPECT_THAT(refusal_with("/stations/4/bits", {{"model.layers.0.mlp.up_proj", {{"weights", 9}}}}),
              HasSubstr("stations[4].bits.model.layers.0.mlp.up_proj.weights: expected 2 to 8, or 16"));
  EXPECT_THAT(refusal_with("/stations/4/activation_clip", 1.5), HasSubstr("(0, 1]"));
  EXPECT_THAT(refusal_with("/stations/4/calibration", nullptr), HasSubstr("stations[4].calibration"));
  EXPECT_THAT(refusal_with("/stations/2/lr", -1), HasSubstr("stations[2].lr: expected a number above 0"));
  EXPECT_THAT(refusal_with("/stations/2/warmup_ratio", 2), HasSubstr("stations[2].warmup_ratio"));
  EXPECT_THAT(refusal_with("/stations/2/targets", Json({"q_proj", "x_proj"})), HasSubstr("stations[2].targets"));
  EXPECT_THAT(refusal_with("/stations/2/schedule", "step"), HasSubstr("cosine, linear or constant"));
  EXPECT_THAT(refusal_with("/stations/0/r1", "hadamard"), HasSubstr("nothing beside fold_only"));
  EXPECT_THAT(refusal_with("/stations/1/seed", -1), HasSubstr("stations[1].seed"));
  EXPECT_THAT(refusal_with("/stations/5/states/1/label", "plain"), HasSubstr("plain twice"));
  EXPECT_THAT(refusal_with("/stations/5/states/1/label", "a/b"), HasSubstr("label"));
  EXPECT_THAT(refusal_with("/stations/5/states/1/label", "text"), HasSubstr("stations[5].states[1].label: expected another word"));
  EXPECT_THAT(refusal_with("/stations/5/keep_tokens", -1), HasSubstr("stations[5].keep_tokens"));
}

TEST(Job, StatesAreNamedByTheirLine) {
  const Job job = parse_job(small_job(), "small.json");
  EXPECT_EQ(state_of(job, "base").label, "plain");
  EXPECT_EQ(state_of(job, "folded").label, "folded");
  EXPECT_EQ(state_of(job, "rotated").label, "R1+R4, seed 3");
  EXPECT_TRUE(state_of(job, "lora").unmerged);
  EXPECT_EQ(state_of(job, "merged").label, "R1+R4, seed 3 + LoRA");
  const ModelState q = state_of(job, "q");
  EXPECT_EQ(q.quantization, "GPTQ W4A6");
  EXPECT_EQ(q.unquantized, "merged");
  EXPECT_TRUE(q.rotated && q.tuned && q.quantized && !q.unmerged);
}

TEST(Job, QuantizationLabelsNameWhatDiffersFromTheDefaults) {
  QuantizationSpec spec;
  spec.weights.bits = spec.activations.bits = 4;
  EXPECT_EQ(quantization_label(spec), "RTN W4A4");
  spec.kv_bits = 4;
  spec.weights.group = 32;
  spec.weights.symmetric = false;
  spec.weights.clip_search = true;
  spec.down_bits = 8;
  EXPECT_EQ(quantization_label(spec), "RTN W4A4 KV4 g32 asym clip-search down8");
}

}  // namespace
}  // namespace rolora
