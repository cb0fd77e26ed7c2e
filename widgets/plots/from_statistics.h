// SPDX-License-Identifier: GPL-3.0-or-later
// Values of statistics files and runs in the shapes that plots take: one place, for the window and for figures made without one.
#pragma once

#include <QString>
#include <QStringList>

#include "widgets/data/run_store.h"
#include "widgets/data/statistics_store.h"
#include "widgets/plots/distribution_plot.h"
#include "widgets/plots/error_plot.h"
#include "widgets/plots/profile_plot.h"

namespace rolora::widgets {

/// Names of kQuantiles, in order: "p50", "p99", "p99.9", "p99.99".
QStringList quantile_names();
DistributionSeries distribution_series(const QString& name, const SiteFigures& figures, bool token_maxima);
/// Layers of the state that have this site; none: nullopt.
std::optional<ProfileSeries> profile_series(const QString& name, const StateSummary& state, SiteKind site, bool without_first);
/// A model of the run in words: "rotated (seed 0) + LoRA, GPTQ W4A4".
QString model_in_words(const QString& model, const RunData& run);
ErrorSeries error_series(const QuantizedLook& look, const RunData& run);
/// "Model story, run night-3, seed 0.": the end of a caption.
QString run_facts(const RunData& run);
/// "Measured on calibration.txt: 32 768 tokens in 64 windows of 512; float32. rotated: R1 hadamard, R4 hadamard, seed 0."
QString measured_on(const StatisticsSummary& summary, const QStringList& states);

}  // namespace rolora::widgets
