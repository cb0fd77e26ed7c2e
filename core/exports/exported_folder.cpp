// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/exported_folder.h"

#include <ATen/Functions.h>

#include "core/base/error.h"
#include "core/model/write_folder.h"
#include "core/quantization/activations.h"
#include "core/quantization/layer_types.h"
#include "core/rotation/gate.h"
#include "core/rotation/rotated_source.h"
#include "core/storage/atomic_file.h"
#include "core/storage/sha256.h"
#include "core/storage/small_json.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using Declared = SafetensorsWriter::Declared;

// The weights in one file with its index: tensors are listed with their shapes first and made one linear at a time when they are written.
class ModelFile {
 public:
  ModelFile(const QuantizedExport& from, const ExportPlan& plan, const LinearFormat& format)
      : from_(from), plan_(plan), format_(format), config_(from.model.config()) {}

  void write(const fs::path& folder, Monitor& monitor) const {
    const std::vector<Declared> tensors = declared();
    SafetensorsWriter writer(folder / indexed_name(0, 1), tensors, {{"format", "pt"}});
    const auto put = [&](const std::string& name, const at::Tensor& value) { writer.write(name, bytes_of_tensor(value.contiguous())); };
    put(embedding(), from_.model.embed(at::arange(config_.vocabulary, at::kLong), compute()));
    size_t next = 0;
    for (int64_t i = 0; i < config_.layers; ++i) {
      throw_if_stopped(monitor);
      monitor.progress("export: layer", i, config_.layers);
      for (const LayerNorm& norm : layer_norms(config_)) {
        const std::string name = layer_tensor(*config_.family, LayerIndex(i), norm.tail);
        put(name, from_.model.store().load(name, compute()));
      }
      for (; next < plan_.linears.size() && plan_.linears[next].layer == LayerIndex(i); ++next) write_linear(plan_.linears[next], put);
    }
    monitor.progress("export: layer", config_.layers, config_.layers);
    put(std::string(config_.family->final_norm), from_.model.final_norm(compute()));
    if (!config_.tied) put(std::string(config_.family->head), from_.model.head(compute()));
    for (const NamedTensor& tensor : plan_.extra) put(tensor.name, tensor.value);
    writer.finish();
    write_index({tensors}, folder);  // so that programs which take every *.safetensors leave the record and the samples out
  }

 private:
  Compute compute() const { return {from_.store, at::kCPU}; }
  std::string embedding() const { return std::string(config_.family->embedding); }

  template <class Put>
  void write_linear(const WholeLinear& linear, const Put& put) const {
    if (linear.layout.bits == kFullBits) {
      put(linear.name + ".weight", whole_tensor(from_.model, linear, ".weight", from_.store));
    } else {
      const std::vector<Declared> names = format_.declared(linear);
      const std::vector<at::Tensor> values = format_.tensors(linear, whole_weight(from_.model, linear));
      for (size_t i = 0; i < names.size(); ++i) put(names[i].name, values[i]);
    }
    if (linear.bias) put(linear.name + ".bias", whole_tensor(from_.model, linear, ".bias", from_.store));
  }

  std::vector<Declared> declared() const {
    const StoredType type = stored_type(from_.store);
    std::vector<Declared> list = {{embedding(), type, {config_.vocabulary, config_.hidden}}};
    size_t next = 0;
    for (int64_t i = 0; i < config_.layers; ++i) {
      for (const LayerNorm& norm : layer_norms(config_)) {
        list.push_back({layer_tensor(*config_.family, LayerIndex(i), norm.tail), type, {norm.width}});
      }
      for (; next < plan_.linears.size() && plan_.linears[next].layer == LayerIndex(i); ++next) declare(plan_.linears[next], type, list);
    }
    list.push_back({std::string(config_.family->final_norm), type, {config_.hidden}});
    if (!config_.tied) list.push_back({std::string(config_.family->head), type, {config_.vocabulary, config_.hidden}});
    for (const NamedTensor& tensor : plan_.extra) {
      list.push_back({tensor.name, stored_type(tensor.value.scalar_type()), tensor.value.sizes().vec()});
    }
    return list;
  }

