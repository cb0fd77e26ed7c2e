// SPDX-License-Identifier: GPL-3.0-or-later
// How an instruction record becomes one string: prompt templates as data.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rolora {

/// `with_input` and `without_input` hold {instruction} and {input}; the response follows directly.
struct PromptTemplate {
  std::string_view name;
  std::string_view with_input;
  std::string_view without_input;
};

/// stanford: Stanford Alpaca's prompts; rolora: the template "default" of RoLoRA's recipe (method: fine-tuning).
std::span<const PromptTemplate> prompt_templates();
/// InputError ("--template") for an unknown name.
const PromptTemplate& find_template(const std::string& name);
/// Fills the template; the one without input is taken when `input` is empty. Braces inside the texts stay as they are.
std::string fill_prompt(const PromptTemplate& prompt, std::string_view instruction, std::string_view input);

}  // namespace rolora
