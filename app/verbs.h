// SPDX-License-Identifier: GPL-3.0-or-later
// The verbs of the command line, one file each in verbs/. command.md of the project's documentation is their contract.
#pragma once

#include "app/session.h"

namespace rolora::app {

void add_info(Verbs& verbs);
void add_tokenize(Verbs& verbs);
void add_logits(Verbs& verbs);
void add_generate(Verbs& verbs);
void add_rotate(Verbs& verbs);
void add_statistics(Verbs& verbs);
void add_finetune(Verbs& verbs);
void add_merge(Verbs& verbs);
void add_convert(Verbs& verbs);
void add_quantize(Verbs& verbs);
void add_evaluate(Verbs& verbs);
void add_run(Verbs& verbs);
void add_figures(Verbs& verbs);
void add_export(Verbs& verbs);
void add_random_checkpoint(Verbs& verbs);

/// All of them, in the order of a researcher's work.
void add_all_verbs(Verbs& verbs);

}  // namespace rolora::app