  void declare(const WholeLinear& linear, StoredType type, std::vector<Declared>& list) const {
    if (linear.layout.bits == kFullBits) {
      list.push_back({linear.name + ".weight", type, {linear.layout.out, linear.layout.in}});
    } else {
      for (Declared& tensor : format_.declared(linear)) list.push_back(std::move(tensor));
    }
    if (linear.bias) list.push_back({linear.name + ".bias", type, {linear.layout.out}});
  }

  const QuantizedExport& from_;
  const ExportPlan& plan_;
  const LinearFormat& format_;
  const ModelConfig& config_;
};

std::string note_text(const ExportPlan& plan) {
  std::string text = "# " + plan.format + ", exported by RoLoRA Workbench\n\n";
  for (const std::string& note : plan.notes) text += "* " + note + "\n";
  return text;
}

}  // namespace

ModelConfig exported_config(const fs::path& folder) {
  const fs::path file = folder / "config.json";
  Json document = read_json_file(file, kSmallJson);
  const Json whole = document;
  document.erase("quantization_config");
  ModelConfig config = parse_model_config(document, file.string());
  config.own_kind = "quantized";
  config.raw = whole;
  return config;
}

void write_exported(const QuantizedExport& from, const ExportPlan& plan, const LinearFormat& format, const fs::path& folder,
                    Monitor& monitor) {
  Json config = plain_config(from.model.config(), dtype_name(from.store), from.model.config().tied);
  config["quantization_config"] = plan.quantization_config;
  write_file_atomically(folder / "config.json", json_text(config));
  ModelFile(from, plan, format).write(folder, monitor);
  write_file_atomically(folder / "NOTE.md", note_text(plan));
  copy_companions(from.folder, folder);
  if (from.model.rotation()) save_rotation(*from.model.rotation(), folder);
}

void OtherActivations::attach(Listeners& listeners, const Compute& compute) const {
  if (model_.rotation()) attach_online_rotations(*model_.rotation(), listeners, compute);
  attach_quantization(spec_, model_.config(), listeners);
}

ExportedFolder::ExportedFolder(const fs::path& folder, std::shared_ptr<const LinearFormat> format, std::vector<WholeLinear> linears,
                               const std::map<std::string, int>& activations)
    : config_(exported_config(folder)), store_(TensorStore::open(folder)), format_(std::move(format)), linears_(std::move(linears)) {
  spec_.activations.convention = ScaleConvention::compressed_tensors;
  for (const WholeLinear& linear : linears_) {
    const auto bits = activations.find(linear.name);
    if (bits == activations.end()) continue;
    for (const LinearKind kind : linear.parts) {
      spec_.per_linear[linear_name(*config_.family, linear.layer, kind)] = {kFullBits, bits->second};
    }
  }
  if (!has_rotation(folder)) return;
  rotation_ = load_rotation(folder);
  require_fitting(*rotation_, config_, folder / "rotation.json");
}

void ExportedFolder::expect_tensors(const std::set<std::string>& beside) const {
  const FamilyDescription& family = *config_.family;
  std::set<std::string> known = beside;
  const auto expect = [&](const std::string& name, const std::vector<int64_t>& shape) {
    store_.expect(name, shape);
    known.insert(name);
  };
  expect(std::string(family.embedding), {config_.vocabulary, config_.hidden});
  expect(std::string(family.final_norm), {config_.hidden});
  if (!config_.tied) expect(std::string(family.head), {config_.vocabulary, config_.hidden});
  for (int64_t i = 0; i < config_.layers; ++i) {
    for (const LayerNorm& norm : layer_norms(config_)) expect(layer_tensor(family, LayerIndex(i), norm.tail), {norm.width});
  }
  for (const WholeLinear& linear : linears_) {
    if (linear.bias) expect(linear.name + ".bias", {linear.layout.out});
    if (linear.layout.bits == kFullBits) {
      expect(linear.name + ".weight", {linear.layout.out, linear.layout.in});
      continue;
    }
    for (const Declared& tensor : format_->expected(store_, linear)) {
      known.insert(tensor.name);
      if (at::isFloatingType(torch_type(tensor.type))) {
        store_.expect(tensor.name, tensor.shape);
      } else {
        expect_stored(store_, tensor.name, tensor.type, tensor.shape);
      }
    }
  }
  for (const std::string& name : store_.names()) {
    if (known.contains(name) || name.ends_with(family.ignored_suffix)) continue;
    throw InputError(store_.file_of(name).path().string(), name, "only tensors of this model in this format", "an extra tensor");
  }
}

