// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/live_events.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/support/temporary_folder.h"

namespace rolora::widgets::test {
namespace {

using Json = nlohmann::json;

class LiveEventsTest : public ::testing::Test {
 protected:
  void say(const Json& event) const { std::ofstream(folder_ / "events.jsonl", std::ios::app) << event.dump() << '\n'; }
  void start(bool resumed) const { say({{"event", "start"}, {"resumed", resumed}}); }
  void metric(const char* name, int step, double value) const {
    say({{"event", "metric"}, {"station", "lora"}, {"name", name}, {"step", step}, {"value", value}});
  }
  void steps(int from, int to, double value) const {
    for (int step = from; step <= to; ++step) metric("loss", step, value);
  }
  const LiveEvents::Series& series(const char* name) { return events_.metrics().at("lora").at(name); }
  void look() { events_.follow(folder_ / "events.jsonl"); }
  rolora::testing::TemporaryFolder folder_;
  LiveEvents events_;
};

TEST_F(LiveEventsTest, AResumedTrainingDropsWhatLayBeyondItsCheckpoint) {
  start(false);
  steps(1, 55, 3);
  metric("evaluation", 55, 4);
  steps(56, 57, 3);
  start(true);
  look();
  EXPECT_EQ(series("loss").size(), 57u) << "nothing is known of the checkpoint yet";
  say({{"event", "progress"}, {"station", "lora"}, {"stage", "finetune: step"}, {"step", 50}, {"total", 150}});
  look();
  EXPECT_EQ(series("loss").rbegin()->first, 50);
  EXPECT_TRUE(series("evaluation").empty()) << "of a step that will be done again";
  steps(51, 52, 2);
  look();
  EXPECT_EQ(series("loss").size(), 52u);
  EXPECT_EQ(series("loss").at(51), 2);
}

TEST_F(LiveEventsTest, OneThatBeginsAnewDropsEverything) {
  start(false);
  steps(1, 20, 3);
  start(true);
  steps(1, 2, 2);
  look();
  EXPECT_EQ(series("loss").size(), 2u);
  EXPECT_EQ(series("loss").at(2), 2);
}

}  // namespace
}  // namespace rolora::widgets::test
