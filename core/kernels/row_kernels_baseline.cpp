// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/row_kernels_body.h"

namespace rolora::kernels {

const RowKernels* row_kernels_baseline() { return &kTable; }

}  // namespace rolora::kernels
