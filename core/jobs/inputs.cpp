// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/inputs.h"

#include <set>

#include "core/base/error.h"
#include "core/finetune/templates.h"
#include "core/jobs/shared_lines.h"
#include "core/model/checkpoint.h"
#include "core/model/llama2c.h"
#include "core/statistics/collect.h"
#include "core/storage/sha256.h"
#include "core/tokenizer/tokenizer.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

void settle_hash(JobInput& input, const std::string& found) {
  if (!input.sha256.empty() && input.sha256 != found)
    throw InputError(input.path.string(), "sha256", input.sha256 + " as the job says", found);
  input.sha256 = found;
}

// Texts that are read as a stream of tokens; what trains on records is not.
std::set<std::string> token_texts(const Job& job) {
  std::set<std::string> names;
  for (const Station& station : job.stations) {
    const auto* finetune = std::get_if<FinetuneStation>(&station.settings);
    if (finetune != nullptr && finetune->format == "alpaca") continue;
    for (const std::string& name : station.texts()) names.insert(name);
  }
  return names;
}

std::map<std::string, std::set<std::string>> roles(const Job& job) {
  std::map<std::string, std::set<std::string>> by_text;
  for (const Station& station : job.stations) {
    const std::vector<std::string> names = station.texts();
    for (size_t i = 0; i < names.size(); ++i) {
      std::string role = "calibration";
      if (std::holds_alternative<FinetuneStation>(station.settings)) role = "tuning";
      if (std::holds_alternative<EvaluateStation>(station.settings) && i == 0) role = "evaluation";
      if (std::holds_alternative<RotateStation>(station.settings)) role = "gate";
      by_text[names[i]].insert(role);
    }
  }
  return by_text;
}

Json model_facts(const Job& job, const RunInputs& inputs) {
  const ModelConfig& c = inputs.base.source->config();
  return {{"name", job.model.written},
          {"sha256", inputs.base_hash},
          {"family", c.family->name},
          {"parameters", parameter_count(c)},
          {"layers", c.layers},
          {"hidden", c.hidden},
          {"intermediate", c.intermediate},
          {"heads", c.heads},
          {"kv_heads", c.kv_heads},
          {"head_dim", c.head_dim},
          {"vocabulary", c.vocabulary},
          {"context", c.context},
          {"tied", c.tied},
          {"dtype", dtype_name(inputs.base.stored)},
          {"rotated", inputs.base.rotation.has_value()},
          {"quantized", inputs.base.quantized}};
}

Json text_facts(const Job& job, const RunInputs& inputs) {
  Json facts = Json::object();
  const auto by_text = roles(job);
  for (const auto& [name, text] : job.texts) {
    const auto stream = inputs.streams.find(name);
    const auto role = by_text.find(name);
    facts[name] = {{"file", text.input.written},
                   {"corpus", text.corpus},
                   {"sha256", text.input.sha256},
                   {"bytes", fs::file_size(text.input.path)},
                   {"tokens", stream == inputs.streams.end() ? Json() : Json(stream->second.ids.size())},
                   {"roles", role == by_text.end() ? std::set<std::string>() : role->second}};
  }
  return facts;
}

void open_texts(Job& job, RunInputs& inputs, Monitor& monitor) {
  const std::set<std::string> wanted = token_texts(job);
  std::unique_ptr<Tokenizer> tokenizer;
  for (auto& [name, text] : job.texts) {
    throw_if_stopped(monitor);
    settle_hash(text.input, sha256_of_file(text.input.path));
    if (!wanted.contains(name)) continue;
    if (text.corpus == "ids") {
      inputs.streams[name] = ids_of_file(text.input.path, inputs.base.source->config().vocabulary);
      continue;
    }
    if (!tokenizer) tokenizer = open_tokenizer(inputs.base.folder);
    inputs.streams[name] = ids_of_text(text.input.path, parse_corpus(text.corpus), *tokenizer);
  }
}

