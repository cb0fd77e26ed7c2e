// SPDX-License-Identifier: GPL-3.0-or-later
// The live signals of a run: metric lines of its events.jsonl, read on from where the last look ended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace rolora::widgets {

class LiveEvents {
 public:
  using Series = std::map<int64_t, double>;  ///< step → value; where a training went back, what lay beyond is gone
  /// Reads whole lines that came since; a file that became shorter is read from its start. Lines that are no events are passed over: a
  /// killed process may have cut one.
  void follow(const std::filesystem::path& file);
  /// station → name of the signal → series
  const std::map<std::string, std::map<std::string, Series>>& metrics() const { return metrics_; }
  /// Of the last failure since the run was started or resumed; empty when there is none.
  const std::string& failure() const { return failure_; }

 private:
  void take(std::string_view line);
  void drop_after(const std::string& station, int64_t step);
  int64_t position_ = 0;
  std::map<std::string, std::map<std::string, Series>> metrics_;
  std::map<std::string, int64_t> last_step_;
  bool goes_on_ = false;  // resumed, and no training has said yet where it stands
  std::string failure_;
};

}  // namespace rolora::widgets
