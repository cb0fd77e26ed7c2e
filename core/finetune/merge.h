// SPDX-License-Identifier: GPL-3.0-or-later
// An adapter folded into its base: W + scaling·B A.
#pragma once

#include <filesystem>

#include "core/finetune/finetune.h"

namespace rolora {

struct MergeResult {
  double difference = 0;         ///< relative L2 of the logits, merged weights in the arithmetic's type against base with adapter beside it
  double difference_stored = 0;  ///< the same for the folder as written, after rounding to its stored type
  double bound = 0;              ///< of `difference`
  int64_t tokens = 0;            ///< seeded random ids that the logits were compared on
};

/// Merges in fp64, rounds once to `store` and writes a folder of the base's kind (plain or rotated), marked as tuned. The arithmetic of the
/// check is fp32 (fp64 if asked for). GateError when the merged model differs by more than 1e-5 before storing; nothing is written then.
MergeResult merge(const FinetuneBase& base, const Adapter& adapter, const std::filesystem::path& out, at::ScalarType store, bool force,
                  const Compute& compute, Monitor& monitor);

}  // namespace rolora
