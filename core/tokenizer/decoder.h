// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.json's decoders: pieces back to text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/storage/json_file.h"

namespace rolora {

class Decoder {
 public:
  virtual ~Decoder() = default;
  /// Pieces in, pieces out (perhaps fewer); the text is what they give put together.
  virtual std::vector<std::string> apply(std::vector<std::string> pieces) const = 0;
};

/// From the JSON object of a decoder; InputError naming a type that is not supported.
std::unique_ptr<const Decoder> make_decoder(const JsonObject& json);

}  // namespace rolora
