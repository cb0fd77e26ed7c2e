// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/row_kernels.h"

namespace rolora::kernels {
namespace {

const RowKernels* choose() {
#if defined(__x86_64__)
  if (row_kernels_avx512() != nullptr && __builtin_cpu_supports("avx512f")) return row_kernels_avx512();
  if (row_kernels_avx2() != nullptr && __builtin_cpu_supports("avx2")) return row_kernels_avx2();
#endif
  return row_kernels_baseline();
}

}  // namespace

const RowKernels& row_kernels() {
  static const RowKernels* const chosen = choose();
  return *chosen;
}

}  // namespace rolora::kernels
