// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/strips.h"

#include <gtest/gtest.h>

#include <QSemaphore>
#include <QThread>
#include <QThreadPool>
#include <atomic>
#include <vector>

namespace {

using rolora::widgets::in_strips;

void expect_each_line_once(int lines, int least) {
  std::vector<std::atomic<int>> seen(static_cast<size_t>(lines));
  in_strips(lines, least, [&](int begin, int end) {
    EXPECT_TRUE(end - begin >= least || end - begin == lines) << lines << " by " << least;
    for (int i = begin; i < end; ++i) seen[static_cast<size_t>(i)]++;
  });
  for (int i = 0; i < lines; ++i) EXPECT_EQ(seen[static_cast<size_t>(i)], 1) << i << " of " << lines << " by " << least;
}

TEST(Strips, CoverEveryLineOnce) {
  for (const int lines : {0, 1, 2, 3, 7, 100, 1001}) {
    for (const int least : {1, 2, 50, 2000}) expect_each_line_once(lines, least);
  }
}

TEST(Strips, DoNotWaitForABusyPool) {
  QThreadPool* pool = QThreadPool::globalInstance();
  QSemaphore blocked, open;
  const int threads = pool->maxThreadCount();
  for (int i = 0; i < threads; ++i) {
    pool->start([&] {
      blocked.release();
      open.acquire();
    });
  }
  blocked.acquire(threads);
  expect_each_line_once(1000, 1);  // ends although every thread of the pool waits
  open.release(threads);
  pool->waitForDone();
}

TEST(Strips, UseAnotherThreadWhereThereIsOne) {
  if (QThread::idealThreadCount() < 2) GTEST_SKIP() << "one processor";
  std::atomic<int> elsewhere = 0;
  in_strips(2, 1, [&, here = QThread::currentThread()](int, int) { elsewhere += QThread::currentThread() != here ? 1 : 0; });
  EXPECT_EQ(elsewhere, 1);
}

}  // namespace
