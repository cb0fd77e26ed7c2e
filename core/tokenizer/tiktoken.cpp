// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tiktoken.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <unordered_map>

#include "core/base/error.h"
#include "core/tokenizer/base64.h"
#include "core/tokenizer/byte_level.h"
#include "core/tokenizer/merge_loop.h"
#include "core/tokenizer/pattern.h"
#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

// LLaMA-3's splitting rule (Meta's tokenizer, and the Split of its tokenizer.json).
constexpr std::string_view kWords =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr int64_t kSpecialTokens = 256;
constexpr int64_t kBegin = 0, kEnd = 1;  // places among the special tokens

std::vector<std::string> special_tokens() {
  std::vector<std::string> tokens = {"<|begin_of_text|>", "<|end_of_text|>"};
  int reserved = 0;
  const auto add_reserved = [&](size_t until) {
    while (tokens.size() < until) tokens.push_back("<|reserved_special_token_" + std::to_string(reserved++) + "|>");
  };
  add_reserved(6);
  tokens.insert(tokens.end(), {"<|start_header_id|>", "<|end_header_id|>"});
  add_reserved(9);
  tokens.emplace_back("<|eot_id|>");
  add_reserved(kSpecialTokens);
  return tokens;
}

// Rank files of other models, told by their number of ranks: their splitting rule or special tokens are not LLaMA-3's.
constexpr std::array<std::pair<size_t, std::string_view>, 7> kOthers = {{{50256, "GPT-2's"},
                                                                         {50280, "p50k_base"},
                                                                         {100256, "cl100k_base"},
                                                                         {151643, "Qwen's"},
                                                                         {163584, "Kimi's"},
                                                                         {199998, "o200k_base"},
                                                                         {200000, "LLaMA-4's"}}};

void refuse_others(size_t ranks, const std::string& file) {
  for (const auto& [number, name] : kOthers) {
    if (ranks == number) {
      throw InputError(file, "ranks", "those of a LLaMA-3 tokenizer.model (other models' are read from their tokenizer.json)",
                       std::to_string(ranks) + ", as " + std::string(name));
    }
  }
}

struct Line {
  std::string_view piece, rank;
};

std::optional<Line> cut_line(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const size_t space = line.find(' ');
  if (space == std::string_view::npos || space == 0 || space + 1 == line.size()) return std::nullopt;
  return Line{line.substr(0, space), line.substr(space + 1)};
}

/// Ranks by the bytes of their piece, checked.
class Ranks {
 public:
  Ranks(std::string_view bytes, const std::string& file) {
    for (size_t number = 1; !bytes.empty(); ++number) {
      const size_t end = std::min(bytes.find('\n'), bytes.size());
      const std::string_view line = bytes.substr(0, end);
      bytes.remove_prefix(std::min(end + 1, bytes.size()));
      if (!line.empty() && line != "\r") read_line(line, file, "line " + std::to_string(number));
    }
    pieces_.resize(ranks_.size());
    for (const auto& [piece, rank] : ranks_) {
      if (rank >= pieces_.size() || !pieces_[rank].empty()) {
        throw InputError(file, "ranks", "each from 0 to " + std::to_string(pieces_.size() - 1) + " once",
                         std::to_string(rank) + (rank >= pieces_.size() ? "" : " twice"));
      }
      pieces_[rank] = piece;
    }
    for (int byte = 0; byte < 256; ++byte) {
      const char c = static_cast<char>(byte);
      if (!find({&c, 1})) throw InputError(file, "ranks", "one for each of the 256 bytes", "none for byte " + std::to_string(byte));
    }
  }

  std::optional<uint32_t> find(std::string_view piece) const {
    if (piece.size() > longest_) return std::nullopt;
    const auto entry = ranks_.find(piece);
    return entry == ranks_.end() ? std::nullopt : std::optional<uint32_t>(entry->second);
  }
  const std::vector<std::string_view>& pieces() const { return pieces_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  void read_line(std::string_view text, const std::string& file, const std::string& place) {
    const std::optional<Line> line = cut_line(text);
    const std::optional<std::string> piece = line ? from_base64(line->piece) : std::nullopt;
    uint32_t rank = 0;
    bool good = piece && !piece->empty();
    if (good) {
      const char* end = line->rank.data() + line->rank.size();
      const auto [stop, error] = std::from_chars(line->rank.data(), end, rank);
      good = error == std::errc() && stop == end && rank <= static_cast<uint32_t>(std::numeric_limits<int32_t>::max());
    }
    if (!good) throw InputError(file, place, "base64 of a piece, a blank and its rank", "\"" + printable(text) + "\"");
    longest_ = std::max(longest_, piece->size());
    if (!ranks_.emplace(*piece, rank).second)
      throw InputError(file, place, "a piece of its own", "\"" + printable(text) + "\", whose piece came before");
  }

  std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> ranks_;
  std::vector<std::string_view> pieces_;  ///< by rank
  size_t longest_ = 0;
};

class TiktokenTokenizer final : public Tokenizer {
 public:
  TiktokenTokenizer(std::string_view bytes, const std::string& file)
      : file_(file), ranks_(bytes, file), special_(special_tokens()), words_(Pattern::regex(kWords)) {
    refuse_others(ranks_.pieces().size(), file);
  }

