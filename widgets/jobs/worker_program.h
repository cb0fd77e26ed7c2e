// SPDX-License-Identifier: GPL-3.0-or-later
// The command `rolora`: where it is, and how the window starts it.
#pragma once

#include <QProcess>
#include <QString>

namespace rolora::widgets {

/// Absolute path of the command `rolora`: the one that was chosen as long as it is there, what ROLORA_BIN says (tests), beside this
/// program, on PATH.
QString worker_program();
/// Chosen by the user; empty: to be found as usual.
void set_worker_program(const QString& program);
/// That the chosen program is gone and another is used in its place; empty when it is not so.
QString worker_notice();
/// One clear line when it cannot be started at all, with what to do; empty when it can.
QString worker_problem();
/// The line for a start that failed.
QString start_failure(const QProcess& process);

/// Below the window: a worker computes with every core there is and must not keep the window from answering. Its idle threads sleep
/// instead of spinning.
void make_polite(QProcess& process);
/// 0: of this process, in a child between fork and exec. Of another before it has made threads: they take their creator's.
void lower_priority(qint64 process = 0);

}  // namespace rolora::widgets
