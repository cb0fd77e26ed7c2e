// SPDX-License-Identifier: GPL-3.0-or-later
// A job in words, the same for the eye, the tooltip and the screen reader.
#pragma once

#include <QString>

#include "widgets/jobs/job_progress.h"
#include "widgets/jobs/job_record.h"

namespace rolora::widgets {

/// What the recipe calls a kind of station: "Measure outliers" of "statistics".
QString kind_title(const QString& kind);
/// "running", "interrupted — can go on"
QString state_text(const JobRecord& job);
/// "3 of 12 · tuned · step 40/150 · 1.2/s"; what is known of a job that does not run.
QString where_text(const JobRecord& job, const JobProgressPtr& now);
/// "~3 min 20 s left", "done in 8 min 12 s"; empty where there is nothing to say.
QString time_text(const JobRecord& job, const JobProgressPtr& now);
/// "loss 2.54 · learning rate 2.00e-4"
QString metrics_text(const JobProgressPtr& now);
/// Where a run that lost its worker stood, and where it will go on: "interrupted at step 57 of 150 of tuned, resumes from step 50".
QString interruption_text(const JobProgressPtr& now);
/// 0 … 1 of the whole run.
double fraction_of(const JobRecord& job, const JobProgressPtr& now);
/// One sentence with everything.
QString spoken_text(const JobRecord& job, const JobProgressPtr& now);

}  // namespace rolora::widgets
