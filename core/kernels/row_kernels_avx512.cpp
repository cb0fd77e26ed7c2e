// SPDX-License-Identifier: GPL-3.0-or-later
// Compiled for a wider instruction set where the compiler has one (core/CMakeLists.txt); run only on CPUs that have it.
#if defined(__AVX512F__)
#include "core/kernels/row_kernels_body.h"
#else
#include "core/kernels/row_kernels.h"
#endif

namespace rolora::kernels {

const RowKernels* row_kernels_avx512() {
#if defined(__AVX512F__)
  return &kTable;
#else
  return nullptr;
#endif
}

}  // namespace rolora::kernels
