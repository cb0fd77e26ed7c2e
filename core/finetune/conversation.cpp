// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/conversation.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/tokenizer/unicode.h"
#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

Role read_role(const JsonObject& message, std::string_view key) {
  const std::string name = message.string(key);
  if (name == "system") return Role::system;
  if (name == "user" || name == "human") return Role::user;
  if (name == "assistant" || name == "gpt") return Role::assistant;
  message.refuse(key, "system, user or assistant (human and gpt are user and assistant)", printable(name));
}

// What Python's str.strip takes away.
bool strips(char32_t c) { return is_white_space(c) || (c >= 0x1C && c <= 0x1F); }

std::string stripped(const std::string& given) {
  const std::string text = replace_invalid_utf8(given);
  size_t begin = text.size(), end = 0;
  for (size_t position = 0; position < text.size();) {
    const size_t start = position;
    if (strips(next_code_point(text, position))) continue;
    begin = std::min(begin, start);
    end = position;
  }
  return begin < end ? text.substr(begin, end - begin) : "";
}

/// Writes a template's parts one after another.
class Renderer {
 public:
  Renderer(const ChatTemplate& chat, const Tokenizer& tokenizer) : chat_(chat) {
    if (tokenizer.bos()) bos_ = tokenizer.piece(*tokenizer.bos());
    if (tokenizer.eos()) eos_ = tokenizer.piece(*tokenizer.eos());
  }

  // One pass over the template's text: braces and special tokens in a message are never looked at.
  void write(std::string_view form, const std::string& content, bool learned) {
    while (!form.empty()) {
      const size_t mark = std::min(form.find('{'), form.find("<|"));
      add(form.substr(0, mark), false, learned);
      if (mark == std::string_view::npos) return;
      form.remove_prefix(mark);
      const bool brace = form.front() == '{';
      const size_t length = brace ? form.find('}') + 1 : form.find("|>") + 2;
      const std::string_view token = form.substr(0, length);
      form.remove_prefix(length);
      if (token == "{content}") {
        add(chat_.trim ? stripped(content) : content, false, learned);
      } else {
        add(token == "{bos}" ? bos_ : token == "{eos}" ? eos_ : std::string(token), true, learned);
      }
    }
  }

  std::vector<RenderedPart> take() { return std::move(parts_); }

 private:
  void add(std::string_view text, bool special, bool learned) {
    if (!text.empty()) parts_.push_back({std::string(text), special, learned});
  }

  const ChatTemplate& chat_;
  std::string bos_, eos_;
  std::vector<RenderedPart> parts_;
};

std::string filled(std::string_view form, const std::string& content) {
  constexpr std::string_view place = "{content}";
  const size_t at = form.find(place);
  return std::string(form.substr(0, at)) + content + std::string(form.substr(at + place.size()));
}

void require_turns(const std::vector<Turn>& turns, size_t first, const std::string& file, const std::string& key) {
  for (size_t i = first; i < turns.size(); ++i) {
    const Role wanted = (i - first) % 2 == 0 ? Role::user : Role::assistant;
    if (turns[i].role == wanted) continue;
    throw InputError(file, key, "user and assistant in turns, as the template has them",
                     "message " + std::to_string(i) + " from the " + std::string(name_of(turns[i].role)));
  }
}

/// Text that is encoded in one piece, with the parts of it that are learned.
struct Chunk {
  std::string text;
  std::vector<std::pair<size_t, size_t>> learned;

  void add(const RenderedPart& part) {
    if (part.learned && !learned.empty() && learned.back().second == text.size()) {
      learned.back().second += part.text.size();
    } else if (part.learned) {
      learned.emplace_back(text.size(), text.size() + part.text.size());
    }
    text += part.text;
  }

  // How many tokens the beginning of the text has for itself: those that both encodings begin with.
  size_t tokens_before(size_t end, const std::vector<int64_t>& whole, const Tokenizer& tokenizer) const {
    if (end == text.size()) return whole.size();
    const std::vector<int64_t> alone = tokenizer.encode(std::string_view(text).substr(0, end), false);
    return static_cast<size_t>(std::mismatch(alone.begin(), alone.end(), whole.begin(), whole.end()).first - alone.begin());
  }

