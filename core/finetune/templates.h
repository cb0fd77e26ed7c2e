// SPDX-License-Identifier: GPL-3.0-or-later
// How an instruction record or a conversation becomes one string: prompt templates as data.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rolora {

/// A chat model's template as its publisher's Jinja text (transformers' apply_chat_template) renders it. {content} is a message, {bos} and
/// {eos} are the tokenizer's tokens; what stands between <| and |> are special tokens too.
struct ChatTemplate {
  std::string_view start;           ///< once, in front
  std::string_view default_system;  ///< the system message of a conversation that has none; empty: none
  std::string_view system;          ///< around the system message; with `system_in_user` the result stands before the first user's words
  std::string_view user;            ///< around what the user says
  std::string_view opening;         ///< in front of a response; also what asks for one
  std::string_view response;        ///< the response and the token that ends it: what is learned
  std::string_view closing = "";    ///< behind a response; not learned
  bool trim = false;                ///< white space around messages goes
  bool system_in_user = false;
  bool alternating = false;  ///< user and assistant must take turns, the user first
};

/// Without `chat`: `with_input` and `without_input` hold {instruction} and {input}; the response follows directly, then EOS.
struct PromptTemplate {
  std::string_view name;
  std::string_view with_input = "";
  std::string_view without_input = "";
  const ChatTemplate* chat = nullptr;
};

/// stanford, alpaca: Stanford Alpaca's prompts; rolora: the template "default" of RoLoRA's recipe (method: fine-tuning); llama2, llama3,
/// qwen (Qwen2), qwen2.5: the chat templates published with those models; vicuna: FastChat's vicuna_v1.1; chatml: ChatML without a default
/// system message.
std::span<const PromptTemplate> prompt_templates();
/// "stanford, rolora, …" for messages and help.
std::string template_names();
/// InputError ("--template") for an unknown name.
const PromptTemplate& find_template(const std::string& name);
/// Fills a template without `chat`; the one without input is taken when `input` is empty. Braces inside the texts stay as they are.
std::string fill_prompt(const PromptTemplate& prompt, std::string_view instruction, std::string_view input);

}  // namespace rolora
