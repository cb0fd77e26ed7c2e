// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/pace_probe.h"

#include <gtest/gtest.h>

namespace rolora {
namespace {

PaceProbe measured(std::vector<double> passes) {
  PaceProbe probe;
  probe.tokens = 100;
  probe.layers = 4;
  probe.head_share = 1;
  probe.passes = std::move(passes);
  return probe;
}

TEST(PaceProbe, OneColdPassDoesNotDecide) {
  PaceProbe calm = measured({1.0, 1.1, 0.9, 1.0, 1.0}), jolted = measured({9.0, 1.1, 0.9, 1.0, 1.0});
  settle(calm, calm.passes);
  settle(jolted, jolted.passes);
  EXPECT_DOUBLE_EQ(calm.layer_seconds, 1.0);
  EXPECT_DOUBLE_EQ(jolted.layer_seconds, 1.0);
  EXPECT_DOUBLE_EQ(calm.seconds_per_token, 0.05);
  EXPECT_GT(jolted.layer_seconds_high, calm.layer_seconds_high) << "but it widens the spread";
}

// Two programs beside it take two thirds of the time: the work is the same, and the slowdown is told.
TEST(PaceProbe, NeighboursSlowItDownAndDoNotChangeTheWork) {
  PaceProbe probe = measured({1.0, 1.0, 1.0});
  settle(probe, {3.0, 3.0, 3.0});
  EXPECT_DOUBLE_EQ(probe.seconds_per_token, 0.05);
  EXPECT_DOUBLE_EQ(probe.slowdown, 3.0);
}

TEST(PaceProbe, ThreadsThatSleepWhileTheyWaitAreCounted) {
  PaceProbe probe = measured({1.0, 1.0, 1.0});
  probe.waiting = kWaiting;
  settle(probe, {kWaiting, kWaiting, kWaiting});
  EXPECT_DOUBLE_EQ(probe.seconds_per_token, 0.05 * kWaiting);
  EXPECT_DOUBLE_EQ(probe.slowdown, 1.0) << "nobody else was at work";
}

}  // namespace
}  // namespace rolora
