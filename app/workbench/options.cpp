// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/workbench/options.h"

#include <QCommandLineParser>
#include <QCoreApplication>
#include <cstdio>
#include <cstdlib>

namespace rolora {
namespace {

[[noreturn]] void refuse(const QString& line) {
  std::fprintf(stderr, "error: %s\n", qPrintable(line));
  std::exit(2);
}

QSize size_of(const QString& text) {
  const QStringList parts = text.split(QLatin1Char('x'));
  bool width_ok = false, height_ok = false;
  const QSize size(parts.value(0).toInt(&width_ok), parts.value(1).toInt(&height_ok));
  if (parts.size() != 2 || !width_ok || !height_ok || size.width() < 100 || size.height() < 100) {
    refuse(QStringLiteral("--size: expected WIDTHxHEIGHT in pixels, at least 100x100, found “%1”").arg(text));
  }
  return size;
}

const QString kTexts[] = {
    QStringLiteral("Look at outliers of LLaMA-family models before and after rotation; rotate, tune, quantize and evaluate them.\n"
                   "PATH may be a model folder, a run folder, an .h5 file of statistics, a job file, or a file in one of them.\n\n"
                   "Figures without a window: rolora-workbench --figures RUN --out DIR (the command “rolora figures” starts this)."),
};

}  // namespace

WorkbenchCommand read_command(const QCoreApplication& application) {
  QCommandLineParser parser;
  parser.setApplicationDescription(kTexts[0]);
  const QCommandLineOption help = parser.addHelpOption(), version = parser.addVersionOption();
  parser.addPositionalArgument(QStringLiteral("PATH"), QStringLiteral("What to open."), QStringLiteral("[PATH…]"));
  const auto option = [&parser](const char* name, const char* text, const char* value = nullptr) {
    QCommandLineOption made(QLatin1String(name), QLatin1String(text), value == nullptr ? QString() : QLatin1String(value));
    parser.addOption(made);
    return made;
  };
  const auto story = option("story", "Open the recipe with the story on the bundled model, ready to start.");
  const auto runs = option("runs", "Folder of new runs (default: the last one used, else \"RoLoRA runs\" in the documents).", "DIR");
  const auto reset = option("reset-layout", "Panels where they were at the first start.");
  const auto theme = option("theme", "light, dark or system (default: as chosen last).", "NAME");
  const auto size = option("size", "Size of the window in pixels.", "WxH");
  const auto view =
      option("view", "start, overview, magnitude, surface, distribution, profile, errors, perplexity, training or recipe.", "NAME");
  const auto scale = option("scale", "Text size as a multiple of the system's, 0.75 to 2.5.", "FACTOR");
  const auto settings = option("settings", "File of the remembered settings (default: the user's).", "FILE");
  const auto shot = option("screenshot", "Save a picture of the window when everything is loaded, then quit.", "FILE");
  const auto startup = option("startup-time", "Print the milliseconds from process start to first paint, then quit.");
  if (!parser.parse(application.arguments())) refuse(parser.errorText());
  if (parser.isSet(version)) parser.showVersion();
  if (parser.isSet(help)) parser.showHelp();
  WorkbenchCommand command;
  command.paths = parser.positionalArguments();
  command.screenshot = parser.value(shot);
  command.theme = parser.value(theme);
  command.view = parser.value(view);
  command.settings = parser.value(settings);
  command.runs = parser.value(runs);
  command.story = parser.isSet(story);
  command.reset_layout = parser.isSet(reset);
  command.startup_time = parser.isSet(startup);
  if (parser.isSet(size)) command.size = size_of(parser.value(size));
  if (!command.theme.isEmpty() &&
      !QStringList{QStringLiteral("light"), QStringLiteral("dark"), QStringLiteral("system")}.contains(command.theme)) {
    refuse(QStringLiteral("--theme: expected light, dark or system, found “%1”").arg(command.theme));
  }
  if (parser.isSet(scale)) {
    bool ok = false;
    command.scale = parser.value(scale).toDouble(&ok);
    if (!ok || command.scale < 0.75 || command.scale > 2.5) {
      refuse(QStringLiteral("--scale: expected a number from 0.75 to 2.5, found “%1”").arg(parser.value(scale)));
    }
  }
  return command;
}

}  // namespace rolora
