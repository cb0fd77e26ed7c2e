// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/verbs.h"

namespace rolora::app {

void add_all_verbs(Verbs& verbs) {
  add_info(verbs);
  add_logits(verbs);
  add_generate(verbs);
  add_evaluate(verbs);
}

}  // namespace rolora::app
