// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/quantize_folder.h"

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/kernels/device.h"
#include "core/model/finite.h"
#include "core/model/tensor_store.h"
#include "core/model/write_folder.h"
#include "core/quantization/integers.h"
#include "core/quantization/quantized_folder.h"
#include "core/rotation/record.h"
#include "core/rotation/samples.h"
#include "core/storage/atomic_file.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

// model.safetensors of the new folder: embedding, layers, norm, head; each layer as it is done.
class ModelWriter {
 public:
  ModelWriter(const fs::path& file, const TensorStore& from, const ModelConfig& config, const QuantizationSpec& spec)
      : from_(from), config_(config), spec_(spec), writer_(file, declare()) {
    copy_whole(first());
  }

  void layer(const QuantizedLayer& layer) {
    for_each_tensor(
        layer.index, [&](const std::string& name, const StoredPart& part) { copy(name, part); },
        [&](LinearKind kind, const std::string& name, const WeightLayout&) {
          write_weight(writer_, name, *layer.weights[static_cast<size_t>(kind)]);
        });
  }

  void finish() {
    copy_whole(std::string(config_.family->final_norm));
    if (!config_.tied) copy_whole(std::string(config_.family->head));
    writer_.finish();
  }

 private:
  // A tied pair is stored once, under the name that the original has.
  std::string first() const {
    const std::string embedding(config_.family->embedding);
    return config_.tied && !from_.has(embedding) ? std::string(config_.family->head) : embedding;
  }

  template <class Stored, class Quantized>
  void for_each_tensor(LayerIndex layer, const Stored& stored, const Quantized& quantized) const {
    const FamilyDescription& family = *config_.family;
    for (const LayerNorm& norm : layer_norms(config_)) {
      const std::string name = layer_tensor(family, layer, norm.tail);
      stored(name, StoredPart{name});
    }
    for (const LinearKind kind : kAllLinears) {
      const std::string name = linear_name(family, layer, kind);
      const WeightLayout layout = weight_layout(spec_, config_, layer, kind);
      if (layout.bits == kFullBits) {
        stored(name + ".weight", stored_part(config_, layer, kind, ".weight"));
      } else {
        quantized(kind, name, layout);
      }
      if (has_bias(config_, kind)) stored(name + ".bias", stored_part(config_, layer, kind, ".bias"));
    }
  }

  std::vector<SafetensorsWriter::Declared> declare() const {
    std::vector<SafetensorsWriter::Declared> list;
    const auto as_stored = [&](const std::string& name, const StoredPart& part) {
      std::vector<int64_t> shape = from_.entry(part.name).shape;
      if (!part.whole) shape.front() = part.rows;
      list.push_back({name, from_.entry(part.name).type, std::move(shape)});
    };
    as_stored(first(), {first()});
    for (int64_t i = 0; i < config_.layers; ++i) {
      for_each_tensor(LayerIndex(i), as_stored, [&](LinearKind, const std::string& name, const WeightLayout& layout) {
        for (auto& tensor : declared_tensors(name, layout)) list.push_back(std::move(tensor));
      });
    }
    const std::string norm(config_.family->final_norm), head(config_.family->head);
    as_stored(norm, {norm});
    if (!config_.tied) as_stored(head, {head});
    return list;
  }

  void copy_whole(const std::string& name) { copy(name, {name}); }

  // Linears that the original holds in one tensor are stored apart, as each may have bits of its own.
  void copy(const std::string& name, const StoredPart& part) {
    if (const auto found = first_not_finite(from_.view(part))) {
      throw InputError(from_.file_of(part.name).path().string(), name, "finite values", *found);
    }
    writer_.write(name, from_.bytes(part));
    from_.release(part.name);
  }

  const TensorStore& from_;
  const ModelConfig& config_;
  const QuantizationSpec& spec_;
  SafetensorsWriter writer_;
};

// The rotation is the same one: its record goes along to the byte.
void copy_rotation(const fs::path& from, const fs::path& to) {
  for (const char* name : {"rotation.json", "rotation.safetensors"}) {
    if (fs::is_regular_file(from / name)) write_file_atomically(to / name, read_file(from / name));
  }
}

QuantizationRecord start_record(const QuantizeSource& from, const TensorStore& store, const QuantizationSpec& spec,
                                const CalibrationText& calibration, const QuantizeFolderOptions& options) {
  const ModelConfig& config = from.source.config();
  QuantizationRecord record;
  record.spec = spec;
  record.source_hash = from.hash;
  record.source_type = torch_type(store.entry(stored_part(config, LayerIndex(0), LinearKind::q, ".weight").name).type);
  record.rotation_checksum = from.rotation_checksum;
  if (calibration.windows.defined()) {
    record.calibration = {calibration.text_hash, calibration.corpus, calibration.windows.size(0), calibration.windows.size(1),
                          std::min(options.pipeline.error_samples, calibration.windows.size(0))};
  }
  record.dtype = dtype_name(options.pipeline.compute.type);
  record.device = options.pipeline.compute.device.is_cuda() ? "cuda" : "cpu";
  record.cpu_features = kernels::cpu_features();
  record.threads = kernels::threads();
  record.seed = options.seed;
  record.tool_version = kToolVersion;
  return record;
}

}  // namespace

QuantizationRecord quantize_folder(const QuantizeSource& from, const fs::path& out, const QuantizationSpec& spec,
                                   const CalibrationText& calibration, const QuantizeFolderOptions& options, Monitor& monitor) {
  const ModelConfig& config = from.source.config();
  if (fs::exists(out) && fs::equivalent(from.folder, out)) throw UsageError("--out: expected another folder than MODEL, found the same");
  if (config.own_kind == "quantized") {
    throw InputError((from.folder / "config.json").string(), "rolora.kind", "a floating-point model", "one that is quantized already");
  }
  validate(spec, config);
  if (!quantizes(spec, config)) throw UsageError("quantize: expected bits below 16 for weights, activations or KV, found none");
  const TensorStore store = TensorStore::open(from.folder);
  QuantizationRecord record = start_record(from, store, spec, calibration, options);
  PendingFolder folder(out, options.force);
  ModelWriter writer(folder.path() / "model.safetensors", store, config, spec);
  quantize_layers(from.source, spec, calibration.windows, options.pipeline, monitor, [&](QuantizedLayer&& layer) {
    writer.layer(layer);
    for (LinearReport& report : layer.reports) record.linears.push_back(std::move(report));
  });
  writer.finish();
  write_file_atomically(folder.path() / "config.json",
                        json_text(derived_config(config, "quantized", dtype_name(record.source_type), config.tied)));
  write_file_atomically(folder.path() / kQuantizationFile, json_text(record_json(record)));
  copy_companions(from.folder, folder.path());
  copy_rotation(from.folder, folder.path());
  save_samples(UnroundedActivations(std::make_shared<const QuantizedFolder>(folder.path())), folder.path(), options.seed, monitor);
  folder.commit();
  return record;
}

}  // namespace rolora
