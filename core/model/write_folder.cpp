// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/write_folder.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <system_error>

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/model/finite.h"
#include "core/model/tensor_walk.h"
#include "core/storage/atomic_file.h"
#include "core/storage/json_file.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using Declared = SafetensorsWriter::Declared;

constexpr std::array kCompanions = {
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json",     "merges.txt",      "chat_template.jinja",   "generation_config.json"};

constexpr const char* kTemplates = "additional_chat_templates";  // NAME.jinja beside chat_template.jinja, as transformers writes them

bool is_template_name(const std::string& name) {
  constexpr size_t kLongest = 100;
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == '.' || c == ' ';
  });
  return plain && name.size() <= kLongest && !name.starts_with('.') && name.ends_with(".jinja");
}

// Paths in the folder, of plain files alone (or links to such, as model hubs' caches have them).
std::vector<fs::path> companions(const fs::path& folder) {
  std::vector<fs::path> found;
  for (const char* name : kCompanions) {
    if (fs::is_regular_file(folder / name)) found.emplace_back(name);
  }
  std::error_code none;
  std::vector<fs::path> templates;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder / kTemplates, none)) {
    const std::string name = entry.path().filename().string();
    if (is_template_name(name) && entry.is_regular_file()) templates.push_back(fs::path(kTemplates) / name);
  }
  std::sort(templates.begin(), templates.end());
  found.insert(found.end(), templates.begin(), templates.end());
  return found;
}

int64_t bytes_of(const Declared& tensor) { return static_cast<int64_t>(*stored_bytes(tensor.type, tensor.shape)); }

// Consecutive tensors of at most `limit` bytes together; a larger tensor stands alone.
std::vector<std::vector<Declared>> cut_into_shards(const std::vector<Declared>& all, int64_t limit) {
  std::vector<std::vector<Declared>> shards(1);
  int64_t size = 0;
  for (const Declared& tensor : all) {
    if (!shards.back().empty() && size + bytes_of(tensor) > limit) {
      shards.emplace_back();
      size = 0;
    }
    shards.back().push_back(tensor);
    size += bytes_of(tensor);
  }
  return shards;
}

// The tensors in file order; asks the source for one layer at a time.
class TensorStream {
 public:
  TensorStream(const ModelSource& source, const WriteOptions& options, Monitor& monitor)
      : source_(source), compute_{options.stored, at::kCPU}, stage_(options.stage), monitor_(monitor) {}

  at::Tensor take(const std::string& name) {
    const ModelConfig& config = source_.config();
    if (name == config.family->embedding) return embedding();
    if (name == config.family->final_norm) return source_.final_norm(compute_);
    if (name == config.family->head) return source_.head(compute_);
    if (held_.empty()) load_next_layer();
    auto node = held_.extract(name);
    if (!node) throw Error("write weights: expected " + name + " in layer " + std::to_string(next_ - 1) + ", found none");
    return node.mapped();
  }

 private:
  at::Tensor embedding() const {
    const ModelConfig& config = source_.config();
    at::Tensor rows = at::empty({config.vocabulary, config.hidden}, at::TensorOptions().dtype(compute_.type));
    constexpr int64_t piece = 4096;
    for (int64_t first = 0; first < config.vocabulary; first += piece) {
      const int64_t end = std::min(config.vocabulary, first + piece);
      rows.slice(0, first, end).copy_(source_.embed(at::arange(first, end, at::kLong), compute_));
    }
    return rows;
  }

  void load_next_layer() {
    const ModelConfig& config = source_.config();
    throw_if_stopped(monitor_);
    monitor_.progress(stage_, next_, config.layers);
    const LayerIndex layer(next_++);
    LayerWeights weights = source_.layer(layer, compute_);
    walk_layer(config, layer, weights, [&](const std::string& name, at::Tensor& tensor) { held_[name] = tensor; });
    for (const FusedLinears& fused : config.family->fused) {
      for (const char* tail : {".weight", ".bias"}) fuse(fused, layer, tail);
    }
    if (next_ == config.layers) monitor_.progress(stage_, next_, config.layers);
  }

  // Files hold these linears as one tensor.
  void fuse(const FusedLinears& fused, LayerIndex layer, const char* tail) {
    const FamilyDescription& family = *source_.config().family;
    std::vector<at::Tensor> rows;
    for (int behind = 0; behind < fused.count; ++behind) {
      const auto kind = static_cast<LinearKind>(static_cast<int>(fused.first) + behind);
      if (auto node = held_.extract(linear_name(family, layer, kind) + tail)) rows.push_back(node.mapped());
    }
    if (!rows.empty()) held_[layer_tensor(family, layer, fused.name) + tail] = at::cat(rows);
  }

  const ModelSource& source_;
  Compute compute_;
  std::string stage_;
  Monitor& monitor_;
  std::map<std::string, at::Tensor> held_;
  int64_t next_ = 0;
};

}  // namespace

// model-00001-of-00003.safetensors
std::string indexed_name(size_t index, size_t count) {
  char name[64];
  std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", index + 1, count);
  return name;
}

void write_index(const std::vector<std::vector<Declared>>& shards, const fs::path& folder) {
  int64_t total = 0;
  Json map = Json::object();
  for (size_t s = 0; s < shards.size(); ++s) {
    for (const Declared& tensor : shards[s]) {
      map[tensor.name] = indexed_name(s, shards.size());
      total += bytes_of(tensor);
    }
  }
  const Json index = {{"metadata", {{"total_size", total}}}, {"weight_map", map}};
  write_file_atomically(folder / "model.safetensors.index.json", json_text(index));
}

void write_weights(const ModelSource& source, const fs::path& folder, const WriteOptions& options, Monitor& monitor) {
  const ModelConfig& config = source.config();
  const auto shards = cut_into_shards(expected_tensors(config, stored_type(options.stored), !config.tied), options.shard_bytes);
  const bool indexed = options.indexed || shards.size() > 1;
  TensorStream stream(source, options, monitor);
  for (size_t s = 0; s < shards.size(); ++s) {
    SafetensorsWriter writer(folder / (indexed ? indexed_name(s, shards.size()) : "model.safetensors"), shards[s], {{"format", "pt"}});
    for (const Declared& tensor : shards[s]) {
      const at::Tensor value = stream.take(tensor.name).contiguous();
      if (const auto found = first_not_finite(value)) {
        throw NumericError(tensor.name + ": expected values that " + dtype_name(options.stored) + " can hold, found " + *found +
                           (options.stored == at::kHalf ? " (--store bfloat16 or float32 has the range)" : ""));
      }
      writer.write(tensor.name, bytes_of_tensor(value));
    }
    writer.finish();
  }
  if (indexed) write_index(shards, folder);
}

void copy_companions(const fs::path& from, const fs::path& to) {
  for (const fs::path& name : companions(from)) {
    if (name.has_parent_path()) fs::create_directories(to / name.parent_path());
    write_file_atomically(to / name, read_file(from / name));
  }
}

uint64_t companion_bytes(const fs::path& folder) {
  uint64_t sum = 0;
  for (const fs::path& name : companions(folder)) sum += fs::file_size(folder / name);
  return sum;
}

}  // namespace rolora
