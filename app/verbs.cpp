// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/verbs.h"

namespace rolora::app {

void add_all_verbs(Verbs& verbs) {
  (void)verbs;
}

}  // namespace rolora::app
