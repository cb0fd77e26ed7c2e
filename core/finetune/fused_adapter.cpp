// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/fused_adapter.h"

#include <ATen/ATen.h>

#include "core/base/error.h"

namespace rolora {
namespace {

// The first row of a linear within the tensor that holds it.
int64_t first_row(const ModelConfig& config, LinearKind kind) { return stored_part(config, LayerIndex(0), kind, ".weight").first; }

}  // namespace

std::vector<PeftModule> peft_modules(const ModelConfig& config, LayerIndex layer, const std::vector<LinearKind>& targets) {
  std::vector<PeftModule> modules;
  for (const LinearKind kind : kAllLinears) {
    if (std::find(targets.begin(), targets.end(), kind) == targets.end()) continue;
    const FusedLinears* fused = fused_with(*config.family, kind);
    if (fused && !modules.empty() && modules.back().fused == fused) {
      modules.back().parts.push_back(kind);
    } else {
      modules.push_back(
          {fused ? layer_tensor(*config.family, layer, fused->name) : linear_name(*config.family, layer, kind), fused, {kind}});
    }
  }
  return modules;
}

std::vector<LinearKind> held_linears(const PeftModule& module) {
  if (!module.fused) return module.parts;
  std::vector<LinearKind> all;
  for (int behind = 0; behind < module.fused->count; ++behind) {
    all.push_back(static_cast<LinearKind>(static_cast<int>(module.fused->first) + behind));
  }
  return all;
}

std::string_view peft_target(const FamilyDescription& family, LinearKind kind) {
  const FusedLinears* fused = fused_with(family, kind);
  return fused ? fused->name.substr(fused->name.rfind('.') + 1) : target_name(kind);
}

LinearShape module_shape(const ModelConfig& config, const PeftModule& module) {
  if (!module.fused) return linear_shape(config, module.parts.front());
  LinearShape shape{0, linear_shape(config, module.fused->first).in};
  for (const LinearKind kind : held_linears(module)) shape.out += linear_shape(config, kind).out;
  return shape;
}

LoraPair fuse_parts(const ModelConfig& config, const PeftModule& module, const std::vector<LoraPair>& parts) {
  if (!module.fused) return parts.front();
  std::vector<at::Tensor> a;
  const int64_t rank = parts.front().a.size(0);
  const at::Tensor b = at::zeros({module_shape(config, module).out, rank * module.rank_factor()}, parts.front().b.options());
  for (size_t i = 0; i < parts.size(); ++i) {
    a.push_back(parts[i].a);
    const at::Tensor rows = b.narrow(0, first_row(config, module.parts[i]), parts[i].b.size(0));
    rows.narrow(1, static_cast<int64_t>(i) * rank, rank).copy_(parts[i].b);
  }
  return {at::cat(a), b};
}

std::vector<LoraPair> split_blocks(const ModelConfig& config, const PeftModule& module, const LoraPair& whole, const std::string& file) {
  if (!module.fused) return {whole};
  std::vector<LoraPair> parts;
  const int64_t rank = whole.a.size(0) / module.rank_factor();
  for (size_t i = 0; i < module.parts.size(); ++i) {
    const LinearKind kind = module.parts[i];
    const int64_t column = static_cast<int64_t>(i) * rank;
    const at::Tensor rows = whole.b.narrow(0, first_row(config, kind), linear_shape(config, kind).out);
    parts.push_back({whole.a.narrow(0, column, rank).contiguous(), rows.narrow(1, column, rank).contiguous()});
  }
  if (!at::equal(fuse_parts(config, module, parts).b, whole.b)) {
    throw InputError(file, module.name + ".lora_B.weight", "zeros outside the blocks of its linears", "another value");
  }
  return parts;
}

std::vector<LoraPair> split_shared(const ModelConfig& config, const PeftModule& module, const LoraPair& whole) {
  if (!module.fused) return {whole};
  std::vector<LoraPair> parts;
  for (const LinearKind kind : module.parts) {
    parts.push_back({whole.a, whole.b.narrow(0, first_row(config, kind), linear_shape(config, kind).out).contiguous()});
  }
  return parts;
}

LoraPair join_shared(const PeftModule& module, const std::vector<LoraPair>& parts) {
  if (!module.fused) return parts.front();
  std::vector<at::Tensor> b;
  for (const LoraPair& part : parts) b.push_back(part.b);
  return {parts.front().a, at::cat(b)};
}

at::Tensor fuse_magnitudes(const ModelConfig& config, LayerIndex layer, const PeftModule& module, const Adapter& adapter) {
  std::vector<at::Tensor> rows;
  for (const LinearKind kind : held_linears(module)) {
    const std::string name = linear_name(*config.family, layer, kind);
    const auto pair = adapter.pairs.find(name);
    rows.push_back(pair == adapter.pairs.end() ? adapter.resting.at(name) : pair->second.magnitude);
  }
  return at::cat(rows);
}

void split_magnitudes(const ModelConfig& config, LayerIndex layer, const PeftModule& module, const at::Tensor& whole, Adapter& adapter) {
  int64_t first = 0;
  for (const LinearKind kind : held_linears(module)) {
    const std::string name = linear_name(*config.family, layer, kind);
    const at::Tensor rows = whole.narrow(0, first, linear_shape(config, kind).out).contiguous();
    const auto pair = adapter.pairs.find(name);
    (pair == adapter.pairs.end() ? adapter.resting[name] : pair->second.magnitude) = rows;
    first += rows.size(0);
  }
}

}  // namespace rolora
