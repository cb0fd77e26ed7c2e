// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/compared.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/base/format.h"

namespace rolora::widgets {

namespace {

QString text(const char* source) { return QCoreApplication::translate("Compared", source); }

constexpr double kLeastDenominator = 1e-3;  // of the usual one: below it a ratio tells of the denominator alone

bool comparable(const ComparedState& a, const ComparedState& b) {
  return !a.empty() && !b.empty() && a.values->rows == b.values->rows && a.values->columns == b.values->columns;
}

/// A divisor for each row becomes a matrix of its own; a single one is left to the colours.
HeatSourcePtr source_of(const ComparedState& state, bool has_sign) {
  if (state.divisors.size() < 2) return std::make_shared<HeatSource>(state.values, has_sign, 1 / state.divisor(0));
  auto scaled = std::make_shared<Matrix>(*state.values);
  for (int64_t r = 0; r < scaled->rows; ++r) {
    const double divisor = state.divisor(r);
    float* row = scaled->values.data() + r * scaled->columns;
    for (int64_t c = 0; c < scaled->columns; ++c) row[c] = static_cast<float>(row[c] / divisor);
  }
  return std::make_shared<HeatSource>(scaled, has_sign);
}

/// Of |b| above zero, divided: what a denominator is usually like.
double usual_denominator(const ComparedState& b) {
  std::vector<double> values;
  const int64_t cells = b.values->rows * b.values->columns, stride = std::max<int64_t>(1, cells / 200'000) | 1;
  for (int64_t i = 0; i < cells; i += stride) {
    const double v = std::fabs(b.at(i / b.values->columns, i % b.values->columns));
    if (std::isfinite(v) && v > 0) values.push_back(v);
  }
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

HeatSourcePtr combined(const ComparedState& a, const ComparedState& b, bool ratio, bool signed_values) {
  auto out = std::make_shared<Matrix>(*a.values);
  const double least = ratio ? usual_denominator(b) * kLeastDenominator : 0;
  for (int64_t r = 0; r < out->rows; ++r) {
    const auto fa = static_cast<float>(1 / a.divisor(r)), fb = static_cast<float>(1 / b.divisor(r));
    float* x = out->values.data() + r * out->columns;
    const float* y = b.values->values.data() + r * out->columns;
    if (ratio) {
      for (int64_t c = 0; c < out->columns; ++c) {
        const float above = std::fabs(x[c] * fa), below = std::fabs(y[c] * fb);
        x[c] = below > least ? std::log2(above) - std::log2(below) : std::numeric_limits<float>::quiet_NaN();
      }
    } else if (signed_values) {
      for (int64_t c = 0; c < out->columns; ++c) x[c] = x[c] * fa - y[c] * fb;
    } else {
      for (int64_t c = 0; c < out->columns; ++c) x[c] = std::fabs(x[c] * fa) - std::fabs(y[c] * fb);
    }
  }
  return std::make_shared<HeatSource>(out, true);
}

}  // namespace

double ComparedState::divisor(int64_t row) const {
  if (divisors.empty()) return 1;
  return divisors.size() == 1 ? divisors[0] : divisors[static_cast<size_t>(row)];
}

double ComparedState::times_median(int64_t row, int64_t column) const {
  if (token_medians.empty()) return std::nan("");
  const double median = token_medians.size() == 1 ? token_medians[0] : token_medians[static_cast<size_t>(row)];
  return median > 0 ? std::fabs(static_cast<double>(values->at(row, column))) / median : std::nan("");
}

HeatContents compare(const ComparedState& a, const ComparedState& b, Comparison comparison, const ComparedLook& look) {
  HeatContents out;
  const QString magnitude = look.value_name;
  out.scale_label = magnitude;
  out.is_signed = look.signed_values;
  if (comparable(a, b) && (comparison == Comparison::difference || comparison == Comparison::ratio)) {
    const bool ratio = comparison == Comparison::ratio;
    out.is_signed = true;
    out.powers = ratio;
    out.scale_label = (ratio ? text("A / B of %1") : text("A − B of %1")).arg(magnitude);
    const QString title = (ratio ? text("%1 / %2 · red: larger in %1") : text("%1 − %2 · red: larger in %1")).arg(a.name, b.name);
    out.panels.push_back({title, combined(a, b, ratio, look.signed_values)});
    if (ratio) {
      const int64_t left_out = out.panels[0].source->figures().not_numbers;
      if (left_out > 0) out.note = text("%1 cells grey: B below 1/1000 of its median").arg(grouped(left_out));
    }
    return out;
  }
  const bool both = comparison == Comparison::side_by_side || comparison == Comparison::difference || comparison == Comparison::ratio;
  if (!a.empty() && (both || comparison == Comparison::only_a || b.empty()))
    out.panels.push_back({a.name, source_of(a, look.signed_values)});
  const bool fits = a.empty() || out.panels.empty() || comparable(a, b);
  if (!b.empty() && fits && (both || comparison == Comparison::only_b || a.empty())) {
    out.panels.push_back({b.name, source_of(b, look.signed_values)});
  }
  return out;
}

QString compared_name(QStringList parts, bool over_rms, const ComparedState& a, const ComparedState& b, Comparison comparison) {
  if (over_rms) parts.append(QStringLiteral("over-rms"));
  if (comparison == Comparison::difference) parts.append(QStringLiteral("difference"));
  if (comparison == Comparison::ratio) parts.append(QStringLiteral("ratio"));
  if (!a.empty() && comparison != Comparison::only_b) parts.append(a.name);
  if (!b.empty() && comparison != Comparison::only_a) parts.append(b.name);
  return parts.join(QLatin1Char('-'));
}

int state_of_panel(const ComparedState& a, const ComparedState& b, Comparison comparison, size_t panel) {
  if (comparable(a, b) && (comparison == Comparison::difference || comparison == Comparison::ratio)) return -1;
  if (comparison == Comparison::only_b && !b.empty()) return 1;
  if (a.empty()) return 1;
  return static_cast<int>(panel);
}

QString median_text(const ComparedState& state, const ComparedLook& look, int64_t row, int64_t column, double map_median) {
  if (!look.magnitudes) return {};
  const double known = state.times_median(row, column);
  if (std::isfinite(known)) return text(" (%1 median)").arg(times(known));
  if (!state.token_medians.empty() || !(map_median > 0)) return {};
  return text(" (%1 the map's median %2)").arg(times(std::fabs(state.at(row, column)) / map_median), look.value_name);
}

QString compared_text(const ComparedState& a, const ComparedState& b, Comparison comparison, const ComparedLook& look, size_t panel,
                      int64_t row, int64_t column, double map_median) {
  const auto value = [&](const ComparedState& s) { return look.signed_values ? s.at(row, column) : std::fabs(s.at(row, column)); };
  const int which = state_of_panel(a, b, comparison, panel);
  if (which < 0) {
    const double x = value(a), y = value(b);
    const QString parts = QStringLiteral(" (%1 %2, %3 %4)").arg(a.name, number(x, 4), b.name, number(y, 4));
    if (comparison == Comparison::ratio) return text("%1 A / B %2").arg(look.value_name, times(x / y)) + parts;
    return text("%1 A − B %2").arg(look.value_name, number(x - y, 4)) + parts;
  }
  const ComparedState& state = which == 0 ? a : b;
  return QStringLiteral("%1 %2").arg(look.value_name, number(value(state), 4)) + median_text(state, look, row, column, map_median);
}

}  // namespace rolora::widgets
