// SPDX-License-Identifier: GPL-3.0-or-later
// Two matrices on one scale: side by side, their difference or their ratio, as heat map contents.
#pragma once

#include <QString>
#include <QStringList>
#include <vector>

#include "widgets/data/selection.h"
#include "widgets/plots/heat_plot.h"

namespace rolora::widgets {

/// One of the two states, with what its values are divided by.
struct ComparedState {
  QString name;
  MatrixPtr values;
  std::vector<double> divisors = {};       ///< one for all rows, one a row, or none
  std::vector<double> token_medians = {};  ///< of the tokens' largest |x|, undivided: one for all rows, one a row, or none where not known
  bool empty() const { return values == nullptr || values->empty(); }
  double divisor(int64_t row) const;
  /// |value| over the median of the tokens' largest |x|, the one measure of "× median" everywhere; NaN where that is not known.
  double times_median(int64_t row, int64_t column) const;
  /// The value as it is shown: divided; NaN where the divisor is zero.
  double at(int64_t row, int64_t column) const { return static_cast<double>(values->at(row, column)) / divisor(row); }
};

struct ComparedLook {
  QString value_name;          ///< "absmax", "|x|"
  bool signed_values = false;  ///< values have a sign that matters (means)
  bool magnitudes = true;      ///< so that multiples of a median say something
};

/// `b` may be empty; then, and where the shapes differ, only the state that is there is shown. Looks at every value: large matrices on
/// another thread.
HeatContents compare(const ComparedState& a, const ComparedState& b, Comparison comparison, const ComparedLook& look);
/// A figure's file name: "overview-down_in-absmax-plain-rotated", `parts` being its first words.
QString compared_name(QStringList parts, bool over_rms, const ComparedState& a, const ComparedState& b, Comparison comparison);
/// What a panel of such contents shows: 0 for A, 1 for B, −1 for both.
int state_of_panel(const ComparedState& a, const ComparedState& b, Comparison comparison, size_t panel);
/// "absmax 87.96 (184× median)", "A − B 3.1 (A 5.2, B 2.1)" and so on, of one cell. Where the tokens' median is not known, the ratio is to
/// `map_median` and says so in full.
QString compared_text(const ComparedState& a, const ComparedState& b, Comparison comparison, const ComparedLook& look, size_t panel,
                      int64_t row, int64_t column, double map_median);
/// " (184× median)" of a value, or nothing where nothing can be said.
QString median_text(const ComparedState& state, const ComparedLook& look, int64_t row, int64_t column, double map_median);

}  // namespace rolora::widgets
