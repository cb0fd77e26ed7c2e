// SPDX-License-Identifier: GPL-3.0-or-later
// Reads one run folder again and again while it grows; what a finished station said is read once.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/storage/json_file.h"
#include "widgets/data/live_events.h"
#include "widgets/data/run_store.h"

namespace rolora::widgets {

class RunReader {
 public:
  explicit RunReader(std::filesystem::path folder);
  ~RunReader();
  /// Throws what core throws.
  RunDataPtr read();
  /// Whether anything that read() looks at may have changed since it was called last; cheap.
  bool changed() const;

 private:
  struct Station;  // what a finished one said
  using Stamp = std::array<int64_t, 4>;
  Stamp stamp_of(const char* name) const;
  const Station* finished(const JsonObject& declared);
  void read_station_of(const JsonObject& declared, bool run_is_finished, RunData& data);
  std::filesystem::path folder_;
  std::map<std::string, std::unique_ptr<Station>> stations_;
  LiveEvents events_;
  bool running_ = false;
  bool gone_ = false;  // run.json said running and nobody was at work: true until the lock changes
  Stamp gone_lock_{};
  std::array<Stamp, 4> seen_{};  // of the watched files
};

/// Whether a process works on the folder, found out without disturbing one that is about to start.
bool someone_works_on(const std::filesystem::path& folder);

}  // namespace rolora::widgets
