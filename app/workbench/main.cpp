// SPDX-License-Identifier: GPL-3.0-or-later
// rolora-workbench: the window. It links no LibTorch; engines run as workers (the command rolora).
#include <QApplication>
#include <QTimer>
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <memory>

#include "app/workbench/options.h"
#include "app/workbench/screenshot.h"
#include "app/workbench/startup_clock.h"
#include "widgets/base/icons.h"
#include "widgets/base/settings.h"
#include "widgets/base/theme.h"
#include "widgets/base/watchdog.h"
#include "widgets/figures/figures_command.h"
#include "widgets/window/main_window.h"

namespace {

using rolora::WorkbenchCommand;
using rolora::widgets::MainWindow;
using rolora::widgets::Settings;
using rolora::widgets::Theme;
using rolora::widgets::ThemeChoice;

void apply_look(const WorkbenchCommand& command, Theme& theme) {
  const Settings settings(command.settings);
  ThemeChoice choice = settings.theme();
  if (!command.theme.isEmpty()) {
    choice = command.theme == QStringLiteral("light")  ? ThemeChoice::light
             : command.theme == QStringLiteral("dark") ? ThemeChoice::dark
                                                       : ThemeChoice::system;
  }
  theme.choose(choice);
  theme.set_scale(command.scale > 0 ? command.scale : settings.scale());
}

void open_everything(const WorkbenchCommand& command, MainWindow& window) {
  for (const QString& path : command.paths) window.open_path(path, command.view);
  if (command.story) window.prepare_story();
  if (!command.view.isEmpty() && command.paths.isEmpty() && !window.show_view(command.view)) {
    std::fprintf(stderr, "error: --view: expected one of the window's pages, found %s\n", qPrintable(command.view));
    QCoreApplication::exit(2);
  }
}

void take_screenshot(const WorkbenchCommand& command, MainWindow& window) {
  auto* shot = new rolora::Screenshot(&window, command.screenshot);
  QObject::connect(shot, &rolora::Screenshot::done, &window, [&command](bool saved) {
    if (!saved) std::fprintf(stderr, "error: %s: expected a place to write a picture, found none\n", qPrintable(command.screenshot));
    QCoreApplication::exit(saved ? 0 : 1);
  });
  shot->start();
}

#ifndef NDEBUG
constexpr bool kWatches = true;
#else
constexpr bool kWatches = false;
#endif

constexpr std::array kOnlyWords = {"-h", "--help", "--help-all", "-v", "--version"};

/// Nothing before the first paint: there is nobody to answer yet.
std::unique_ptr<rolora::widgets::Watchdog> watch() {
  if (!kWatches && !qEnvironmentVariableIsSet("ROLORA_WATCHDOG")) return nullptr;
  return std::make_unique<rolora::widgets::Watchdog>(100, [](const rolora::widgets::Block& block) {
    std::fprintf(stderr, "watchdog: the window did not answer for %.0f ms (computing %.0f ms)\n", block.ms, block.busy_ms);
  });
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    if (std::strcmp(argv[i], "--figures") == 0) return rolora::widgets::figures_command(argc, argv);
    const bool only_words = std::any_of(kOnlyWords.begin(), kOnlyWords.end(), [&](const char* w) { return std::strcmp(argv[i], w) == 0; });
    if (only_words) qputenv("QT_QPA_PLATFORM", "offscreen");  // text needs no display
  }
  QApplication application(argc, argv);
  QCoreApplication::setApplicationName(QStringLiteral("rolora-workbench"));
  QCoreApplication::setOrganizationName(QStringLiteral("rolora-workbench"));
  QCoreApplication::setApplicationVersion(QStringLiteral(ROLORA_VERSION));
  QGuiApplication::setDesktopFileName(QStringLiteral("rolora-workbench"));
  QGuiApplication::setApplicationDisplayName(QStringLiteral("RoLoRA Workbench"));
  const WorkbenchCommand command = rolora::read_command(application);

  Theme theme;
  apply_look(command, theme);
  MainWindow window(&theme, {command.settings, command.runs, command.reset_layout, command.size});
  std::unique_ptr<rolora::widgets::Watchdog> watchdog;
  rolora::FirstPaint first(&window);
  QObject::connect(&first, &rolora::FirstPaint::painted, &window, [&](double age_ms) {
    if (command.startup_time) {
      std::printf("first paint after %.0f ms\n", age_ms);
      QCoreApplication::exit(0);
      return;
    }
    watchdog = watch();
    theme.follow_desktop();
    open_everything(command, window);
    if (!command.screenshot.isEmpty()) take_screenshot(command, window);
  });
  window.show();
  return QApplication::exec();
}
