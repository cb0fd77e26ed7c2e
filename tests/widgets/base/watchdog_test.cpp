// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/watchdog.h"

#include <gtest/gtest.h>

#include <QTest>
#include <QThread>
#include <vector>

namespace rolora::widgets {
namespace {

TEST(Watchdog, ReportsABlockOnceWithItsLength) {
  std::vector<double> blocks;
  Watchdog watchdog(100, [&](double ms) { blocks.push_back(ms); });
  ASSERT_TRUE(QTest::qWaitFor([&] { return watchdog.answers() > 3; }));
  EXPECT_TRUE(blocks.empty());
  QThread::msleep(250);
  ASSERT_TRUE(QTest::qWaitFor([&] { return !blocks.empty(); }));
  const int before = watchdog.answers();
  ASSERT_TRUE(QTest::qWaitFor([&] { return watchdog.answers() > before + 3; }));
  ASSERT_EQ(blocks.size(), 1u);
  EXPECT_GT(blocks[0], 200);
  EXPECT_GT(watchdog.longest_ms(), 200);
  watchdog.reset();
  EXPECT_EQ(watchdog.longest_ms(), 0);
}

TEST(Watchdog, EndsWithoutAnEventLoop) {
  for (int i = 0; i < 50; i++) const Watchdog watchdog(100, {});
}

}  // namespace
}  // namespace rolora::widgets