  std::vector<int64_t> encode(std::string_view text, bool special) const override {
    std::vector<int64_t> ids = special ? prefix() : std::vector<int64_t>();
    const std::string valid = replace_invalid_utf8(text);
    if (valid.empty()) return ids;
    for (const Span& span : words_.spans(valid)) encode_word(std::string_view(valid).substr(span.begin, span.end - span.begin), ids);
    return ids;
  }

  std::string decode(const std::vector<int64_t>& ids) const override {
    std::string bytes;
    for (const int64_t id : ids) {
      check_id(id);
      if (id < ranks()) bytes += ranks_.pieces()[static_cast<size_t>(id)];
    }
    return replace_invalid_utf8(bytes);
  }

  std::string piece(int64_t id) const override {
    check_id(id);
    return id < ranks() ? to_byte_level(ranks_.pieces()[static_cast<size_t>(id)]) : special_[static_cast<size_t>(id - ranks())];
  }

  int64_t vocabulary() const override { return ranks() + kSpecialTokens; }
  std::optional<int64_t> bos() const override { return ranks() + kBegin; }
  std::optional<int64_t> eos() const override { return ranks() + kEnd; }
  std::string kind() const override { return "tiktoken llama3"; }
  std::vector<int64_t> prefix() const override { return {ranks() + kBegin}; }
  std::optional<int64_t> special_token(std::string_view text) const override {
    const auto found = std::find(special_.begin(), special_.end(), text);
    return found == special_.end() ? std::nullopt : std::optional<int64_t>(ranks() + (found - special_.begin()));
  }

 private:
  int64_t ranks() const { return static_cast<int64_t>(ranks_.pieces().size()); }

  void check_id(int64_t id) const {
    if (id >= 0 && id < vocabulary()) return;
    throw InputError(file_, "id", "an integer from 0 to " + std::to_string(vocabulary() - 1), std::to_string(id));
  }

  // There is no list of merges: two neighbours merge when their bytes together have a rank. Each symbol's place is its first byte's.
  void encode_word(std::string_view word, std::vector<int64_t>& ids) const {
    if (const auto whole = ranks_.find(word)) {
      ids.push_back(*whole);
      return;
    }
    if (word.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
      throw Error("tokenizer: a word of more than 2 GiB cannot be encoded");
    std::vector<MergeSymbol> symbols;
    symbols.reserve(word.size());
    for (size_t i = 0; i < word.size(); ++i) append_symbol(symbols, *ranks_.find(word.substr(i, 1)));
    merge_symbols(symbols, [&](int32_t left, int32_t right) -> std::optional<Merge> {
      const int32_t behind = symbols[static_cast<size_t>(right)].next;
      const size_t begin = static_cast<size_t>(left), end = behind == MergeSymbol::kNone ? word.size() : static_cast<size_t>(behind);
      const auto rank = ranks_.find(word.substr(begin, end - begin));
      return rank ? std::optional<Merge>(Merge{*rank, *rank}) : std::nullopt;
    });
    for (const MergeSymbol& symbol : symbols) {
      if (!symbol.removed) ids.push_back(symbol.id);
    }
  }

  std::string file_;
  Ranks ranks_;
  std::vector<std::string> special_;
  Pattern words_;
};

}  // namespace

bool looks_like_tiktoken(std::string_view bytes) {
  const std::optional<Line> line = cut_line(bytes.substr(0, bytes.find('\n')));
  return line && line->rank.find_first_not_of("0123456789") == std::string_view::npos &&
         line->piece.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") == std::string_view::npos;
}

std::unique_ptr<Tokenizer> open_tiktoken(std::string_view bytes, const std::string& file) {
  return std::make_unique<TiktokenTokenizer>(bytes, file);
}

}  // namespace rolora
