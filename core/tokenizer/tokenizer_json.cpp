// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer_json.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/storage/json_file.h"
#include "core/storage/small_json.h"
#include "core/tokenizer/added_tokens.h"
#include "core/tokenizer/decoder.h"
#include "core/tokenizer/normalizer.h"
#include "core/tokenizer/post_processor.h"
#include "core/tokenizer/pre_tokenizer.h"
#include "core/tokenizer/token_model.h"
#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

template <class Component>
std::unique_ptr<const Component> component(const JsonObject& root, std::string_view key,
                                           std::unique_ptr<const Component> (*make)(const JsonObject&)) {
  return root.has(key) ? make(root.object(key)) : nullptr;
}

/// bos_token or eos_token of tokenizer_config.json: a string, an object with `content`, or null. Outer nothing: the key is not there.
std::optional<std::optional<std::string>> configured_token(const JsonObject& config, const Json& document, const std::string& key) {
  if (!document.contains(key)) return std::nullopt;
  if (!config.has(key)) return std::optional<std::string>();
  if (config.raw(key).is_string()) return config.string(key);
  return config.object(key).string("content");
}

class JsonTokenizer final : public Tokenizer {
 public:
  JsonTokenizer(const JsonObject& root, const std::filesystem::path& folder)
      : file_(root.file()),
        normalizer_(component(root, "normalizer", make_normalizer)),
        pre_tokenizer_(component(root, "pre_tokenizer", make_pre_tokenizer)),
        model_(make_token_model(root.object("model"))),
        added_(root, *model_, normalizer_.get()),
        post_processor_(component(root, "post_processor", make_post_processor)),
        decoder_(component(root, "decoder", make_decoder)) {
    check_post_processor();
    find_edges();
    read_config(folder / "tokenizer_config.json");
  }

  std::vector<int64_t> encode(std::string_view text, bool special) const override {
    std::vector<int64_t> ids;
    for (TextPiece& piece : added_.extract(whole_text(replace_invalid_utf8(text)), normalizer_.get())) {
      if (piece.token >= 0) {
        ids.push_back(piece.token);
      } else if (pre_tokenizer_) {
        std::vector<TextPiece> words;
        pre_tokenizer_->split(std::move(piece), words);
        for (const TextPiece& word : words) model_->encode(word.text, ids);
      } else {
        model_->encode(piece.text, ids);
      }
    }
    return post_process(std::move(ids), special);
  }

  // Special tokens are skipped as the reference library (0.23) skips them: by comparing what it prints, so that a special token which the
  // normalizer changed ("▁<unk>") is printed.
  std::string decode(const std::vector<int64_t>& ids) const override {
    std::vector<std::string> pieces;
    for (const int64_t id : ids) {
      check_id(id);
      const AddedToken* added = added_.find(id);
      const std::string* text = added != nullptr ? &added->matched : model_->piece_of(id);
      if (text == nullptr || added_.is_special(*text)) continue;  // ids between the pieces print nothing
      pieces.push_back(*text);
    }
    if (decoder_) pieces = decoder_->apply(std::move(pieces));
    std::string out;
    for (size_t i = 0; i < pieces.size(); ++i) out += (i > 0 && !decoder_ ? " " : "") + pieces[i];
    return out;
  }

  std::string piece(int64_t id) const override {
    check_id(id);
    const AddedToken* added = added_.find(id);
    const std::string* text = added != nullptr ? &added->content : model_->piece_of(id);
    return text == nullptr ? "" : *text;
  }

  int64_t vocabulary() const override { return added_.largest_id() + 1; }
  std::optional<int64_t> bos() const override { return bos_; }
  std::optional<int64_t> eos() const override { return eos_; }
  std::string kind() const override { return "tokenizer.json " + std::string(model_->name()); }
  std::vector<int64_t> prefix() const override { return prefix_; }
  std::optional<int64_t> special_token(std::string_view text) const override {
    return added_.is_special(std::string(text)) ? added_.id_of(text) : std::nullopt;
  }
  bool finds_special_tokens() const override { return true; }

 private:
  std::vector<int64_t> post_process(std::vector<int64_t> ids, bool special) const {
    if (!post_processor_) return ids;
    std::vector<std::vector<int64_t>> parts;
    parts.push_back(std::move(ids));
    post_processor_->apply(parts, special);
    if (parts.size() == 1) return std::move(parts.front());
    std::vector<int64_t> all;
    for (const std::vector<int64_t>& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
  }

  void check_id(int64_t id) const {
    if (id >= 0 && id < vocabulary()) return;
    throw InputError(file_, "id", "an integer from 0 to " + std::to_string(vocabulary() - 1), std::to_string(id));
  }

  // A post-processor may name ids that no piece has.
  void check_post_processor() const {
    for (const int64_t id : post_process({}, true)) {
      if (id >= vocabulary()) {
        throw InputError(file_, "post_processor", "ids below " + std::to_string(vocabulary()), std::to_string(id));
      }
    }
  }

  // What stands before and after the text: -1 marks its place.
  void find_edges() {
    const std::vector<int64_t> around = post_process({-1}, true);
    const auto text = std::find(around.begin(), around.end(), -1);
    prefix_.assign(around.begin(), text == around.end() ? around.begin() : text);
    if (!prefix_.empty()) bos_ = prefix_.front();
    if (text != around.end() && text + 1 != around.end()) eos_ = around.back();
  }

  void read_config(const std::filesystem::path& file) {
    if (!std::filesystem::exists(file)) return;
    const Json document = read_json_file(file, kSmallJson);
    const JsonObject config(document, file.string());
    const auto id_of = [&](const std::optional<std::string>& name) -> std::optional<int64_t> {
      if (!name) return std::nullopt;
      const auto added = added_.id_of(*name);
      return added ? added : model_->id_of(*name);
    };
    if (const auto name = configured_token(config, document, "bos_token")) bos_ = id_of(*name);
    if (const auto name = configured_token(config, document, "eos_token")) eos_ = id_of(*name);
  }

  std::string file_;
  std::unique_ptr<const Normalizer> normalizer_;
  std::unique_ptr<const PreTokenizer> pre_tokenizer_;
  std::unique_ptr<const TokenModel> model_;
  AddedTokens added_;
  std::unique_ptr<const PostProcessor> post_processor_;
  std::unique_ptr<const Decoder> decoder_;
  std::vector<int64_t> prefix_;
  std::optional<int64_t> bos_, eos_;
};

}  // namespace

std::unique_ptr<Tokenizer> open_tokenizer_json(const std::filesystem::path& file) {
  const Json document = read_json_file(file);
  const JsonObject root(document, file.string());
  const std::string version = root.string_or("version", "1.0");
  if (version != "1.0") root.refuse("version", "1.0", printable(version));
  for (const std::string_view key : {"truncation", "padding"}) {
    if (root.has(key)) root.object(key);  // must be an object; see the header for why it is not applied
  }
  return std::make_unique<JsonTokenizer>(root, file.parent_path());
}

}  // namespace rolora
