// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/token_model.h"

#include "core/base/error.h"
#include "core/tokenizer/bpe.h"
#include "core/tokenizer/unigram.h"

namespace rolora {

std::unique_ptr<const TokenModel> make_token_model(const JsonObject& json) {
  // Old files (GPT-2's) do not name the type; what they hold tells it.
  const bool list = json.has("vocab") && json.raw("vocab").is_array();
  const std::string type = json.string_or("type", json.has("merges") ? "BPE" : list ? "Unigram" : "none");
  if (type == "BPE") return std::make_unique<BpeModel>(json);
  if (type == "Unigram") return make_unigram_model(json);
  json.refuse("type", "BPE or Unigram", printable(type));
}

std::optional<int64_t> byte_piece(const TokenModel& model, uint8_t byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const char piece[] = {'<', '0', 'x', digits[byte >> 4], digits[byte & 15], '>'};
  return model.id_of({piece, sizeof piece});
}

}  // namespace rolora
