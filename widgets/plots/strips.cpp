// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/strips.h"

#include <QThread>
#include <QThreadPool>
#include <algorithm>
#include <latch>

namespace rolora::widgets {

void in_strips(int lines, int least, const std::function<void(int, int)>& work) {
  const int strips = std::clamp(lines / std::max(1, least), 1, std::max(1, QThread::idealThreadCount()));
  const auto begin = [&](int strip) { return static_cast<int>(static_cast<int64_t>(lines) * strip / strips); };
  std::latch others(strips - 1);
  int mine = 1;
  for (int i = strips - 1; i > 0; --i) {
    const bool taken = QThreadPool::globalInstance()->tryStart([&others, &work, from = begin(i), to = begin(i + 1)] {
      work(from, to);
      others.count_down();
    });
    if (taken) continue;
    mine = i + 1;  // no thread is idle: the rest is done here
    others.count_down(i);
    break;
  }
  work(0, begin(mine));
  others.wait();
}

}  // namespace rolora::widgets
