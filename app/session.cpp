// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/session.h"

#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cmath>
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
std::atomic<int64_t> g_asked_at = 0;  // milliseconds of the first signal
static_assert(std::atomic<int64_t>::is_always_lock_free);

// Only what may be called in a signal handler. The first signal asks to save and stop. One within a second of it is the same wish
// (programs such as timeout signal a process and then its group); a later one ends the program at once.
extern "C" void on_stop_signal(int number) {
  const int before = errno;  // of whatever was interrupted
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t milliseconds = int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
  if (g_stop == 0) {
    g_asked_at = milliseconds;
    g_stop = 1;
    static constexpr char kTold[] = "\nstopping: what is done is saved first; again ends at once without saving\n";
    [[maybe_unused]] const ssize_t told = isatty(STDERR_FILENO) ? write(STDERR_FILENO, kTold, sizeof kTold - 1) : 0;
  } else if (milliseconds - g_asked_at > 1000) {
    std::signal(number, SIG_DFL);
    raise(number);
  }
  errno = before;
}

void add_general_options(CLI::App& app, GeneralOptions& o) {
  app.add_flag("--json", o.json, "Print exactly one JSON object on stdout (default off: readable text; command contract)");
  app.add_flag("--quiet", o.quiet, "No progress and no notes on stderr (default off; command contract)");
  app.add_option("--progress", o.progress,
                 "Progress on stderr: auto (a bar on a terminal, else nothing), json (JSON lines) or none (default auto; command contract)")
      ->check(CLI::IsMember({"auto", "json", "none"}));
  app.add_option("--device", o.device, "Where the arithmetic runs: cpu or cuda (default cpu; own choice, for it is always there)")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  app.add_option("--threads", o.threads, "Threads of the arithmetic; results repeat for a given number (default 0: all cores; own choice)")
      ->check(CLI::Range(0, 1024));
  app.add_option(
         "--dtype", o.dtype,
         "Type of the arithmetic, whatever the stored type; quantizers scale and round in float32 under every type (default float32; "
         "command contract, for exactness)")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16", "float64"}));
  app.add_option("--seed", o.seed, "Seed of every random choice of this verb (default 0; own choice)")
      ->check(CLI::Range(int64_t{0}, std::numeric_limits<int64_t>::max()));
}

CLI::Validator number(const char* shown, const char* meaning, bool (*fits)(double)) {
  const auto check = [=](std::string& text) {
    double value = 0;
    const bool good = CLI::detail::lexical_cast(text, value) && std::isfinite(value) && fits(value);
    return good ? std::string() : std::string("expected ") + meaning + ", found " + printable(text);
  };
  return CLI::Validator(check, shown);
}

}  // namespace

CLI::Validator above_zero() {
  return number("ABOVE 0", "a number above 0", [](double x) { return x > 0; });
}
CLI::Validator zero_or_more() {
  return number("0 OR MORE", "a number of at least 0", [](double x) { return x >= 0; });
}

bool stop_was_requested() { return g_stop != 0; }

void install_signal_handlers() {
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

Session::Session(GeneralOptions options) : options_(std::move(options)), monitor_(make_monitor(options_)) {
  kernels::set_threads(options_.threads);
}

Session::~Session() = default;

Monitor& Session::monitor() { return *monitor_; }

void Session::ending(std::string_view event, std::string_view message) {
  if (!ended_) monitor_->ending(event, message);
  ended_ = true;
}

bool reports_json(const GeneralOptions& options) { return !options.quiet && options.progress == "json"; }

Compute Session::compute() { return {parse_dtype(options_.dtype, "--dtype"), kernels::open_device(options_.device, program_folder())}; }

void Session::result(const Json& object, const std::string& human) {
  monitor_->clear();
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
    if (!entry.app->parsed()) continue;
    Session session(general_);
    try {
      entry.run(session);
      session.ending("done", "");
    } catch (const Cancelled&) {
      session.ending("stopped", "");
      throw;
    } catch (const std::exception& e) {
      session.ending("failed", e.what());
      throw;
    }
  }
}

}  // namespace rolora::app
