// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/station_settings.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/finetune/templates.h"
#include "core/outliers/statistics_file.h"

namespace rolora {
namespace {

constexpr int64_t kMany = 1'000'000'000;

const std::vector<std::string> kStores = {"float32", "bfloat16", "float16"};

std::vector<std::string> strings_or_none(const JsonObject& o, std::string_view key) {
  return o.has(key) ? o.strings(key) : std::vector<std::string>{};
}

std::optional<std::string> store(const JsonObject& o) {
  if (!o.has("store")) return std::nullopt;
  return one_of(o, "store", kStores, "");
}

OrthogonalKind orthogonal_kind(const JsonObject& o, std::string_view key) {
  const std::string word = key == "r4" ? one_of(o, key, {"hadamard", "orthogonal", "blocks", "none"}, "hadamard")
                                       : one_of(o, key, {"hadamard", "orthogonal", "none"}, "hadamard");
  return parse_orthogonal_kind(word, o.file(), o.key_path(key));
}

std::string word_of(OrthogonalKind kind) { return std::string(name_of(kind)); }

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

// "model" alone is one state named "model"; "states" lists several.
std::vector<StatisticsState> statistics_states(const JsonObject& o) {
  std::vector<StatisticsState> states;
  if (o.has("model")) {
    if (o.has("states")) o.refuse("states", "either model or states", "both");
    states.push_back({"model", o.string("model")});
    return states;
  }
  for (const JsonObject& one : o.objects("states")) {
    states.push_back({one.string("label"), one.string("model")});
    one.refuse_unknown();
    const std::string& label = states.back().label;
    constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    const bool plain = !label.empty() && label.find_first_not_of(kAllowed) == std::string::npos;
    if (!plain) one.refuse("label", "letters, digits, - and _", printable(label));
    if (label == kTextGroup) one.refuse("label", "another word: the file has a group of this name for the tokens", label);
    const auto same = [&](const StatisticsState& s) { return s.label == label; };
    if (std::count_if(states.begin(), states.end(), same) > 1) one.refuse("label", "labels that differ", label + " twice");
  }
  if (states.empty()) o.refuse("states", "at least one state", "none");
  return states;
}

StatisticsStation read_statistics(const JsonObject& o) {
  StatisticsStation s;
  s.states = statistics_states(o);
  s.text = o.string("text");
  if (o.has("context")) s.context = o.integer("context", 2, kMany);
  s.windows = o.integer_or("windows", 0, 0, kMany);
  s.sites = strings_or_none(o, "sites");
  s.keep = strings_or_none(o, "keep");
  s.keep_tokens = o.integer_or("keep_tokens", 0, 0, kMany);
  if (s.keep_tokens > 0 && s.keep.empty()) o.refuse("keep_tokens", "sites to keep (keep) whose tokens it counts", "none");
  return s;
}

RotateStation read_rotate(const JsonObject& o) {
  RotateStation s;
  s.model = o.string("model");
  s.rotation.r1 = orthogonal_kind(o, "r1");
  s.rotation.r2 = o.boolean_or("r2", false);
  s.rotation.r3 = o.boolean_or("r3", false);
  s.rotation.r4 = orthogonal_kind(o, "r4");
  s.rotation.r4_signs = o.boolean_or("r4_signs", false);
  s.rotation.fold_only = o.boolean_or("fold_only", false);
  s.store = store(o);
  if (o.has("text")) s.text = o.string("text");
  if (s.rotation.fold_only) {
    for (const char* key : {"r1", "r4", "r2", "r3", "r4_signs"}) {
      if (o.has(key) && o.raw(key) != Json("none") && o.raw(key) != Json(false)) {
        o.refuse(key, "nothing beside fold_only", o.raw(key).dump());
      }
    }
    s.rotation.r1 = s.rotation.r4 = OrthogonalKind::none;
    return s;
  }
  const RotationSettings& r = s.rotation;
  if (r.r4_signs && r.r4 != OrthogonalKind::hadamard) o.refuse("r4_signs", "r4 hadamard beside it", word_of(r.r4));
  if (r.r1 == OrthogonalKind::none && r.r4 == OrthogonalKind::none && !r.r2 && !r.r3) {
    o.refuse("r1", "at least one of r1 to r4, or fold_only", "none");
  }
  return s;
}

// The numbers go through the engine's own checks, whose refusals name options; the key is the option's name in snake_case.
void validate(const JsonObject& o, const TrainingSettings& training) {
  try {
    training.validate();
  } catch (const InputError& e) {
    std::string key = e.key().substr(e.key().find_first_not_of('-'));
    std::replace(key.begin(), key.end(), '-', '_');
    const std::string text = e.what();
    const size_t expected = text.find(": expected ") + 11, found = text.find(", found ", expected);
    o.refuse(key, text.substr(expected, found - expected), text.substr(found + 8));
  }
}

std::vector<LinearKind> targets(const JsonObject& o) {
  if (!o.has("targets")) return LoraSettings().targets;
  if (o.raw("targets").is_string()) {
    one_of(o, "targets", {"all"}, "all");
    return {kAllLinears.begin(), kAllLinears.end()};
  }
  const std::vector<std::string> asked = o.strings("targets");
  std::vector<LinearKind> chosen;
  size_t known = 0;
  for (const LinearKind kind : kAllLinears) {
    const auto times = std::count(asked.begin(), asked.end(), target_name(kind));
    if (times > 0) chosen.push_back(kind);
    known += static_cast<size_t>(times);
  }
  if (chosen.empty() || known != asked.size())
    o.refuse("targets", "all, or a list of q_proj, …, down_proj", printable(o.raw("targets").dump()));
  return chosen;
}

ScheduleKind schedule(const JsonObject& o) {
  const std::string word = one_of(o, "schedule", {"cosine", "linear", "constant"}, "cosine");
  if (word == "cosine") return ScheduleKind::cosine;
  return word == "linear" ? ScheduleKind::linear : ScheduleKind::constant;
}

TrainingSettings training(const JsonObject& o) {
  TrainingSettings t;
  t.full = o.boolean_or("full", t.full);
  t.lora.rank = o.integer_or("rank", t.lora.rank, 1, kMany);
  t.lora.alpha = o.number_or("alpha", t.lora.alpha);
  t.lora.dropout = o.number_or("dropout", t.lora.dropout);
  t.lora.targets = targets(o);
  set_variant(t.lora, one_of(o, "variant", {kVariants.begin(), kVariants.end()}, "lora"));
  t.learning_rate = o.number_or("lr", t.learning_rate);
  t.schedule = schedule(o);
  t.warmup_ratio = o.number_or("warmup_ratio", t.warmup_ratio);
  if (o.has("warmup_steps")) t.warmup = o.integer("warmup_steps", 0, kMany);
  t.epochs = o.number_or("epochs", t.epochs);
  if (o.has("steps")) t.steps = o.integer("steps", 1, kMany);
  if (o.has("steps") && o.has("epochs")) o.refuse("steps", "either steps or epochs", "both");
  if (o.has("warmup_steps") && o.has("warmup_ratio")) o.refuse("warmup_steps", "either warmup_steps or warmup_ratio", "both");
  t.batch = o.integer_or("batch", t.batch, 1, kMany);
  t.accumulate = o.integer_or("accumulate", t.accumulate, 1, kMany);
  t.clip = o.number_or("clip_grad", t.clip);
  t.weight_decay = o.number_or("weight_decay", t.weight_decay);
  t.shuffle = o.boolean_or("shuffle", t.shuffle);
  t.validation = o.number_or("validation", t.validation);
  t.evaluate_every = o.integer_or("evaluate_every", t.evaluate_every, 0, kMany);
  t.site_statistics_every = o.integer_or("site_statistics_every", t.site_statistics_every, 0, kMany);
  validate(o, t);
  return t;
}

void refuse_beside(const JsonObject& o, std::initializer_list<const char*> keys, const char* beside) {
  for (const char* key : keys) {
    if (o.has(key)) o.refuse(key, std::string("nothing beside ") + beside, printable(o.raw(key).dump()));
  }
}

FinetuneStation read_finetune(const JsonObject& o) {
  FinetuneStation s;
  s.model = o.string("model");
  s.data = o.string("data");
  s.format = one_of(o, "format", {"alpaca", "text"}, s.format);
  if (s.format == "text") {
    refuse_beside(o, {"template", "cutoff"}, "format text");
    if (o.has("block")) s.block = o.integer("block", 2, kMany);
  } else {
    refuse_beside(o, {"block"}, "format alpaca");
    std::vector<std::string> templates;
    for (const PromptTemplate& t : prompt_templates()) templates.emplace_back(t.name);
    s.prompt_template = one_of(o, "template", templates, s.prompt_template);
    if (o.has("cutoff")) s.cutoff = o.integer("cutoff", 2, kMany);
  }
  s.training = training(o);
  if (s.format == "alpaca" && s.training.shuffle && !o.has("validation")) s.training.validation = 0.1;
  if (o.has("save_every")) s.save_every = o.integer("save_every", 0, kMany);
  if (s.training.full) {
    refuse_beside(o, {"rank", "alpha", "dropout", "targets", "variant"}, "full, which trains no adapter");
    s.store = store(o);
  } else {
    refuse_beside(o, {"store"}, "an adapter (store belongs to full)");
  }
  return s;
}

EvaluateStation read_evaluate(const JsonObject& o) {
  EvaluateStation s;
  s.model = o.string("model");
  s.text = o.string("text");
  if (o.has("context")) s.context = o.integer("context", 2, kMany);
  s.keep_tail = o.boolean_or("keep_tail", false);
  s.windows = o.integer_or("windows", 0, 0, kMany);
  if (s.windows > 0 && s.keep_tail) o.refuse("windows", "no windows beside keep_tail", std::to_string(s.windows));
  if (o.has("quantization")) {
    const JsonObject look = o.object("quantization");
    s.quantization = parse_quantize_settings(look);
    look.refuse_unknown();
  }
  return s;
}

Json to_json(const StatisticsStation& s) {
  Json states = Json::array();
  for (const StatisticsState& one : s.states) states.push_back({{"label", one.label}, {"model", one.model}});
  return {{"states", std::move(states)}, {"text", s.text},   {"context", or_null(s.context)},
          {"windows", s.windows},        {"sites", s.sites}, {"keep", s.keep},
          {"keep_tokens", s.keep_tokens}};
}

Json to_json(const RotateStation& s) {
  const RotationSettings& r = s.rotation;
  return {{"model", s.model},
          {"r1", word_of(r.r1)},
          {"r2", r.r2},
          {"r3", r.r3},
          {"r4", word_of(r.r4)},
          {"r4_signs", r.r4_signs},
          {"fold_only", r.fold_only},
          {"store", or_null(s.store)},
          {"text", or_null(s.text)}};
}

Json to_json(const FinetuneStation& s) {
  const TrainingSettings& t = s.training;
  Json out = {{"model", s.model},
              {"data", s.data},
              {"format", s.format},
              {"full", t.full},
              {"lr", t.learning_rate},
              {"schedule", name_of(t.schedule)},
              {"batch", t.batch},
              {"accumulate", t.accumulate},
              {"clip_grad", t.clip},
              {"weight_decay", t.weight_decay},
              {"shuffle", t.shuffle},
              {"validation", t.validation},
              {"evaluate_every", t.evaluate_every},
              {"site_statistics_every", t.site_statistics_every},
              {"save_every", or_null(s.save_every)}};
  out[t.warmup ? "warmup_steps" : "warmup_ratio"] = t.warmup ? Json(*t.warmup) : Json(t.warmup_ratio);
  out[t.steps ? "steps" : "epochs"] = t.steps ? Json(*t.steps) : Json(t.epochs);
  if (s.format == "text") {
    out["block"] = or_null(s.block);
  } else {
    out["template"] = s.prompt_template;
    out["cutoff"] = or_null(s.cutoff);
  }
  if (t.full) {
    out["store"] = or_null(s.store);
    return out;
  }
  Json names = Json::array();
  for (const LinearKind kind : t.lora.targets) names.push_back(target_name(kind));
  out["rank"] = t.lora.rank;
  out["alpha"] = t.lora.alpha;
  out["dropout"] = t.lora.dropout;
  out["targets"] = std::move(names);
  out["variant"] = variant_name(t.lora);
  return out;
}

Json to_json(const MergeStation& s) { return {{"model", s.model}, {"store", or_null(s.store)}}; }

Json to_json(const QuantizeStation& s) {
  Json out = quantize_settings_json(s.how);
  out["model"] = s.model;
  return out;
}

Json to_json(const EvaluateStation& s) {
  return {{"model", s.model},
          {"text", s.text},
          {"context", or_null(s.context)},
          {"keep_tail", s.keep_tail},
          {"windows", s.windows},
          {"quantization", s.quantization ? quantize_settings_json(*s.quantization) : Json()}};
}

}  // namespace

std::string one_of(const JsonObject& o, std::string_view key, const std::vector<std::string>& words, const std::string& fallback) {
  const std::string word = o.string_or(key, fallback);
  if (std::find(words.begin(), words.end(), word) != words.end()) return word;
  std::string all;
  for (const std::string& w : words) all += (all.empty() ? "" : &w == &words.back() ? " or " : ", ") + w;
  o.refuse(key, all, printable(word));
}

StationSettings parse_station_settings(const std::string& kind, const JsonObject& o) {
  const auto finished = [&](StationSettings settings) {
    o.refuse_unknown();
    return settings;
  };
  if (kind == "statistics") return finished(read_statistics(o));
  if (kind == "rotate") return finished(read_rotate(o));
  if (kind == "finetune") return finished(read_finetune(o));
  if (kind == "merge") return finished(MergeStation{o.string("model"), store(o)});
  if (kind == "quantize") return finished(QuantizeStation{o.string("model"), parse_quantize_settings(o)});
  if (kind == "evaluate") return finished(read_evaluate(o));
  o.refuse("kind", "statistics, rotate, finetune, merge, quantize or evaluate", printable(kind));
}

Json station_settings_json(const StationSettings& settings) {
  return std::visit([](const auto& s) { return to_json(s); }, settings);
}

}  // namespace rolora
