// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/run_outcome.h"

#include <QCoreApplication>

#include "widgets/base/format.h"

namespace rolora::widgets {
namespace {

QString words(const char* text) { return QCoreApplication::translate("RunOutcome", text); }

const QString kComma = QStringLiteral(", ");

// "rotated (seed 0), RTN W4A4": the model's state, then how it was quantized, which has no comma.
QString quantization_of(const PerplexityRow& row) { return row.state.section(kComma, -1); }
QString model_of(const PerplexityRow& row) { return row.state.section(kComma, 0, -2); }

bool is_quantized(const PerplexityRow& row) { return row.full_precision != row.perplexity && row.state.contains(kComma); }

}  // namespace

QString outcome_of(const RunData& run) {
  const PerplexityRow* base = nullptr;
  for (const PerplexityRow& row : run.perplexities) {
    if (row.model == QStringLiteral("base") && is_quantized(row) && (base == nullptr || row.perplexity > base->perplexity)) base = &row;
  }
  if (base == nullptr) return {};
  const PerplexityRow* best = nullptr;
  for (const PerplexityRow& row : run.perplexities) {
    const bool comparable = row.model != base->model && row.text == base->text && quantization_of(row) == quantization_of(*base);
    if (comparable && (best == nullptr || row.perplexity < best->perplexity)) best = &row;
  }
  if (best == nullptr) return {};
  return words("%1 on %2: %3 %4, %5 %6")
      .arg(quantization_of(*base), base->text, model_of(*base), number(base->perplexity, 4), model_of(*best), number(best->perplexity, 4));
}

}  // namespace rolora::widgets
