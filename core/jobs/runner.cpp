// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/runner.h"

#include <unistd.h>

#include "core/base/error.h"
#include "core/jobs/inputs.h"
#include "core/jobs/report/report.h"
#include "core/jobs/stations/stations.h"
#include "core/kernels/device.h"
#include "core/model/checkpoint.h"

namespace rolora {
namespace {

// What results hang on beside the job.
Json machine(const RunOptions& options) {
  return {
      {"device", options.device.is_cuda() ? "cuda" : "cpu"}, {"threads", kernels::threads()}, {"cpu_features", kernels::cpu_features()}};
}

Json station_list(const Job& job) {
  Json list = Json::array();
  for (const Station& station : job.stations) list.push_back({{"id", station.id}, {"kind", station.kind()}});
  return list;
}

class Runner {
 public:
  Runner(const Job& job, const RunInputs& inputs, RunFolder& folder, RunMonitor& monitor, const Compute& compute)
      : job_(job), folder_(folder), monitor_(monitor), context_{job, inputs, folder, compute, monitor} {}

  void stations() {
    for (size_t i = 0; i < job_.stations.size(); ++i) {
      const Station& station = job_.stations[i];
      if (folder_.is_done(station.id)) {
        monitor_.skip_station(i, station.id, std::string(station.kind()));
        continue;
      }
      throw_if_stopped(monitor_);
      monitor_.begin_station(i, station.id, std::string(station.kind()));
      folder_.begin_station(station.id, kept_for_resume(station));
      folder_.finish_station(station.id, run_station(context_, station));
      monitor_.end_station(i);
    }
  }

  Json results() const {
    Json all = Json::array();
    for (const Station& station : job_.stations) all.push_back(folder_.result(station.id));
    return {{"stations", std::move(all)}};
  }

 private:
  const Job& job_;
  RunFolder& folder_;
  RunMonitor& monitor_;
  StationContext context_;
};

// Tells the log and the folder how the run ended, then lets the error go on.
template <class Work>
void with_ending(RunFolder& folder, RunMonitor& monitor, const Job& job, Work&& work) {
  try {
    work();
  } catch (const Cancelled&) {
    folder.set_state("stopped", station_list(job));
    monitor.send_ending("stopped", "");
    throw;
  } catch (const std::exception& e) {
    monitor.send_ending("failed", e.what());
    folder.set_state("failed", station_list(job));
    throw;
  }
}

}  // namespace

Json run_job(Job job, const RunOptions& options, RunObserver& observer) {
  RunFolder::require_usable(options.out, options.mode);
  RunMonitor before(observer, {}, seconds_since_start);
  const RunInputs inputs = inspect_inputs(job, before);
  require_samples(inputs.base, options.device, before);
  throw_if_stopped(before);

  const Json here = machine(options);
  RunFolder folder(options.out, options.mode, job_json(job), here);
  RunMonitor monitor(observer, forecasts(job, inputs), seconds_since_start);
  monitor.log_to(folder.path() / "events.jsonl");
  monitor.send("start", {{"job", job.name},
                         {"job_file", options.job_file},
                         {"stations", station_list(job)},
                         {"resumed", folder.resumed()},
                         {"process", ::getpid()},
                         {"machine", here}});
  Json results;
  with_ending(folder, monitor, job, [&] {
    folder.set_state("running", station_list(job));
    folder.write("inputs.json", json_text(inputs.facts));
    Runner runner(job, inputs, folder, monitor, {parse_dtype(job.dtype, "dtype"), options.device});
    runner.stations();
    results = runner.results();
    write_report(folder);
    folder.set_state("finished", station_list(job));
  });
  monitor.send("done", {{"report", "report.html"}});
  return results;
}

}  // namespace rolora
