// SPDX-License-Identifier: GPL-3.0-or-later
// Conversations: read from records, rendered by a chat template, and turned into ids with the responses marked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/finetune/templates.h"
#include "core/storage/json_file.h"
#include "core/tokenizer/tokenizer.h"

namespace rolora {

enum class Role { system, user, assistant };
std::string_view name_of(Role role);

struct Turn {
  Role role;
  std::string content;
};

/// `messages` ({role, content}) or `conversations` (ShareGPT: {from: system, human or gpt, value}) of a record. InputError naming the place
/// of an unknown role, a content that is no text, a system message that is not the first, or a last message that is not the assistant's.
std::vector<Turn> read_conversation(const JsonObject& record);

/// A piece of the rendered text.
struct RenderedPart {
  std::string text;
  bool special = false;  ///< a special token of the template
  bool learned = false;  ///< of a response
};
/// The conversation as the template writes it; `ask` puts the opening of a response behind it. {bos} and {eos} are the tokenizer's, nothing
/// where it has none. InputError (`file`, `key`) where the template needs user and assistant in turns and they are not.
std::vector<RenderedPart> render(const ChatTemplate& chat, const std::vector<Turn>& turns, const Tokenizer& tokenizer, bool ask,
                                 const std::string& file, const std::string& key);
std::string text_of(const std::vector<RenderedPart>& parts);

struct LearnedIds {
  std::vector<int64_t> ids;
  std::vector<bool> learned;  ///< [ids]
};
/// Ids of the rendered text. A tokenizer that finds special tokens in texts reads the whole text, as transformers does; for others (.model
/// files) the template's special tokens become their ids and the text between them is encoded for itself, as the models' own code does, so
/// that what a message says never becomes a special token. A token that spans the begin of a response is learned.
LearnedIds encode(const std::vector<RenderedPart>& parts, const Tokenizer& tokenizer);

/// The special token that ends a response, where the tokenizer has it: generation stops there.
std::optional<int64_t> end_of_response(const ChatTemplate& chat, const Tokenizer& tokenizer);

/// The template's special tokens that the tokenizer does not have: they are read as plain text.
std::vector<std::string> missing_special_tokens(const ChatTemplate& chat, const Tokenizer& tokenizer);

}  // namespace rolora
