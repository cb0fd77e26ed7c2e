// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/run_reader.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>

#include "core/base/error.h"
#include "core/storage/atomic_file.h"
#include "core/storage/sha256.h"
#include "widgets/data/run_lineage.h"
#include "widgets/data/run_results.h"

namespace rolora::widgets {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWatched[] = {"run.json", "job.json", "events.jsonl", "lock"};

QString text_of(const std::string& s) { return QString::fromStdString(s); }

qint64 bytes_in(const fs::path& folder) {
  qint64 sum = 0;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(folder, error); !error && entry != fs::end(entry); entry.increment(error)) {
    std::error_code no_size;
    const auto size = entry->file_size(no_size);
    if (!no_size && entry->is_regular_file(no_size)) sum += static_cast<qint64>(size);
  }
  return sum;
}

// Names of folders come from a file: none may lead out of the run.
std::string station_id(const JsonObject& station) {
  const std::string id = station.string("id");
  const bool plain = !id.empty() && id.front() != '.' && std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-');
  });
  if (!plain) station.refuse("id", "letters, digits, '.', '_' and '-'", printable(id));
  return id;
}

bool is_rolora(long process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/comm");
  std::string name;
  return std::getline(in, name) && name.starts_with("rolora");
}

QString broken_seal(const fs::path& result) {
  return text_of(InputError(result.string(), "content", "what its DONE seals", "none or another one").what());
}

}  // namespace

bool someone_works_on(const fs::path& folder) {
  const int lock = ::open((folder / "lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (lock < 0) return false;
  char text[32] = {};
  const ssize_t n = ::pread(lock, text, sizeof text - 1, 0);
  bool works = n <= 0 || is_rolora(std::atol(text));  // empty: taken this moment
  if (!works) {
    // Held by a process that cannot be seen from here, or by nobody. Only now is the lock touched, and let go at once.
    works = ::flock(lock, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  }
  ::close(lock);
  return works;
}

struct RunReader::Station {
  std::string done;  // content of DONE
  StationResults results;
  qint64 bytes = 0;
};

RunReader::RunReader(fs::path folder) : folder_(std::move(folder)) {}
RunReader::~RunReader() = default;

RunReader::Stamp RunReader::stamp_of(const char* name) const {
  struct stat info = {};
  if (::stat((folder_ / name).c_str(), &info) != 0) return {};
  return {static_cast<int64_t>(info.st_ino), info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

bool RunReader::changed() const {
  for (size_t i = 0; i < seen_.size(); ++i) {
    if (stamp_of(kWatched[i]) != seen_[i]) return true;
  }
  return running_ && !someone_works_on(folder_);
}

const RunReader::Station* RunReader::finished(const JsonObject& declared) {
  const std::string id = station_id(declared);
  const fs::path folder = folder_ / "stations" / id, done = folder / "DONE", result = folder / "result.json";
  std::error_code error;
  if (!fs::exists(done, error) || !fs::exists(result, error)) return nullptr;
  const std::string mark = read_file(done, 1024);
  std::unique_ptr<Station>& known = stations_[id];
  if (known && known->done == mark) return known.get();
  known.reset();
  if (mark != sha256_of_file(result) + "\n") return nullptr;  // a leftover, as the engine sees it
  auto fresh = std::make_unique<Station>();
  fresh->done = mark;
  fresh->results = read_station(declared, folder);
  fresh->bytes = bytes_in(folder);
  known = std::move(fresh);
  return known.get();
}

void RunReader::read_station_of(const JsonObject& declared, bool run_is_finished, RunData& data) {
  const std::string id = station_id(declared), kind = declared.string("kind");
  const Station* done = nullptr;
  QString damage;
  try {
    done = finished(declared);
    if (done == nullptr && run_is_finished) damage = broken_seal(folder_ / "stations" / id / "result.json");
  } catch (const Error& e) {  // the others are whole: what is broken is told where it stands
    damage = text_of(e.what());
  }
  RunData::StationLine line{text_of(id), text_of(kind), done != nullptr, false, done ? done->bytes : 0, damage};
  const bool first = std::all_of(data.stations.begin(), data.stations.end(), [](const auto& s) { return s.done; });
  line.at_work = !line.done && damage.isEmpty() && first && running_;
  data.stations.push_back(line);
  if (done != nullptr) {
    add_results(done->results, data);
  } else if (const auto live = events_.metrics().find(id); kind == "finetune" && live != events_.metrics().end()) {
    data.trainings.push_back(live_curve(declared, live->second));
  }
}

RunDataPtr RunReader::read() {
  for (size_t i = 0; i < seen_.size(); ++i) seen_[i] = stamp_of(kWatched[i]);  // before reading: what comes later is seen as a change
  auto data = std::make_shared<RunData>();
  data->folder = text_of(folder_.string());
  const fs::path run_file = folder_ / "run.json", job_file = folder_ / "job.json", inputs_file = folder_ / "inputs.json";
  const Json run = read_json_file(run_file);
  const JsonObject r(run, run_file.string());
  r.integer("format", 1, 1);
  const std::string state = r.string("state");
  if (state != "running" && state != "stopped" && state != "failed" && state != "finished") {
    r.refuse("state", "running, stopped, failed or finished", printable(state));
  }
  running_ = state == "running";
  if (running_ && !(gone_ && seen_[3] == gone_lock_)) {
    gone_ = !someone_works_on(folder_);
    gone_lock_ = seen_[3];
  }
  const bool interrupted = running_ && gone_;
  running_ = running_ && !gone_;
  data->state = interrupted ? QStringLiteral("interrupted") : text_of(state);

  data->job = read_json_file(job_file);
  const JsonObject job(data->job, job_file.string());
  job.integer("format", 1, 1);
  data->name = text_of(job.string("name"));
  std::error_code error;
  if (fs::exists(inputs_file, error)) {  // a run that has just begun has none yet
    data->inputs = read_json_file(inputs_file);
    const JsonObject inputs(data->inputs, inputs_file.string());
    const JsonObject model = inputs.object("model");
    data->model = text_of(fs::path(model.string("name")).filename().string());
    data->model_sha256 = text_of(model.string("sha256"));
  }
  events_.follow(folder_ / "events.jsonl");
  if (state == "failed") data->failure = text_of(events_.failure());
  const std::vector<JsonObject> stations = job.objects("stations");
  for (const JsonObject& declared : stations) read_station_of(declared, state == "finished", *data);
  name_states(stations, *data);
  return data;
}

}  // namespace rolora::widgets
