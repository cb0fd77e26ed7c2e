// SPDX-License-Identifier: GPL-3.0-or-later
// The folder of one run:
//   job.json               the complete job with the hashes of its inputs
//   inputs.json            model and texts as they were found (shapes, tokens, roles)
//   run.json               state (running, stopped, failed, finished), machine, stations
//   events.jsonl           log of everything, with times; the only file that holds any
//   stations/ID/…          outputs of a station; result.json (its numbers) and DONE (SHA-256 of result.json), written last
//   tables/*.csv, report.html
//   lock                   while a run is at work
// A station counts when its DONE is there and fits its result; whatever else lies in its folder is a leftover.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/storage/json_file.h"
#include "core/storage/run_lock.h"

namespace rolora {

inline constexpr int kRunFormat = 1;

class RunFolder {
 public:
  enum class Mode { create, resume, replace };
  /// Refuses, before anything is touched, a folder that `mode` does not allow: an existing one without resume or replace, one that is no
  /// run folder with resume.
  static void require_usable(const std::filesystem::path& folder, Mode mode);
  /// Creates, takes over or empties the folder and locks it. A resumed run must be of the same job: InputError names the first key that
  /// differs (paths may differ, hashes may not). `machine` is what run.json keeps of the machine and must be equal too.
  RunFolder(std::filesystem::path folder, Mode mode, const Json& complete_job, const Json& machine);

  const std::filesystem::path& path() const { return folder_; }
  std::filesystem::path station(const std::string& id) const { return folder_ / "stations" / id; }
  bool resumed() const { return resumed_; }
  bool is_done(const std::string& id) const;
  /// Makes the station's folder and removes leftovers, except entries of these names.
  void begin_station(const std::string& id, const std::vector<std::string>& keep);
  /// Writes result.json, then DONE.
  void finish_station(const std::string& id, const Json& result);
  Json result(const std::string& id) const;
  void write(const std::string& name, std::string_view bytes) const;
  /// Writes run.json.
  void set_state(const std::string& state, const Json& stations) const;

 private:
  void start_anew(const Json& complete_job);
  void remove_partial_files() const;
  std::filesystem::path folder_;
  Json machine_;
  std::unique_ptr<RunLock> lock_;
  bool resumed_ = false;
};

/// What run.json of an existing run says of the machine; null when there is none.
Json machine_of_run(const std::filesystem::path& folder);

/// "stations[2].lr" of the first value (in key order) that differs; empty when equal. Paths of inputs are not compared: their hashes are.
std::string first_difference(const Json& a, const Json& b);

}  // namespace rolora
