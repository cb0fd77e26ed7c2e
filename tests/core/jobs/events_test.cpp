// SPDX-License-Identifier: GPL-3.0-or-later
// Events and estimates, with a clock made by hand.
#include "core/jobs/events.h"

#include <gtest/gtest.h>

#include "tests/core/jobs/tree.h"

namespace rolora {
namespace {

using test::put;
using test::read_text;
using test::TempFolder;

struct Recorder final : RunObserver {
  std::vector<Json> events;
  bool stop = false;
  void event(const Json& e) override { events.push_back(e); }
  bool stop_requested() const override { return stop; }
  std::vector<Json> named(const std::string& name) const {
    std::vector<Json> found;
    for (const Json& e : events) {
      if (e["event"] == name) found.push_back(e);
    }
    return found;
  }
};

TEST(RunEta, AStationsOwnPaceAndTheOthersByKind) {
  RunEta eta({{"evaluate", 100}, {"evaluate", 300}, {"finetune", 600}});
  eta.begin(0, 0);
  EXPECT_FALSE(eta.station_seconds());
  eta.advance(0.25, 10);
  EXPECT_DOUBLE_EQ(*eta.station_seconds(), 30);  // 10 s for a quarter
  EXPECT_DOUBLE_EQ(eta.run_fraction(), 0.025);
  EXPECT_DOUBLE_EQ(*eta.run_seconds(), 30 + (10 / 25.0) * 900);
  eta.end(0, 50);  // 0.5 s per unit
  eta.begin(1, 50);
  EXPECT_DOUBLE_EQ(*eta.station_seconds(), 150);
  eta.advance(0.5, 200);  // this one runs at 1 s per unit
  EXPECT_DOUBLE_EQ(*eta.station_seconds(), 150);
  EXPECT_DOUBLE_EQ(*eta.run_seconds(), 150 + 300);  // finetune at the overall pace so far, 0.5 s per unit
  EXPECT_DOUBLE_EQ(eta.run_fraction(), 0.25);
}

TEST(RunEta, AStationThatGoesOnIsTimedByWhatWasSeen) {
  RunEta eta({{"finetune", 100}});
  eta.begin(0, 0);
  eta.advance(0.2, 1);  // done before the run was resumed
  eta.advance(0.25, 11);
  EXPECT_DOUBLE_EQ(*eta.station_seconds(), 150) << "10 s for a twentieth, fifteen are left";
}

TEST(RunEta, SkippedStationsTakeNoTimeAndTeachNoPace) {
  RunEta eta({{"a", 100}, {"a", 100}});
  eta.skip(0);
  EXPECT_DOUBLE_EQ(eta.run_fraction(), 0.5);
  EXPECT_FALSE(eta.run_seconds());
  eta.begin(1, 0);
  eta.advance(0.5, 8);
  EXPECT_DOUBLE_EQ(*eta.run_seconds(), 8);
}

TEST(RunEta, ANewStageTakesNothingBack) {
  RunEta eta({{"a", 1}});
  eta.begin(0, 0);
  eta.advance(1, 10);
  eta.advance(0, 11);
  EXPECT_DOUBLE_EQ(eta.run_fraction(), 1);
}

TEST(RunMonitor, SendsTheDocumentedFields) {
  Recorder front;
  double now = 0;
  RunMonitor monitor(front, {{"finetune", 1}, {"evaluate", 1}}, [&] { return now; });
  monitor.begin_station(0, "lora", "finetune");
  now = 2;
  monitor.metric("loss", 3, 1.5);
  monitor.progress("finetune: step", 1, 4);
  ASSERT_EQ(front.named("progress").size(), 1u);
  const Json e = front.named("progress")[0];
  EXPECT_EQ(e["format"], kEventFormat);
  EXPECT_EQ(e["station"], "lora");
  EXPECT_EQ(e["stage"], "finetune: step");
  EXPECT_EQ(e["step"], 1);
  EXPECT_EQ(e["total"], 4);
  EXPECT_EQ(e["eta_seconds"], 6.0);
  EXPECT_EQ(e["run_fraction"], 0.125);
  EXPECT_EQ(e["run_eta_seconds"], 14.0);
  EXPECT_EQ(e["metrics"], Json({{"loss", 1.5}}));
  const Json metric = front.named("metric")[0];
  EXPECT_EQ(metric["name"], "loss");
  EXPECT_EQ(metric["step"], 3);
  EXPECT_EQ(metric["value"], 1.5);
  const Json station = front.named("station")[0];
  EXPECT_EQ(station["state"], "started");
  EXPECT_EQ(station["index"], 0);
  EXPECT_EQ(station["of"], 2);
}

TEST(RunMonitor, ProgressIsThinnedButItsEndAlwaysTold) {
  Recorder front;
  double now = 0;
  RunMonitor monitor(front, {{"evaluate", 1}}, [&] { return now; });
  monitor.begin_station(0, "e", "evaluate");
  for (int i = 1; i <= 100; ++i) {
    now = 0.01 * i;
    monitor.progress("layers", i, 100);
  }
  const auto sent = front.named("progress");
  EXPECT_LE(sent.size(), 12u);
  EXPECT_GE(sent.size(), 9u);
  EXPECT_EQ(sent.back()["step"], 100);
}

TEST(RunMonitor, PartsShareTheStation) {
  Recorder front;
  double now = 0;
  RunMonitor monitor(front, {{"statistics", 1}}, [&] { return now; });
  monitor.begin_station(0, "s", "statistics");
  monitor.part(1, 4);
  monitor.progress("layers", 1, 2);
  EXPECT_EQ(front.named("progress")[0]["run_fraction"], 0.375);
}

TEST(EventLog, EndsATornLineFirst) {
  TempFolder t;
  const auto file = t / "events.jsonl";
  put(file, "{\"event\": \"start\"}\n{\"event\": \"prog");
  Recorder front;
  RunMonitor monitor(front, {{"evaluate", 1}}, [] { return 0.0; });
  monitor.log_to(file);
  monitor.notice("fine");
  const std::string text = read_text(file);
  EXPECT_EQ(text.substr(0, 35), "{\"event\": \"start\"}\n{\"event\": \"prog\n");
  const Json last = Json::parse(text.substr(35));
  EXPECT_EQ(last, front.events.back());
  EXPECT_EQ(last["line"], "fine");
}

}  // namespace
}  // namespace rolora
