// SPDX-License-Identifier: GPL-3.0-or-later
// rolora figures: every figure of a run, drawn by rolora-workbench without a window; its streams and exit code pass through.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "app/output_place.h"
#include "app/verbs.h"
#include "core/base/error.h"

extern char** environ;

namespace rolora::app {
namespace {

struct Options {
  std::string run, out, only;
  double width = 5.5;
  int dpi = 300;
  bool force = false;
};

std::vector<std::string> words_for(const std::string& program, const Options& o, const GeneralOptions& general) {
  std::ostringstream width;
  width.precision(17);
  width << o.width;
  std::vector<std::string> words = {program, "--figures", o.run, "--out", o.out, "--width", width.str(), "--dpi", std::to_string(o.dpi)};
  if (!o.only.empty()) words.insert(words.end(), {"--template", o.only});
  if (o.force) words.push_back("--force");
  if (general.json) words.push_back("--json");
  return words;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (std::string& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

// Our environment with Qt's offscreen platform: there need be no display.
std::vector<std::string> offscreen_environment() {
  constexpr std::string_view platform = "QT_QPA_PLATFORM=";
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with(platform)) result.emplace_back(*entry);
  }
  result.push_back(std::string(platform) + "offscreen");
  return result;
}

// A stop request is handed on; the program leaves nothing behind when it is ended.
int wait_for(pid_t child) {
  int status = 0;
  bool told = false;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw Error(std::string("rolora-workbench: waiting for it failed: ") + std::strerror(errno));
    if (stop_was_requested() && !told) ::kill(child, SIGTERM);
    told = told || stop_was_requested();
  }
  if (stop_was_requested()) throw Cancelled("figures: no folder was written");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int draw(const Options& o, const GeneralOptions& general) {
  const std::filesystem::path program = Session::program_folder() / "rolora-workbench";
  if (::access(program.c_str(), X_OK) != 0) {
    throw InputError(program.string(), "figures", "the program that draws, beside rolora", "none (built without the window?)");
  }
  std::vector<std::string> words = words_for(program.string(), o, general), environment = offscreen_environment();
  std::vector<char*> argv = pointers(words), envp = pointers(environment);
  pid_t child = -1;
  const int failure = ::posix_spawn(&child, program.c_str(), nullptr, nullptr, argv.data(), envp.data());
  if (failure != 0) throw Error(printable(program.string()) + ": cannot be started: " + std::strerror(failure));
  return wait_for(child);
}

void run(const Options& o, const GeneralOptions& general) {
  // A run's own figures may lie in it, in a folder that no station uses; anything else of it is only read.
  std::error_code ignored;
  const auto place = [&](const std::filesystem::path& p) { return std::filesystem::weakly_canonical(p, ignored); };
  if (place(o.out) != place(std::filesystem::path(o.run) / "figures")) require_apart(o.out, {o.run});
  const int code = draw(o, general);
  if (code > 128) throw Error("rolora-workbench: expected figures, found it ended by signal " + std::to_string(code - 128));
  if (code != 0) throw ToldElsewhere(code);
}

}  // namespace

void add_figures(Verbs& verbs) {
  const auto o = std::make_shared<Options>();
  CLI::App& app = verbs.add("figures", "Draw every figure of a run as PDF, SVG, PNG and CSV, without a display",
                            [o](Session& s) { run(*o, s.options()); });
  app.add_option("RUN", o->run, "Folder of a run, finished or not (required)")->required();
  app.add_option("--out", o->out,
                 "Folder to make, all files flat in it; within RUN only RUN/figures; an existing one is refused without --force (required)")
      ->required();
  app.add_option(
      "--template", o->only,
      "Only one kind: overview, kurtosis, distribution, profile, surface (of each site kept, its farthest layer), errors, training, "
      "perplexity (default all of them; own choice)");
  app.add_option("--width", o->width, "Width of a figure in inches, 1 to 40 (default 5.5, one text column; own choice)")
      ->check(CLI::Range(1.0, 40.0));
  app.add_option("--dpi", o->dpi, "Dots per inch of PNG, 36 to 2400 (default 300, what journals ask for; own choice)")
      ->check(CLI::Range(36, 2400));
  app.add_flag("--force", o->force, "Replace an existing folder (default off; command contract)");
}

}  // namespace rolora::app
