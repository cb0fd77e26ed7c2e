// SPDX-License-Identifier: GPL-3.0-or-later
// rolora run: the stations of a job in order, into a resumable run folder.
#include <cstdint>
#include <iomanip>
#include <sstream>

#include "app/dry_run.h"
#include "app/output_place.h"
#include "app/run_observers.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/jobs/runner.h"
#include "core/kernels/device.h"

namespace rolora::app {
namespace {

struct Options {
  std::string job, out, model;
  std::vector<std::string> texts;
  bool resume = false, force = false, dry_run = false;
  CLI::App* app = nullptr;
};

JobOverrides overrides(const Options& o, const GeneralOptions& general) {
  JobOverrides result;
  if (!o.model.empty()) result.model = o.model;
  for (const std::string& text : o.texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size()) {
      throw UsageError("--text: expected NAME=FILE, found " + printable(text));
    }
    if (!result.texts.emplace(text.substr(0, equals), text.substr(equals + 1)).second) {
      throw UsageError("--text: expected every name once, found " + printable(text.substr(0, equals)) + " twice");
    }
  }
  if (o.app->count("--seed") > 0) {
    if (general.seed > static_cast<uint64_t>(INT64_MAX)) throw UsageError("--seed: expected at most 2^63 - 1");
    result.seed = general.seed;
  }
  if (o.app->count("--dtype") > 0) result.dtype = general.dtype;
  return result;
}

// What the run was asked for and ended with, a line a station.
std::string summary(const Json& results, const std::string& out) {
  std::ostringstream text;
  text << std::setprecision(6);
  for (const Json& station : results["stations"]) {
    const std::string kind = station["kind"];
    text << std::left << std::setw(11) << kind << station["id"].get<std::string>();
    if (kind == "evaluate") text << "  perplexity " << station["perplexity"].get<double>() << " on " << station["tokens"] << " tokens";
    if (kind == "rotate") text << "  gate passed, relative L2 " << station["gate"]["relative_l2"].get<double>();
    if (kind == "merge") text << "  difference " << station["difference"].get<double>();
    if (kind == "finetune") text << "  " << station["steps"] << " steps";
    if (kind == "quantize") text << "  " << station["linears"].size() << " linears";
    if (kind == "statistics") text << "  " << station["tokens"] << " tokens, " << station["states"].size() << " states";
    text << '\n';
  }
  text << "report     " << out << "/report.html\n";
  return text.str();
}

// Results hang on the number of threads: a resumed run takes the one that it was started with, unless told otherwise.
void take_threads_of_run(const Options& o) {
  if (!o.resume || o.out.empty() || o.app->count("--threads") > 0) return;
  const Json machine = machine_of_run(o.out);
  if (machine.is_object() && machine.value("threads", 0) > 0) kernels::set_threads(machine["threads"]);
}

void run(Session& session, const Options& o) {
  if (o.resume && o.force) throw UsageError("run: expected --resume or --force, found both");
  if (o.out.empty() && !o.dry_run) throw UsageError("--out: expected a name, found none");
  RunOptions options;
  options.out = o.out;
  options.job_file = std::filesystem::absolute(o.job).lexically_normal();  // the window finds the texts again, wherever it was started
  options.mode = o.resume ? RunFolder::Mode::resume : o.force ? RunFolder::Mode::replace : RunFolder::Mode::create;
  Job job = read_job(o.job, overrides(o, session.options()));
  if (!o.resume && !o.out.empty()) {
    std::vector<std::filesystem::path> inputs = {o.job, job.model.path};
    for (const auto& [name, text] : job.texts) inputs.push_back(text.input.path);
    require_apart(o.out, inputs);
  }
  options.device = session.compute().device;
  take_threads_of_run(o);
  if (o.dry_run) return dry_run(session, std::move(job), options);
  const auto observer = make_run_observer(session);
  const Json results = run_job(std::move(job), options, *observer);
  session.result(results, summary(results, o.out));
}

}  // namespace

void add_run(Verbs& verbs) {
  const auto o = std::make_shared<Options>();
  CLI::App& app =
      verbs.add("run", "Run a whole job file: stations in order, resumable, with a report page", [o](Session& s) { run(s, *o); });
  o->app = &app;
  app.add_option("JOB", o->job,
                 "Job file (JSON; its schema is in resources/jobs/README.md). --seed and --dtype replace the job's own (required)")
      ->required();
  app.add_option("--out", o->out,
                 "Run folder to make; an existing one is refused without --resume or --force (required but with --dry-run)");
  app.add_flag("--resume", o->resume,
               "Go on with the run in the folder where it stopped; starts it where there is none (default off; command contract)");
  app.add_flag("--force", o->force, "Replace an existing folder (default off; command contract)");
  app.add_flag(
      "--dry-run", o->dry_run,
      "Check everything as a run would, write nothing, and estimate time, memory and disk of every station (default off; own choice)");
  app.add_option("--model", o->model, "Model folder in place of the job's (default the job's; own choice)");
  app.add_option("--text", o->texts,
                 "NAME=FILE: a file in place of the job's text of that name; may be repeated (default the job's; own choice)");
}

}  // namespace rolora::app
