// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <QFile>
#include <QProcess>
#include <QSignalSpy>
#include <QTest>
#include <cmath>
#include <filesystem>

#include "core/base/error.h"
#include "tests/support/sample_run.h"
#include "widgets/data/run_reader.h"
#include "widgets/data/run_store.h"

namespace rolora::widgets {
namespace {

using test::SampleRun;
using testing::HasSubstr;

QString text(const std::filesystem::path& path) { return QString::fromStdString(path.string()); }

// What a worker at work holds.
class HeldLock {
 public:
  explicit HeldLock(const std::filesystem::path& folder) : file_(folder / "lock"), lock_(::open(file_.c_str(), O_RDWR | O_CREAT, 0666)) {
    EXPECT_EQ(::flock(lock_, LOCK_EX | LOCK_NB), 0);
    const std::string process = std::to_string(::getpid());
    EXPECT_EQ(::write(lock_, process.data(), process.size()), static_cast<ssize_t>(process.size()));
  }
  /// As a kill does: the lock goes, the file stays.
  void die() {
    ::close(lock_);
    lock_ = -1;
  }
  ~HeldLock() {
    if (lock_ >= 0) ::close(lock_);
  }

 private:
  std::filesystem::path file_;
  int lock_;
};

class Run : public testing::Test {
 protected:
  RunDataPtr read() {
    const Result<RunDataPtr> result = read_run(text(run_.folder()));
    EXPECT_TRUE(result.ok()) << result.error.toStdString();
    return result.value;
  }
  std::string refusal() { return read_run(text(run_.folder())).error.toStdString(); }
  test::TempFolder folder_;
  SampleRun run_{folder_ / "run"};
};

TEST_F(Run, GivesBackWhatTheStationsSaid) {
  run_.finish_all();
  run_.set_state("finished");
  const RunDataPtr run = read();
  ASSERT_TRUE(run);
  EXPECT_EQ(run->name, QStringLiteral("sample"));
  EXPECT_EQ(run->state, QStringLiteral("finished"));
  EXPECT_EQ(run->model, QStringLiteral("story"));
  EXPECT_EQ(run->model_sha256, QStringLiteral("abc"));
  EXPECT_EQ(run->stations.size(), 9u);
  for (const auto& station : run->stations) EXPECT_TRUE(station.done && station.bytes > 0) << station.id.toStdString();
  EXPECT_EQ(run->statistics_files, QStringList{text(run_.folder() / "stations/outliers/statistics.h5")});

  ASSERT_EQ(run->measured.size(), 2u);
  EXPECT_EQ(run->measured[0].worst_layer, 1);
  EXPECT_EQ(run->measured[0].worst_site, QStringLiteral("down_in")) << "the residual stream is no input of a linear";
  EXPECT_EQ(run->measured[0].worst_ratio, 184);
  EXPECT_EQ(run->measured[1].worst_layer, 0);

  ASSERT_EQ(run->trainings.size(), 1u);
  const TrainingCurve& t = run->trainings[0];
  EXPECT_EQ(t.model, QStringLiteral("rotated-0"));
  EXPECT_EQ(t.step, (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(t.loss[0], 4);
  EXPECT_TRUE(std::isnan(t.loss[1])) << "a step without anything to learn";
  EXPECT_EQ(t.evaluation_step, std::vector<double>{2});
  EXPECT_EQ(t.kurtosis.at(QStringLiteral("layers.1.down_in")), (std::vector<std::pair<double, double>>{{2, 7.5}}));

  ASSERT_EQ(run->quantized.size(), 1u);
  const QuantizedLook& q = run->quantized[0];
  EXPECT_EQ(q.method, QStringLiteral("gptq"));
  EXPECT_EQ(q.linears[1].layer, 12);
  EXPECT_EQ(q.linears[1].kind, QStringLiteral("down_proj"));
  EXPECT_EQ(q.linears[1].weight_relative_error, 0.2);
  EXPECT_TRUE(std::isnan(q.linears[0].gptq_loss) && std::isnan(q.linears[0].output_error_weights));
}

TEST_F(Run, NamesStatesAndFindsTheFullPrecisionOfEach) {
  run_.finish_all();
  const RunDataPtr run = read();
  ASSERT_EQ(run->perplexities.size(), 4u);
  const auto& rows = run->perplexities;
  EXPECT_EQ(rows[0].state, QStringLiteral("plain"));
  EXPECT_EQ(rows[0].full_precision, 12);
  EXPECT_EQ(rows[1].state, QStringLiteral("rotated (seed 0), RTN W4A4"));
  EXPECT_TRUE(std::isnan(rows[1].full_precision)) << "the rotated model was not evaluated unquantized";
  EXPECT_EQ(rows[2].state, QStringLiteral("rotated (seed 0) + LoRA"));
  EXPECT_EQ(rows[3].state, QStringLiteral("rotated (seed 0) + LoRA, GPTQ W4A8 KV4"));
  EXPECT_EQ(rows[3].full_precision, 11);
}

TEST_F(Run, CallsItsBaseWhatItIs) {
  nlohmann::json model = {{"name", "/models/story"}, {"sha256", "abc"}, {"layers", 2}, {"rotated", true}, {"quantized", false}};
  run_.write("inputs.json", {{"format", 1}, {"model", model}});
  run_.finish_all();
  RunDataPtr run = read();
  EXPECT_EQ(run->perplexities[0].state, QStringLiteral("base (rotated)"));
  EXPECT_EQ(run->perplexities[0].full_precision, 12);
  model["quantized"] = true;
  run_.write("inputs.json", {{"format", 1}, {"model", model}});
  run = read();
  EXPECT_EQ(run->perplexities[0].state, QStringLiteral("base (rotated), quantized as it came"));
  EXPECT_TRUE(std::isnan(run->perplexities[0].full_precision)) << "it is not what others are compared with";
}

TEST_F(Run, OnlyWhatIsDoneCountsAndALeftoverIsNot) {
  run_.finish_all();
  test::write_text(run_.folder() / "stations/ppl/DONE", "00\n");
  std::filesystem::remove(run_.folder() / "stations/gptq/DONE");
  const RunDataPtr run = read();
  EXPECT_EQ(run->perplexities.size(), 3u);
  EXPECT_TRUE(run->quantized.empty());
  EXPECT_FALSE(run->stations[2].done);
}

TEST_F(Run, RefusesWhatIsNotARunInOneLineThatNamesFileAndKey) {
  EXPECT_THAT(read_run(text(folder_ / "nothing")).error.toStdString(), HasSubstr("run.json"));
  run_.set_state("dancing");
  EXPECT_THAT(refusal(), HasSubstr("run.json: state: expected running, stopped, failed or finished, found dancing"));
  run_.set_state("finished");
  run_.job()["stations"][0]["id"] = "../../elsewhere";
  run_.write("job.json", run_.job());
  EXPECT_THAT(refusal(), HasSubstr("job.json: stations[0].id: expected letters"));
  test::write_text(run_.folder() / "job.json", "{\"format\": 1, ");
  EXPECT_THAT(refusal(), HasSubstr("job.json: line"));
}

TEST_F(Run, AStationThatCannotBeReadIsToldWhereItStandsAndTheOthersAreShown) {
  run_.finish_all();
  run_.set_state("finished");
  constexpr size_t kPpl = 2, kLora = 4;
  const auto damage = [this](size_t station) {
    const RunDataPtr run = read();
    EXPECT_FALSE(run->stations[station].done);
    EXPECT_EQ(run->statistics_files.size(), 1) << "the other stations are whole";
    return run->stations[station].damage.toStdString();
  };
  EXPECT_EQ(read()->stations[kPpl].damage.toStdString(), "");
  run_.finish("ppl", {{"perplexity", 12}, {"nll", "two"}, {"tokens", 5}}, "evaluate");
  EXPECT_THAT(damage(kPpl), HasSubstr("stations/ppl/result.json: nll: expected"));
  run_.finish("ppl", {{"perplexity", 12}, {"nll", 2}}, "evaluate");
  EXPECT_THAT(damage(kPpl), HasSubstr("stations/ppl/result.json: tokens: expected"));
  run_.finish("ppl", {{"perplexity", 12}, {"nll", 2}, {"tokens", 5}}, "merge");
  EXPECT_THAT(damage(kPpl), HasSubstr("kind: expected evaluate, found merge"));
  test::write_text(run_.folder() / "stations/ppl/DONE", "00\n");
  EXPECT_THAT(damage(kPpl), HasSubstr("stations/ppl/result.json: content: expected what its DONE seals"));
  run_.finish("lora", {{"losses", {1, 2}}, {"lr", {1}}, {"grad_norm", {1, 2}}, {"evaluation", Json::array()}}, "finetune");
  EXPECT_THAT(damage(kLora), HasSubstr("lr: expected 2 numbers, found 1"));
}

TEST_F(Run, AMeasuredStateIsCalledByWhatMadeIt) {
  run_.finish_all();
  const RunDataPtr run = read();
  ASSERT_EQ(run->measured.size(), 2u);
  EXPECT_EQ(run->measured[1].title, QStringLiteral("rotated (seed 0)"));
  EXPECT_EQ(titles_in(*run, run->statistics_files[0]).at(QStringLiteral("plain")), QStringLiteral("plain"));
}

TEST_F(Run, IsInterruptedWhenNobodyIsAtWork) {
  EXPECT_EQ(read()->state, QStringLiteral("interrupted"));
  HeldLock worker(run_.folder());
  EXPECT_EQ(read()->state, QStringLiteral("running"));
  EXPECT_TRUE(read()->stations[0].at_work);
  EXPECT_FALSE(read()->stations[1].at_work);
  worker.die();
  EXPECT_EQ(read()->state, QStringLiteral("interrupted"));
  EXPECT_FALSE(read()->stations[0].at_work);
  run_.set_state("stopped");
  EXPECT_EQ(read()->state, QStringLiteral("stopped"));
}

TEST_F(Run, AFailedOneTellsItsLine) {
  run_.event({{"event", "start"}, {"job", "sample"}, {"resumed", false}});
  run_.event({{"event", "failed"}, {"station", "lora"}, {"message", "loss is not finite at step 3"}});
  run_.set_state("failed");
  EXPECT_EQ(read()->failure, QStringLiteral("loss is not finite at step 3"));
  run_.event({{"event", "start"}, {"job", "sample"}, {"resumed", true}});
  EXPECT_EQ(read()->failure, QString());
}

TEST_F(Run, TheCurvesOfATrainingAtWorkComeFromItsEvents) {
  const auto step = [&](int n, double loss) {
    for (const auto& [name, value] : {std::pair("loss", loss), std::pair("lr", 1e-3), std::pair("grad_norm", 1.0)}) {
      run_.event({{"event", "metric"}, {"station", "lora"}, {"name", name}, {"step", n}, {"value", value}});
    }
  };
  run_.event({{"event", "start"}, {"job", "sample"}, {"resumed", false}});
  step(1, 4);
  step(2, 3);
  run_.event({{"event", "metric"}, {"station", "lora"}, {"name", "kurtosis layers.0.down_in"}, {"step", 2}, {"value", 9}});
  run_.event({{"event", "metric"}, {"station", "lora"}, {"name", "evaluation"}, {"step", 2}, {"value", 3.5}});
  {
    std::ofstream cut(run_.folder() / "events.jsonl", std::ios::app);
    cut << "{\"event\":\"metric\",\"stat\n";  // a process was killed here
  }
  step(2, 2.5);  // and went on from its checkpoint
  RunReader reader(run_.folder());
  const RunDataPtr run = reader.read();
  ASSERT_EQ(run->trainings.size(), 1u);
  EXPECT_EQ(run->trainings[0].loss, (std::vector<double>{4, 2.5}));
  EXPECT_EQ(run->trainings[0].evaluation_loss, std::vector<double>{3.5});
  EXPECT_EQ(run->trainings[0].kurtosis.at(QStringLiteral("layers.0.down_in")).size(), 1u);
  EXPECT_FALSE(reader.changed());
  step(3, 2);
  EXPECT_TRUE(reader.changed());
  EXPECT_EQ(reader.read()->trainings[0].loss.size(), 3u);
  run_.finish_all();
  EXPECT_EQ(reader.read()->trainings.size(), 1u) << "the result takes the place of the live curve";
  EXPECT_TRUE(std::isnan(reader.read()->trainings[0].loss[1]));
}

TEST_F(Run, TheStoreFollowsARunThatGrows) {
  HeldLock worker(run_.folder());
  RunStore store;
  QObject receiver;
  QSignalSpy opened(&store, &RunStore::opened), updated(&store, &RunStore::updated), failed(&store, &RunStore::failed);
  bool there = false;
  store.open(text(run_.folder()), &receiver, [&](const auto& result) { there = result.ok(); });
  EXPECT_FALSE(there);
  ASSERT_TRUE(QTest::qWaitFor([&] { return there; }));
  EXPECT_EQ(opened.count(), 1);
  EXPECT_EQ(store.open_runs().size(), 1);
  run_.event({{"event", "metric"}, {"station", "lora"}, {"name", "lr"}, {"step", 1}, {"value", 1}});
  ASSERT_TRUE(QTest::qWaitFor([&] { return updated.count() > 0; }));
  EXPECT_EQ(store.run(text(run_.folder()))->trainings.size(), 1u);
  worker.die();
  ASSERT_TRUE(QTest::qWaitFor([&] { return store.run(text(run_.folder()))->state == QStringLiteral("interrupted"); }));
  test::write_text(run_.folder() / "run.json", "{");
  ASSERT_TRUE(QTest::qWaitFor([&] { return failed.count() > 0; }));
  EXPECT_TRUE(store.run(text(run_.folder()))) << "what was read stays";
  store.close(text(run_.folder()));
  EXPECT_FALSE(store.run(text(run_.folder())));
  QString error;
  store.open(text(run_.folder()), &receiver, [&](const auto& result) { error = result.error; });
  ASSERT_TRUE(QTest::qWaitFor([&] { return !error.isEmpty(); }));
  EXPECT_TRUE(store.open_runs().isEmpty());
}

TEST_F(Run, NothingIsCalledOnceTheReceiverIsGone) {
  RunStore store;
  bool called = false;
  {
    QObject receiver;
    store.open(text(run_.folder()), &receiver, [&](const auto&) { called = true; });
  }
  ASSERT_TRUE(QTest::qWaitFor([&] { return !store.open_runs().isEmpty(); }));
  EXPECT_FALSE(called);
}

// The folder that the command itself writes, on the bundled model.
TEST(RealRun, IsReadWhole) {
  const QString program = qEnvironmentVariable("ROLORA_BIN");
  if (program.isEmpty() || !QFile::exists(program)) GTEST_SKIP() << "missing: the command, named by ROLORA_BIN";
  const test::TempFolder folder;
  const std::string resources = std::filesystem::absolute(test::source_folder() / "resources").string();
  const Json job = {
      {"format", 1},
      {"name", "small"},
      {"model", {{"path", resources + "/bundled"}}},
      {"texts",
       {{"calibration", {{"file", resources + "/texts/calibration.txt"}}},
        {"evaluation", {{"file", resources + "/texts/evaluation.txt"}}}}},
      {"stations",
       {{{"id", "rotated"}, {"kind", "rotate"}, {"model", "base"}, {"store", "float32"}},
        {{"id", "outliers"},
         {"kind", "statistics"},
         {"text", "calibration"},
         {"context", 64},
         {"windows", 2},
         {"keep", {"down_in"}},
         {"keep_tokens", 32},
         {"states", {{{"label", "plain"}, {"model", "base"}}, {{"label", "rotated"}, {"model", "rotated"}}}}},
        {{"id", "lora"},
         {"kind", "finetune"},
         {"model", "rotated"},
         {"data", "calibration"},
         {"format", "text"},
         {"block", 32},
         {"steps", 3},
         {"batch", 1},
         {"validation", 0},
         {"site_statistics_every", 1}},
        {{"id", "rtn"},
         {"kind", "quantize"},
         {"model", "rotated"},
         {"weights", 4},
         {"activations", 4},
         {"calibration", "calibration"},
         {"context", 32},
         {"samples", 2}},
        {{"id", "ppl"}, {"kind", "evaluate"}, {"model", "rotated"}, {"text", "evaluation"}, {"context", 32}, {"windows", 4}},
        {{"id", "ppl-rtn"}, {"kind", "evaluate"}, {"model", "rtn"}, {"text", "evaluation"}, {"context", 32}, {"windows", 4}}}}};
  test::write_text(folder / "job.json", json_text(job));
  QProcess worker;
  worker.start(program, {QStringLiteral("run"), text(folder / "job.json"), QStringLiteral("--out"), text(folder / "run")});
  ASSERT_TRUE(worker.waitForFinished(120000));
  ASSERT_EQ(worker.exitCode(), 0) << worker.readAllStandardError().toStdString();
  const Result<RunDataPtr> result = read_run(text(folder / "run"));
  ASSERT_TRUE(result.ok()) << result.error.toStdString();
  const RunData& run = *result.value;
  EXPECT_EQ(run.state, QStringLiteral("finished"));
  EXPECT_EQ(run.model, QStringLiteral("bundled"));
  EXPECT_EQ(run.statistics_files.size(), 1);
  EXPECT_GT(run.measured.at(0).worst_ratio, run.measured.at(1).worst_ratio) << "rotation flattens";
  ASSERT_EQ(run.trainings.size(), 1u);
  EXPECT_EQ(run.trainings[0].loss.size(), 3u);
  EXPECT_EQ(run.trainings[0].kurtosis.at(QStringLiteral("layers.0.down_in")).size(), 3u);
  EXPECT_EQ(run.quantized.at(0).linears.size(), 28u);
  EXPECT_GT(run.quantized[0].linears[0].output_error_both, 0);
  EXPECT_EQ(run.perplexities.at(1).state, QStringLiteral("rotated (seed 0), RTN W4A4"));
  EXPECT_EQ(run.perplexities[1].full_precision, run.perplexities[0].perplexity);
}

}  // namespace
}  // namespace rolora::widgets
