// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/training_state.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/storage/atomic_file.h"
#include "core/storage/safetensors.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "step-";
constexpr int kFormat = 1;

// N of "step-N"; nothing for any other name.
std::optional<int64_t> step_of(const fs::path& folder) {
  const std::string name = folder.filename().string();
  const std::string_view prefix = kPrefix;
  if (!name.starts_with(prefix)) return std::nullopt;
  int64_t step = 0;
  const auto [end, failure] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), step);
  if (failure != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return step;
}

constexpr const char *kTensors = "state.safetensors", *kState = "state.json";

// A folder that a kill caught half removed has lost a file; what has both was whole when it got its name.
bool is_complete(const fs::path& folder) { return fs::is_regular_file(folder / kTensors) && fs::is_regular_file(folder / kState); }

std::vector<std::pair<int64_t, fs::path>> checkpoints(const fs::path& folder) {
  std::vector<std::pair<int64_t, fs::path>> found;
  if (!fs::is_directory(folder)) return found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (const auto step = step_of(entry.path()); step && entry.is_directory()) found.emplace_back(*step, entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

struct Buffer {
  const char* name;
  at::Tensor tensor;
};

std::vector<Buffer> buffers(ParameterSet& parameters, Trainer& trainer) {
  return {{"first_moment", trainer.optimizer().first_moment()},
          {"parameters", parameters.flat()},
          {"second_moment", trainer.optimizer().second_moment()}};
}

// Key for key in both directions: a key that only one side has is a difference too.
void require_same(const Json& saved, const Json& asked, const std::string& file, const std::string& path) {
  Json keys = asked;
  keys.update(saved);
  for (const auto& [key, unused] : keys.items()) {
    const bool here = asked.contains(key), there = saved.contains(key);
    if (here && there && asked[key].is_object() && saved[key].is_object()) {
      require_same(saved[key], asked[key], file, path + key + ".");
    } else if (!here || !there || asked[key] != saved[key]) {
      throw InputError(file, path + key, (here ? printable(asked[key].dump()) : "no such key") + " (this call)",
                       (there ? printable(saved[key].dump()) : "no such key") + " (the unfinished training; --force starts over)");
    }
  }
}

void load_buffers(const fs::path& file, const std::vector<Buffer>& targets) {
  const SafetensorsFile stored = SafetensorsFile::open(file);
  for (const Buffer& target : targets) {
    const TensorEntry& entry = stored.entry(target.name);
    const TensorEntry expected{stored_type(target.tensor.scalar_type()), target.tensor.sizes().vec()};
    if (entry.type != expected.type || entry.shape != expected.shape) {
      throw InputError(file.string(), target.name, std::string(name_of(expected.type)) + " of " + std::to_string(expected.elements()),
                       std::string(name_of(entry.type)) + " of " + std::to_string(entry.elements()));
    }
    const auto bytes = stored.bytes(target.name);
    // from_blob wants a mutable pointer; the map is only read.
    const at::Tensor view =
        at::from_blob(const_cast<std::byte*>(bytes.data()), target.tensor.sizes(), target.tensor.options().device(at::kCPU));
    target.tensor.copy_(view);
  }
}

}  // namespace

void save_training(const fs::path& folder, const Json& identity, ParameterSet& parameters, Trainer& trainer) {
  std::error_code ignored;
  fs::create_directories(folder, ignored);  // a failure shows in the next line, with its reason
  PendingFolder pending(folder / (kPrefix + std::to_string(trainer.done())), true);
  std::vector<SafetensorsWriter::Declared> declared;
  for (const Buffer& b : buffers(parameters, trainer))
    declared.push_back({b.name, stored_type(b.tensor.scalar_type()), b.tensor.sizes().vec()});
  SafetensorsWriter writer(pending.path() / kTensors, declared);
  for (const Buffer& b : buffers(parameters, trainer)) writer.write(b.name, bytes_of_tensor(b.tensor.cpu()));
  writer.finish();
  Json log = Json::array();
  for (const StepRecord& record : trainer.log()) log.push_back(to_json(record));
  const Json state = {{"format", kFormat}, {"identity", identity}, {"loss_scale", trainer.loss_scale()}, {"log", std::move(log)}};
  write_file_atomically(pending.path() / kState, state.dump());
  pending.commit();
  for (const auto& [step, path] : checkpoints(folder)) {
    if (step < trainer.done()) fs::remove_all(path, ignored);
  }
}

bool resume_training(const fs::path& folder, const Json& identity, ParameterSet& parameters, Trainer& trainer) {
  auto found = checkpoints(folder);
  std::erase_if(found, [](const auto& one) { return !is_complete(one.second); });
  if (found.empty()) return false;
  const auto& [step, path] = found.back();
  const std::string file = (path / kState).string();
  const Json document = read_json_file(path / kState, {.bytes = 4ull << 30, .depth = 16});
  const JsonObject state(document, file);
  state.integer("format", kFormat, kFormat);
  const Json& saved = state.raw("identity");
  if (!saved.is_object()) state.refuse("identity", "an object", printable(saved.dump()));
  require_same(saved, identity, file, "");
  std::vector<StepRecord> log;
  for (const JsonObject& line : state.objects("log")) log.push_back(step_record(line));
  if (static_cast<int64_t>(log.size()) != step || step > trainer.total()) {
    state.refuse("log", std::to_string(step) + " steps", std::to_string(log.size()));
  }
  const double loss_scale = state.number("loss_scale");
  state.refuse_unknown();
  const at::Tensor first = at::empty_like(parameters.flat()), second = at::empty_like(parameters.flat());
  load_buffers(path / kTensors, {{"first_moment", first}, {"parameters", parameters.flat()}, {"second_moment", second}});
  trainer.optimizer().restore(first, second, step);
  trainer.restore(std::move(log), loss_scale);
  return true;
}

}  // namespace rolora
