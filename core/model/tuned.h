// SPDX-License-Identifier: GPL-3.0-or-later
// The mark of a model folder whose weights were tuned: config.json's "rolora": {"tuned": {"how", "sha256", "base_hash", "rotation"}}. Plain
// folders carry it too, where transformers passes over it. What is made from such a folder (rotated, quantized) keeps the mark.
#pragma once

#include <optional>
#include <string>

#include "core/model/config.h"

namespace rolora {

/// The last tuning.
struct TunedMark {
  std::string how;        ///< "lora": an adapter was merged; "full": every weight was trained
  std::string sha256;     ///< of the adapter (adapter_hash) or of training.json
  std::string base_hash;  ///< identity of the model that was tuned, as its other results name it
  std::string rotation;   ///< checksum of the rotation it had by then; empty for a plain one
};

/// Nothing for a folder that was not tuned, or before folders were marked.
std::optional<TunedMark> tuned_mark(const ModelConfig& config);

/// The same from config.json's block "rolora", for its reader: InputError naming the key when the mark is not whole.
std::optional<TunedMark> read_tuned_mark(const JsonObject& own);

/// Puts the mark into a config.json, in place of any other; without one takes it away.
void set_tuned_mark(Json& document, const std::optional<TunedMark>& mark);

}  // namespace rolora
