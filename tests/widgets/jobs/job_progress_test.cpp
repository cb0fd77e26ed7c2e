// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_progress.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/temporary_folder.h"
#include "widgets/jobs/job_text.h"
#include "widgets/jobs/job_time.h"

namespace rolora::widgets::test {
namespace {

const QByteArray kStart = R"({"event":"start","format":1,"job":"story","job_file":"/a/b.json","process":12,"resumed":false,"time":100.0,)"
                          R"("stations":[{"id":"r","kind":"rotate"},{"id":"e","kind":"evaluate"}]})";

QByteArray progress(double time, int step, double eta) {
  return QByteArray::fromStdString(nlohmann::json{
      {"event", "progress"},
      {"time", time},
      {"station", "r"},
      {"stage", "s"},
      {"step", step},
      {"total", 100},
      {"eta_seconds", eta},
      {"run_fraction", step / 100.0},
      {"run_eta_seconds", eta},
      {"metrics", {{"loss", 2.5}}}}.dump());
}

TEST(JobText, FiguresOfSitesDoNotCrowdTheLine) {
  auto now = std::make_shared<JobProgress>();
  now->metrics = {{QStringLiteral("loss"), 2.5},
                  {QStringLiteral("kurtosis layers.0.down_in"), 300},
                  {QStringLiteral("absmax layers.0.down_in"), 80},
                  {QStringLiteral("lr"), 2e-4},
                  {QStringLiteral("tokens_per_second"), 410}};
  EXPECT_EQ(metrics_text(now), QStringLiteral("loss 2.50 · learning rate 2e-4 · 410 tokens/s"));
}

TEST(ProgressReader, FollowsAStation) {
  ProgressReader reader;
  reader.event_line(kStart, false);
  reader.event_line(R"({"event":"station","station":"r","kind":"rotate","index":0,"of":2,"state":"started","time":101.0})", false);
  for (int i = 0; i <= 20; ++i) reader.event_line(progress(101 + i, i, 100 - i), false);
  const JobProgress& now = reader.progress();
  EXPECT_EQ(now.process, 12);
  ASSERT_EQ(now.stations.size(), 2U);
  EXPECT_EQ(now.stations[0].state, StationProgress::State::running);
  EXPECT_EQ(now.station()->id, QStringLiteral("r"));
  EXPECT_EQ(now.step, 20);
  EXPECT_NEAR(now.rate, 1.0, 1e-9);
  EXPECT_NEAR(now.run_eta, 80, 1e-9);
  EXPECT_TRUE(now.eta_stable) << "every report promised the same end";
  EXPECT_EQ(now.metrics.at(QStringLiteral("loss")), 2.5);
  reader.event_line(R"({"event":"station","station":"r","kind":"rotate","index":0,"of":2,"state":"done","time":130.0})", false);
  EXPECT_EQ(reader.progress().stations[0].state, StationProgress::State::done);
  EXPECT_EQ(reader.progress().stations[0].ended - reader.progress().stations[0].began, 29.0);
}

TEST(ProgressReader, AnEstimateThatJumpsIsNotStable) {
  ProgressReader reader;
  reader.event_line(kStart, false);
  for (int i = 0; i < 15; ++i) reader.event_line(progress(100 + i, i, i % 2 == 0 ? 30 : 300), false);
  EXPECT_FALSE(reader.progress().eta_stable);
}

TEST(ProgressReader, AnEarlierAttemptsEndIsNotThisOnes) {
  ProgressReader reader;
  reader.event_line(kStart, true);
  reader.event_line(R"({"event":"stopped","station":"r","time":105.0})", true);
  EXPECT_EQ(reader.progress().ending, JobProgress::Ending::none);
  reader.event_line(kStart, false);
  reader.event_line(R"({"event":"done","report":"report.html","time":110.0})", false);
  EXPECT_EQ(reader.progress().ending, JobProgress::Ending::done);
  EXPECT_EQ(reader.progress().fraction, 1);
}

TEST(ProgressReader, ARetryForgetsHowTheAttemptBeforeEnded) {
  ProgressReader reader;
  reader.log_line("a line of the worker that tries again");
  reader.event_line(kStart, true);
  reader.event_line(R"({"event":"station","station":"r","kind":"rotate","index":0,"of":2,"state":"started","time":101.0})", true);
  reader.event_line(R"({"event":"failed","station":"r","message":"no room on the disk","time":105.0})", true);
  EXPECT_FALSE(reader.progress().log.join(QLatin1Char('\n')).contains(QStringLiteral("no room")));
  reader.event_line(kStart, false);
  EXPECT_EQ(reader.progress().log.first(), QStringLiteral("a line of the worker that tries again"));
  EXPECT_EQ(reader.progress().log.size(), 2);
}

TEST(ProgressReader, TheStationThatFailedIsMarked) {
  ProgressReader reader;
  reader.event_line(kStart, false);
  reader.event_line(R"({"event":"station","station":"r","kind":"rotate","index":0,"of":2,"state":"started","time":101.0})", false);
  reader.event_line(R"({"event":"failed","station":"r","message":"no room on the disk","time":105.0})", false);
  EXPECT_EQ(reader.progress().stations[0].state, StationProgress::State::failed);
  EXPECT_EQ(reader.progress().stations[1].state, StationProgress::State::waiting);
}

// Rotations are done in no time and say little of trainings: the forecast keeps its weight until something like it was measured.
TEST(TimeLeft, WeighsStationsByTheirForecastAndThePaceSoFar) {
  JobProgress now;
  const StationSeconds forecast = {{"r", 2}, {"t", 100}, {"e1", 50}, {"e2", 50}};
  for (const auto& [id, kind] : {std::pair("r", "rotate"), {"t", "finetune"}, {"e1", "evaluate"}, {"e2", "evaluate"}}) {
    StationProgress station;
    station.id = QString::fromLatin1(id);
    station.kind = QString::fromLatin1(kind);
    now.stations.push_back(station);
  }
  EXPECT_NEAR(time_left(now, forecast).seconds, 202, 1e-9) << "before anything: the estimate";
  EXPECT_FALSE(time_left(now, forecast).sure);
  now.stations[0].state = StationProgress::State::done;
  now.stations[0].began = 1000;
  now.stations[0].ended = 1020;  // ten times as long as it was to take
  const double after_rotation = time_left(now, forecast).seconds;
  EXPECT_GT(after_rotation, 200);
  EXPECT_LT(after_rotation, 350) << "a hundredth of the work does not decide of the rest";
  now.stations[1].state = StationProgress::State::running;
  now.stations[1].began = 1020;
  now.updated = 1120;
  now.station_eta = 100;  // half of it in 100 s: it takes twice as long as it was to
  const TimeLeft half = time_left(now, forecast);
  EXPECT_TRUE(half.sure);
  EXPECT_GT(half.seconds, 100 + 100 * 1.3);
  EXPECT_LT(half.seconds, 100 + 100 * 2.5);
  now.stations[1].state = now.stations[2].state = StationProgress::State::done;
  now.stations[1].ended = now.stations[2].began = 1220;
  now.stations[2].ended = 1270;  // just as it was to be
  const double last = time_left(now, forecast).seconds;
  EXPECT_NEAR(last, 50, 30) << "one of its own kind says more than all others";
}

TEST(TimeLeft, WithoutAForecastItIsWhatTheWorkerPromises) {
  JobProgress now;
  now.stations.resize(2);
  now.run_eta = 33;
  now.eta_stable = true;
  EXPECT_EQ(time_left(now, {}).seconds, 33);
  EXPECT_TRUE(time_left(now, {}).sure);
  EXPECT_TRUE(std::isnan(time_left(JobProgress(), {}).seconds));
}

TEST(ProgressReader, FailuresBeforeTheFolderComeFromTheLog) {
  ProgressReader reader;
  reader.log_line(R"({"event":"failed","message":"/m: config.json: expected a file, found none","time":1.0})");
  reader.log_line("error: /m: config.json: expected a file, found none");
  EXPECT_EQ(reader.progress().ending, JobProgress::Ending::failed);
  EXPECT_EQ(reader.progress().message, QStringLiteral("/m: config.json: expected a file, found none"));
}

TEST(ProgressReader, TornAndForeignLinesAreNoEvents) {
  ProgressReader reader;
  for (const char* line :
       {"", "{", "[]", "{\"event\":7}", "{\"event\":\"station\",\"index\":99,\"state\":\"done\"}", "{\"event\":\"progress\"}",
        "{\"event\":\"start\",\"stations\":[1,null]}", "{\"event\":\"metric\",\"name\":\"loss\",\"value\":null}"}) {
    reader.event_line(line, false);
    reader.log_line(line);
  }
  EXPECT_EQ(reader.progress().ending, JobProgress::Ending::none);
}

QByteArray loss(int step, double value) {
  return QByteArray::fromStdString(
      nlohmann::json{{"event", "metric"}, {"name", "loss"}, {"step", step}, {"value", value}, {"time", 1.0}}.dump());
}

QByteArray step_report(int step) {
  return QByteArray::fromStdString(
      nlohmann::json{{"event", "progress"}, {"time", 1.0}, {"station", "r"}, {"stage", "finetune: step"}, {"step", step}, {"total", 150}}
          .dump());
}

TEST(ProgressReader, AResumedTrainingKeepsItsLossesUpToTheCheckpoint) {
  ProgressReader reader;
  reader.event_line(kStart, true);
  for (int i = 1; i <= 57; ++i) reader.event_line(loss(i, 3), true);
  QByteArray again = kStart;
  reader.event_line(again.replace("\"resumed\":false", "\"resumed\":true"), false);
  EXPECT_EQ(reader.progress().losses.size(), 57U);
  reader.event_line(step_report(50), false);
  ASSERT_EQ(reader.progress().losses.size(), 50U) << "what was done after the checkpoint is done again";
  reader.event_line(loss(51, 2), false);
  EXPECT_EQ(reader.progress().losses.back(), (std::pair<double, double>{51, 2}));
  reader.event_line(kStart, false);
  EXPECT_TRUE(reader.progress().losses.empty()) << "begun anew";
}

TEST(ProgressReader, AProgramWithoutItsLibrariesSaysSo) {
  ProgressReader reader;
  reader.log_line("rolora: error while loading shared libraries: libtorch.so: cannot open shared object file");
  EXPECT_TRUE(reader.progress().message.contains(QStringLiteral("libtorch.so")));
}

TEST(Interruption, SaysWhereItStoodAndWhereItGoesOn) {
  auto now = std::make_shared<JobProgress>();
  EXPECT_TRUE(interruption_text(now).contains(QStringLiteral("resumes from the beginning")));
  now->started_now = true;
  now->current = 0;
  now->stations.push_back({QStringLiteral("lora"), QStringLiteral("finetune"), StationProgress::State::running, 0, 0});
  now->stage = QStringLiteral("finetune: step");
  now->step = 57;
  now->total = 150;
  now->resumes_from = 50;
  EXPECT_EQ(interruption_text(now), QStringLiteral("interrupted at step 57 of 150 of lora, resumes from step 50"));
  now->losses = {{57, 2.0}, {58, 2.0}};
  EXPECT_TRUE(interruption_text(now).startsWith(QStringLiteral("interrupted at step 58 "))) << "its loss was told, its progress not";
  now->resumes_from = 0;
  EXPECT_TRUE(interruption_text(now).contains(QStringLiteral("from its first step")));
  now->stations[0].kind = QStringLiteral("quantize");
  EXPECT_EQ(interruption_text(now), QStringLiteral("interrupted in lora; resumes from the beginning of this station"));
}

TEST(Interruption, OnlyAWholeCheckpointCounts) {
  const rolora::testing::TemporaryFolder folder;
  const auto checkpoint = [&](const char* name, bool whole) {
    const auto place = folder / "stations/lora/adapter.checkpoints" / name;
    std::filesystem::create_directories(place);
    rolora::testing::put_bytes(place / "state.safetensors", "x");
    if (whole) rolora::testing::put_bytes(place / "state.json", "{}");
  };
  const QString run = QString::fromStdString((folder / ".").string());
  EXPECT_EQ(newest_checkpoint(run, QStringLiteral("lora")), 0);
  checkpoint("step-50", true);
  checkpoint("step-9", true);
  checkpoint("step-60", false);
  EXPECT_EQ(newest_checkpoint(run, QStringLiteral("lora")), 50);
}

TEST(ProgressReader, LossesAreThinnedNotCut) {
  ProgressReader reader;
  reader.event_line(kStart, false);
  for (int i = 1; i <= 10000; ++i) {
    reader.event_line(QByteArray::fromStdString(
                          nlohmann::json{{"event", "metric"}, {"name", "loss"}, {"step", i}, {"value", 1.0 / i}, {"time", i}}.dump()),
                      false);
  }
  const auto& losses = reader.progress().losses;
  EXPECT_LE(losses.size(), 1001U);
  EXPECT_GE(losses.size(), 400U);
  EXPECT_EQ(losses.front().first, 1);
  EXPECT_GT(losses.back().first, 9900);
}

}  // namespace
}  // namespace rolora::widgets::test
