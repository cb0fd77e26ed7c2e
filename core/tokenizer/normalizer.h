// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.json's normalizers: what changes the characters before anything is split.
#pragma once

#include <memory>

#include "core/storage/json_file.h"
#include "core/tokenizer/text_piece.h"

namespace rolora {

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual void apply(TextPiece& piece) const = 0;
};

/// From the JSON object of a normalizer; InputError naming a type that is not supported.
std::unique_ptr<const Normalizer> make_normalizer(const JsonObject& json);

/// The `pattern` of Replace and Split: {"String": …} or {"Regex": …}.
Pattern read_pattern(const JsonObject& json);

}  // namespace rolora
