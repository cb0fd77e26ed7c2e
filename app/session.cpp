// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session.h"

#include <unistd.h>

#include <csignal>
#include <iostream>
#include <limits>

#include "app/progress.h"
#include "core/base/error.h"
#include "core/kernels/device.h"
#include "core/model/checkpoint.h"

namespace rolora::app {
namespace {

volatile std::sig_atomic_t g_stop = 0;

extern "C" void on_stop_signal(int) { g_stop = 1; }

void add_general_options(CLI::App& app, GeneralOptions& o) {
  app.add_flag("--json", o.json, "Print exactly one JSON object on stdout (default: readable text)");
  app.add_flag("--quiet", o.quiet, "No progress on stderr (default: a bar when stderr is a terminal)");
  app.add_option("--progress", o.progress, "Progress on stderr: auto, json (JSON lines) or none (default auto; own choice)")
      ->check(CLI::IsMember({"auto", "json", "none"}));
  app.add_option("--device", o.device, "cpu or cuda (default cpu)")->check(CLI::IsMember({"cpu", "cuda"}));
  app.add_option("--threads", o.threads, "Threads of the arithmetic (default 0: all cores); results repeat for a given number")
      ->check(CLI::Range(0, 1024));
  app.add_option("--dtype", o.dtype, "Type of the arithmetic, whatever the stored type (default float32; own choice, for exactness)")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16", "float64"}));
  app.add_option("--seed", o.seed, "Seed of every random choice of this verb (default 0; own choice)")
      ->check(CLI::Range(int64_t{0}, std::numeric_limits<int64_t>::max()));
}

}  // namespace

bool stop_was_requested() { return g_stop != 0; }

void install_signal_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESETHAND;  // a second Ctrl-C ends the program at once
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

Session::Session(GeneralOptions options) : options_(std::move(options)), monitor_(make_monitor(options_)) {
  kernels::set_threads(options_.threads);
}

Session::~Session() = default;

Compute Session::compute() { return {parse_dtype(options_.dtype, "--dtype"), kernels::open_device(options_.device, program_folder())}; }

void Session::result(const Json& object, const std::string& human) {
  if (options_.json) {
    std::cout << object.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
  } else {
    std::cout << human;
  }
  std::cout.flush();
  if (!std::cout) throw Error("stdout: writing the result failed");
}

std::filesystem::path Session::program_folder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

CLI::App& Verbs::add(const std::string& name, const std::string& summary, std::function<void(Session&)> run) {
  CLI::App* app = root_.add_subcommand(name, summary);
  add_general_options(*app, general_);
  entries_.push_back({app, std::move(run)});
  return *app;
}

void Verbs::run() {
  for (const Entry& entry : entries_) {
    if (entry.app->parsed()) {
      Session session(general_);
      entry.run(session);
    }
  }
}

}  // namespace rolora::app
