// SPDX-License-Identifier: GPL-3.0-or-later
// What a path is that a user gives us by argument, dialog or drop.
#pragma once

#include <QString>

namespace rolora::widgets {

enum class PathKind { run, statistics, model, job, nothing };

struct Opening {
  PathKind kind = PathKind::nothing;
  QString path;   ///< of what is to be opened: the run folder of a file in it, the model folder of a shard, a file of llama2.c itself
  QString error;  ///< one line where it is nothing that we open
};

Opening recognise(const QString& path);

}  // namespace rolora::widgets
