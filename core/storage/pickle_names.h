// SPDX-License-Identifier: GPL-3.0-or-later
// Names of functions and classes in pickles. Private to storage.
#pragma once

#include <string_view>

#include "core/storage/stored_type.h"

namespace rolora {

inline constexpr std::string_view kOrderedDict = "collections.OrderedDict", kTensor = "torch._utils._rebuild_tensor_v2",
                                  kOldTensor = "torch._utils._rebuild_tensor", kParameter = "torch._utils._rebuild_parameter";

const StoredType* find_storage(std::string_view name);  ///< null when it is none
/// One of the names that this program reads.
bool describes_tensors(std::string_view name);
/// By and large, a name of the list that torch.load(…, weights_only=True) has.
bool is_read_by_torch(std::string_view name);
/// A pickled module, the options of a training, an array of NumPy: torch.load(…, weights_only=False) imports what the name says.
bool is_code_of_others(std::string_view name);

}  // namespace rolora
