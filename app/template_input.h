// SPDX-License-Identifier: GPL-3.0-or-later
// A text put into a prompt template that asks for a response: what `generate` and `tokenize` share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/session.h"
#include "core/tokenizer/tokenizer.h"

namespace rolora::app {

struct TemplateOptions {
  std::string name, system;
  CLI::Option *name_option = nullptr, *system_option = nullptr;
  bool given() const { return name_option->count() > 0; }
};
/// Adds --template and --system; `what` is the option whose text is put in.
void add_template_options(CLI::App& app, TemplateOptions& options, const std::string& what);

/// The ids of `text` in the template, up to where the response begins. UsageError where a system message has no place. `what` names the
/// text in errors. Notices special tokens of the template that the tokenizer does not have.
std::vector<int64_t> encode_asking(const TemplateOptions& options, const std::string& text, const std::string& verb,
                                   const std::string& what, const Tokenizer& tokenizer, Monitor& monitor);
/// The token that ends a response of a chat template, which the model's own configuration may not name.
std::optional<int64_t> end_of_template(const TemplateOptions& options, const Tokenizer& tokenizer);

}  // namespace rolora::app
