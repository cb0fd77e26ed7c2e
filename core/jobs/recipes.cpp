// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/recipes.h"

#include <algorithm>

#include "core/base/error.h"

namespace rolora {
namespace {

constexpr int64_t kCalibrationWindows = 128, kWindow = 2048;  // GPTQ's and QuaRot's
constexpr int64_t kEvaluationTokens = 341469;                 // WikiText-2's test text by LLaMA-2's tokenizer
constexpr int64_t kRecords = 52002, kValidation = 5200;       // Alpaca-GPT4 (en), a tenth set aside
constexpr int64_t kRecordTokens = 256;                        // with the template; those of long answers have more
constexpr int64_t kBatch = 8, kEpochs = 3;                    // RoLoRA's
constexpr int64_t kSampleRecords = 64;                        // stand for all of them: the steps are given

Json rotate() { return {{"id", "rotated"}, {"kind", "rotate"}, {"model", "base"}, {"text", "calibration"}}; }

Json tune(const std::string& model) {
  const int64_t steps = (kRecords - kValidation + kBatch - 1) / kBatch * kEpochs;
  return {{"id", "tuned"},      {"kind", "finetune"}, {"model", model}, {"data", "tuning"},
          {"format", "alpaca"}, {"batch", kBatch},    {"steps", steps}, {"validation", 0.0}};
}

// Stations on the model that quantization begins with.
void add_ending(Json& stations, const std::string& model) {
  stations.push_back({{"id", "outliers"},
                      {"kind", "statistics"},
                      {"text", "calibration"},
                      {"windows", 64},
                      {"states", {{{"label", "it"}, {"model", model}}}}});
  stations.push_back({{"id", "w4a4"},
                      {"kind", "quantize"},
                      {"model", model},
                      {"method", "gptq"},
                      {"weights", 4},
                      {"activations", 4},
                      {"samples", kCalibrationWindows},
                      {"calibration", "calibration"}});
  stations.push_back({{"id", "perplexity"}, {"kind", "evaluate"}, {"model", "w4a4"}, {"text", "evaluation"}});
}

Json document(std::string_view name, bool rotated) {
  Json stations = Json::array();
  std::string model = "base";
  if (name != "lora" && !rotated) {
    stations.push_back(rotate());
    model = "rotated";
  }
  if (name != "ptq") {
    stations.push_back(tune(model));
    stations.push_back({{"id", "merged"}, {"kind", "merge"}, {"model", "tuned"}});
    model = "merged";
  }
  add_ending(stations, model);
  Json texts = {{"calibration", {{"file", "calibration"}, {"corpus", "ids"}}}, {"evaluation", {{"file", "evaluation"}, {"corpus", "ids"}}}};
  if (name != "ptq") texts["tuning"] = {{"file", "tuning"}, {"corpus", "text"}};
  return {{"format", 1},        {"name", name},   {"model", {{"path", "model"}}},
          {"dtype", "float32"}, {"texts", texts}, {"stations", std::move(stations)}};
}

IdStream stream_of_length(int64_t tokens) {
  IdStream stream;
  stream.ids.assign(static_cast<size_t>(tokens), 0);
  return stream;
}

std::string count(int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<int64_t>(text.size()) - 3; at > 0; at -= 3) text.insert(static_cast<size_t>(at), ",");
  return text;
}

}  // namespace

AssumedRecipe assumed_recipe(std::string_view name, OpenedModel model) {
  if (std::find(kRecipes.begin(), kRecipes.end(), name) == kRecipes.end()) {
    throw UsageError("recipe: expected rolora, lora or ptq, found " + printable(std::string(name)));
  }
  if (model.quantized) {
    throw InputError((model.folder / "config.json").string(), model.quantized_key(), "a floating-point model for a recipe",
                     "a quantized one");
  }
  const int64_t context = std::min(kWindow, model.source->config().context);
  AssumedRecipe recipe;
  recipe.job = parse_job(document(name, model.rotation.has_value()), "recipe " + std::string(name));
  recipe.inputs.base = std::move(model);
  recipe.inputs.streams["calibration"] = stream_of_length(kCalibrationWindows * context);
  recipe.inputs.streams["evaluation"] = stream_of_length(kEvaluationTokens);
  recipe.assumptions = {"calibration: " + count(kCalibrationWindows) + " windows of " + count(context) + " tokens",
                        "evaluation: " + count(kEvaluationTokens) + " tokens, as many as WikiText-2's test text has in LLaMA-2's tokens"};
  if (name != "ptq") {
    TrainingData data;
    data.examples.resize(kSampleRecords);
    for (Example& example : data.examples) example.ids.assign(static_cast<size_t>(std::min(kRecordTokens, context)), 0);
    recipe.inputs.records["tuned"] = std::make_shared<const TrainingData>(std::move(data));
    recipe.assumptions.push_back("tuning: " + count(kRecords - kValidation) + " records of about " + count(kRecordTokens) +
                                 " tokens (Alpaca-GPT4 without a tenth for validation), " + count(kEpochs) + " epochs in batches of " +
                                 count(kBatch));
  }
  complete_job(recipe.job, recipe.inputs);
  return recipe;
}

}  // namespace rolora
