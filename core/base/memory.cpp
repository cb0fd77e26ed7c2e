// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/memory.h"

#include <cstdlib>  // brings __GLIBC__

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace rolora {

void return_free_memory() {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

}  // namespace rolora
