// SPDX-License-Identifier: GPL-3.0-or-later
// rolora generate: greedy or sampled continuation of a prompt.
#include "app/model_input.h"
#include "app/template_input.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/model/generation_config.h"
#include "core/model/passes.h"

namespace rolora::app {
namespace {

struct GenerateVerbOptions {
  ModelOptions model;
  PromptOptions prompt;
  GenerateOptions how;
  TemplateOptions asking;
  std::vector<int64_t> stop_ids;
  CLI::Option *temperature = nullptr, *top_p = nullptr;
};

// --text as it stands, or as what the user says in a template that asks for a response.
std::vector<int64_t> prompt_of(const GenerateVerbOptions& o, const OpenedModel& model, std::optional<int64_t> start, Monitor& monitor) {
  if (!o.asking.given()) return read_prompt(o.prompt, model, start);
  if (o.prompt.text_option->count() == 0) throw UsageError("--template: expected together with --text, found without");
  const std::vector<int64_t> ids = encode_asking(o.asking, o.prompt.text, "generate", "--text", *open_tokenizer(model.folder), monitor);
  require_known_ids(ids, model, "--text");
  return ids;
}

// The text of the new ids; none where the folder has no tokenizer that can say it (ids alone need none).
std::optional<std::string> text_of(const std::vector<int64_t>& ids, const OpenedModel& model, Monitor& monitor) {
  if (!has_tokenizer(model.folder)) return std::nullopt;
  try {
    return open_tokenizer(model.folder)->decode(ids);
  } catch (const InputError& e) {
    monitor.notice(std::string("no text: ") + e.what());
    return std::nullopt;
  }
}

void run(Session& session, const GenerateVerbOptions& o) {
  if (o.top_p->count() > 0 && o.how.temperature == 0)
    throw UsageError("--top-p: expected together with --temperature above 0, found alone");
  const Compute compute = session.compute();
  const OpenedModel model = open_model_input(session, o.model);
  const GenerationTokens tokens = read_generation_tokens(model.folder, model.source->config());
  if (!o.stop_ids.empty()) require_known_ids(o.stop_ids, model, "--stop-ids");
  const std::vector<int64_t> prompt = prompt_of(o, model, tokens.bos, session.monitor());
  GenerateOptions how = o.how;
  how.seed = session.options().seed;
  how.eos = o.how.ignore_eos ? std::vector<int64_t>() : tokens.eos;
  how.ignore_eos = false;  // what is named ends the text all the same
  if (!o.how.ignore_eos && o.asking.given()) {
    if (const auto end = end_of_template(o.asking, *open_tokenizer(model.folder))) how.eos->push_back(*end);
  }
  how.eos->insert(how.eos->end(), o.stop_ids.begin(), o.stop_ids.end());
  check_samples(session, model);
  const std::vector<int64_t> ids = generate(ResidentModel(*model.source, compute), prompt, how, session.monitor());
  const std::optional<std::string> text = text_of(ids, model, session.monitor());
  std::string human = text.value_or("");
  if (!text) {
    for (const int64_t id : ids) human += (human.empty() ? "" : " ") + std::to_string(id);
  }
  session.result({{"ids", ids}, {"text", text ? Json(*text) : Json()}}, human + "\n");
}

}  // namespace

void add_generate(Verbs& verbs) {
  const auto o = std::make_shared<GenerateVerbOptions>();
  CLI::App& app = verbs.add("generate", "Continue a prompt, greedily or by sampling", [o](Session& session) { run(session, *o); });
  add_model_options(app, o->model, true);
  add_prompt_options(app, o->prompt);
  add_template_options(app, o->asking, "--text");
  app.add_option("--max-new", o->how.max_new, "Most new tokens (default 32; own choice)")->check(CLI::Range(int64_t{1}, int64_t{1} << 30));
  o->temperature =
      app.add_option("--temperature", o->how.temperature, "Sample from softmax(logits / T); 0 = greedy (default 0; command contract)")
          ->check(CLI::Range(0.0, 1e6));
  o->top_p =
      app.add_option("--top-p", o->how.top_p, "Sample among the fewest tokens that reach this probability (default 1: all; transformers)")
          ->check(CLI::Range(1e-9, 1.0));
  app.add_option("--stop-ids", o->stop_ids, "Token ids that end the text too, also with --ignore-eos (default none; own choice)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 31));
  app.add_flag("--ignore-eos", o->how.ignore_eos,
               "Go on after an end-of-sequence token of generation_config.json or, without that file, config.json (default off: stop, it "
               "is returned; "
               "transformers)");
}

}  // namespace rolora::app
