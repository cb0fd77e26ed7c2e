// SPDX-License-Identifier: GPL-3.0-or-later
// Every table of a run; each becomes one CSV file.
#pragma once

#include <string>
#include <vector>

#include "core/jobs/report/run_data.h"
#include "core/jobs/report/table.h"

namespace rolora {

Table texts_table(const RunData& run);       ///< texts.csv
Table perplexity_table(const RunData& run);  ///< perplexity.csv: one row an evaluation
Table sites_table(const RunData& run);       ///< sites.csv: one row a state, layer and site
Table rotations_table(const RunData& run);   ///< rotations.csv: gate, seed, construction
Table seeds_table(const RunData& run);       ///< seeds.csv: one row a rotation that differs from others by its seed alone
Table training_table(const RunData& run);    ///< training.csv: one row a step
Table merges_table(const RunData& run);      ///< merges.csv
Table linears_table(const RunData& run);     ///< linears.csv: one row a linear of a quantized model
/// All that have rows.
std::vector<Table> all_tables(const RunData& run);

// Summaries shown in the page beside the exact tables.
/// Rows: states; columns: full precision and every quantization, on one text.
Table perplexity_matrix(const RunData& run, const std::string& text);
/// Rows: sites; columns: states; cells: largest value of the figure over the layers.
Table site_matrix(const RunData& run, const StatisticsGroup& group, const std::string& figure);
/// Rows: quantized models; columns: kinds of linears; cells: mean of the error over the layers.
Table error_matrix(const RunData& run, const std::string& error, const std::string& meaning);

/// Rotations that differ by their seed alone, in groups of two or more.
std::vector<std::vector<const Station*>> seed_groups(const RunData& run);
/// Texts that something was evaluated on, in order of first use.
std::vector<std::string> evaluated_texts(const RunData& run);
/// Quantizations of evaluations in order of first use; "" (full precision) first.
std::vector<std::string> quantizations(const std::vector<PerplexityRow>& rows);

}  // namespace rolora
