// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/verbs.h"

namespace rolora::app {

void add_all_verbs(Verbs& verbs) {
  add_info(verbs);
  add_tokenize(verbs);
  add_statistics(verbs);
  add_rotate(verbs);
  add_finetune(verbs);
  add_merge(verbs);
  add_convert(verbs);
  add_quantize(verbs);
  add_evaluate(verbs);
  add_generate(verbs);
  add_logits(verbs);
  add_run(verbs);
#ifdef ROLORA_HAS_WINDOW  // rolora-workbench draws them
  add_figures(verbs);
#endif
  add_export(verbs);
  add_random_checkpoint(verbs);
}

}  // namespace rolora::app
