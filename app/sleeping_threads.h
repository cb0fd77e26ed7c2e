// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace rolora::app {

/// Starts this very command again with OMP_WAIT_POLICY=passive where the user has set no policy (the library reads it only when it is
/// loaded); returns where there is nothing to do. By default threads that wait for each other spin: beside any other program a run then
/// takes several times as long as it must, and what a dry run measures is the spinning. No result hangs on it.
void let_waiting_threads_sleep();

}  // namespace rolora::app
