// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/run_observers.h"

#include <iostream>
#include <sstream>

#include "app/bar.h"

namespace rolora::app {
namespace {

class QuietObserver : public RunObserver {
 public:
  void event(const Json&) override {}
  bool stop_requested() const override { return stop_was_requested(); }
};

// What the other verbs print where nothing else is asked for: notices alone.
class NoticeObserver final : public QuietObserver {
 public:
  void event(const Json& event) override {
    if (event["event"] == "notice") std::cerr << "note: " << event["line"].get<std::string>() << '\n';
  }
};

class JsonObserver final : public QuietObserver {
 public:
  explicit JsonObserver(Session& session) : session_(session) {}
  void event(const Json& event) override {
    std::cerr << event.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n' << std::flush;
    if (event["event"] == "done" || event["event"] == "failed" || event["event"] == "stopped") session_.mark_ended();
  }

 private:
  Session& session_;
};

class BarObserver final : public QuietObserver {
 public:
  void event(const Json& event) override {
    const std::string name = event["event"];
    if (name == "station") station(event);
    if (name == "progress") progress(event);
    if (name == "notice") bar_.print("note: " + event["line"].get<std::string>());
    if (name == "done" || name == "failed" || name == "stopped") bar_.clear();
  }

 private:
  void station(const Json& event) {
    std::ostringstream label;
    label << '[' << event["index"].get<int>() + 1 << '/' << event["of"] << "] " << event["station"].get<std::string>();
    label_ = label.str();
    if (event["state"] == "done") {
      bar_.print(label_ + "  done in " + duration_text(event["time"].get<double>() - began_));
    } else if (event["state"] == "skipped") {
      bar_.print(label_ + "  done before");
    } else {
      began_ = event["time"].get<double>();
      bar_.draw(label_, 0, 0, std::nullopt);
    }
  }

  void progress(const Json& event) {
    std::ostringstream tail;
    if (event["metrics"].contains("loss")) tail << "loss " << event["metrics"]["loss"] << "  ";
    tail << "whole run " << static_cast<int>(100 * event["run_fraction"].get<double>()) << " %";
    if (event["run_eta_seconds"].is_number()) tail << ", " << duration_text(event["run_eta_seconds"]) << " left";
    std::optional<double> eta;
    if (event["eta_seconds"].is_number()) eta = event["eta_seconds"].get<double>();
    bar_.draw(label_, event["step"], event["total"], eta, tail.str());
  }

  Bar bar_;
  std::string label_;
  double began_ = 0;
};

}  // namespace

std::unique_ptr<RunObserver> make_run_observer(Session& session) {
  const GeneralOptions& options = session.options();
  if (options.quiet) return std::make_unique<QuietObserver>();
  if (reports_json(options)) return std::make_unique<JsonObserver>(session);
  if (options.progress == "auto" && stderr_is_terminal()) return std::make_unique<BarObserver>();
  return std::make_unique<NoticeObserver>();
}

}  // namespace rolora::app
