// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/template_input.h"

#include "core/base/error.h"
#include "core/finetune/conversation.h"
#include "core/finetune/templates.h"

namespace rolora::app {

void add_template_options(CLI::App& app, TemplateOptions& options, const std::string& what) {
  std::vector<std::string> names;
  for (const PromptTemplate& t : prompt_templates()) names.emplace_back(t.name);
  options.name_option = app.add_option("--template", options.name,
                                       "Put " + what + " into a prompt template that asks for a response: " + template_names() +
                                           " (default none: as it stands; own choice)")
                            ->check(CLI::IsMember(names));
  options.system_option = app.add_option("--system", options.system,
                                         "System message of a chat template (default the template's own, which may be none; transformers)")
                              ->needs(options.name_option);
}

std::vector<int64_t> encode_asking(const TemplateOptions& options, const std::string& text, const std::string& verb,
                                   const std::string& what, const Tokenizer& tokenizer, Monitor& monitor) {
  const PromptTemplate& prompt = find_template(options.name);
  if (prompt.chat == nullptr) {
    if (options.system_option->count() > 0)
      throw UsageError("--system: expected a chat template, found " + options.name + ", which has no place for it");
    return tokenizer.encode(fill_prompt(prompt, text, ""), /*special=*/true);
  }
  for (const std::string& token : missing_special_tokens(*prompt.chat, tokenizer))
    monitor.notice("--template " + options.name + ": the tokenizer has no special token " + token + "; it is read as plain text");
  std::vector<Turn> turns;
  if (options.system_option->count() > 0) turns.push_back({Role::system, options.system});
  turns.push_back({Role::user, text});
  return encode(render(*prompt.chat, turns, tokenizer, /*ask=*/true, verb, what), tokenizer).ids;
}

std::optional<int64_t> end_of_template(const TemplateOptions& options, const Tokenizer& tokenizer) {
  const ChatTemplate* chat = options.given() ? find_template(options.name).chat : nullptr;
  return chat != nullptr ? end_of_response(*chat, tokenizer) : std::nullopt;
}

}  // namespace rolora::app
