// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/recipe_presets.h"

#include <QCoreApplication>
#include <QFile>

static void load_recipe_resources() { Q_INIT_RESOURCE(recipe); }  // of a static library: not by itself

namespace rolora::widgets {
namespace {

using Json = nlohmann::json;

QString tr(const char* text) { return QCoreApplication::translate("RecipePresets", text); }

Json text_named(const char* file) { return {{"file", file}, {"corpus", "text"}}; }

Json job_of(const char* name, Json stations) {
  Json texts = Json::object();
  for (const char* text : {"calibration", "tuning", "evaluation"}) {
    if (stations.dump().find('"' + std::string(text) + '"') != std::string::npos) texts[text] = text_named("");
  }
  return {{"format", 1},
          {"name", name},
          {"model", {{"path", ""}}},
          {"seed", 0},
          {"texts", std::move(texts)},
          {"stations", std::move(stations)}};
}

Json rotate() { return {{"id", "rotated"}, {"kind", "rotate"}, {"model", "base"}, {"text", "calibration"}}; }

Json tune(const char* model, bool records) {
  Json station = {{"id", "tuned"}, {"kind", "finetune"}, {"model", model}, {"data", "tuning"}, {"format", records ? "alpaca" : "text"}};
  if (!records) station["validation"] = 0.05;
  return station;
}

Json merge() { return {{"id", "merged"}, {"kind", "merge"}, {"model", "tuned"}}; }

Json evaluate(const char* id, const char* model) { return {{"id", id}, {"kind", "evaluate"}, {"model", model}, {"text", "evaluation"}}; }

Json quantize(const char* id, const char* model) {
  return {{"id", id},         {"kind", "quantize"},          {"model", model}, {"method", "gptq"}, {"weights", 4},
          {"activations", 4}, {"calibration", "calibration"}};
}

Json outliers(std::vector<std::pair<const char*, const char*>> states) {
  Json list = Json::array();
  for (const auto& [label, model] : states) list.push_back({{"label", label}, {"model", model}});
  return {{"id", "outliers"}, {"kind", "statistics"}, {"text", "calibration"}, {"windows", 64}, {"states", std::move(list)}};
}

Json rolora_job(bool records) {
  return job_of("rolora",
                Json::array({rotate(), evaluate("plain-evaluation", "base"), tune("rotated", records), merge(),
                             outliers({{"plain", "base"}, {"rotated", "rotated"}, {"rotated-tuned", "merged"}}),
                             evaluate("tuned-evaluation", "merged"), quantize("w4a4", "merged"), evaluate("w4a4-evaluation", "w4a4")}));
}

Json lora_job(bool records) {
  return job_of("lora", Json::array({evaluate("plain-evaluation", "base"), tune("base", records), merge(),
                                     outliers({{"plain", "base"}, {"plain-tuned", "merged"}}), evaluate("tuned-evaluation", "merged"),
                                     quantize("w4a4", "merged"), evaluate("w4a4-evaluation", "w4a4")}));
}

Json ptq_job() {
  return job_of("ptq", Json::array({rotate(), outliers({{"plain", "base"}, {"rotated", "rotated"}}), evaluate("plain-evaluation", "base"),
                                    quantize("plain-w4a4", "base"), evaluate("plain-w4a4-evaluation", "plain-w4a4"),
                                    quantize("w4a4", "rotated"), evaluate("w4a4-evaluation", "w4a4")}));
}

Json story_job() {
  load_recipe_resources();
  QFile in(QStringLiteral(":/recipe/story.json"));
  if (!in.open(QIODevice::ReadOnly)) return nullptr;
  const QByteArray bytes = in.readAll();
  Json job = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (!job.is_object()) return nullptr;
  job["model"] = {{"path", ""}};
  for (auto& [name, text] : job["texts"].items()) text["file"] = "";
  return job;
}

}  // namespace

std::vector<RecipePreset> recipe_presets(bool records) {
  return {
      {QStringLiteral("story"), tr("The whole story"),
       tr("Rotate by three seeds, measure outliers, tune rotated and plain, quantize both to W4A4 and W6A6 by RTN and GPTQ, evaluate "
          "everything."),
       story_job()},
      {QStringLiteral("rolora"), tr("RoLoRA (the paper's recipe)"),
       tr("Rotate (R1 and R4), tune by LoRA, merge, GPTQ to W4A4. Huang et al., EMNLP 2024, arXiv 2407.08044."), rolora_job(records)},
      {QStringLiteral("lora"), tr("LoRA without rotation"), tr("The same on the plain model: what rotation is compared with."),
       lora_job(records)},
      {QStringLiteral("ptq"), tr("PTQ only (rotate + quantize)"), tr("No training: plain and rotated, GPTQ to W4A4. QuaRot's setting."),
       ptq_job()},
      {QStringLiteral("rotate"), tr("Rotate"), tr("One station: a rotated model."), job_of("rotate", Json::array({rotate()}))},
      {QStringLiteral("tune"), tr("Tune"), tr("One station: an adapter on the model as it is."),
       job_of("tune", Json::array({tune("base", records)}))},
      {QStringLiteral("quantize"), tr("Quantize"), tr("One station: a quantized model, with the error of every linear."),
       job_of("quantize", Json::array({quantize("w4a4", "base")}))},
      {QStringLiteral("evaluate"), tr("Evaluate"), tr("One station: perplexity."),
       job_of("evaluate", Json::array({evaluate("evaluation", "base")}))},
      {QStringLiteral("statistics"), tr("Measure outliers"), tr("One station: statistics of every site of the model."),
       job_of("outliers", Json::array({outliers({{"plain", "base"}})}))},
  };
}

const RecipePreset* find_preset(const std::vector<RecipePreset>& presets, const QString& id) {
  for (const RecipePreset& preset : presets) {
    if (preset.id == id) return &preset;
  }
  return nullptr;
}

}  // namespace rolora::widgets
