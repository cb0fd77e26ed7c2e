// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/templates.h"

#include <array>

#include "core/base/error.h"

namespace rolora {
namespace {

constexpr std::array<PromptTemplate, 2> kTemplates = {
    PromptTemplate{
        "stanford",
        "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that "
        "appropriately completes the request.\n\n### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:\n",
        "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
        "### Instruction:\n{instruction}\n\n### Response:\n"},
    PromptTemplate{"rolora", "Human: {instruction}\n{input}\nAssistant: ", "Human: {instruction}\nAssistant: "}};

}  // namespace

std::span<const PromptTemplate> prompt_templates() { return kTemplates; }

const PromptTemplate& find_template(const std::string& name) {
  std::string known;
  for (const PromptTemplate& t : kTemplates) {
    if (t.name == name) return t;
    known += (known.empty() ? "" : " or ") + std::string(t.name);
  }
  throw InputError("finetune", "--template", known, printable(name));
}

std::string fill_prompt(const PromptTemplate& prompt, std::string_view instruction, std::string_view input) {
  std::string_view rest = input.empty() ? prompt.without_input : prompt.with_input;
  std::string out;
  while (!rest.empty()) {  // one pass over the template, so that braces of the record are never looked at
    const size_t open = rest.find('{');
    if (open == std::string_view::npos) break;
    const size_t close = rest.find('}', open);
    out += rest.substr(0, open);
    out += rest.substr(open + 1, close - open - 1) == "instruction" ? instruction : input;
    rest.remove_prefix(close + 1);
  }
  return out += rest;
}

}  // namespace rolora
