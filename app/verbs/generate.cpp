// SPDX-License-Identifier: GPL-3.0-or-later
// rolora generate: greedy or sampled continuation of a prompt.
#include "app/model_input.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/finetune/conversation.h"
#include "core/model/generation_config.h"
#include "core/model/passes.h"

namespace rolora::app {
namespace {

struct GenerateVerbOptions {
  ModelOptions model;
  PromptOptions prompt;
  GenerateOptions how;
  std::string prompt_template, system;
  CLI::Option *temperature = nullptr, *top_p = nullptr, *template_option = nullptr, *system_option = nullptr;
};

// --text as it stands, or as what the user says in a template that asks for a response.
std::vector<int64_t> prompt_of(const GenerateVerbOptions& o, const OpenedModel& model, std::optional<int64_t> start, Monitor& monitor) {
  if (o.template_option->count() == 0) return read_prompt(o.prompt, model, start);
  if (o.prompt.text_option->count() == 0) throw UsageError("--template: expected together with --text, found without");
  const PromptTemplate& prompt = find_template(o.prompt_template);
  const std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(model.folder);
  std::vector<int64_t> ids;
  if (prompt.chat != nullptr) {
    for (const std::string& token : missing_special_tokens(*prompt.chat, *tokenizer))
      monitor.notice("--template " + o.prompt_template + ": the tokenizer has no special token " + token + "; it is read as plain text");
    std::vector<Turn> turns;
    if (o.system_option->count() > 0) turns.push_back({Role::system, o.system});
    turns.push_back({Role::user, o.prompt.text});
    ids = encode(render(*prompt.chat, turns, *tokenizer, /*ask=*/true, "generate", "--text"), *tokenizer).ids;
  } else {
    if (o.system_option->count() > 0)
      throw UsageError("--system: expected a chat template, found " + o.prompt_template + ", which has no place for it");
    ids = tokenizer->encode(fill_prompt(prompt, o.prompt.text, ""), /*special=*/true);
  }
  require_known_ids(ids, model, "--text");
  return ids;
}

// A chat template's responses end with a token that the model's own configuration may not name.
std::optional<int64_t> end_of_template(const GenerateVerbOptions& o, const OpenedModel& model) {
  if (o.template_option->count() == 0) return std::nullopt;
  const ChatTemplate* chat = find_template(o.prompt_template).chat;
  return chat != nullptr ? end_of_response(*chat, *open_tokenizer(model.folder)) : std::nullopt;
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
  const std::vector<int64_t> prompt = prompt_of(o, model, tokens.bos, session.monitor());
  GenerateOptions how = o.how;
  how.seed = session.options().seed;
  how.eos = tokens.eos;
  if (const auto end = end_of_template(o, model)) how.eos->push_back(*end);
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
  std::vector<std::string> templates;
  for (const PromptTemplate& t : prompt_templates()) templates.emplace_back(t.name);
  o->template_option = app.add_option("--template", o->prompt_template,
                                      "Put --text into a prompt template that asks for a response: " + template_names() +
                                          " (default none: as it stands; own choice)")
                           ->check(CLI::IsMember(templates));
  o->system_option = app.add_option("--system", o->system,
                                    "System message of a chat template (default the template's own, which may be none; transformers)")
                         ->needs(o->template_option);
  app.add_option("--max-new", o->how.max_new, "Most new tokens (default 32; own choice)")->check(CLI::Range(int64_t{1}, int64_t{1} << 30));
  o->temperature =
      app.add_option("--temperature", o->how.temperature, "Sample from softmax(logits / T); 0 = greedy (default 0; command contract)")
          ->check(CLI::Range(0.0, 1e6));
  o->top_p =
      app.add_option("--top-p", o->how.top_p, "Sample among the fewest tokens that reach this probability (default 1: all; transformers)")
          ->check(CLI::Range(1e-9, 1.0));
  app.add_flag("--ignore-eos", o->how.ignore_eos,
               "Go on after an end-of-sequence token of generation_config.json or, without that file, config.json (default off: stop, it "
               "is returned; "
               "transformers)");
}

}  // namespace rolora::app
