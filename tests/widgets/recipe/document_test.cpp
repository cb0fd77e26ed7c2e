// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/recipe_document.h"

#include <QAbstractItemModelTester>
#include <fstream>

#include "tests/widgets/jobs/job_fixture.h"
#include "widgets/jobs/worker_program.h"
#include "widgets/recipe/cost_bar.h"
#include "widgets/recipe/recipe_command.h"
#include "widgets/recipe/recipe_fields.h"
#include "widgets/recipe/recipe_list.h"
#include "widgets/recipe/recipe_presets.h"

namespace rolora::widgets::test {
namespace {

CommandPlace place(const QString& folder) { return {worker_program(), QString(), folder, QStringLiteral("cpu"), 0}; }

using Json = nlohmann::json;

Json story() {
  std::ifstream in(source_folder().toStdString() + "/resources/jobs/story.json");
  return Json::parse(in);
}

TEST(RecipeDocument, TheStoryComesBackOutAsItIs) {
  RecipeDocument document;
  const Result<bool> loaded = document.load(source_folder() + QStringLiteral("/resources/jobs/story.json"));
  ASSERT_TRUE(loaded.ok()) << loaded.error.toStdString();
  const Json before = story(), now = Json::parse(document.text().toStdString());
  EXPECT_EQ(now["stations"], before["stations"]);
  EXPECT_EQ(now["seed"], before["seed"]);
  EXPECT_EQ(document.model(), bundled_model()) << "paths are resolved against the job file";
  EXPECT_EQ(document.text_file(QStringLiteral("tuning")), bundled_text(QStringLiteral("tuning")));
}

// Every value of every station goes through its field's text and back.
TEST(RecipeFields, EveryKeyOfTheStoryHasAFieldThatReadsItBack) {
  const Json job = story();
  for (const Json& station : job["stations"]) {
    const StationKind* kind = find_kind(QString::fromStdString(station["kind"]));
    ASSERT_NE(kind, nullptr) << station["kind"];
    Json again = {{"id", station["id"]}, {"kind", station["kind"]}};
    for (const Field& field : kind->fields) {
      const Json value = field_value(station, field);
      if (value.is_null()) continue;
      if (field.kind == FieldKind::section) {
        again[field.key] = Json::object();
        continue;
      }
      EXPECT_TRUE(field_shown(station, *kind, field)) << station["id"] << " " << field.key;
      const ParsedField parsed = field_from_text(field, field_to_text(field, value));
      EXPECT_TRUE(parsed.error.isEmpty()) << field.key << ": " << parsed.error.toStdString();
      set_field(again, field, parsed.value);
    }
    EXPECT_EQ(again, station);
  }
}

TEST(RecipeFields, EveryFieldIsExplainedAndItsDefaultIsAValueOfItsKind) {
  for (const StationKind& kind : station_kinds()) {
    for (const Field& field : kind.fields) {
      EXPECT_GT(std::string(field.explanation).size(), 10U) << kind.kind << "." << field.key;
      EXPECT_GT(std::string(field.label).size(), 1U) << kind.kind << "." << field.key;
      if (*field.fallback == '\0') continue;
      const Json fallback = Json::parse(field.fallback);
      if (fallback.is_null()) continue;
      const ParsedField parsed = field_from_text(field, field_to_text(field, fallback));
      EXPECT_EQ(parsed.value, fallback) << kind.kind << "." << field.key << ": " << parsed.error.toStdString();
    }
  }
}

TEST(RecipeFields, RefusesWhatIsNoValue) {
  const StationKind* tune = find_kind(QStringLiteral("finetune"));
  const auto field = [&](const char* key) -> const Field& {
    return *std::find_if(tune->fields.begin(), tune->fields.end(), [&](const Field& f) { return std::string_view(f.key) == key; });
  };
  EXPECT_FALSE(field_from_text(field("rank"), QStringLiteral("0")).error.isEmpty());
  EXPECT_FALSE(field_from_text(field("rank"), QStringLiteral("1.5")).error.isEmpty());
  EXPECT_FALSE(field_from_text(field("lr"), QStringLiteral("fast")).error.isEmpty());
  EXPECT_FALSE(field_from_text(field("dropout"), QStringLiteral("1")).error.isEmpty());
  EXPECT_FALSE(field_from_text(field("model"), QString()).error.isEmpty());
  EXPECT_TRUE(field_from_text(field("lr"), QStringLiteral("1e-4")).error.isEmpty());
  EXPECT_TRUE(field_from_text(field("rank"), QString()).value.is_null()) << "empty is the default";
}

// The table's defaults are the worker's: a job with all of them spelled out is the same job.
TEST(RecipeFields, DefaultsAreTheWorkers) {
  const rolora::testing::TemporaryFolder folder;
  Json job = small_job();
  job["texts"]["calibration"] = {{"file", bundled_text(QStringLiteral("calibration")).toStdString()}};
  job["stations"] = Json::array(
      {{{"id", "r"}, {"kind", "rotate"}, {"model", "base"}},
       {{"id", "s"},
        {"kind", "statistics"},
        {"states", {{{"label", "plain"}, {"model", "base"}}}},
        {"text", "calibration"},
        {"windows", 1}},
       {{"id", "t"}, {"kind", "finetune"}, {"model", "base"}, {"data", "calibration"}, {"format", "text"}, {"steps", 1}, {"batch", 1}},
       {{"id", "m"}, {"kind", "merge"}, {"model", "t"}},
       {{"id", "q"}, {"kind", "quantize"}, {"model", "base"}, {"calibration", "calibration"}, {"weights", 8}, {"error_samples", 1}},
       {{"id", "e"}, {"kind", "evaluate"}, {"model", "q"}, {"text", "calibration"}, {"windows", 1}}});
  rolora::testing::put_bytes(folder / "job.json", job.dump());
  QProcess worker;
  worker.start(qEnvironmentVariable("ROLORA_BIN"),
               {QStringLiteral("run"), path_of(folder / "job.json"), QStringLiteral("--out"), path_of(folder / "run"),
                QStringLiteral("--threads"), QStringLiteral("1"), QStringLiteral("--quiet")});
  ASSERT_TRUE(worker.waitForFinished(120000));
  ASSERT_EQ(worker.exitCode(), 0) << worker.readAllStandardError().toStdString();
  const Json complete = Json::parse(rolora::testing::get_bytes(folder / "run/job.json"));
  int compared = 0;
  for (size_t i = 0; i < job["stations"].size(); ++i) {
    const StationKind* kind = find_kind(QString::fromStdString(job["stations"][i]["kind"]));
    for (const Field& field : kind->fields) {
      const bool asked = !field_value(job["stations"][i], field).is_null();
      if (asked || *field.fallback == '\0' || std::string_view(field.key).find('/') != std::string_view::npos) continue;
      const Json fallback = Json::parse(field.fallback);
      const Json found = field_value(complete["stations"][i], field);
      if (fallback.is_null() || !field_shown(job["stations"][i], *kind, field) || std::string_view(field.key) == "epochs") continue;
      EXPECT_EQ(found, fallback) << kind->kind << "." << field.key;
      ++compared;
    }
  }
  EXPECT_GT(compared, 30);
}

TEST(RecipePresets, TheWorkerTakesEveryOne) {
  const rolora::testing::TemporaryFolder folder;
  for (const RecipePreset& preset : recipe_presets()) {
    Json job = preset.job;
    ASSERT_TRUE(job.is_object()) << preset.id.toStdString();
    job["model"]["path"] = bundled_model().toStdString();
    for (auto& [name, text] : job["texts"].items()) text["file"] = bundled_text(QString::fromStdString(name)).toStdString();
    rolora::testing::put_bytes(folder / "job.json", job.dump());
    QProcess worker;
    worker.start(qEnvironmentVariable("ROLORA_BIN"), {QStringLiteral("run"), path_of(folder / "job.json"), QStringLiteral("--dry-run"),
                                                      QStringLiteral("--json"), QStringLiteral("--threads"), QStringLiteral("1")});
    ASSERT_TRUE(worker.waitForFinished(60000));
    EXPECT_EQ(worker.exitCode(), 0) << preset.id.toStdString() << ": " << worker.readAllStandardError().toStdString();
    const Json estimate = Json::parse(worker.readAllStandardOutput().toStdString(), nullptr, false);
    ASSERT_TRUE(estimate.is_object());
    EXPECT_EQ(estimate["stations"].size(), job["stations"].size());
    EXPECT_GT(estimate["seconds"].get<double>(), 0);
    EXPECT_GT(estimate["peak_bytes"].get<double>(), estimate["program_bytes"].get<double>());
  }
}

TEST(RecipeDocument, LaterStationsFollowARename) {
  RecipeDocument document;
  document.set_job(recipe_presets()[1].job);
  const int row = document.row_of(QStringLiteral("rotated"));
  document.rename_station(row, QStringLiteral("turned"));
  EXPECT_EQ(document.station(document.row_of(QStringLiteral("tuned")))["model"], "turned");
  EXPECT_EQ(document.station(document.row_of(QStringLiteral("outliers")))["states"][1]["model"], "turned");
  document.rename_text(QStringLiteral("calibration"), QStringLiteral("other"));
  EXPECT_EQ(document.station(document.row_of(QStringLiteral("w4a4")))["calibration"], "other");
  EXPECT_FALSE(document.text_names().contains(QStringLiteral("calibration")));
}

TEST(RecipeDocument, RefusalsFindTheirField) {
  RecipeDocument document;
  document.set_job(recipe_presets()[1].job);
  JobProblem problem = problem_of(QStringLiteral("/tmp/j.json: stations[2].lr: expected a number above 0, found -1"), document);
  EXPECT_EQ(problem.station, 2);
  EXPECT_EQ(problem.key, QStringLiteral("lr"));
  EXPECT_EQ(problem.line, QStringLiteral("expected a number above 0, found -1"));
  problem = problem_of(QStringLiteral("job: stations[w4a4]: expected settings that fit together and fit the model, found group"), document);
  EXPECT_EQ(problem.station, document.row_of(QStringLiteral("w4a4")));
  problem = problem_of(QStringLiteral("/tmp/j.json: stations[1].quantization.weights: expected 2 to 8, or 16, found 1"), document);
  EXPECT_EQ(problem.key, QStringLiteral("quantization/weights"));
  problem = problem_of(QStringLiteral("/m: config.json: expected a file, found none"), document);
  EXPECT_EQ(problem.station, -1);
}

TEST(RecipeListModel, StandsAllEdits) {
  RecipeDocument document;
  RecipeListModel model(&document);
  QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::Warning);
  document.set_job(recipe_presets()[1].job);
  const int stations = document.station_count();
  EXPECT_EQ(model.rowCount(), stations + 1);
  document.add_station(QStringLiteral("evaluate"), stations);
  document.move_station(stations, 0);
  document.remove_station(0);
  EXPECT_EQ(model.rowCount(), stations + 1);
  EXPECT_EQ(document.job()["stations"], recipe_presets()[1].job["stations"]);
}

TEST(RecipeCommand, OneStationIsItsVerbAndTheWorkerTakesIt) {
  const rolora::testing::TemporaryFolder folder;
  Json job = small_job();
  job["stations"] = Json::array({{{"id", "e"},
                                  {"kind", "evaluate"},
                                  {"model", "base"},
                                  {"text", "evaluation"},
                                  {"context", 64},
                                  {"quantization", {{"weights", 4}, {"activations", 4}, {"asymmetric", true}}}}});
  bool needs_file = true;
  const QString line = recipe_command(job, place(path_of(folder / "out put")), &needs_file);
  EXPECT_FALSE(needs_file);
  EXPECT_TRUE(line.startsWith(shell_word(worker_program()) + QStringLiteral(" evaluate "))) << line.toStdString();
  EXPECT_TRUE(line.contains(QStringLiteral("--asymmetric"))) << line.toStdString();
  job["stations"] = Json::array({{{"id", "r"}, {"kind", "rotate"}, {"model", "base"}, {"r1", "orthogonal"}, {"seed", 3}}});
  const QString rotate = recipe_command(job, place(path_of(folder / "it's")));
  QProcess shell;
  shell.setWorkingDirectory(QStringLiteral("/"));
  shell.start(QStringLiteral("/bin/sh"), {QStringLiteral("-c"), rotate});
  ASSERT_TRUE(shell.waitForFinished(60000));
  EXPECT_EQ(shell.exitCode(), 0) << rotate.toStdString() << shell.readAllStandardError().toStdString();
  EXPECT_TRUE(QFile::exists(path_of(folder / "it's/rotation.json")));
}

TEST(RecipeCommand, AWholeJobIsARun) {
  bool needs_file = false;
  const CommandPlace place{QStringLiteral("/opt/my tools/rolora"), QStringLiteral("/j/a b.json"), QStringLiteral("/r"),
                           QStringLiteral("cuda"), 3};
  const QString line = recipe_command(recipe_presets()[1].job, place, &needs_file);
  EXPECT_TRUE(needs_file);
  EXPECT_EQ(line, QStringLiteral("'/opt/my tools/rolora' run '/j/a b.json' --out /r --resume --device cuda --threads 3"));
}

TEST(RecipeProblem, IsToldInTheWordsOfThePage) {
  RecipeDocument document;
  document.set_job(recipe_presets()[1].job);
  const int row = document.row_of(QStringLiteral("tuned"));
  EXPECT_EQ(problem_in_words({row, QStringLiteral("rank"), QStringLiteral("expected at least 1")}, document),
            QStringLiteral("Tune “tuned”, Rank: expected at least 1"));
  EXPECT_EQ(problem_in_words({-1, QStringLiteral("model.path"), QStringLiteral("expected a folder")}, document),
            QStringLiteral("Model: expected a folder"));
}

// What a user typed is relative to where the window was started, not to where a job file comes to lie.
TEST(RecipeDocument, ARelativePathIsMadeAbsolute) {
  RecipeDocument document;
  document.set_job(recipe_presets()[1].job);
  document.set_model(QStringLiteral("models/one"));
  document.set_text(QStringLiteral("tuning"), QStringLiteral("a.txt"), QStringLiteral("text"));
  EXPECT_EQ(document.model(), QStringLiteral("models/one")) << "as it was typed";
  const Json job = document.absolute_job();
  EXPECT_EQ(job["model"]["path"], (QDir::currentPath() + QStringLiteral("/models/one")).toStdString());
  EXPECT_EQ(job["texts"]["tuning"]["file"], (QDir::currentPath() + QStringLiteral("/a.txt")).toStdString());
}

TEST(RecipeList, AnEstimateHasNoTenths) {
  RecipeDocument document;
  document.set_job(recipe_presets()[1].job);
  RecipeListModel model(&document);
  model.set_estimate({{"stations", {{{"id", "rotated"}, {"seconds", 0.351}}, {{"id", "tuned"}, {"seconds", 3.8}}}}});
  EXPECT_EQ(model.index(1).data(RecipeListModel::CostRole).toString(), QStringLiteral("< 1 s"));
  EXPECT_FALSE(model.index(3).data(RecipeListModel::CostRole).toString().contains(QLatin1Char('.')));
}

TEST(TimeRange, SaysTwoEndsInOneUnit) {
  EXPECT_EQ(time_range(41, 58), QStringLiteral("about 40–60 s"));
  EXPECT_EQ(time_range(610, 890), QStringLiteral("about 10–15 min"));
  EXPECT_EQ(time_range(4.2 * 3600, 6 * 3600), QStringLiteral("about 4.2–6.0 h"));
  EXPECT_EQ(time_range(0.1, 0.4), QStringLiteral("about a second"));
  EXPECT_EQ(time_range(5, 5), QStringLiteral("about 5 s"));
}

}  // namespace
}  // namespace rolora::widgets::test
