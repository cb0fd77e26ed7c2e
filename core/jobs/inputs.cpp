// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/inputs.h"

#include <set>

#include "core/base/error.h"
#include "core/jobs/shared_lines.h"
#include "core/model/checkpoint.h"
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
  Completion(Job& job, const RunInputs& inputs) : job_(job), inputs_(inputs), config_(inputs.base.source->config()) {}
  void run() {
    for (Station& station : job_.stations) {
      station_ = station.id;
      try {
        std::visit([&](auto& settings) { complete(settings); }, station.settings);
      } catch (const UsageError& e) {  // of the engine's own checks: here the job file is what is wrong
        throw InputError("job", "stations[" + station_ + "]", "settings that fit together and fit the model", e.what());
      }
    }
  }

 private:
  void settle_context(std::optional<int64_t>& context) const { context = default_context(config_, context); }
  void settle_store(std::optional<std::string>& store) const {
    if (!store) store = inputs_.base.stored == at::kDouble ? "float32" : dtype_name(inputs_.base.stored);
  }
  void require_windows(const std::string& text, int64_t context, bool keep_tail) const {
    station_windows(job_, inputs_, text, context, keep_tail, 1);
  }
  void complete(QuantizeSettings& how) const {
    validate(how.spec, config_);
    if (!how.calibration) return;
    settle_context(how.windows.context);
    require_windows(*how.calibration, *how.windows.context, false);
  }
  void complete(StatisticsStation& s) const {
    settle_context(s.context);
    require_windows(s.text, *s.context, false);
  }
  void complete(RotateStation& s) const {
    if (inputs_.base.rotation) throw UsageError("the base is rotated already");
    settle_store(s.store);
  }
  void complete(FinetuneStation& s) const {
    if (s.format == "text") {
      settle_context(s.block);
      require_windows(s.data, *s.block, false);
    } else if (!s.cutoff) {
      s.cutoff = std::min<int64_t>(1024, config_.context);
    }
    if (s.training.full) settle_store(s.store);
  }
  void complete(MergeStation& s) const { settle_store(s.store); }
  void complete(QuantizeStation& s) const { complete(s.how); }
  void complete(EvaluateStation& s) const {
    settle_context(s.context);
    require_windows(s.text, *s.context, s.keep_tail);
    if (s.quantization) complete(*s.quantization);
  }

  Job& job_;
  const RunInputs& inputs_;
  const ModelConfig& config_;
  std::string station_;
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

RunInputs inspect_inputs(Job& job, Monitor& monitor) {
  RunInputs inputs;
  inputs.base = open_model(job.model.path);
  for (const std::string& note : inputs.base.notes) monitor.notice(note);
  inputs.base_hash = inputs.base.hash();
  settle_hash(job.model, inputs.base_hash);
  refuse_quantized_base(job, inputs);
  open_texts(job, inputs, monitor);
  Completion(job, inputs).run();
  inputs.facts = {{"format", 1},
                  {"model", model_facts(job, inputs)},
                  {"texts", text_facts(job, inputs)},
                  {"shared_lines", shared_lines(job)},
                  {"shared_line_length", kSharedLineLength}};
  return inputs;
}

Windows station_windows(const Job& job, const RunInputs& inputs, const std::string& text, int64_t context, bool keep_tail, int64_t most) {
  const auto stream = inputs.streams.find(text);
  if (stream == inputs.streams.end()) throw Error(job.texts.at(text).input.path.string() + ": not read as tokens");
  return cut_windows(stream->second, context, keep_tail, keep_tail ? 0 : most);
}

}  // namespace rolora
