// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/model_description.h"

#include <cmath>

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/model/generation_config.h"
#include "core/quantization/quantized_folder.h"
#include "core/rotation/hadamard.h"
#include "core/rotation/orthogonal.h"
#include "core/tokenizer/tokenizer.h"

namespace rolora::app {
namespace {

Json construction_json(const HadamardConstruction& c) {
  return {{"construction", c.name},
          {"factor_order", c.factor_order},
          {"sylvester", c.sylvester},
          {"adds_per_row", c.adds_per_row},
          {"factor_bytes", c.factor_bytes}};
}

// What a width takes that has no construction, and what `--r1 orthogonal` takes at any: a dense factor and a Sylvester part.
Json dense_json(int64_t order, int64_t sylvester, const std::string& name) {
  const double n = static_cast<double>(order * sylvester), levels = std::log2(static_cast<double>(sylvester));
  return {{"construction", name},
          {"factor_order", order},
          {"sylvester", sylvester},
          {"adds_per_row", static_cast<double>(order) * n + n * levels},
          {"factor_bytes", order * order * 4}};
}

// The cheapest construction of a width and what else would fit, random orthogonal last. `blocks`: R4's alone (`--r4 blocks`); of a power
// of two they are Sylvester's matrix, of an odd width there are none.
Json width_json(int64_t width, bool blocks = false) {
  const std::vector<HadamardConstruction> all = hadamard_constructions(width);
  Json entry = {{"width", width}, {"construction", nullptr}, {"alternatives", Json::array()}};
  const int64_t even = width & -width;  // its largest power of two
  if (all.empty()) {
    entry["note"] = "no construction here: a Hadamard rotation of this width takes the fallback, random orthogonal times Sylvester";
    entry["fallback"] =
        dense_json(width / even, even, "Haar(" + std::to_string(width / even) + ") x Sylvester(" + std::to_string(even) + ")");
  } else {
    entry.update(construction_json(all.front()));
    for (size_t i = 1; i < all.size(); ++i) entry["alternatives"].push_back(construction_json(all[i]));
  }
  if (blocks && even > 1 && even < width) {
    entry["alternatives"].push_back(dense_json(width / even, even, construction_name(OrthogonalKind::blocks, width, even)));
  }
  entry["alternatives"].push_back(dense_json(width, 1, "Haar(" + std::to_string(width) + ")"));
  return entry;
}

bool has_head_norms(const ModelConfig& config) { return !config.family->q_norm.empty() || !config.family->k_norm.empty(); }

// "qkv_proj" → the linears that files hold in it.
Json fused_json(const ModelConfig& config) {
  Json all = Json::object();
  if (config.own_kind == "quantized") return all;  // its integers lie apart
  for (const FusedLinears& fused : config.family->fused) {
    Json& parts = all[std::string(fused.name.substr(fused.name.rfind('.') + 1))] = Json::array();
    for (const LinearKind kind : kAllLinears) {
      if (fused_with(*config.family, kind) == &fused) parts.push_back(target_name(kind));
    }
  }
  return all;
}

// What `rotate` can do with the folder, with the construction that each rotation would take; null where it is rotated or quantized already.
Json rotatable_json(const ModelConfig& config, const std::string& kind) {
  if (kind != "plain") return nullptr;
  const auto entry = [](int64_t width, const char* where, const char* how, const std::string& note) {
    const auto all = hadamard_constructions(width);
    return Json{
        {"width", width}, {"where", where}, {"how", how}, {"construction", all.empty() ? Json() : Json(all.front().name)}, {"note", note}};
  };
  const bool normed = has_head_norms(config);
  std::string r1 = "folds the norms' gains";
  if (config.tied) r1 += "; unties the head, which adds " + std::to_string(config.vocabulary * config.hidden) + " weights";
  if (has_bias(config, LinearKind::o) || has_bias(config, LinearKind::down)) r1 += "; turns the biases of o_proj and down_proj too";
  return {
      {"r1", entry(config.hidden, "residual stream", "folded", r1)},
      {"r2", entry(config.head_dim, "values, per head", "folded",
                   has_bias(config, LinearKind::v) ? "turns the bias of v_proj too" : "costs nothing while the model runs")},
      {"r3",
       entry(config.head_dim, normed ? "queries and keys after their norms and RoPE, per head" : "queries and keys after RoPE, per head",
             "online", "scores stay as they are: of use where the KV cache is quantized")},
      {"r4", entry(config.intermediate, "in front of down_proj", "online", "its inverse is folded into down_proj; needs no gain folded")}};
}

// What begins and ends a generated text; the reason where generation_config.json is refused.
Json generation_json(const OpenedModel& model) {
  try {
    const GenerationTokens tokens = read_generation_tokens(model.folder, model.source->config());
    return {{"bos", tokens.bos ? Json(*tokens.bos) : Json()}, {"eos", tokens.eos}};
  } catch (const InputError& e) {
    return std::string("refused: ") + e.what();
  }
}

// The kind of tokenizer; null where there is none, the reason where it is refused (a model can be worked on by ids all the same).
Json tokenizer_json(const OpenedModel& model) {
  if (!has_tokenizer(model.folder)) return nullptr;
  try {
    return open_tokenizer(model.folder)->kind();
  } catch (const InputError& e) {
    return std::string("refused: ") + e.what();
  }
}

// Memory of the weights in the type of the arithmetic: layer by layer work holds one layer or the head at a time, beside its activations.
Json forecast_json(const ModelConfig& config, at::ScalarType type) {
  const auto size = static_cast<int64_t>(c10::elementSize(type));
  int64_t layer = 0;
  for (const LayerNorm& norm : layer_norms(config)) layer += norm.width;
  for (LinearKind kind : kAllLinears) {
    const LinearShape shape = linear_shape(config, kind);
    layer += shape.out * shape.in + (has_bias(config, kind) ? shape.out : 0);
  }
  return {{"dtype", dtype_name(type)},
          {"layer_bytes", layer * size},
          {"head_bytes", config.vocabulary * config.hidden * size},
          {"resident_bytes", parameter_count(config) * size},
          {"kv_cache_bytes_per_token", 2 * config.layers * config.kv_heads * config.head_dim * size},
          {"residual_bytes_per_token", config.hidden * size}};
}

// Settings of a quantized folder, or null.
Json quantization_json(const OpenedModel& model) {
  if (model.quantization) return *model.quantization;
  const auto quantized = std::dynamic_pointer_cast<const QuantizedFolder>(model.source);
  return quantized ? spec_json(quantized->record().spec) : Json();
}

// What stays as it is, and why.
Json unrotatable_json(const ModelConfig& config, const std::string& kind) {
  Json all = Json::array();
  const auto add = [&](const char* what, const std::string& why) { all.push_back({{"what", what}, {"why", why}}); };
  if (kind != "plain") {
    add("the model", kind == "rotated" ? "it is rotated already; rotate the plain one again for other rotations"
                                       : "it is quantized: its integers hold in this basis only; rotate before quantizing");
    return all;
  }
  add("queries and keys in their weights", "RoPE turns them by position behind the linears, so only R3, after RoPE, can: online");
  add("between gate_proj, up_proj and down_proj",
      "SiLU and the product go element by element, so only R4, in front of down_proj, can: online, its inverse in down_proj");
  if (has_head_norms(config)) add("the gains of q_norm and k_norm", "they stand before RoPE, behind every rotation that is folded");
  return all;
}

}  // namespace

Json model_description(const OpenedModel& model, const Compute& compute) {
  const ModelConfig& c = model.source->config();
  const std::string kind = model.quantized ? "quantized" : model.rotation ? "rotated" : "plain";
  return {{"family", c.family->name},
          {"model_type", c.model_type},
          {"kind", kind},
          {"stored_as", model.stored_as},
          {"parameters", parameter_count(c)},
          {"layers", c.layers},
          {"hidden", c.hidden},
          {"intermediate", c.intermediate},
          {"heads", c.heads},
          {"kv_heads", c.kv_heads},
          {"head_dim", c.head_dim},
          {"vocab", c.vocabulary},
          {"context", c.context},
          {"tied", c.tied},
          {"dtype", dtype_name(model.stored)},
          {"biases", {{"qkv", has_bias(c, LinearKind::q)}, {"o", has_bias(c, LinearKind::o)}, {"mlp", has_bias(c, LinearKind::gate)}}},
          {"windows", c.windows.empty() ? Json() : Json(c.windows)},
          {"head_norms", has_head_norms(c)},
          {"fused", fused_json(c)},
          {"rope", {{"kind", name_of(c.rope.kind)}, {"theta", c.rope.theta}, {"factor", c.rope.factor}, {"dims", c.rope.dims}}},
          {"bos", c.bos ? Json(*c.bos) : Json()},
          {"eos", c.eos},
          {"generation", generation_json(model)},
          {"tokenizer", tokenizer_json(model)},
          {"widths",
           {{"hidden", width_json(c.hidden)},
            {"intermediate", width_json(c.intermediate, /*blocks=*/true)},
            {"head_dim", width_json(c.head_dim)}}},
          {"rotatable", rotatable_json(c, kind)},
          {"unrotatable", unrotatable_json(c, kind)},
          {"rotation", model.rotation ? rotation_json(*model.rotation) : Json()},
          {"quantization", quantization_json(model)},
          {"forecasts", forecast_json(c, compute.type)}};
}

}  // namespace rolora::app
