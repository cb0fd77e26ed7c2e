// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/job.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/jobs/lineage.h"
#include "core/jobs/station_settings.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLargestSeed = INT64_MAX;

bool is_plain_name(const std::string& name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 64 && name.front() != '.' && name.find_first_not_of(kAllowed) == std::string::npos;
}

std::string sha256_or_none(const JsonObject& o) {
  const std::string hash = o.string_or("sha256", "");
  if (!hash.empty() && (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != std::string::npos)) {
    o.refuse("sha256", "64 lower-case hexadecimal digits", printable(hash));
  }
  return hash;
}

// A run folder does not tell where on a machine its inputs lay.
std::string name_alone(const fs::path& path) {
  const fs::path whole = fs::absolute(path).lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

JobInput input(const JsonObject& o, std::string_view key, const fs::path& folder) {
  JobInput in;
  in.written = o.string(key);
  if (in.written.empty()) o.refuse(key, "a path", "an empty one");
  in.path = (folder / in.written).lexically_normal();
  if (fs::path(in.written).is_absolute()) in.written = name_alone(in.path);
  in.sha256 = sha256_or_none(o);
  return in;
}

JobInput given_instead(const fs::path& path) { return {name_alone(path), path, ""}; }

std::map<std::string, JobText> read_texts(const JsonObject& job, const fs::path& folder, const JobOverrides& overrides) {
  std::map<std::string, JobText> texts;
  if (job.has("texts")) {
    const JsonObject all = job.object("texts");
    const Json& raw = job.raw("texts");
    for (const auto& [name, unused] : raw.items()) {
      const JsonObject one = all.object(name);
      if (!is_plain_name(name)) all.refuse(name, "letters, digits, . _ and - in a text's name", printable(name));
      texts[name] = {input(one, "file", folder), one_of(one, "corpus", {"text", "wikitext2", "c4", "ptb", "ids"}, "text")};
      one.refuse_unknown();
    }
  }
  for (const auto& [name, path] : overrides.texts) {
    const auto found = texts.find(name);
    if (found == texts.end())
      throw InputError(job.file(), "--text " + printable(name), "the name of a text of this job", "none of that name");
    found->second.input = given_instead(path);
  }
  return texts;
}

JobInput read_model(const JsonObject& job, const fs::path& folder, const JobOverrides& overrides) {
  const JsonObject o = job.object("model");
  JobInput model = input(o, "path", folder);
  o.refuse_unknown();
  return overrides.model ? given_instead(*overrides.model) : model;
}

std::string read_id(const JsonObject& o, const std::vector<Station>& before) {
  const std::string id = o.string("id");
  if (!is_plain_name(id) || id == kBaseModel) o.refuse("id", "letters, digits, . _ and -, other than \"base\"", printable(id));
  const auto same = [&](const Station& s) { return s.id == id; };
  if (std::any_of(before.begin(), before.end(), same)) o.refuse("id", "an id of its own", printable(id) + " twice");
  return id;
}

bool makes_model(const Station& station) {
  return !std::holds_alternative<StatisticsStation>(station.settings) && !std::holds_alternative<EvaluateStation>(station.settings);
}

void require_model_before(const JsonObject& o, const std::string& model, const Job& job, const std::vector<JsonObject>& all) {
  if (model == kBaseModel) return;
  constexpr const char* kExpected = "base, or the id of a station before this one that makes a model";
  const auto made = [&](const Station& s) { return s.id == model; };
  const auto earlier = std::find_if(job.stations.begin(), job.stations.end(), made);
  if (earlier != job.stations.end()) {
    if (!makes_model(*earlier)) o.refuse("model", kExpected, printable(model) + " (kind " + std::string(earlier->kind()) + ")");
    return;
  }
  if (o.string("id") == model) o.refuse("model", kExpected, printable(model) + " (the station itself)");
  for (const JsonObject& other : all) {
    if (other.has("id") && other.raw("id") == Json(model)) o.refuse("model", kExpected, printable(model) + " (it stands later)");
  }
  o.refuse("model", kExpected, printable(model));
}

// Which states a station can work on.
void require_fitting_state(const JsonObject& o, const Station& station, const Job& job) {
  const std::string id = station.models().front();
  const ModelState state = state_of(job, id);
  const auto refuse = [&](const char* expected, const char* found) { o.refuse("model", expected, printable(id) + " (" + found + ")"); };
  if (const auto* merge = std::get_if<MergeStation>(&station.settings)) {
    const bool adapter = id != kBaseModel && std::holds_alternative<FinetuneStation>(job.station(merge->model).settings);
    if (!adapter || !state.unmerged) refuse("the id of a finetune station that makes an adapter", "no adapter");
    return;
  }
  const auto* look = std::get_if<EvaluateStation>(&station.settings);
  if (std::holds_alternative<StatisticsStation>(station.settings) || (look != nullptr && !look->quantization)) return;
  if (state.quantized) refuse("a model that is not quantized", "quantized");
  if (state.unmerged) refuse("a model without an adapter beside it", "merge it first");
  if (state.rotated && std::holds_alternative<RotateStation>(station.settings)) refuse("a plain model", "folded or rotated already");
}

void require_texts(const JsonObject& o, const Station& station, const Job& job) {
  for (const std::string& name : station.texts()) {
    if (!job.texts.contains(name)) o.refuse("text", "the name of a text of this job", printable(name));
  }
}

void read_stations(const JsonObject& o, Job& job) {
  const std::vector<JsonObject> all = o.objects("stations");
  if (all.empty()) o.refuse("stations", "at least one station", "none");
  for (const JsonObject& one : all) {
    Station station;
    station.id = read_id(one, job.stations);
    station.seed = static_cast<uint64_t>(one.integer_or("seed", static_cast<int64_t>(job.seed), 0, kLargestSeed));
    station.settings = parse_station_settings(one.string("kind"), one);
    if (auto* rotate = std::get_if<RotateStation>(&station.settings)) rotate->rotation.seed = station.seed;
    if (auto* finetune = std::get_if<FinetuneStation>(&station.settings)) finetune->training.seed = station.seed;
    for (const std::string& model : station.models()) require_model_before(one, model, job, all);
    require_fitting_state(one, station, job);
    require_texts(one, station, job);
    job.stations.push_back(std::move(station));
  }
}

Json input_json(const JobInput& in, const char* key) {
  Json out = {{key, in.written}};
  if (!in.sha256.empty()) out["sha256"] = in.sha256;
  return out;
}

}  // namespace

