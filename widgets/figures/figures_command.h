// SPDX-License-Identifier: GPL-3.0-or-later
// rolora-workbench --figures RUN --out DIR: every figure of a run as files, without a window. The command `rolora figures` starts it.
#pragma once

#include <QString>
#include <QStringList>

namespace rolora::widgets {

struct FiguresOptions {
  QString run, out;
  QString only;        ///< one of figure_templates(); empty: all
  double width = 5.5;  ///< inches
  int dpi = 300;       ///< of PNG
  bool json = false, force = false, help = false;
};

struct FiguresOutcome {
  int code = 0;        ///< 0 done, 1 failed, 2 wrong usage
  QString out, error;  ///< what goes to stdout; the one line for stderr
};

/// Of the words behind the program's name; `error` is not empty when they are no such options.
FiguresOptions figures_options(const QStringList& words, QString* error);
/// NAME.pdf, .svg, .png and .csv of each figure and captions.txt, flat in a folder that is written under another name and renamed.
/// Needs a QApplication.
FiguresOutcome export_run_figures(const FiguresOptions& options);
/// All of it: makes an offscreen application, prints, returns the exit code.
int figures_command(int argc, char** argv);

}  // namespace rolora::widgets