// Settings whose defaults come from the model, and checks that need it.
class Completion {
 public:
  Completion(Job& job, RunInputs& inputs) : job_(job), inputs_(inputs), config_(inputs.base.source->config()) {}
  void run() {
    for (Station& station : job_.stations) {
      station_ = &station;
      try {
        std::visit([&](auto& settings) { complete(settings); }, station.settings);
      } catch (const UsageError& e) {  // of the engine's own checks: here the job file is what is wrong
        throw InputError(job_.file, station_key(station), "settings that fit together and fit the model", e.what());
      }
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& key, const std::string& expected, const std::string& found) const {
    throw InputError(job_.file, station_key(*station_) + "." + key, expected, found);
  }
  void settle_context(std::optional<int64_t>& context) const { context = default_context(config_, context); }
  void settle_store(std::optional<std::string>& store) const {
    if (!store) store = inputs_.base.stored == at::kDouble ? "float32" : dtype_name(inputs_.base.stored);
  }
  void require_window(const std::string& text, int64_t context, const char* setting) const {
    whole_windows(stream_of(job_, inputs_, text), context, 1, setting);
  }
  SiteSelection selection(const std::string& key, const std::vector<std::string>& names, bool empty_is_all) const {
    try {
      return {names, config_.layers, key, empty_is_all};
    } catch (const UsageError& e) {  // "KEY: expected …, found …"
      const std::string text = e.what();
      const size_t expected = text.find("expected ") + 9, found = text.rfind(", found ");
      refuse(key, text.substr(expected, found - expected), text.substr(found + 8));
    }
  }
  // What a station's records are as examples; stations that read them alike share them.
  std::shared_ptr<const TrainingData> records(const FinetuneStation& s) const {
    if (const auto known = inputs_.records.find(station_->id); known != inputs_.records.end()) return known->second;
    for (const Station& other : job_.stations) {
      const auto* same = std::get_if<FinetuneStation>(&other.settings);
      if (!inputs_.records.contains(other.id) || same->data != s.data || same->prompt_template != s.prompt_template) continue;
      if (same->cutoff == s.cutoff) return inputs_.records.at(other.id);
    }
    AlpacaOptions options{&find_template(s.prompt_template), *s.cutoff, 0};
    std::unique_ptr<Tokenizer> tokenizer;
    try {
      tokenizer = open_tokenizer(inputs_.base.folder);
      options.eos = end_of_sequence(config_, *tokenizer, inputs_.base.folder);
    } catch (const InputError& e) {
      refuse("format", "a model with a tokenizer for records (format alpaca)", e.what());
    }
    try {
      auto data = std::make_shared<TrainingData>(alpaca_records(job_.texts.at(s.data).input.path, *tokenizer, options));
      require_vocabulary(*data, config_.vocabulary);
      return data;
    } catch (const InputError& e) {
      refuse("data", "a text of records that can be trained on", e.what());
    }
  }
  void require_something_to_train(const FinetuneStation& s, size_t examples) const {
    TrainingData as_many;
    as_many.examples.resize(examples);
    try {
      split_validation(std::move(as_many), s.training.validation, s.training.seed);
    } catch (const InputError& e) {
      refuse("validation", e.expected(), e.found());
    }
  }
  void complete(QuantizeSettings& how) const {
    validate(how.spec, config_);
    if (!how.calibration) return;
    settle_context(how.windows.context);
    require_window(*how.calibration, *how.windows.context, "context");
  }
  void complete(StatisticsStation& s) const {
    settle_context(s.context);
    const SiteSelection sites = selection("sites", s.sites, true), keep = selection("keep", s.keep, false);
    for (const auto& [layer, site] : keep.sites()) {
      if (!sites.has(layer, site)) refuse("keep", "sites that are among sites", site_name(layer, site));
    }
    require_window(s.text, *s.context, "context");
  }
  void complete(RotateStation& s) const {
    if (inputs_.base.rotation) throw UsageError("the base is rotated already");
    settle_store(s.store);
  }
  void complete(FinetuneStation& s) const {
    if (s.format == "text") {
      settle_context(s.block);
      require_window(s.data, *s.block, "block");
      require_something_to_train(s, stream_of(job_, inputs_, s.data).ids.size() / static_cast<size_t>(*s.block));
    } else {
      if (!s.cutoff) s.cutoff = std::min<int64_t>(1024, config_.context);
      const auto data = records(s);
      inputs_.records[station_->id] = data;
      require_something_to_train(s, data->examples.size());
    }
    if (s.training.full) settle_store(s.store);
  }
  void complete(MergeStation& s) const { settle_store(s.store); }
  void complete(QuantizeStation& s) const {
    complete(s.how);
    if (!quantizes(s.how.spec, config_)) refuse("weights", "bits below 16 for weights, activations or kv", "none");
  }
  void complete(EvaluateStation& s) const {
    settle_context(s.context);
    evaluation_windows(job_, inputs_, s);
    if (!s.quantization) return;
    // The text's windows and the calibration's are alike unless said otherwise, as the verb has it.
    if (s.quantization->calibration && !s.quantization->windows.context) s.quantization->windows.context = s.context;
    complete(*s.quantization);
  }

  Job& job_;
  RunInputs& inputs_;
  const ModelConfig& config_;
  const Station* station_ = nullptr;
};

void refuse_quantized_base(const Job& job, const RunInputs& inputs) {
  if (!inputs.base.quantized) return;
  for (const Station& station : job.stations) {
    const auto* look = std::get_if<EvaluateStation>(&station.settings);
    const bool reads_only = std::holds_alternative<StatisticsStation>(station.settings) || (look != nullptr && !look->quantization);
    if (!reads_only) {
      throw InputError(job.model.path.string(), "config.json", "a floating-point model for station " + station.id, "a quantized one");
    }
  }
}

}  // namespace

void complete_job(Job& job, RunInputs& inputs) { Completion(job, inputs).run(); }

RunInputs inspect_inputs(Job& job, Monitor& monitor) {
  RunInputs inputs;
  require_model_folder(job.model.path);
  inputs.base = open_model(job.model.path);
  for (const std::string& note : inputs.base.notes) monitor.notice(note);
  inputs.base_hash = inputs.base.hash();
  settle_hash(job.model, inputs.base_hash);
  refuse_quantized_base(job, inputs);
  open_texts(job, inputs, monitor);
  complete_job(job, inputs);
  inputs.facts = {{"format", 1},
                  {"model", model_facts(job, inputs)},
                  {"texts", text_facts(job, inputs)},
                  {"shared_lines", shared_lines(job)},
                  {"shared_line_length", kSharedLineLength}};
  for (const std::string& sentence : mixed_texts(inputs.facts["texts"])) monitor.notice("texts: " + sentence);
  return inputs;
}

const IdStream& stream_of(const Job& job, const RunInputs& inputs, const std::string& text) {
  const auto stream = inputs.streams.find(text);
  if (stream == inputs.streams.end()) throw Error(job.texts.at(text).input.path.string() + ": not read as tokens");
  return stream->second;
}

Windows evaluation_windows(const Job& job, const RunInputs& inputs, const EvaluateStation& settings) {
  return cut_windows(stream_of(job, inputs, settings.text), *settings.context, settings.keep_tail,
                     settings.keep_tail ? 0 : settings.windows);
}

}  // namespace rolora
