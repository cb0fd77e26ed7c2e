// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/decoder.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "core/base/error.h"
#include "core/tokenizer/byte_level.h"
#include "core/tokenizer/normalizer.h"
#include "core/tokenizer/pre_tokenizer.h"
#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

class SequenceDecoder final : public Decoder {
 public:
  explicit SequenceDecoder(const JsonObject& json) {
    for (const JsonObject& part : json.objects("decoders")) parts_.push_back(make_decoder(part));
  }
  std::vector<std::string> apply(std::vector<std::string> pieces) const override {
    for (const auto& part : parts_) pieces = part->apply(std::move(pieces));
    return pieces;
  }

 private:
  std::vector<std::unique_ptr<const Decoder>> parts_;
};

class ReplaceDecoder final : public Decoder {
 public:
  explicit ReplaceDecoder(const JsonObject& json) : pattern_(read_pattern(json)), content_(json.string("content")) {}
  std::vector<std::string> apply(std::vector<std::string> pieces) const override {
    for (std::string& piece : pieces) {
      std::string out;
      for (const Span& span : pattern_.spans(piece)) out += span.match ? content_ : piece.substr(span.begin, span.end - span.begin);
      piece = std::move(out);
    }
    return pieces;
  }

 private:
  Pattern pattern_;
  std::string content_;
};

/// "<0x41>" and its like become bytes; a run of them that is not UTF-8 becomes one U+FFFD a byte.
class ByteFallbackDecoder final : public Decoder {
 public:
  std::vector<std::string> apply(std::vector<std::string> pieces) const override {
    std::vector<std::string> out;
    std::string bytes;
    for (std::string& piece : pieces) {
      if (const auto byte = byte_of(piece)) {
        bytes += static_cast<char>(*byte);
        continue;
      }
      flush(bytes, out);
      out.push_back(std::move(piece));
    }
    flush(bytes, out);
    return out;
  }

 private:
  static std::optional<uint8_t> byte_of(const std::string& piece) {
    if (piece.size() != 6 || !piece.starts_with("<0x") || piece.back() != '>') return std::nullopt;
    const char* begin = piece.data() + (piece[3] == '+' ? 4 : 3);
    const char* end = piece.data() + 5;
    uint8_t value = 0;
    const auto [stop, error] = std::from_chars(begin, end, value, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
  }

  static void flush(std::string& bytes, std::vector<std::string>& out) {
    if (bytes.empty()) return;
    if (is_valid_utf8(bytes)) {
      out.push_back(bytes);
    } else {
      out.insert(out.end(), bytes.size(), std::string(kReplacement));
    }
    bytes.clear();
  }
};

class FuseDecoder final : public Decoder {
 public:
  std::vector<std::string> apply(std::vector<std::string> pieces) const override {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    return {all};
  }
};

/// Takes at most `start` and `stop` of one character from the ends of every piece.
class StripDecoder final : public Decoder {
 public:
  explicit StripDecoder(const JsonObject& json)
      : content_(json.string("content")), start_(json.integer("start", 0, kMost)), stop_(json.integer("stop", 0, kMost)) {
    if (content_.empty() || character_length(content_, 0) != content_.size())
      json.refuse("content", "one character", "\"" + printable(content_) + "\"");
  }
  std::vector<std::string> apply(std::vector<std::string> pieces) const override {
    for (std::string& piece : pieces) {
      std::string_view rest = piece;
      for (int64_t i = 0; i < start_ && rest.starts_with(content_); ++i) rest.remove_prefix(content_.size());
      for (int64_t i = 0; i < stop_ && rest.ends_with(content_); ++i) rest.remove_suffix(content_.size());
      piece = std::string(rest);
    }
    return pieces;
  }

 private:
  static constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
  std::string content_;
  int64_t start_, stop_;
};

class ByteLevelDecoder final : public Decoder {
 public:
  std::vector<std::string> apply(std::vector<std::string> pieces) const override {
    std::string bytes;
    for (const std::string& piece : pieces) {
      const std::optional<std::string> raw = from_byte_level(piece);
      bytes += raw ? *raw : piece;  // added tokens are not written in the byte-level alphabet
    }
    return {replace_invalid_utf8(bytes)};
  }
};

class MetaspaceDecoder final : public Decoder {
 public:
  explicit MetaspaceDecoder(const JsonObject& json) : settings_(read_metaspace(json)), mark_(Pattern::literal(settings_.replacement)) {}
  std::vector<std::string> apply(std::vector<std::string> pieces) const override {
    const bool drop_first = settings_.prepend != MetaspaceSettings::Prepend::never;
    for (size_t i = 0; i < pieces.size(); ++i) {
      std::string out;
      for (const Span& span : mark_.spans(pieces[i])) {
        if (!span.match) {
          out += pieces[i].substr(span.begin, span.end - span.begin);
        } else if (i > 0 || !drop_first) {
          out += ' ';
        }
      }
      pieces[i] = std::move(out);
    }
    return pieces;
  }

 private:
  MetaspaceSettings settings_;
  Pattern mark_;
};

/// The end-of-word suffix becomes a space, and nothing in the last piece.
class BpeDecoder final : public Decoder {
 public:
  explicit BpeDecoder(const JsonObject& json) : suffix_(Pattern::literal(json.string("suffix"))) {}
  std::vector<std::string> apply(std::vector<std::string> pieces) const override {
    for (size_t i = 0; i < pieces.size(); ++i) {
      std::string out;
      for (const Span& span : suffix_.spans(pieces[i])) {
        if (!span.match) {
          out += pieces[i].substr(span.begin, span.end - span.begin);
        } else if (i + 1 < pieces.size()) {
          out += ' ';
        }
      }
      pieces[i] = std::move(out);
    }
    return pieces;
  }

 private:
  Pattern suffix_;
};

}  // namespace

std::unique_ptr<const Decoder> make_decoder(const JsonObject& json) {
  const std::string type = json.string("type");
  if (type == "Sequence") return std::make_unique<SequenceDecoder>(json);
  if (type == "Replace") return std::make_unique<ReplaceDecoder>(json);
  if (type == "ByteFallback") return std::make_unique<ByteFallbackDecoder>();
  if (type == "Fuse") return std::make_unique<FuseDecoder>();
  if (type == "Strip") return std::make_unique<StripDecoder>(json);
  if (type == "ByteLevel") return std::make_unique<ByteLevelDecoder>();
  if (type == "Metaspace") return std::make_unique<MetaspaceDecoder>(json);
  if (type == "BPEDecoder") return std::make_unique<BpeDecoder>(json);
  json.refuse("type", "Sequence, Replace, ByteFallback, Fuse, Strip, ByteLevel, Metaspace or BPEDecoder", printable(type));
}

}  // namespace rolora
