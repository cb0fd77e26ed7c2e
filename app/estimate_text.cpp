// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/estimate_text.h"

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <sstream>

#include "app/bar.h"

namespace rolora::app {
namespace {

constexpr double kShared = 1.25;  // below, the passes only waited for each other

void add_pace(std::ostream& out, const Json& pace) {
  std::ostringstream waiting;
  if (pace["waiting"] > 1)
    waiting << " × " << pace["waiting"].get<double>()
            << " for threads that wait for each other (a fixed allowance, measured once with two threads on idle cores)";
  out << "estimated   " << pace["how"].get<std::string>() << "\n            " << std::setprecision(4)
      << pace["layer_seconds"].get<double>() * 1e3 << " ms (median of " << pace["passes"].size() << " passes, quartiles "
      << pace["layer_seconds_low"].get<double>() * 1e3 << " and " << pace["layer_seconds_high"].get<double>() * 1e3 << ") on "
      << pace["threads"] << " threads for " << pace["tokens"] << " tokens through one layer, × (" << pace["layers"] << " layers + "
      << pace["head_share"].get<double>() << " for the head)" << waiting.str() << " = " << pace["seconds_per_token"].get<double>() * 1e3
      << " ms a token\n";
  if (const double slowdown = pace["slowdown"]; slowdown > kShared) {
    out << "            the passes just timed took " << std::setprecision(2) << slowdown
        << " times as long as idle cores should need: while other programs compute, so will the run\n";
  }
}

}  // namespace

std::string bytes_text(double bytes) {
  char text[40];
  if (bytes >= 1e9)
    std::snprintf(text, sizeof text, "%.1f GB", bytes / 1e9);
  else
    std::snprintf(text, sizeof text, "%.1f MB", bytes / 1e6);
  return text;
}

std::string estimate_table(const Json& result) {
  std::ostringstream out;
  const bool timed = !result["pace"].is_null();
  out << std::left << std::setw(11) << "kind" << std::setw(28) << "station" << std::right << std::setw(12) << "time" << std::setw(12)
      << "memory" << std::setw(12) << "or on a GPU" << std::setw(12) << "disk"
      << "\n";
  for (const Json& s : result["stations"]) {
    out << std::left << std::setw(11) << s["kind"].get<std::string>() << std::setw(28) << s["id"].get<std::string>() << std::right
        << std::setw(12) << (timed ? "~" + duration_text(s["seconds"].get<double>()) : "-") << std::setw(12)
        << bytes_text(s["peak_bytes"].get<double>()) << std::setw(12) << bytes_text(s["vram_bytes"].get<double>()) << std::setw(12)
        << bytes_text(s["disk_bytes"].get<double>()) << "\n";
  }
  out << "together    ";
  if (timed) {
    out << "about " << duration_text(result["seconds_low"].get<double>()) << " to " << duration_text(result["seconds_high"].get<double>())
        << ", ";
  }
  out << "at most " << bytes_text(result["peak_bytes"].get<double>()) << " of memory at a time (with --device cuda "
      << bytes_text(result["host_bytes"].get<double>()) << ", and " << bytes_text(result["vram_bytes"].get<double>())
      << " on the GPU beside its driver's own), " << bytes_text(result["disk_bytes"].get<double>()) << " on the disk\n";
  if (const double temporary = result["temporary_bytes"]; temporary > 0) {
    out << "            and " << bytes_text(temporary) << " at a time in a nameless file in TMPDIR\n";
  }
  if (timed) add_pace(out, result["pace"]);
  return out.str();
}

std::string largest_station_text(const Json& result) {
  const Json& stations = result["stations"];
  const auto peak = [](const Json& station) { return station["peak_bytes"].get<double>(); };
  const auto largest = std::max_element(stations.begin(), stations.end(), [&](const Json& a, const Json& b) { return peak(a) < peak(b); });
  if (largest == stations.end()) return "";
  std::ostringstream out;
  out << (*largest)["id"].get<std::string>() << " needs most: the program and its libraries " << bytes_text(result["program_bytes"]);
  for (const Json& part : (*largest)["memory"]) {
    out << "\n  + " << part["what"].get<std::string>() << ", " << part["arithmetic"].get<std::string>() << " = "
        << bytes_text(part["bytes"]);
  }
  out << "\n  = " << bytes_text(peak(*largest)) << "\n";
  return out.str();
}

}  // namespace rolora::app
