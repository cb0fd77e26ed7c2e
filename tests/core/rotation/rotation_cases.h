// SPDX-License-Identifier: GPL-3.0-or-later
// Small models that have everything a rotation touches, and the settings it can have.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/model/checkpoint.h"
#include "core/rotation/rotated_source.h"
#include "tests/support/random_model.h"

namespace rolora::test {

/// Width 24 = PaleyI(11) x 2, intermediate 40 = PaleyI(19) x 2, heads of 6 (no Hadamard matrix: the fallback), grouped heads.
inline Json config_with(bool tied, bool biases) {
  Json config = small_config();
  config["tie_word_embeddings"] = tied;
  config["attention_bias"] = biases;
  config["mlp_bias"] = biases;
  return config;
}

inline std::shared_ptr<const Checkpoint> open_random_model(const TempFolder& folder, const Json& config,
                                                           at::ScalarType type = at::kDouble) {
  write_random_model(folder.path(), config, /*seed=*/7, type);
  return std::make_shared<const Checkpoint>(folder.path());
}

struct NamedSettings {
  std::string name;
  RotationSettings settings;
};

inline RotationSettings settings_of(OrthogonalKind r1, bool r2, bool r3, OrthogonalKind r4, bool r4_signs = false) {
  RotationSettings s;
  s.r1 = r1;
  s.r2 = r2;
  s.r3 = r3;
  s.r4 = r4;
  s.r4_signs = r4_signs;
  s.seed = 11;
  return s;
}

inline std::vector<NamedSettings> all_settings() {
  constexpr OrthogonalKind none = OrthogonalKind::none, had = OrthogonalKind::hadamard, orth = OrthogonalKind::orthogonal;
  std::vector<NamedSettings> list = {{"R1", settings_of(had, false, false, none)},
                                     {"R1 orthogonal", settings_of(orth, false, false, none)},
                                     {"R2", settings_of(none, true, false, none)},
                                     {"R3", settings_of(none, false, true, none)},
                                     {"R4", settings_of(none, false, false, had)},
                                     {"R4 with signs", settings_of(none, false, false, had, true)},
                                     {"R4 orthogonal", settings_of(none, false, false, orth)},
                                     {"R1 R4", settings_of(had, false, false, had)},
                                     {"R1 R2 R3 R4", settings_of(had, true, true, had, true)},
                                     {"all orthogonal", settings_of(orth, true, true, orth)}};
  RotationSettings fold = settings_of(none, false, false, none);
  fold.fold_only = true;
  list.push_back({"fold only", fold});
  return list;
}

inline std::vector<int64_t> ids_of(const at::Tensor& ids) {
  const at::Tensor flat = ids.reshape({-1}).contiguous();
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}

}  // namespace rolora::test
