// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/run_folder.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <set>

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/storage/atomic_file.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr const char *kJobFile = "job.json", *kRunFile = "run.json", *kResultFile = "result.json", *kDoneFile = "DONE";

void remove_everything_but(const fs::path& folder, const std::vector<std::string>& keep) {
  std::vector<fs::path> entries;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) entries.push_back(entry.path());
  for (const fs::path& entry : entries) {
    if (std::find(keep.begin(), keep.end(), entry.filename().string()) == keep.end()) fs::remove_all(entry);
  }
}

bool contains(const fs::path& folder, const fs::path& inner) {
  std::error_code ignored;
  const fs::path way = fs::weakly_canonical(inner, ignored).lexically_relative(fs::weakly_canonical(folder, ignored));
  return !way.empty() && *way.begin() != "..";
}

void refuse_precious(const fs::path& folder) {
  const char* home = std::getenv("HOME");
  if (contains(folder, fs::current_path()) || (home != nullptr && contains(folder, home))) {
    throw InputError(folder.string(), "--out", "a folder of its own",
                     "one that holds the current or the home folder, which --force would remove");
  }
}

// A station's own id says more than its place.
std::string element_name(const Json& element, size_t index) {
  const bool named = element.is_object() && element.contains("id") && element["id"].is_string();
  return "[" + (named ? element["id"].get<std::string>() : std::to_string(index)) + "]";
}

const Json& value_at(const Json& document, const Json::json_pointer& pointer) {
  static const Json none = nullptr;
  return document.contains(pointer) ? document.at(pointer) : none;
}

struct Difference {
  std::string key;
  Json a, b;
};

std::optional<Difference> difference(const Json& a, const Json& b, const std::string& key) {
  if (a == b) return std::nullopt;
  if (a.is_object() && b.is_object()) {
    Json keys = a;
    keys.update(b);
    for (const auto& [name, unused] : keys.items()) {
      if (key.starts_with("stations[") && name == "save_every") continue;  // changes no result
      if ((key == "model" && name == "path") || (key.starts_with("texts.") && name == "file")) continue;
      const Json::json_pointer at = Json::json_pointer() / name;
      if (auto found = difference(value_at(a, at), value_at(b, at), key.empty() ? name : key + "." + name)) return found;
    }
    return std::nullopt;
  }
  if (a.is_array() && b.is_array() && !a.empty() && !b.empty()) {
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (auto found = difference(a[i], b[i], key + element_name(a[i], i))) return found;
    }
    if (a.size() == b.size()) return std::nullopt;
    return Difference{key, std::to_string(a.size()) + " of them", std::to_string(b.size()) + " of them"};
  }
  return Difference{key, a, b};
}

void require_same(const Json& stored, const Json& now, const fs::path& file, const char* advice) {
  if (const auto found = difference(stored, now, "")) {
    throw InputError(file.string(), found->key, printable(found->a.dump()) + " as this run was started with" + advice,
                     printable(found->b.dump()));
  }
}

}  // namespace

std::string first_difference(const Json& a, const Json& b) {
  const auto found = difference(a, b, "");
  return found ? found->key : "";
}

Json machine_of_run(const fs::path& folder) {
  const fs::path file = folder / kRunFile;
  if (!fs::exists(file)) return nullptr;
  const Json run = read_json_file(file);
  const JsonObject o(run, file.string());
  o.integer("format", kRunFormat, kRunFormat);
  o.object("machine");
  return o.raw("machine");
}

void RunFolder::require_usable(const fs::path& folder, Mode mode) {
  const fs::file_status status = fs::symlink_status(folder);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(fs::status(folder))) throw InputError(folder.string(), "--out", "a folder", "something there that is no folder");
  if (mode == Mode::create) {
    throw InputError(folder.string(), "--out", "a new folder", "an existing one (--resume goes on with its run, --force replaces it)");
  }
  if (mode == Mode::replace) return refuse_precious(folder);
  if (fs::exists(folder / kJobFile) && fs::exists(folder / kRunFile)) {
    machine_of_run(folder);  // refuses another program's run.json
    return;
  }
  // A run that was killed before its job.json stood is begun anew; a folder with anything else in it is not ours to clear.
  static const std::set<std::string> own = {kLockFile, kRunFile, "stations", "tables", "inputs.json", "events.jsonl", "report.html"};
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (own.contains(name) || (name.front() == '.' && name.find(".partial-") != std::string::npos)) continue;
    throw InputError(folder.string(), "--out", "the folder of a run to go on with", "other files (" + printable(name) + ")");
  }
}

RunFolder::RunFolder(fs::path folder, Mode mode, const Json& complete_job, const Json& machine)
    : folder_(std::move(folder)), machine_(machine) {
  require_usable(folder_, mode);
  fs::create_directories(folder_);
  lock_ = std::make_unique<RunLock>(folder_);
  const fs::path job_file = folder_ / kJobFile;
  resumed_ = mode == Mode::resume && fs::exists(job_file) && fs::exists(folder_ / kRunFile);
  if (!resumed_) {
    start_anew(complete_job);
    return;
  }
  require_same(read_json_file(job_file), complete_job, job_file, "");
  require_same(machine_of_run(folder_), machine_, folder_ / kRunFile, " (results hang on it)");
  remove_partial_files();
}

void RunFolder::start_anew(const Json& complete_job) {
  fs::remove(folder_ / kJobFile);  // first, so that a kill on the way does not leave half of an old run that looks whole
  remove_everything_but(folder_, {kLockFile});
  fs::create_directories(folder_ / "stations");
  set_state("running", Json::array());
  write(kJobFile, json_text(complete_job));
}

void RunFolder::remove_partial_files() const {
  for (const fs::path& where : {folder_, folder_ / "tables"}) {
    if (!fs::exists(where)) continue;
    std::vector<fs::path> partial;
    for (const fs::directory_entry& entry : fs::directory_iterator(where)) {
      const std::string name = entry.path().filename().string();
      if (name.front() == '.' && name.find(".partial-") != std::string::npos) partial.push_back(entry.path());
    }
    for (const fs::path& path : partial) fs::remove_all(path);
  }
}

bool RunFolder::is_done(const std::string& id) const {
  const fs::path done = station(id) / kDoneFile, result = station(id) / kResultFile;
  return fs::exists(done) && fs::exists(result) && read_file(done, 1024) == sha256_of_file(result) + "\n";
}

void RunFolder::begin_station(const std::string& id, const std::vector<std::string>& keep) {
  const fs::path folder = station(id);
  fs::create_directories(folder);
  fs::remove(folder / kDoneFile);
  remove_everything_but(folder, keep);
}

void RunFolder::finish_station(const std::string& id, const Json& result) {
  const std::string text = json_text(result);
  write_file_atomically(station(id) / kResultFile, text);
  write_file_atomically(station(id) / kDoneFile, sha256_of_text(text) + "\n");
}

Json RunFolder::result(const std::string& id) const { return read_json_file(station(id) / kResultFile); }

void RunFolder::write(const std::string& name, std::string_view bytes) const {
  const fs::path file = folder_ / name;
  fs::create_directories(file.parent_path());
  write_file_atomically(file, bytes);
}

void RunFolder::set_state(const std::string& state, const Json& stations) const {
  write(kRunFile,
        json_text({{"format", kRunFormat}, {"state", state}, {"tool", kToolVersion}, {"machine", machine_}, {"stations", stations}}));
}

}  // namespace rolora