  void encode(const Tokenizer& tokenizer, LearnedIds& out) {
    if (text.empty()) return;
    const std::vector<int64_t> whole = tokenizer.encode(text, false);
    const size_t first = out.ids.size();
    out.ids.insert(out.ids.end(), whole.begin(), whole.end());
    out.learned.resize(out.ids.size(), false);
    for (const auto& [begin, end] : learned) {
      for (size_t i = tokens_before(begin, whole, tokenizer), to = tokens_before(end, whole, tokenizer); i < to; ++i)
        out.learned[first + i] = true;
    }
    *this = Chunk();
  }
};

}  // namespace

std::string_view name_of(Role role) { return role == Role::system ? "system" : role == Role::user ? "user" : "assistant"; }

std::vector<Turn> read_conversation(const JsonObject& record) {
  const bool sharegpt = !record.has("messages");
  const std::string_view list = sharegpt ? "conversations" : "messages", role = sharegpt ? "from" : "role";
  std::vector<Turn> turns;
  for (const JsonObject& message : record.objects(list)) {
    turns.push_back({read_role(message, role), message.string(sharegpt ? "value" : "content")});
    if (turns.back().role == Role::system && turns.size() > 1)
      message.refuse(role, "user or assistant (a system message stands first)", "system");
  }
  if (turns.empty() || turns.back().role != Role::assistant)
    record.refuse(list, "a last message from the assistant, to be learned",
                  turns.empty() ? "none" : std::string(name_of(turns.back().role)));
  return turns;
}

std::vector<RenderedPart> render(const ChatTemplate& chat, const std::vector<Turn>& turns, const Tokenizer& tokenizer, bool ask,
                                 const std::string& file, const std::string& key) {
  Renderer out(chat, tokenizer);
  const bool has_system = !turns.empty() && turns.front().role == Role::system;
  const std::string system = has_system ? turns.front().content : std::string(chat.default_system);
  if (chat.alternating) require_turns(turns, has_system ? 1 : 0, file, key);
  out.write(chat.start, "", false);
  const bool with_system = has_system || !system.empty();
  if (with_system && !chat.system_in_user) out.write(chat.system, system, false);
  std::string before = with_system && chat.system_in_user ? filled(chat.system, system) : "";
  for (size_t i = has_system ? 1 : 0; i < turns.size(); ++i) {
    if (turns[i].role == Role::user) {
      out.write(chat.user, std::exchange(before, "") + turns[i].content, false);
    } else {
      out.write(chat.opening, "", false);
      out.write(chat.response, turns[i].content, true);
      out.write(chat.closing, "", false);
    }
  }
  if (ask) out.write(chat.opening, "", false);
  return out.take();
}

std::string text_of(const std::vector<RenderedPart>& parts) {
  std::string text;
  for (const RenderedPart& part : parts) text += part.text;
  return text;
}

LearnedIds encode(const std::vector<RenderedPart>& parts, const Tokenizer& tokenizer) {
  LearnedIds out;
  Chunk chunk;
  for (const RenderedPart& part : parts) {
    const auto id = part.special && !tokenizer.finds_special_tokens() ? tokenizer.special_token(part.text) : std::nullopt;
    if (!id) {
      chunk.add(part);
      continue;
    }
    chunk.encode(tokenizer, out);
    out.ids.push_back(*id);
    out.learned.push_back(part.learned);
  }
  chunk.encode(tokenizer, out);
  return out;
}

std::optional<int64_t> end_of_response(const ChatTemplate& chat, const Tokenizer& tokenizer) {
  const std::vector<Turn> turns = {{Role::user, "q"}, {Role::assistant, "r"}};
  std::string end;
  for (const RenderedPart& part : render(chat, turns, tokenizer, /*ask=*/false, "end_of_response", "")) {
    if (part.learned) end = part.special ? part.text : "";
  }
  return end.empty() ? std::nullopt : tokenizer.special_token(end);
}

std::vector<std::string> missing_special_tokens(const ChatTemplate& chat, const Tokenizer& tokenizer) {
  std::vector<std::string> missing;
  for (const std::string_view form : {chat.system, chat.user, chat.opening, chat.response, chat.closing}) {
    for (size_t at = form.find("<|"); at != std::string_view::npos; at = form.find("<|", at + 1)) {
      std::string token(form.substr(at, form.find("|>", at) + 2 - at));
      const bool known = tokenizer.special_token(token) || std::find(missing.begin(), missing.end(), token) != missing.end();
      if (!known) missing.push_back(std::move(token));
    }
  }
  return missing;
}

}  // namespace rolora
