// SPDX-License-Identifier: GPL-3.0-or-later
// What every verb shares: the general options, progress on stderr, the result on stdout.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/monitor.h"
#include "core/model/weights.h"
#include "core/storage/json_file.h"

namespace rolora::app {

struct GeneralOptions {
  bool json = false;
  bool quiet = false;
  std::string progress = "auto";  ///< auto (a bar on a terminal, else nothing), json, none
  std::string device = "cpu";
  int threads = 0;  ///< 0: all cores
  std::string dtype = "float32";
  uint64_t seed = 0;
};

class FrontMonitor;

/// One run of one verb.
class Session {
 public:
  explicit Session(GeneralOptions options);
  ~Session();
  const GeneralOptions& options() const { return options_; }
  Monitor& monitor();
  /// Type and device of the arithmetic (opens the device on first use).
  Compute compute();
  /// The verb's result: the object with --json, `human` (ending in a newline) without.
  void result(const Json& object, const std::string& human);
  /// Tells the progress stream how the verb ended ("done", "failed", "stopped"), once; the run's own events do it themselves.
  void ending(std::string_view event, std::string_view message);
  void mark_ended() { ended_ = true; }
  /// Folder of the running program, where the CUDA plug-in and rolora-workbench lie.
  static std::filesystem::path program_folder();

 private:
  GeneralOptions options_;
  std::unique_ptr<FrontMonitor> monitor_;
  bool ended_ = false;
};

/// Is progress on stderr asked for as JSON lines?
bool reports_json(const GeneralOptions& options);

/// Adds verbs to the command line; each verb's file calls add() once.
class Verbs {
 public:
  explicit Verbs(CLI::App& root) : root_(root) {}
  /// A verb with the general options. `run` is called after parsing.
  CLI::App& add(const std::string& name, const std::string& summary, std::function<void(Session&)> run);
  /// Runs the verb that was given.
  void run();
  const GeneralOptions& general() const { return general_; }

 private:
  struct Entry {
    CLI::App* app;
    std::function<void(Session&)> run;
  };
  CLI::App& root_;
  GeneralOptions general_;
  std::vector<Entry> entries_;
};

/// Checks of numbers whose refusals and help say what is meant.
CLI::Validator above_zero();
CLI::Validator zero_or_more();

/// A program that a verb started has told on its own streams what went wrong; its exit code becomes ours.
class ToldElsewhere : public Error {
 public:
  explicit ToldElsewhere(int code) : Error("ended with exit code " + std::to_string(code)), code_(code) {}
  int code() const { return code_; }

 private:
  int code_;
};

/// Set by SIGINT and SIGTERM.
bool stop_was_requested();
void install_signal_handlers();

}  // namespace rolora::app
