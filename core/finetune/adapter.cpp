// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/adapter.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/finetune/fused_adapter.h"
#include "core/model/checkpoint.h"
#include "core/storage/sha256.h"

namespace rolora {

double LoraSettings::scaling() const {
  const auto r = static_cast<double>(rank);
  return rslora ? alpha / std::sqrt(r) : alpha / r;
}

const char* variant_name(const LoraSettings& settings) { return kVariants[(settings.rslora ? 2 : 0) + (settings.dora ? 1 : 0)]; }

void set_variant(LoraSettings& settings, std::string_view name) {
  const auto found = std::find(kVariants.begin(), kVariants.end(), name);
  if (found == kVariants.end()) throw InputError("adapter", "variant", "lora, dora, rslora or rsdora", printable(std::string(name)));
  const auto number = found - kVariants.begin();
  settings.rslora = number >= 2;
  settings.dora = number % 2 == 1;
}

Adapter new_adapter(const ModelConfig& config, const LoraSettings& settings, uint64_t seed) {
  Adapter adapter;
  adapter.settings = settings;
  for (int64_t i = 0; i < config.layers; ++i) {
    for (const LinearKind kind : settings.targets) {
      const std::string name = linear_name(*config.family, LayerIndex(i), kind);
      const LinearShape shape = linear_shape(config, kind);
      Random random(seed, "lora_A " + name);
      const double bound = 1.0 / std::sqrt(static_cast<double>(shape.in));  // √6 / √((1 + a²)·in) with a = √5
      LoraPair pair{at::empty({settings.rank, shape.in}, at::kFloat), at::zeros({shape.out, settings.rank}, at::kFloat)};
      float* values = pair.a.data_ptr<float>();
      for (int64_t k = 0; k < pair.a.numel(); ++k) values[k] = static_cast<float>(bound * (2.0 * random.uniform() - 1.0));
      adapter.pairs.emplace(name, std::move(pair));
    }
  }
  return adapter;
}

std::vector<LinearKind> targets_of(const Adapter& adapter, const ModelConfig& config, LayerIndex layer) {
  std::vector<LinearKind> kinds;
  for (const LinearKind kind : adapter.settings.targets) {
    if (adapter.pairs.contains(linear_name(*config.family, layer, kind))) kinds.push_back(kind);
  }
  return kinds;
}

void set_magnitudes(Adapter& adapter, const ModelSource& base) {
  const ModelConfig& config = base.config();
  const double scaling = adapter.settings.scaling();
  adapter.resting.clear();
  for (int64_t i = 0; i < config.layers; ++i) {
    const LayerWeights weights = base.layer(LayerIndex(i), Compute{at::kDouble, at::kCPU});
    for (const PeftModule& module : peft_modules(config, LayerIndex(i), targets_of(adapter, config, LayerIndex(i)))) {
      for (const LinearKind kind : held_linears(module)) {
        const std::string name = linear_name(*config.family, LayerIndex(i), kind);
        const auto pair = adapter.pairs.find(name);
        if (pair == adapter.pairs.end()) {
          adapter.resting[name] = weights[kind].weight.norm(2, 1).to(at::kFloat);
        } else {
          const AdapterTerm term{pair->second.a.to(at::kDouble), pair->second.b.to(at::kDouble), scaling * pair->second.factor, 0, false};
          pair->second.magnitude = row_norms(weights[kind].weight, term).to(at::kFloat);
        }
      }
    }
  }
}

std::string adapter_hash(const Adapter& adapter) {
  Sha256 sum;
  sum.add("scaling " + Json(adapter.settings.scaling()).dump() + "\n");
  if (adapter.fused) sum.add("fused\n");
  for (const auto& [name, pair] : adapter.pairs) {
    sum.add(name + " " + shape_text(pair.a.sizes().vec()) + shape_text(pair.b.sizes().vec()) + "\n");
    if (pair.factor != 1) sum.add("factor " + Json(pair.factor).dump() + "\n");
    sum.add(bytes_of_tensor(pair.a.cpu().contiguous()));
    sum.add(bytes_of_tensor(pair.b.cpu().contiguous()));
    if (pair.magnitude.defined()) sum.add(bytes_of_tensor(pair.magnitude.cpu().contiguous()));
  }
  return sum.hex();
}

void require_same_rotation(const Adapter& adapter, const std::string& adapter_folder, const std::string& base_checksum) {
  if (adapter.rotation_checksum == base_checksum) return;
  const auto described = [](const std::string& checksum) {
    return checksum.empty() ? "no rotation (a plain base)" : "rotation " + checksum;
  };
  // Other programs keep no records, and may have trained on an exported rotated folder.
  const bool made_elsewhere = adapter.rotation_checksum.empty() && adapter.base_hash.empty();
  throw InputError(adapter_folder, "rotation", "an adapter made on this base's: " + described(base_checksum),
                   "one made on " + described(adapter.rotation_checksum) +
                       (made_elsewhere ? "; if another program trained it on the exported rotated folder, put that folder's rotation.json "
                                         "and rotation.safetensors beside it"
                                       : ""));
}

namespace {

// Norms of one weight differ by less as two programs sum them in fp32, and in a half type as its values are rounded.
double rests_within(at::ScalarType type) { return type == at::kFloat || type == at::kDouble ? 1e-5 : 1e-2; }

// What a linear gets that has a magnitude and no adapter: nothing where its rows have that length, as they do in the model that the adapter
// was made for; on another one, PEFT brings them to it. `weight` in the arithmetic's type, [out, in]
std::shared_ptr<const AdapterTerm> resting_term(const at::Tensor& weight, const at::Tensor& magnitude, at::ScalarType own, bool merged) {
  AdapterTerm term{at::zeros({1, weight.size(1)}, weight.options().dtype(own)),
                   at::zeros({weight.size(0), 1}, weight.options().dtype(own))};
  const at::Tensor norms = row_norms(weight, term);
  term.magnitude = magnitude.to(weight.device(), own);
  if ((term.magnitude - norms).abs().le(rests_within(weight.scalar_type()) * norms).all().item<bool>()) return nullptr;
  if (!merged) term.row_norms = norms;
  return std::make_shared<const AdapterTerm>(std::move(term));
}

}  // namespace

AdaptedSource::AdaptedSource(std::shared_ptr<const ModelSource> base, Adapter adapter, bool merged)
    : base_(std::move(base)), adapter_(std::move(adapter)), merged_(merged) {}

LayerWeights AdaptedSource::layer(LayerIndex index, const Compute& compute) const {
  const bool exact = merged_ && compute.type != at::kDouble;
  LayerWeights weights = base_->layer(index, merged_ ? Compute{at::kDouble, compute.device} : compute);
  const at::ScalarType own = compute.type == at::kDouble || merged_ ? at::kDouble : at::kFloat;
  for (const LinearKind kind : kAllLinears) {
    Linear& linear = weights[kind];
    const std::string name = linear_name(*config().family, index, kind);
    const auto found = adapter_.pairs.find(name);
    if (found != adapter_.pairs.end()) {
      const LoraPair& pair = found->second;
      AdapterTerm term{pair.a.to(compute.device, own), pair.b.to(compute.device, own), adapter_.settings.scaling() * pair.factor, 0.0,
                       false};
      if (pair.magnitude.defined()) {
        term.magnitude = pair.magnitude.to(compute.device, own);
        if (!merged_) term.row_norms = row_norms(linear.weight, term);
      }
      linear.adapter = std::make_shared<AdapterTerm>(std::move(term));
    } else if (const auto rests = adapter_.resting.find(name); rests != adapter_.resting.end()) {
      linear.adapter = resting_term(linear.weight, rests->second, own, merged_);
    }
    if (linear.adapter && merged_) {
      linear.weight = linear.merged_weight();
      linear.adapter.reset();
    }
    if (exact) linear.weight = linear.weight.to(compute.type);
    if (exact && linear.bias.defined()) linear.bias = linear.bias.to(compute.type);
  }
  if (exact) convert_gains(weights, compute.type);
  return weights;
}

}  // namespace rolora
