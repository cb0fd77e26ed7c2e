// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/sentencepiece.h"

#include "core/base/error.h"
#include "core/storage/atomic_file.h"
#include "core/tokenizer/sentencepiece_file.h"
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
      : file_(std::move(file)), type_(check_sentencepiece_model(bytes, file_).type) {
    const sentencepiece::util::Status status = processor_.LoadFromSerializedProto(bytes);
    if (!status.ok()) throw InputError(file_, "model", "a SentencePiece model", printable(status.ToString(), 200));
    if (processor_.GetPieceSize() <= 0) throw InputError(file_, "pieces", "a vocabulary", "none");
  }

  std::vector<int64_t> encode(std::string_view text, bool special) const override {
    std::vector<int> ids;
    const sentencepiece::util::Status status = processor_.Encode(absl::string_view(text.data(), text.size()), &ids);
    if (!status.ok()) throw Error("sentencepiece: encoding failed: " + printable(status.ToString(), 200));
    std::vector<int64_t> out = special ? prefix() : std::vector<int64_t>();
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
    const sentencepiece::util::Status status = processor_.Decode(narrow, &text);
    if (!status.ok()) throw Error("sentencepiece: decoding failed: " + printable(status.ToString(), 200));
    return text;
  }

  std::string piece(int64_t id) const override {
    check_id(id);
    return processor_.IdToPiece(static_cast<int>(id));
  }

  int64_t vocabulary() const override { return processor_.GetPieceSize(); }
  std::optional<int64_t> bos() const override { return defined(processor_.bos_id()); }
  std::optional<int64_t> eos() const override { return defined(processor_.eos_id()); }
  std::string kind() const override { return "sentencepiece " + std::string(name_of(type_)); }
  std::vector<int64_t> prefix() const override {
    const auto id = bos();
    return id ? std::vector<int64_t>{*id} : std::vector<int64_t>();
  }
  std::optional<int64_t> special_token(std::string_view text) const override {
    const int id = processor_.PieceToId(absl::string_view(text.data(), text.size()));
    return id >= 0 && id < vocabulary() && processor_.IsControl(id) ? std::optional<int64_t>(id) : std::nullopt;
  }

 private:
  static std::optional<int64_t> defined(int id) { return id >= 0 ? std::optional<int64_t>(id) : std::nullopt; }

  void check_id(int64_t id) const {
    if (id >= 0 && id < vocabulary()) return;
    throw InputError(file_, "id", "an integer from 0 to " + std::to_string(vocabulary() - 1), std::to_string(id));
  }

  std::string file_;
  SentencePieceType type_;
  sentencepiece::SentencePieceProcessor processor_;
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
