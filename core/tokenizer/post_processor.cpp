// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/post_processor.h"

#include <limits>
#include <map>
#include <string>

#include "core/base/error.h"

namespace rolora {
namespace {

constexpr int64_t kLargestId = std::numeric_limits<int32_t>::max();

class SequenceProcessor final : public PostProcessor {
 public:
  explicit SequenceProcessor(const JsonObject& json) {
    for (const JsonObject& part : json.objects("processors")) parts_.push_back(make_post_processor(part));
  }
  void apply(std::vector<std::vector<int64_t>>& parts, bool special) const override {
    for (const auto& part : parts_) part->apply(parts, special);
  }

 private:
  std::vector<std::unique_ptr<const PostProcessor>> parts_;
};

/// ByteLevel corrects offsets, which this program does not keep.
class NoProcessor final : public PostProcessor {
 public:
  void apply(std::vector<std::vector<int64_t>>&, bool) const override {}
};

/// A template of special tokens and sequences: `single` for one part, `pair` for two.
class TemplateProcessor final : public PostProcessor {
 public:
  explicit TemplateProcessor(const JsonObject& json) : file_(json.file()), key_(json.key_path("single")) {
    std::map<std::string, std::vector<int64_t>> tokens;
    const JsonObject declared = json.object("special_tokens");
    for (const auto& [name, unused] : json.raw("special_tokens").items()) {
      std::vector<int64_t> ids = declared.object(name).integers("ids");
      for (const int64_t id : ids) {
        if (id < 0 || id > kLargestId) declared.refuse(name, "ids from 0 to 2147483647", std::to_string(id));
      }
      tokens.emplace(name, std::move(ids));
    }
    single_ = read(json, "single", 1, tokens);
    pair_ = read(json, "pair", 2, tokens);
  }

  void apply(std::vector<std::vector<int64_t>>& parts, bool special) const override {
    if (parts.empty() || parts.size() > 2)
      throw InputError(file_, key_, "a template for one or two sequences", std::to_string(parts.size()));
    std::vector<std::vector<int64_t>> out;
    for (const Piece& piece : parts.size() == 1 ? single_ : pair_) {
      if (piece.sequence) {
        out.push_back(parts[*piece.sequence]);
      } else if (special) {
        out.push_back(piece.ids);
      }
    }
    parts = std::move(out);
  }

 private:
  struct Piece {
    std::optional<size_t> sequence;
    std::vector<int64_t> ids;
  };

  static std::vector<Piece> read(const JsonObject& json, std::string_view key, size_t sequences,
                                 const std::map<std::string, std::vector<int64_t>>& tokens) {
    std::vector<Piece> pieces;
    for (const JsonObject& part : json.objects(key)) {
      if (part.has("Sequence")) {
        const std::string id = part.object("Sequence").string("id");
        const size_t index = id == "A" ? 0 : 1;
        if ((id != "A" && id != "B") || index >= sequences)
          part.object("Sequence").refuse("id", sequences == 1 ? "A" : "A or B", printable(id));
        pieces.push_back({index, {}});
        continue;
      }
      const JsonObject token = part.object("SpecialToken");
      const auto ids = tokens.find(token.string("id"));
      if (ids == tokens.end()) token.refuse("id", "a name of special_tokens", printable(token.string("id")));
      pieces.push_back({std::nullopt, ids->second});
    }
    return pieces;
  }

  std::string file_, key_;
  std::vector<Piece> single_, pair_;
};

/// BERT: cls text sep, text sep …; RoBERTa: cls text sep, sep text sep ….
class ClsSepProcessor final : public PostProcessor {
 public:
  ClsSepProcessor(const JsonObject& json, bool roberta) : cls_(id(json, "cls")), sep_(id(json, "sep")), roberta_(roberta) {}
  void apply(std::vector<std::vector<int64_t>>& parts, bool special) const override {
    if (!special) return;
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i == 0 || roberta_) parts[i].insert(parts[i].begin(), i == 0 ? cls_ : sep_);
      parts[i].push_back(sep_);
    }
  }

 private:
  static int64_t id(const JsonObject& json, std::string_view key) {
    const Json& pair = json.raw(key);
    const bool good = pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_number_unsigned() &&
                      pair[1].get<uint64_t>() <= static_cast<uint64_t>(kLargestId);
    if (!good) json.refuse(key, "[\"token\", id]", printable(pair.dump()));
    return pair[1].get<int64_t>();
  }

  int64_t cls_, sep_;
  bool roberta_;
};

}  // namespace

std::unique_ptr<const PostProcessor> make_post_processor(const JsonObject& json) {
  const std::string type = json.string("type");
  if (type == "Sequence") return std::make_unique<SequenceProcessor>(json);
  if (type == "ByteLevel") return std::make_unique<NoProcessor>();
  if (type == "TemplateProcessing") return std::make_unique<TemplateProcessor>(json);
  if (type == "BertProcessing") return std::make_unique<ClsSepProcessor>(json, false);
  if (type == "RobertaProcessing") return std::make_unique<ClsSepProcessor>(json, true);
  json.refuse("type", "Sequence, ByteLevel, TemplateProcessing, BertProcessing or RobertaProcessing", printable(type));
}

}  // namespace rolora
