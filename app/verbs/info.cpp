// SPDX-License-Identifier: GPL-3.0-or-later
// rolora info: what a model folder holds, what rotates it, and what working on it takes.
#include <algorithm>
#include <cstdio>
#include <sstream>

#include "app/model_input.h"
#include "app/rotation_text.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/model/generation_config.h"
#include "core/quantization/quantized_folder.h"
#include "core/rotation/hadamard.h"
#include "core/rotation/samples.h"

namespace rolora::app {
namespace {

Json construction_json(const HadamardConstruction& c) {
  return {{"construction", c.name},
          {"factor_order", c.factor_order},
          {"sylvester", c.sylvester},
          {"adds_per_row", c.adds_per_row},
          {"factor_bytes", c.factor_bytes}};
}

// The cheapest construction of a width and what else would fit.
Json width_json(int64_t width) {
  const std::vector<HadamardConstruction> all = hadamard_constructions(width);
  Json entry = {{"width", width}, {"construction", nullptr}, {"alternatives", Json::array()}};
  if (all.empty()) {
    entry["note"] = "no construction here: a Hadamard rotation of this width takes the fallback, random orthogonal times Sylvester";
    return entry;
  }
  entry.update(construction_json(all.front()));
  for (size_t i = 1; i < all.size(); ++i) entry["alternatives"].push_back(construction_json(all[i]));
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
Json rotatable_json(const ModelConfig& config) {
  if (!config.own_kind.empty()) return nullptr;
  const auto entry = [](int64_t width, const char* where, const char* how) {
    const auto all = hadamard_constructions(width);
    return Json{{"width", width}, {"where", where}, {"how", how}, {"construction", all.empty() ? Json() : Json(all.front().name)}};
  };
  const bool normed = has_head_norms(config);
  return {
      {"r1", entry(config.hidden, "residual stream", "folded")},
      {"r2", entry(config.head_dim, "values, per head", "folded")},
      {"r3", entry(config.head_dim,
                   normed ? "queries and keys after their norms and RoPE, per head" : "queries and keys after RoPE, per head", "online")},
      {"r4", entry(config.intermediate, "in front of down_proj", "online")}};
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
  const auto quantized = std::dynamic_pointer_cast<const QuantizedFolder>(model.source);
  return quantized ? spec_json(quantized->record().spec) : Json();
}

Json describe(const OpenedModel& model, const Compute& compute) {
  const ModelConfig& c = model.source->config();
  return {
      {"family", c.family->name},
      {"model_type", c.model_type},
      {"kind", c.own_kind.empty() ? "plain" : c.own_kind},
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
      {"widths", {{"hidden", width_json(c.hidden)}, {"intermediate", width_json(c.intermediate)}, {"head_dim", width_json(c.head_dim)}}},
      {"rotatable", rotatable_json(c)},
      {"rotation", model.rotation ? rotation_json(*model.rotation) : Json()},
      {"quantization", quantization_json(model)},
      {"forecasts", forecast_json(c, compute.type)}};
}

std::string megabytes(const Json& bytes) {
  char text[40];
  std::snprintf(text, sizeof text, "%.1f MB", bytes.get<double>() / 1e6);
  return text;
}

void print_widths(std::ostream& out, const Json& widths) {
  for (const char* name : {"hidden", "intermediate", "head_dim"}) {
    const Json& w = widths[name];
    out << "  " << name << std::string(14 - std::string(name).size(), ' ') << w["width"] << "  ";
    if (w["construction"].is_null()) {
      out << w["note"].get<std::string>() << "\n";
      continue;
    }
    out << w["construction"].get<std::string>() << ", " << w["adds_per_row"].get<double>() << " additions a row, factor "
        << w["factor_bytes"] << " bytes";
    if (!w["alternatives"].empty())
      out << ", " << w["alternatives"].size() << (w["alternatives"].size() == 1 ? " alternative" : " alternatives");
    out << "\n";
  }
}

void print_rotatable(std::ostream& out, const Json& rotatable) {
  if (rotatable.is_null()) return;
  out << "can be rotated\n";
  for (const auto& [name, r] : rotatable.items()) {
    out << "  " << name << "            " << r["where"].get<std::string>() << ", " << r["how"].get<std::string>() << ", width "
        << r["width"] << (r["construction"].is_null() ? ", by the fallback" : "") << "\n";
  }
}

// What a family has beyond LLaMA's; a line each.
void print_particulars(std::ostream& out, const Json& j) {
  if (!j["windows"].is_null()) {
    const auto windows = j["windows"].get<std::vector<int64_t>>();
    const auto sliding = std::count_if(windows.begin(), windows.end(), [](int64_t w) { return w > 0; });
    out << "window        " << *std::max_element(windows.begin(), windows.end()) << " tokens in " << sliding << " of " << windows.size()
        << " layers\n";
  }
  if (j["head_norms"].get<bool>()) out << "head norms    of queries and keys before RoPE; rotations leave their gains as they are\n";
  for (const auto& [name, parts] : j["fused"].items()) {
    out << "stored fused  " << name << ":";
    for (const Json& part : parts) out << " " << part.get<std::string>();
    out << "\n";
  }
}

std::string table(const Json& j) {
  std::ostringstream out;
  out << "family        " << j["family"].get<std::string>() << " (" << j["model_type"].get<std::string>() << ", "
      << j["kind"].get<std::string>() << ")\n"
      << "parameters    " << grouped(j["parameters"]) << " as " << j["dtype"].get<std::string>()
      << (j["tied"] ? ", tied head" : ", untied head") << "\n"
      << "layers        " << j["layers"] << "\n"
      << "hidden        " << j["hidden"] << "\n"
      << "intermediate  " << j["intermediate"] << "\n"
      << "heads         " << j["heads"] << " (" << j["kv_heads"] << " key/value) of " << j["head_dim"] << "\n"
      << "vocabulary    " << j["vocab"] << "\n"
      << "context       " << j["context"] << "\n"
      << "rope          " << j["rope"]["kind"].get<std::string>() << ", theta " << j["rope"]["theta"];
  if (j["rope"]["dims"] != j["head_dim"]) out << ", on the first " << j["rope"]["dims"] << " of each head";
  out << "\n";
  print_particulars(out, j);
  out << "tokenizer     " << (j["tokenizer"].is_null() ? "none" : j["tokenizer"].get<std::string>()) << "\n"
      << "rotation      ";
  if (j["rotation"].is_null()) {
    out << "none\n";
  } else {
    out << "seed " << j["rotation"]["seed"] << ", gains " << (j["rotation"]["gains_folded"].get<bool>() ? "folded" : "left in the norms")
        << "\n"
        << rotation_text(j["rotation"]);
  }
  if (const Json& q = j["quantization"]; !q.is_null()) {
    out << "quantization  weights " << q["weights"]["bits"] << " bits by " << q["method"].get<std::string>() << ", activations "
        << q["activations"]["bits"] << " bits\n";
  }
  out << "Hadamard constructions\n";
  print_widths(out, j["widths"]);
  print_rotatable(out, j["rotatable"]);
  const Json& f = j["forecasts"];
  out << "memory in " << f["dtype"].get<std::string>() << ": a layer " << megabytes(f["layer_bytes"]) << ", the head "
      << megabytes(f["head_bytes"]) << ", all weights " << megabytes(f["resident_bytes"]) << "\n";
  return out.str();
}

struct InfoOptions {
  ModelOptions model;
  bool verify = false, hash = false;
};

// The sample tokens that a rotated or exported folder carries, run through it here and now.
Json verified_samples(Session& session, const OpenedModel& model) {
  const auto check = verify_samples(*model.source, model.folder, session.monitor());
  if (!check) throw InputError(model.folder.string(), "rotation_samples.safetensors", "the samples that rotate and export write", "none");
  if (!check->passed) {
    throw GateError(model.folder.string() + ": rotation_samples.safetensors: expected the stored logits within a relative " +
                    std::to_string(check->bound) + ", found a difference of " + std::to_string(check->relative_l2));
  }
  return {{"relative_l2", check->relative_l2}, {"bound", check->bound}, {"passed", check->passed}};
}

}  // namespace

void add_info(Verbs& verbs) {
  const auto o = std::make_shared<InfoOptions>();
  CLI::App& app =
      verbs.add("info", "What a model folder holds: shapes, type, tokenizer, what can be rotated and how", [o](Session& session) {
        const Compute compute = session.compute();
        const OpenedModel model = open_model_input(session, o->model);
        Json result = describe(model, compute);
        std::string text = table(result);
        if (o->verify) {
          result["samples"] = verified_samples(session, model);
          text += "samples       verified, relative L2 of the logits " + result["samples"]["relative_l2"].dump() + "\n";
        }
        if (o->hash) {
          result["sha256"] = model.hash();
          text += "identity      " + model.hash() + "\n";
        }
        session.result(result, text);
      });
  add_model_options(app, o->model, false);
  app.add_flag("--verify", o->verify,
               "Run a rotated folder's sample tokens and compare with the logits stored beside them (default off; own choice)");
  app.add_flag(
      "--hash", o->hash,
      "Also the identity that jobs and records name a model by: a SHA-256 over its configuration and weights, all bytes of which are "
      "read (default off; own choice)");
}

}  // namespace rolora::app
