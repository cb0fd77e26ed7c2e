// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSize>
#include <QString>
#include <QStringList>

class QCoreApplication;

namespace rolora {

/// The program's command line.
struct WorkbenchCommand {
  QStringList paths;  ///< to open
  QString screenshot, theme, view, settings, runs;
  QSize size;
  double scale = 0;  ///< 0: as remembered
  bool story = false, reset_layout = false, startup_time = false;
};

/// Answers --help and --version itself; a wrong option ends the program with status 2 and one line.
WorkbenchCommand read_command(const QCoreApplication& application);

}  // namespace rolora
