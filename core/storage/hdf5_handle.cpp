// SPDX-License-Identifier: GPL-3.0-or-later
#ifdef ROLORA_HAS_HDF5
#include "core/storage/hdf5_handle.h"

#include "core/base/error.h"

namespace rolora {
namespace {

herr_t keep_first(unsigned, const H5E_error2_t* entry, void* kept) {
  auto* text = static_cast<std::string*>(kept);
  if (text->empty() && entry->desc != nullptr) *text = printable(entry->desc, 200);
  return 0;
}

}  // namespace

std::string hdf5_reason() {
  std::string text;
  if (H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &text) < 0 || text.empty()) return "no reason given";
  return text;
}

void hdf5_prepare() {
  static const herr_t kNoExitHandler = H5dont_atexit();  // works only as the first call: later ones fail and change nothing
  (void)kNoExitHandler;
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Hdf5Id hdf5_text_type() {
  Hdf5Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  if (!type.valid() || H5Tset_size(type.get(), H5T_VARIABLE) < 0 || H5Tset_cset(type.get(), H5T_CSET_UTF8) < 0) return {};
  return type;
}

}  // namespace rolora
#endif
