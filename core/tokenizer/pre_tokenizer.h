// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.json's pre-tokenizers: what cuts the normalized text into the words that the model works on.
#pragma once

#include <memory>
#include <vector>

#include "core/storage/json_file.h"
#include "core/tokenizer/text_piece.h"

namespace rolora {

class PreTokenizer {
 public:
  virtual ~PreTokenizer() = default;
  /// Splits one piece of text that is not empty; appends what comes of it.
  virtual void split(TextPiece piece, std::vector<TextPiece>& out) const = 0;
};

/// From the JSON object of a pre-tokenizer; InputError naming a type that is not supported.
std::unique_ptr<const PreTokenizer> make_pre_tokenizer(const JsonObject& json);

/// `replacement` and `prepend_scheme` of Metaspace, in the old form (add_prefix_space) and the new one.
struct MetaspaceSettings {
  enum class Prepend { always, first, never };
  std::string replacement;
  Prepend prepend = Prepend::always;
};
MetaspaceSettings read_metaspace(const JsonObject& json);

}  // namespace rolora
