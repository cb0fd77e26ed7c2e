// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.json's post-processors: the special tokens put around the ids.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/storage/json_file.h"

namespace rolora {

class PostProcessor {
 public:
  virtual ~PostProcessor() = default;
  /// Works on the parts of the result so far (one, the text's ids, to begin with). Special tokens are added only when `special` is set.
  virtual void apply(std::vector<std::vector<int64_t>>& parts, bool special) const = 0;
};

/// From the JSON object of a post-processor; InputError naming a type that is not supported.
std::unique_ptr<const PostProcessor> make_post_processor(const JsonObject& json);

}  // namespace rolora
