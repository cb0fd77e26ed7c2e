// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/templates.h"

#include <array>

#include "core/base/error.h"

namespace rolora {
namespace {

constexpr std::string_view kStanfordWithInput =
    "Below is an instruction that describes a task, paired with an input that provides further context. Write a response that "
    "appropriately completes the request.\n\n### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:\n";
constexpr std::string_view kStanford =
    "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{instruction}\n\n### Response:\n";

constexpr ChatTemplate kLlama2 = {.start = "",
                                  .default_system = "",
                                  .system = "<<SYS>>\n{content}\n<</SYS>>\n\n",
                                  .user = "{bos}[INST] {content} [/INST]",
                                  .opening = "",
                                  .response = " {content} {eos}",
                                  .trim = true,
                                  .system_in_user = true,
                                  .alternating = true};
constexpr ChatTemplate kLlama3 = {.start = "{bos}",
                                  .default_system = "",
                                  .system = "<|start_header_id|>system<|end_header_id|>\n\n{content}<|eot_id|>",
                                  .user = "<|start_header_id|>user<|end_header_id|>\n\n{content}<|eot_id|>",
                                  .opening = "<|start_header_id|>assistant<|end_header_id|>\n\n",
                                  .response = "{content}<|eot_id|>",
                                  .trim = true};
constexpr ChatTemplate kVicuna = {.start = "{bos}",
                                  .default_system =
                                      "A chat between a curious user and an artificial intelligence assistant. The assistant gives "
                                      "helpful, detailed, and polite answers to the user's questions.",
                                  .system = "{content} ",
                                  .user = "USER: {content} ",
                                  .opening = "ASSISTANT:",
                                  .response = " {content}{eos}",
                                  .alternating = true};

constexpr ChatTemplate chatml(std::string_view system) {
  return {.start = "",
          .default_system = system,
          .system = "<|im_start|>system\n{content}<|im_end|>\n",
          .user = "<|im_start|>user\n{content}<|im_end|>\n",
          .opening = "<|im_start|>assistant\n",
          .response = "{content}<|im_end|>",
          .closing = "\n"};
}
constexpr ChatTemplate kQwen2 = chatml("You are a helpful assistant."),
                       kQwen25 = chatml("You are Qwen, created by Alibaba Cloud. You are a helpful assistant."), kChatMl = chatml("");

constexpr std::array<PromptTemplate, 9> kTemplates = {
    PromptTemplate{"stanford", kStanfordWithInput, kStanford},
    PromptTemplate{"rolora", "Human: {instruction}\n{input}\nAssistant: ", "Human: {instruction}\nAssistant: "},
    PromptTemplate{"alpaca", kStanfordWithInput, kStanford},
    PromptTemplate{.name = "llama2", .chat = &kLlama2},
    PromptTemplate{.name = "llama3", .chat = &kLlama3},
    PromptTemplate{.name = "vicuna", .chat = &kVicuna},
    PromptTemplate{.name = "qwen", .chat = &kQwen2},
    PromptTemplate{.name = "qwen2.5", .chat = &kQwen25},
    PromptTemplate{.name = "chatml", .chat = &kChatMl}};

}  // namespace

std::span<const PromptTemplate> prompt_templates() { return kTemplates; }

std::string template_names() {
  std::string names;
  for (size_t i = 0; i < kTemplates.size(); ++i)
    names += (i == 0 ? "" : i + 1 < kTemplates.size() ? ", " : " or ") + std::string(kTemplates[i].name);
  return names;
}

const PromptTemplate& find_template(const std::string& name) {
  for (const PromptTemplate& t : kTemplates) {
    if (t.name == name) return t;
  }
  throw InputError("finetune", "--template", template_names(), printable(name));
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
