// SPDX-License-Identifier: GPL-3.0-or-later
// rolora info: what a model folder holds, what rotates it, and what working on it takes.
#include <algorithm>
#include <sstream>

#include "app/estimate_text.h"
#include "app/model_description.h"
#include "app/model_input.h"
#include "app/rotation_text.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/jobs/estimate.h"
#include "core/jobs/recipes.h"

namespace rolora::app {
namespace {

void print_construction(std::ostream& out, const Json& c) {
  out << c["construction"].get<std::string>() << ", " << grouped(static_cast<int64_t>(c["adds_per_row"].get<double>()))
      << " additions a row, factor " << grouped(c["factor_bytes"]) << " bytes\n";
}

void print_widths(std::ostream& out, const Json& widths) {
  for (const char* name : {"hidden", "intermediate", "head_dim"}) {
    const Json& w = widths[name];
    out << "  " << name << std::string(14 - std::string(name).size(), ' ') << w["width"] << "  ";
    if (w["construction"].is_null()) {
      out << w["note"].get<std::string>() << "\n      ";
      print_construction(out, w["fallback"]);
    } else {
      print_construction(out, w);
    }
    for (const Json& other : w["alternatives"]) {
      out << "      or ";
      print_construction(out, other);
    }
  }
}

void print_rotatable(std::ostream& out, const Json& rotatable) {
  if (rotatable.is_null()) return;
  out << "can be rotated\n";
  for (const auto& [name, r] : rotatable.items()) {
    out << "  " << name << "            " << r["where"].get<std::string>() << ", " << r["how"].get<std::string>() << ", width "
        << r["width"] << (r["construction"].is_null() ? ", by the fallback" : "") << "; " << r["note"].get<std::string>() << "\n";
  }
}

void print_unrotatable(std::ostream& out, const Json& unrotatable) {
  out << "cannot be rotated\n";
  for (const Json& entry : unrotatable) out << "  " << entry["what"].get<std::string>() << ": " << entry["why"].get<std::string>() << "\n";
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

std::string kind_text(const Json& j) {
  const std::string kind = j["kind"], form = j["stored_as"];
  if (kind == "rotated" && form == "hf") return "rotated, exported as a Hugging Face folder";
  if (kind == "quantized" && form != "rolora") return "quantized, stored as " + form;
  return kind;
}

// "; weights in groups of 128, symmetric"; folders of other libraries may have several of each.
std::string grid_text(const Json& weights) {
  if (weights["bits"] == kFullBits) return "";
  const Json &group = weights["group"], &symmetric = weights["symmetric"];
  const std::string groups = group == 0 ? "with a scale a row" : "in groups of " + group.dump();
  return "; weights " + groups + (symmetric.is_array() ? ", symmetric and not" : symmetric == true ? ", symmetric" : ", asymmetric");
}

std::string table(const Json& j) {
  std::ostringstream out;
  out << "family        " << j["family"].get<std::string>() << " (" << j["model_type"].get<std::string>() << ", " << kind_text(j) << ")\n"
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
    out << "quantization  weights " << q["weights"]["bits"] << " bits " << (j["stored_as"] == "rolora" ? "by " : "as ")
        << q["method"].get<std::string>() << ", activations " << q["activations"]["bits"] << " bits" << grid_text(q["weights"]) << "\n";
  }
  out << "Hadamard constructions\n";
  print_widths(out, j["widths"]);
  print_rotatable(out, j["rotatable"]);
  print_unrotatable(out, j["unrotatable"]);
  const Json& f = j["forecasts"];
  out << "memory in " << f["dtype"].get<std::string>() << ": a layer " << bytes_text(f["layer_bytes"]) << ", the head "
      << bytes_text(f["head_bytes"]) << ", all weights " << bytes_text(f["resident_bytes"]) << "\n";
  return out.str();
}

struct InfoOptions {
  ModelOptions model;
  std::string recipe;
  bool verify = false, hash = false;
};

// Memory and disk of every station of the recipe; its times too when one was asked for, since measuring this machine's pace takes seconds.
Json recipe_forecast(Session& session, const InfoOptions& o, const OpenedModel& model) {
  const double program = resident_bytes();
  const Compute compute = session.compute();
  const std::string name = o.recipe.empty() ? std::string(kRecipes.front()) : o.recipe;
  const auto forecast = [&](const Job& job, const RunInputs& inputs) {
    std::optional<PaceProbe> pace;
    if (!o.recipe.empty()) pace = probe_pace(*model.source, compute, session.monitor());
    Json found = estimate_json(estimate_run(job, inputs, compute, program, pace));
    found["recipe"] = job.name;
    return found;
  };
  if (std::find(kRecipes.begin(), kRecipes.end(), name) == kRecipes.end()) {
    if (!std::filesystem::exists(name)) throw UsageError("--recipe: expected rolora, lora, ptq or a job file, found " + printable(name));
    JobOverrides overrides;
    overrides.model = o.model.model;
    Job job = read_job(name, overrides);
    const RunInputs inputs = inspect_inputs(job, session.monitor());
    return forecast(job, inputs);
  }
  const AssumedRecipe recipe = assumed_recipe(name, model);
  Json found = forecast(recipe.job, recipe.inputs);
  found["assumptions"] = recipe.assumptions;
  return found;
}

// The reason in its place where nobody asked for it and the model fits no recipe: the rest is told all the same.
Json told_forecast(Session& session, const InfoOptions& o, const OpenedModel& model) {
  if (!o.recipe.empty()) return recipe_forecast(session, o, model);
  try {
    return recipe_forecast(session, o, model);
  } catch (const InputError& e) {
    return std::string("refused: ") + e.what();
  }
}

std::string recipe_text(const Json& forecast) {
  if (forecast.is_string()) return "forecast      " + forecast.get<std::string>() + "\n";
  std::string text = "forecast of the recipe " + forecast["recipe"].get<std::string>() + "\n";
  if (forecast.contains("assumptions")) {
    for (const Json& assumption : forecast["assumptions"]) text += "  " + assumption.get<std::string>() + "\n";
  }
  text += estimate_table(forecast) + largest_station_text(forecast);
  if (forecast["pace"].is_null()) text += "(--recipe measures this machine's pace too and forecasts the time)\n";
  return text;
}

// The sample tokens that a rotated or exported folder carries, run through it here and now.
Json verified_samples(Session& session, const OpenedModel& model) {
  const auto check = require_samples(model, session.compute().device, session.monitor());
  if (!check) throw InputError(model.folder.string(), kSamplesFile, "the samples that rotate, quantize and export write", "none");
  return {{"relative_l2", check->relative_l2}, {"bound", check->bound}, {"passed", check->passed}};
}

}  // namespace

void add_info(Verbs& verbs) {
  const auto o = std::make_shared<InfoOptions>();
  CLI::App& app =
      verbs.add("info", "What a model folder holds: shapes, type, tokenizer, what can be rotated and how", [o](Session& session) {
        const Compute compute = session.compute();
        const OpenedModel model = open_noted(session, o->model.model);
        Json result = model_description(model, compute);
        std::string text = table(result);
        if (!model.quantized) {
          result["forecasts"]["recipe"] = told_forecast(session, *o, model);
          text += recipe_text(result["forecasts"]["recipe"]);
        } else if (!o->recipe.empty()) {
          throw InputError(o->model.model + "/config.json", model.quantized_key(), "a floating-point model for --recipe",
                           "a quantized one");
        }
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
  app.add_option("--recipe", o->recipe,
                 "Recipe to forecast memory, disk and time of: rolora, lora or ptq at the sizes of the papers, or a job file with texts of "
                 "its own (default rolora, without times; own choice)");
  app.add_flag(
      "--verify", o->verify,
      "Run the sample tokens of a rotated, quantized or exported folder and compare with the logits stored beside them, as every verb "
      "does that computes (default off; own choice)");
  app.add_flag(
      "--hash", o->hash,
      "Also the identity that jobs and records name a model by: a SHA-256 over its configuration and weights, all bytes of which are "
      "read (default off; own choice)");
}

}  // namespace rolora::app
