// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/watchdog.h"

#include <gtest/gtest.h>
#include <time.h>

#include <QTest>
#include <QThread>
#include <vector>

namespace rolora::widgets {
namespace {

TEST(Watchdog, ReportsABlockOnceWithItsLength) {
  std::vector<Block> blocks;
  Watchdog watchdog(150, [&](const Block& block) { blocks.push_back(block); });
  ASSERT_TRUE(QTest::qWaitFor([&] { return watchdog.answers() > 3; }));
  blocks.clear();
  watchdog.reset();
  QThread::msleep(400);
  ASSERT_TRUE(QTest::qWaitFor([&] { return !blocks.empty(); }));
  ASSERT_GE(blocks.size(), 1u);
  EXPECT_GT(blocks[0].ms, 350);
  EXPECT_LT(blocks[0].busy_ms, 200);  // it slept
  EXPECT_GT(watchdog.longest().ms, 350);
  watchdog.reset();
  EXPECT_EQ(watchdog.longest().ms, 0);
}

TEST(Watchdog, TellsComputingFromWaiting) {
  std::vector<Block> blocks;
  Watchdog watchdog(150, [&](const Block& block) { blocks.push_back(block); });
  ASSERT_TRUE(QTest::qWaitFor([&] { return watchdog.answers() > 3; }));
  blocks.clear();
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  const double start = static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  for (double now = start; now < start + 0.3;) {
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    now = static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  ASSERT_TRUE(QTest::qWaitFor([&] { return !blocks.empty(); }));
  EXPECT_GT(blocks[0].busy_ms, 250);
}

TEST(Watchdog, EndsWithoutAnEventLoop) {
  for (int i = 0; i < 50; i++) const Watchdog watchdog(100, {});
}

}  // namespace
}  // namespace rolora::widgets
