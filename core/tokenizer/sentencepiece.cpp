// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/sentencepiece.h"

#include <vector>

#include "core/base/error.h"
#include "core/storage/atomic_file.h"
#include "core/tokenizer/sentencepiece_file.h"
#include "core/tokenizer/sentencepiece_unigram.h"
#include "core/tokenizer/tiktoken.h"

#ifdef ROLORA_HAS_SENTENCEPIECE
#include <sentencepiece_processor.h>
#endif

namespace rolora {
namespace {

constexpr uint64_t kLargestModel = 256ull << 20;

#ifdef ROLORA_HAS_SENTENCEPIECE

class SentencePieceTokenizer final : public Tokenizer {
 public:
  SentencePieceTokenizer(const std::string& bytes, std::string file)
      : file_(std::move(file)), summary_(check_sentencepiece_model(bytes, file_)) {
    load(bytes);
    if (processor_.GetPieceSize() != summary_.pieces)
      throw InputError(file_, "pieces", std::to_string(summary_.pieces) + ", as the file lists", std::to_string(processor_.GetPieceSize()));
    if (summary_.type == SentencePieceType::unigram) unigram_.emplace(pieces_of_unigram(), processor_.unk_id());
  }

  std::vector<int64_t> encode(std::string_view text, bool special) const override {
    std::vector<int64_t> out = special ? prefix() : std::vector<int64_t>();
    if (unigram_) {
      unigram_->encode(normalized(text), out);
      return out;
    }
    std::vector<int> ids;
    require(processor_.Encode(absl::string_view(text.data(), text.size()), &ids), "encoding");
    out.insert(out.end(), ids.begin(), ids.end());
    return out;
  }

  std::string decode(const std::vector<int64_t>& ids) const override {
    std::vector<int> narrow;
    narrow.reserve(ids.size());
    for (const int64_t id : ids) {
      check_id(id);
      narrow.push_back(static_cast<int>(id));
    }
    std::string text;
    require(processor_.Decode(narrow, &text), "decoding");
    return text;
  }

  std::string piece(int64_t id) const override {
    check_id(id);
    return processor_.IdToPiece(static_cast<int>(id));
  }

  int64_t vocabulary() const override { return processor_.GetPieceSize(); }
  std::optional<int64_t> bos() const override { return defined(processor_.bos_id()); }
  std::optional<int64_t> eos() const override { return defined(processor_.eos_id()); }
  std::string kind() const override { return "sentencepiece " + std::string(name_of(summary_.type)); }
  std::vector<int64_t> prefix() const override {
    const auto id = bos();
    return id ? std::vector<int64_t>{*id} : std::vector<int64_t>();
  }
  std::optional<int64_t> special_token(std::string_view text) const override {
    const int id = processor_.PieceToId(absl::string_view(text.data(), text.size()));
    return id >= 0 && id < vocabulary() && processor_.IsControl(id) ? std::optional<int64_t>(id) : std::nullopt;
  }

 private:
  static void require(const sentencepiece::util::Status& status, const char* what) {
    if (!status.ok()) throw Error("sentencepiece: " + std::string(what) + " failed: " + printable(status.ToString(), 200));
  }

  // The library tells most of what it cannot use by its status, the rest by exceptions of its parts.
  void load(const std::string& bytes) {
    std::string reason;
    try {
      const sentencepiece::util::Status status = processor_.LoadFromSerializedProto(bytes);
      if (status.ok()) return;
      reason = status.ToString();
    } catch (const std::exception& e) {
      reason = e.what();
    }
    throw InputError(file_, "model", "a SentencePiece model", printable(reason, 200));
  }

  std::vector<SentencePieceUnigram::Piece> pieces_of_unigram() const {
    std::vector<SentencePieceUnigram::Piece> pieces;
    for (int id = 0; id < processor_.GetPieceSize(); ++id)
      pieces.push_back({processor_.IdToPiece(id), processor_.GetScore(id), summary_.types[static_cast<size_t>(id)]});
    return pieces;
  }

  // What the library segments: the pieces that it finds, one behind the other.
  std::string normalized(std::string_view text) const {
    sentencepiece::ImmutableSentencePieceText found;
    require(processor_.Encode(absl::string_view(text.data(), text.size()), found.mutable_proto()), "encoding");
    std::string out;
    for (const auto& piece : found.pieces()) {
      if (summary_.types[piece.id()] == PieceType::byte) {
        out += unigram_->byte_of(piece.id());
      } else {
        out += piece.piece();
      }
    }
    return out;
  }

  static std::optional<int64_t> defined(int id) { return id >= 0 ? std::optional<int64_t>(id) : std::nullopt; }

  void check_id(int64_t id) const {
    if (id >= 0 && id < vocabulary()) return;
    throw InputError(file_, "id", "an integer from 0 to " + std::to_string(vocabulary() - 1), std::to_string(id));
  }

  std::string file_;
  SentencePieceSummary summary_;
  sentencepiece::SentencePieceProcessor processor_;
  std::optional<SentencePieceUnigram> unigram_;  ///< the library's own segmentation is that of the version that is installed
};

#endif

}  // namespace

std::unique_ptr<Tokenizer> open_sentencepiece(const std::filesystem::path& file) {
  const std::string bytes = read_file(file, kLargestModel);
  if (looks_like_tiktoken(bytes)) return open_tiktoken(bytes, file.string());
#ifdef ROLORA_HAS_SENTENCEPIECE
  return std::make_unique<SentencePieceTokenizer>(bytes, file.string());
#else
  check_sentencepiece_model(bytes, file.string());
  throw InputError(file.string(), "model", "a tokenizer.json (this build has no SentencePiece)", "a SentencePiece model");
#endif
}

}  // namespace rolora
