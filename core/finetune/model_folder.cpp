// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/model_folder.h"

#include <ATen/ATen.h>

#include <array>
#include <map>

#include "core/base/error.h"
#include "core/finetune/tensor_walk.h"
#include "core/model/checkpoint.h"
#include "core/storage/atomic_file.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr std::array kCopied = {
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "vocab.json",     "merges.txt",      "chat_template.jinja",   "generation_config.json"};

const Compute kExact{at::kDouble, at::kCPU};

// Loads the tensors in file order, one layer in memory at a time.
class TensorStream {
 public:
  explicit TensorStream(const ModelSource& source) : source_(source) {}
  at::Tensor take(const std::string& name) {
    const ModelConfig& config = source_.config();
    if (name == config.family->embedding) return source_.embed(at::arange(config.vocabulary, at::kLong), kExact);
    if (name == config.family->final_norm) return source_.final_norm(kExact);
    if (name == config.family->head) return source_.head(kExact);
    if (!held_.contains(name)) load_next_layer();
    return held_.at(name);
  }

 private:
  void load_next_layer() {
    held_.clear();
    LayerWeights weights = source_.layer(LayerIndex(next_), kExact);
    walk_layer(source_.config(), LayerIndex(next_), weights, [&](const std::string& name, at::Tensor& tensor) { held_[name] = tensor; });
    ++next_;
  }

  const ModelSource& source_;
  std::map<std::string, at::Tensor> held_;
  int64_t next_ = 0;
};

void write_config(const ModelConfig& config, at::ScalarType store, const fs::path& out) {
  Json document = config.raw;
  document[document.contains("dtype") ? "dtype" : "torch_dtype"] = dtype_name(store);
  document["tie_word_embeddings"] = config.tied;
  write_file_atomically(out / "config.json", json_text(document));
}

}  // namespace

void write_model_folder(const ModelSource& source, const ModelFolderKind& kind, const fs::path& out, Monitor& monitor) {
  write_config(source.config(), kind.store, out);
  const auto declared = expected_tensors(source.config(), stored_type(kind.store), !source.config().tied);
  SafetensorsWriter writer(out / "model.safetensors", declared, {{"format", "pt"}});
  TensorStream stream(source);
  int64_t done = 0;
  for (const SafetensorsWriter::Declared& tensor : declared) {
    throw_if_stopped(monitor);
    const at::Tensor value = stream.take(tensor.name).to(kind.store).contiguous();
    if (!at::isfinite(value).all().item<bool>()) {
      throw NumericError(tensor.name + ": expected values that " + dtype_name(kind.store) +
                         " can hold, found one that is not finite in it");
    }
    writer.write(tensor.name, bytes_of_tensor(value));
    monitor.progress("write model: tensor", ++done, static_cast<int64_t>(declared.size()));
  }
  writer.finish();
  for (const char* name : kCopied) {
    if (fs::is_regular_file(kind.like / name)) write_file_atomically(out / name, read_file(kind.like / name));
  }
  if (kind.rotation) save_rotation(*kind.rotation, out);
}

}  // namespace rolora
