// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/trainee.h"

#include <ATen/ATen.h>

#include "core/finetune/fused_adapter.h"
#include "core/model/tensor_walk.h"

namespace rolora {
namespace {

using Named = std::vector<std::pair<std::string, at::Tensor>>;

at::ScalarType master_type(const Compute& compute) { return compute.type == at::kDouble ? at::kDouble : at::kFloat; }

constexpr const char* kA = ".lora_A.weight";
constexpr const char* kB = ".lora_B.weight";
constexpr const char* kMagnitude = ".lora_magnitude_vector";

// Under which name each linear's A is trained: its own, or that of the linear which heads the tensor they are fused into.
std::map<std::string, std::string> names_of_a(const Adapter& adapter, const ModelConfig& config) {
  std::map<std::string, std::string> names;
  for (int64_t i = 0; i < config.layers; ++i) {
    for (const PeftModule& module : peft_modules(config, LayerIndex(i), targets_of(adapter, config, LayerIndex(i)))) {
      for (const LinearKind kind : module.parts) {
        const LinearKind head = adapter.fused ? module.parts.front() : kind;
        names[linear_name(*config.family, LayerIndex(i), kind)] = linear_name(*config.family, LayerIndex(i), head) + kA;
      }
    }
  }
  return names;
}

Named lora_values(const Adapter& adapter, const std::map<std::string, std::string>& a_of) {
  Named values;
  for (const auto& [name, pair] : adapter.pairs) {
    if (a_of.at(name) == name + kA) values.emplace_back(name + kA, pair.a);
    values.emplace_back(name + kB, pair.b);
    if (pair.magnitude.defined()) values.emplace_back(name + kMagnitude, pair.magnitude);
  }
  return values;
}

Named full_values(const ModelSource& source, const Compute& compute, bool train_gains) {
  const ModelConfig& config = source.config();
  const Compute exact{master_type(compute), compute.device};
  Named values;
  const auto take = [&](const std::string& name, at::Tensor& tensor) {
    if (train_gains || !is_gain(config, name)) values.emplace_back(name, tensor);
  };
  at::Tensor embedding = source.embed(at::arange(config.vocabulary, at::kLong).to(compute.device), exact);
  take(std::string(config.family->embedding), embedding);
  for (int64_t i = 0; i < config.layers; ++i) {
    LayerWeights weights = source.layer(LayerIndex(i), exact);
    walk_layer(config, LayerIndex(i), weights, take);
  }
  at::Tensor norm = source.final_norm(exact);
  take(std::string(config.family->final_norm), norm);
  if (!config.tied) {
    at::Tensor head = source.head(exact);
    take(std::string(config.family->head), head);
  }
  return values;
}

// The trained model: the base with the trained tensors in place.
class TrainedSource final : public ModelSource {
 public:
  TrainedSource(std::shared_ptr<const ModelSource> base, const ParameterSet& parameters) : base_(std::move(base)) {
    for (const std::string& name : parameters.names()) tensors_.emplace(name, parameters[name].detach());
  }
  const ModelConfig& config() const override { return base_->config(); }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override {
    LayerWeights weights = base_->layer(index, compute);
    walk_layer(config(), index, weights, [&](const std::string& name, at::Tensor& tensor) {
      if (const auto found = tensors_.find(name); found != tensors_.end()) tensor = found->second.to(compute.device, compute.type);
    });
    return weights;
  }
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override {
    const at::Tensor& table = tensors_.at(std::string(config().family->embedding));
    return at::embedding(table, ids.to(table.device())).to(compute.device, compute.type);
  }
  at::Tensor final_norm(const Compute& compute) const override {
    const auto found = tensors_.find(std::string(config().family->final_norm));
    return found == tensors_.end() ? base_->final_norm(compute) : found->second.to(compute.device, compute.type);
  }
  at::Tensor head(const Compute& compute) const override {
    return tensors_.at(std::string(config().tied ? config().family->embedding : config().family->head)).to(compute.device, compute.type);
  }
  void attach(Listeners& listeners, const Compute& compute) const override { base_->attach(listeners, compute); }

 private:
  std::shared_ptr<const ModelSource> base_;
  std::map<std::string, at::Tensor> tensors_;
};

}  // namespace

LoraTrainee::LoraTrainee(const Adapter& start, const ModelConfig& config, const Compute& compute)
    : start_(start), a_of_(names_of_a(start, config)), parameters_(lora_values(start, a_of_), master_type(compute), compute.device) {}

void LoraTrainee::install(ResidentModel& model, bool training, uint64_t noise_seed) {
  const LoraSettings& settings = start_.settings;
  if (training && settings.dropout > 0) at::manual_seed(noise_seed);  // dropout draws from LibTorch's own generator
  for (int64_t i = 0; i < model.config().layers; ++i) {
    for (const LinearKind kind : targets_of(start_, model.config(), LayerIndex(i))) {
      const std::string name = linear_name(*model.config().family, LayerIndex(i), kind);
      Linear& linear = model.layers()[static_cast<size_t>(i)][kind];
      auto term = std::make_shared<AdapterTerm>();
      term->a = parameters_[a_of_.at(name)];
      term->b = parameters_[name + kB];
      term->scaling = settings.scaling() * start_.pairs.at(name).factor;
      term->dropout = settings.dropout;
      term->training = training;
      if (settings.dora) {
        term->magnitude = parameters_[name + kMagnitude];
        term->row_norms = row_norms(linear.weight, *term);
      }
      linear.adapter = std::move(term);
    }
  }
}

Adapter LoraTrainee::adapter() const {
  Adapter now = start_;
  const auto value = [&](const std::string& name) { return parameters_[name].detach().to(at::kCPU, at::kFloat, false, true); };
  for (auto& [name, pair] : now.pairs) {
    pair.a = value(a_of_.at(name));
    pair.b = value(name + kB);
    if (pair.magnitude.defined()) pair.magnitude = value(name + kMagnitude);
  }
  return now;
}

FullTrainee::FullTrainee(const ModelSource& source, const Compute& compute, bool train_gains)
    : parameters_(full_values(source, compute, train_gains), master_type(compute), compute.device) {
  for (const std::string& name : parameters_.names()) trained_.insert(name);
}

void FullTrainee::install(ResidentModel& model, bool, uint64_t) {
  const ModelConfig& config = model.config();
  const at::ScalarType type = model.compute().type;
  const auto put = [&](const std::string& name, at::Tensor& tensor) {
    if (trained_.contains(name)) tensor = parameters_[name].to(type);
  };
  put(std::string(config.family->embedding), model.embedding());
  for (int64_t i = 0; i < config.layers; ++i) walk_layer(config, LayerIndex(i), model.layers()[static_cast<size_t>(i)], put);
  put(std::string(config.family->final_norm), model.final_norm());
  if (config.tied) {
    model.head() = model.embedding();
  } else {
    put(std::string(config.family->head), model.head());
  }
}

std::shared_ptr<const ModelSource> trained_source(std::shared_ptr<const ModelSource> base, const ParameterSet& parameters) {
  return std::make_shared<TrainedSource>(std::move(base), parameters);
}

}  // namespace rolora
