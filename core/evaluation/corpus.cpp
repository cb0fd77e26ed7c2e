// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/evaluation/corpus.h"

#include <ATen/Functions.h>
#include <torch/types.h>

#include <algorithm>

#include "core/base/error.h"
#include "core/storage/atomic_file.h"
#include "core/storage/json_file.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

constexpr int64_t kUsualContext = 2048;  // of GPTQ's and QuaRot's perplexity tables

// Calls `use(line, number)` for every line, without its newline; lines end at \n only. Returns whether the last one ended in a newline.
template <class Use>
bool for_each_line(std::string_view text, Use use) {
  int64_t number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    use(text.substr(begin, end - begin), ++number);
    if (end == std::string_view::npos) return false;
    begin = end + 1;
  }
  return true;
}

std::string join_with_newlines(std::string_view text) {
  std::string out;
  const bool ended = for_each_line(text, [&](std::string_view line, int64_t number) {
    if (number > 1) out += "\n\n";
    out += line;
    out += '\n';
  });
  if (!ended) out.pop_back();
  return out;
}

std::string join_with_spaces(std::string_view text) {
  std::string out;
  for_each_line(text, [&](std::string_view line, int64_t number) {
    if (number > 1) out += ' ';
    out += line;
  });
  return out;
}

std::string join_documents(std::string_view text, const std::string& file) {
  std::string out;
  bool first = true;
  for_each_line(text, [&](std::string_view line, int64_t number) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return;
    const std::string where = file + ": line " + std::to_string(number);
    const Json document = parse_json(line, where);
    if (!first) out += ' ';
    out += JsonObject(document, where).string("text");
    first = false;
  });
  return out;
}

// "1 token", "7 tokens"
std::string counted_tokens(const IdStream& stream) {
  return std::to_string(stream.ids.size()) + (stream.ids.size() == 1 ? " token" : " tokens");
}

}  // namespace

Corpus parse_corpus(const std::string& name) {
  if (name == "text") return Corpus::text;
  if (name == "wikitext2") return Corpus::wikitext2;
  if (name == "c4") return Corpus::c4;
  if (name == "ptb") return Corpus::ptb;
  throw UsageError("--corpus: expected text, wikitext2, c4 or ptb, found " + printable(name));
}

std::string read_corpus(const std::filesystem::path& file, Corpus corpus) {
  std::string text = read_file(file);
  switch (corpus) {
    case Corpus::text:
      break;
    case Corpus::wikitext2:
      return join_with_newlines(text);
    case Corpus::c4:
      return join_documents(text, file.string());
    case Corpus::ptb:
      return join_with_spaces(text);
  }
  return text;
}

IdStream ids_of_text(const std::filesystem::path& file, Corpus corpus, const Tokenizer& tokenizer) {
  IdStream stream;
  stream.source = file.string();
  stream.text_hash = sha256_of_file(file);
  stream.ids = tokenizer.prefix();
  const std::vector<int64_t> ids = tokenizer.encode(read_corpus(file, corpus), false);
  stream.ids.insert(stream.ids.end(), ids.begin(), ids.end());
  return stream;
}

IdStream ids_of_file(const std::filesystem::path& file, int64_t vocabulary) {
  const std::string text = read_file(file);
  const Json document = parse_json(text, file.string());
  const JsonObject object(document, file.string());
  IdStream stream{object.integers("ids"), file.string(), sha256_of_text(text)};
  const auto outside = std::find_if(stream.ids.begin(), stream.ids.end(), [&](int64_t id) { return id < 0 || id >= vocabulary; });
  if (outside != stream.ids.end()) {
    object.refuse("ids[" + std::to_string(outside - stream.ids.begin()) + "]", "an integer from 0 to " + std::to_string(vocabulary - 1),
                  std::to_string(*outside));
  }
  return stream;
}

int64_t default_context(const ModelConfig& config, std::optional<int64_t> asked) {
  if (!asked) return std::min(kUsualContext, config.context);
  if (*asked < 2) throw UsageError("--context: expected at least 2, found " + std::to_string(*asked));
  return *asked;
}

Windows whole_windows(const IdStream& stream, int64_t context, int64_t most, std::string_view setting) {
  if (static_cast<int64_t>(stream.ids.size()) >= context) return cut_windows(stream, context, /*keep_tail=*/false, most);
  throw InputError(stream.source, "text", "at least one window of " + std::string(setting) + " " + std::to_string(context) + " tokens",
                   counted_tokens(stream));
}

Windows cut_windows(const IdStream& stream, int64_t context, bool keep_tail, int64_t most) {
  if (context < 2) throw UsageError("--context: expected at least 2, found " + std::to_string(context));
  const auto tokens = static_cast<int64_t>(stream.ids.size());
  const int64_t all = tokens / context, used = most > 0 ? std::min(all, most) : all;
  const bool with_tail = keep_tail && used == all && tokens - all * context >= 2 && (most <= 0 || all < most);
  if (used == 0 && !with_tail) {
    throw InputError(stream.source, "text",
                     keep_tail
                         ? "at least 2 tokens"
                         : "at least one window of --context " + std::to_string(context) + " tokens (--keep-tail takes a shorter text)",
                     counted_tokens(stream));
  }
  const at::Tensor ids = at::tensor(stream.ids, at::kLong);  // [tokens]
  Windows windows;
  windows.context = context;
  windows.full = ids.narrow(0, 0, used * context).view({used, context}).clone();
  if (with_tail) windows.tail = ids.narrow(0, all * context, tokens - all * context).clone();
  return windows;
}

}  // namespace rolora