std::string ExportedFolder::hash() const {
  Sha256 sum;
  sum.add(json_text(config_.raw));
  for (const std::string& name : store_.names()) {
    sum.add(name + " " + std::string(name_of(store_.entry(name).type)) + " " + shape_text(store_.entry(name).shape) + "\n");
    sum.add(store_.file_of(name).bytes(name));
    store_.release(name);
  }
  return sum.hex();
}

LayerWeights ExportedFolder::layer(LayerIndex index, const Compute& compute) const {
  const Compute exact = exact_compute(compute);
  LayerWeights weights;
  for (const LayerNorm& norm : layer_norms(config_)) {
    weights.*norm.gain = store_.load(layer_tensor(*config_.family, index, norm.tail), exact);
  }
  for (const WholeLinear& whole : linears_) {
    if (!(whole.layer == index)) continue;
    const at::Tensor weight = store_.has(whole.name + ".weight") && whole.layout.bits == kFullBits
                                  ? store_.load(whole.name + ".weight", exact)
                                  : format_->dequantized(store_, whole).to(at::TensorOptions().dtype(exact.type).device(exact.device));
    const at::Tensor bias = whole.bias ? store_.load(whole.name + ".bias", exact) : at::Tensor();
    int64_t row = 0;
    for (const LinearKind kind : whole.parts) {
      const int64_t rows = linear_shape(config_, kind).out;
      weights[kind].weight = weight.narrow(0, row, rows);
      if (whole.bias) weights[kind].bias = bias.narrow(0, row, rows);
      row += rows;
    }
  }
  return in_type(weights, compute.type);
}

at::Tensor ExportedFolder::embed(const at::Tensor& ids, const Compute& compute) const {
  return store_.rows(std::string(config_.family->embedding), ids, compute);
}

at::Tensor ExportedFolder::final_norm(const Compute& compute) const {
  return store_.load(std::string(config_.family->final_norm), compute);
}

at::Tensor ExportedFolder::head(const Compute& compute) const {
  return store_.load(std::string(config_.tied ? config_.family->embedding : config_.family->head), compute);
}

void ExportedFolder::attach(Listeners& listeners, const Compute& compute) const {
  if (rotation_) attach_online_rotations(*rotation_, listeners, compute);
  attach_quantization(spec_, config_, listeners);
}

ExportCheck verify_exported(const ModelSource& expected, const ExportedFolder& written, at::ScalarType store, const Compute& compute,
                            Monitor& monitor) {
  const Compute exact{compute.type == at::kDouble ? at::kDouble : at::kFloat, compute.device};
  const GateBounds bounds = gate_bounds(store == at::kDouble ? at::kFloat : store);
  const GateResult compared = equality_gate(expected, written, {gate_tokens(written.config(), 0)}, exact, {bounds.relative_l2}, monitor);
  if (!compared.passed) {
    throw GateError("export: expected logits within " + Json(bounds.relative_l2).dump() + " of the model's, found " +
                    Json(compared.relative_l2).dump() +
                    (store == at::kFloat ? "" : " in " + dtype_name(store) + " (--store float32 rounds nothing)"));
  }
  return {compared.relative_l2, bounds.relative_l2, compared.tokens};
}

Json read_quantization_config(const fs::path& folder) {
  const fs::path file = folder / "config.json";
  const Json document = read_json_file(file, kSmallJson);
  return JsonObject(document, file.string()).raw("quantization_config");
}

}  // namespace rolora
