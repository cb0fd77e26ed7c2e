// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

namespace rolora::widgets {

/// Calls work(begin, end) for strips that cover 0 … lines: on this thread, and at the same time on as many idle ones of the thread pool as
/// there are processors, none with fewer than `least` lines. Returns when all are done; never waits for work of others.
void in_strips(int lines, int least, const std::function<void(int, int)>& work);

}  // namespace rolora::widgets
