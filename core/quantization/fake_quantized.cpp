// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/fake_quantized.h"

#include "core/base/error.h"
#include "core/quantization/activations.h"
#include "core/quantization/integers.h"
#include "core/quantization/layer_types.h"
#include "core/storage/unnamed_file.h"

namespace rolora {
FakeQuantizedSource::FakeQuantizedSource(std::shared_ptr<const ModelSource> base, QuantizationSpec spec)
    : base_(std::move(base)), spec_(std::move(spec)) {
  validate(spec_, base_->config());
}

std::shared_ptr<const FakeQuantizedSource> FakeQuantizedSource::prepare(std::shared_ptr<const ModelSource> base, QuantizationSpec spec,
                                                                        const at::Tensor& windows, const PipelineOptions& options,
                                                                        Monitor& monitor) {
  const auto source = std::make_shared<FakeQuantizedSource>(base, std::move(spec));
  const ModelConfig& config = base->config();
  const std::vector<SafetensorsWriter::Declared> declared = declared_linears(source->spec_, config);
  std::optional<UnnamedFile> file;  // gone with the last map of it, however the process ends
  std::optional<SafetensorsWriter> writer;
  std::string stage;
  if (!declared.empty()) {
    file.emplace(temporary_folder());
    writer.emplace(*file, declared);
    stage = "quantize: integers to a nameless file in " + file->folder().string() + " (TMPDIR)";
    monitor.progress(stage, 0, config.layers);
  }
  quantize_layers(*base, source->spec_, windows, options, monitor, [&](QuantizedLayer&& layer) {
    for (const LinearKind kind : kAllLinears) {
      const auto& weight = layer.weights[static_cast<size_t>(kind)];
      if (weight) write_weight(*writer, linear_name(*config.family, layer.index, kind), *weight);
    }
    for (LinearReport& report : layer.reports) source->reports_.push_back(std::move(report));
  });
  if (!writer) return source;
  writer->finish();
  monitor.progress(stage, config.layers, config.layers);
  source->prepared_ = TensorStore::open_file(file->path());
  return source;
}

LayerWeights FakeQuantizedSource::layer(LayerIndex index, const Compute& compute) const {
  if (!prepared_ && spec_.method == WeightMethod::gptq) throw UsageError("GPTQ needs a calibration text: expected one, found none");
  LayerWeights layer = base_->layer(index, exact_compute(compute));
  for (const LinearKind kind : kAllLinears) {
    const WeightLayout layout = weight_layout(spec_, config(), index, kind);
    if (layout.bits == kFullBits) continue;
    at::Tensor& weight = layer[kind].weight;
    WeightQuant how = spec_.weights;
    how.bits = layout.bits;
    const QuantizedWeight quantized =
        prepared_ ? read_weight(*prepared_, linear_name(*config().family, index, kind), layout) : quantize_rtn(weight, how);
    weight = dequantize(quantized).to(weight.options());
  }
  return in_type(layer, compute.type);
}

void FakeQuantizedSource::attach(Listeners& listeners, const Compute& compute) const {
  base_->attach(listeners, compute);
  attach_quantization(spec_, config(), listeners);
}

}  // namespace rolora
