// SPDX-License-Identifier: GPL-3.0-or-later
// A worker that outlives the window: started in a session of its own, found again by process number and start time.
#pragma once

#include <QString>
#include <QStringList>

#include "widgets/data/result.h"

namespace rolora::widgets {

/// A process as the system knows it; the start time tells a number that was given anew from the one that was meant.
struct ProcessRef {
  qint64 number = 0;
  qint64 start_ticks = 0;  ///< of /proc/NUMBER/stat, since boot; 0 = not known
  bool valid() const { return number > 0; }
};

/// The process with its start time, as it stands now; start_ticks 0 when there is none.
ProcessRef process_now(qint64 number);
/// Still the same process and at work (a dead one that nobody collected does not count).
bool is_alive(const ProcessRef& process);
/// The process that FOLDER/lock names, when it is alive and is a run of that folder. Never touches the lock, which a run may just be
/// taking.
ProcessRef process_of_run(const QString& folder);
/// Sends a signal; false when the process is gone.
bool send_signal(const ProcessRef& process, int signal);

struct DetachedJob {
  QString program;
  QStringList arguments;
  QString log;  ///< stdout and stderr are appended
};
/// Starts it in a session of its own; nothing of it is tied to this process.
Result<ProcessRef> start_detached(const DetachedJob& job);

}  // namespace rolora::widgets
