// SPDX-License-Identifier: GPL-3.0-or-later
// The part of a tokenizer.json that turns words into ids.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/storage/json_file.h"

namespace rolora {

class TokenModel {
 public:
  virtual ~TokenModel() = default;
  /// Appends the ids of one word (valid UTF-8).
  virtual void encode(std::string_view word, std::vector<int64_t>& ids) const = 0;
  virtual std::optional<int64_t> id_of(std::string_view piece) const = 0;
  /// nullptr when no piece has this id.
  virtual const std::string* piece_of(int64_t id) const = 0;
  virtual int64_t size() const = 0;  ///< number of pieces
  virtual int64_t largest_id() const = 0;
  virtual std::string_view name() const = 0;  ///< "bpe", "unigram"
};

/// From the JSON object `model`; InputError naming a type that is not supported.
std::unique_ptr<const TokenModel> make_token_model(const JsonObject& json);

/// Id of the piece that stands for one byte, "<0x0A>"; nothing when the vocabulary has none.
std::optional<int64_t> byte_piece(const TokenModel& model, uint8_t byte);

}  // namespace rolora
