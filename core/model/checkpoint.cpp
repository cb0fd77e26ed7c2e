// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/checkpoint.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/model/llama2c.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

std::string exact(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

// The configuration's values that change what the model computes, in one canonical line.
std::string function_text(const ModelConfig& c) {
  std::string text = c.model_type;
  for (int64_t size : {c.hidden, c.intermediate, c.layers, c.heads, c.kv_heads, c.head_dim, c.vocabulary})
    text += " " + std::to_string(size);
  text += std::string(" tied ") + (c.tied ? "1" : "0") + " eps " + exact(c.rms_epsilon) + " rope " + std::string(name_of(c.rope.kind)) +
          " " + exact(c.rope.theta);
  if (c.rope.kind != RopeKind::plain) text += " " + exact(c.rope.factor);
  if (c.rope.kind == RopeKind::dynamic) text += " " + std::to_string(c.context);
  if (c.rope.kind == RopeKind::llama3) {
    text += " " + exact(c.rope.low_freq_factor) + " " + exact(c.rope.high_freq_factor) + " " + std::to_string(c.rope.original_context);
  }
  if (c.rope.kind == RopeKind::longrope) {
    text += " " + std::to_string(c.rope.original_context) + " " + exact(c.rope.attention_scaling) + " short";
    for (const double factor : c.rope.short_factors) text += " " + exact(factor);
    text += " long";
    for (const double factor : c.rope.long_factors) text += " " + exact(factor);
  }
  if (c.rope.dims != c.head_dim) text += " turned " + std::to_string(c.rope.dims);
  if (!c.windows.empty()) text += " windows";
  for (const int64_t window : c.windows) text += " " + std::to_string(window);
  return text + "\n";
}

bool same_bytes(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace

std::vector<SafetensorsWriter::Declared> expected_tensors(const ModelConfig& config, StoredType type, bool with_head) {
  const FamilyDescription& family = *config.family;
  std::vector<SafetensorsWriter::Declared> list;
  const auto add = [&](std::string name, std::vector<int64_t> shape) { list.push_back({std::move(name), type, std::move(shape)}); };
  add(std::string(family.embedding), {config.vocabulary, config.hidden});
  for (int64_t i = 0; i < config.layers; ++i) {
    const LayerIndex layer(i);
    for (const LayerNorm& norm : layer_norms(config)) {
      if (norm.gain != &LayerWeights::post_attention_norm) add(layer_tensor(family, layer, norm.tail), {norm.width});
    }
    for (LinearKind kind : kAllLinears) {
      if (kind == LinearKind::gate) add(layer_tensor(family, layer, family.post_attention_norm), {config.hidden});
      const FusedLinears* fused = fused_with(family, kind);
      if (fused && fused->first != kind) continue;
      LinearShape shape = linear_shape(config, kind);
      for (int behind = 1; fused && behind < fused->count; ++behind) {
        shape.out += linear_shape(config, static_cast<LinearKind>(static_cast<int>(kind) + behind)).out;
      }
      add(stored_part(config, layer, kind, ".weight").name, {shape.out, shape.in});
      if (has_bias(config, kind)) add(stored_part(config, layer, kind, ".bias").name, {shape.out});
    }
  }
  add(std::string(family.final_norm), {config.hidden});
  if (with_head) add(std::string(family.head), {config.vocabulary, config.hidden});
  return list;
}

Checkpoint::Checkpoint(const std::filesystem::path& folder)
    : folder_(folder),
      config_(read_model_config(folder)),
      store_(TensorStore::open(folder)),
      pairs_rows_(std::filesystem::is_regular_file(folder)) {
  if (config_.own_kind == "quantized") {
    throw InputError((folder / "config.json").string(), "rolora.kind", "a floating-point model", "a model quantized by this program");
  }
  resolve_embedding_and_head();
  for (const auto& tensor : expected_tensors(config_, StoredType::F32, false)) {
    store_.expect(tensor.name == config_.family->embedding ? embedding_name_ : tensor.name, tensor.shape);
  }
  store_.expect(head_name_, {config_.vocabulary, config_.hidden});
  refuse_extra_tensors();
  stored_ = store_.entry(stored_part(config_, LayerIndex(0), LinearKind::q, ".weight").name).type;
}

// A tied pair is stored under either name. Under both, equal tensors are one; different ones are what they are, whatever the configuration
// says (transformers 5 reads such a folder so too).
void Checkpoint::resolve_embedding_and_head() {
  embedding_name_ = config_.family->embedding;
  head_name_ = config_.family->head;
  if (!config_.tied) return;
  if (!store_.has(head_name_)) {
    head_name_ = embedding_name_;
  } else if (!store_.has(embedding_name_)) {
    embedding_name_ = head_name_;
  } else if (same_bytes(store_.file_of(embedding_name_).bytes(embedding_name_), store_.file_of(head_name_).bytes(head_name_))) {
    store_.release(head_name_);
    store_.release(embedding_name_);
    head_name_ = embedding_name_;
  } else {
    config_.tied = false;
    notes_.push_back((folder_ / "config.json").string() + ": tie_word_embeddings is true, but " + embedding_name_ + " and " + head_name_ +
                     " are stored with different values: read as untied");
  }
}

void Checkpoint::refuse_extra_tensors() const {
  std::set<std::string, std::less<>> known = {std::string(config_.family->embedding), std::string(config_.family->head)};
  for (auto& tensor : expected_tensors(config_, StoredType::F32, true)) known.insert(std::move(tensor.name));
  for (const std::string& name : store_.names()) {
    if (known.contains(name) || name.ends_with(config_.family->ignored_suffix)) continue;
    throw InputError(store_.file_of(name).path().string(), name, "only tensors of a " + std::string(config_.family->name) + " model",
                     "an extra tensor");
  }
}

LayerWeights Checkpoint::layer(LayerIndex index, const Compute& compute) const {
  LayerWeights weights;
  for (const LayerNorm& norm : layer_norms(config_)) {
    weights.*norm.gain = store_.load(layer_tensor(*config_.family, index, norm.tail), compute);
  }
  for (LinearKind kind : kAllLinears) {
    weights[kind].weight = store_.load(stored_part(config_, index, kind, ".weight"), compute);
    if (pairs_rows_ && (kind == LinearKind::q || kind == LinearKind::k)) {
      weights[kind].weight = halves_apart(weights[kind].weight, config_.head_dim);
    }
    if (has_bias(config_, kind)) weights[kind].bias = store_.load(stored_part(config_, index, kind, ".bias"), compute);
  }
  return weights;
}

at::Tensor Checkpoint::embed(const at::Tensor& ids, const Compute& compute) const { return store_.rows(embedding_name_, ids, compute); }

at::Tensor Checkpoint::final_norm(const Compute& compute) const { return store_.load(std::string(config_.family->final_norm), compute); }

at::Tensor Checkpoint::head(const Compute& compute) const { return store_.load(head_name_, compute); }

std::string Checkpoint::hash() const {
  Sha256 sum;
  sum.add(function_text(config_) + (pairs_rows_ ? "rows in pairs\n" : ""));
  for (const std::string& name : store_.names()) {
    const bool unused_twin = config_.tied && name != embedding_name_ && name == config_.family->head;
    if (unused_twin || name.ends_with(config_.family->ignored_suffix)) continue;
    const TensorEntry& entry = store_.entry(name);
    sum.add(name + " " + std::string(name_of(entry.type)) + " " + shape_text(entry.shape) + "\n");
    sum.add(store_.file_of(name).bytes(name));
    store_.release(name);
  }
  return sum.hex();
}

}  // namespace rolora