std::string_view Station::kind() const {
  constexpr std::string_view kNames[] = {"statistics", "rotate", "finetune", "merge", "quantize", "evaluate"};
  return kNames[settings.index()];
}

std::vector<std::string> Station::models() const {
  return std::visit(
      [](const auto& s) -> std::vector<std::string> {
        if constexpr (requires { s.states; }) {
          std::vector<std::string> ids;
          for (const StatisticsState& state : s.states) ids.push_back(state.model);
          return ids;
        } else {
          return {s.model};
        }
      },
      settings);
}

std::vector<std::string> Station::texts() const {
  std::vector<std::string> names;
  if (const auto* s = std::get_if<StatisticsStation>(&settings)) names.push_back(s->text);
  if (const auto* s = std::get_if<FinetuneStation>(&settings)) names.push_back(s->data);
  if (const auto* s = std::get_if<RotateStation>(&settings); s != nullptr && s->text) names.push_back(*s->text);
  if (const auto* s = std::get_if<QuantizeStation>(&settings); s != nullptr && s->how.calibration) names.push_back(*s->how.calibration);
  if (const auto* s = std::get_if<EvaluateStation>(&settings)) {
    names.push_back(s->text);
    if (s->quantization && s->quantization->calibration) names.push_back(*s->quantization->calibration);
  }
  return names;
}

std::string station_key(const Station& station) { return "stations[" + station.id + "]"; }

const Station& Job::station(std::string_view id) const {
  for (const Station& s : stations) {
    if (s.id == id) return s;
  }
  throw Error("job: no station " + printable(id));
}

Job parse_job(const Json& document, const std::string& file, const JobOverrides& overrides) {
  const JsonObject o(document, file);
  o.integer("format", kJobFormat, kJobFormat);
  const fs::path folder = fs::path(file).parent_path();
  Job job;
  job.file = file;
  job.name = o.string("name");
  if (!is_plain_name(job.name)) o.refuse("name", "letters, digits, . _ and -", printable(job.name));
  job.model = read_model(o, folder, overrides);
  job.seed = static_cast<uint64_t>(o.integer_or("seed", 0, 0, kLargestSeed));
  if (overrides.seed) job.seed = *overrides.seed;
  job.dtype = one_of(o, "dtype", {"float32", "bfloat16", "float16", "float64"}, "float32");
  if (overrides.dtype) job.dtype = *overrides.dtype;
  job.texts = read_texts(o, folder, overrides);
  read_stations(o, job);
  o.refuse_unknown();
  return job;
}

Job read_job(const fs::path& file, const JobOverrides& overrides) { return parse_job(read_json_file(file), file.string(), overrides); }

Json job_json(const Job& job) {
  Json texts = Json::object(), stations = Json::array();
  for (const auto& [name, text] : job.texts) {
    texts[name] = input_json(text.input, "file");
    texts[name]["corpus"] = text.corpus;
  }
  for (const Station& station : job.stations) {
    Json one = station_settings_json(station.settings);
    one["id"] = station.id;
    one["kind"] = station.kind();
    one["seed"] = station.seed;
    stations.push_back(std::move(one));
  }
  return {{"format", kJobFormat}, {"name", job.name},          {"model", input_json(job.model, "path")}, {"seed", job.seed},
          {"dtype", job.dtype},   {"texts", std::move(texts)}, {"stations", std::move(stations)}};
}

}  // namespace rolora
