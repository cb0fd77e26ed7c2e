// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/compared.h"

#include <QCoreApplication>
#include <cmath>

#include "widgets/base/format.h"

namespace rolora::widgets {

namespace {

QString text(const char* source) { return QCoreApplication::translate("Compared", source); }

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

HeatSourcePtr combined(const ComparedState& a, const ComparedState& b, bool ratio, bool signed_values) {
  auto out = std::make_shared<Matrix>(*a.values);
  for (int64_t r = 0; r < out->rows; ++r) {
    const auto fa = static_cast<float>(1 / a.divisor(r)), fb = static_cast<float>(1 / b.divisor(r));
    float* x = out->values.data() + r * out->columns;
    const float* y = b.values->values.data() + r * out->columns;
    if (ratio) {
      for (int64_t c = 0; c < out->columns; ++c) x[c] = std::log2(std::fabs(x[c] * fa)) - std::log2(std::fabs(y[c] * fb));
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

int state_of_panel(const ComparedState& a, const ComparedState& b, Comparison comparison, size_t panel) {
  if (comparable(a, b) && (comparison == Comparison::difference || comparison == Comparison::ratio)) return -1;
  if (comparison == Comparison::only_b && !b.empty()) return 1;
  if (a.empty()) return 1;
  return static_cast<int>(panel);
}

QString compared_text(const ComparedState& a, const ComparedState& b, Comparison comparison, const ComparedLook& look, size_t panel,
                      int64_t row, int64_t column, double median) {
  const auto value = [&](const ComparedState& s) { return look.signed_values ? s.at(row, column) : std::fabs(s.at(row, column)); };
  const int which = state_of_panel(a, b, comparison, panel);
  if (which < 0) {
    const double x = value(a), y = value(b);
    const QString parts = QStringLiteral(" (%1 %2, %3 %4)").arg(a.name, number(x, 4), b.name, number(y, 4));
    if (comparison == Comparison::ratio) return text("%1 A / B %2").arg(look.value_name, times(x / y)) + parts;
    return text("%1 A − B %2").arg(look.value_name, number(x - y, 4)) + parts;
  }
  const ComparedState& state = which == 0 ? a : b;
  const double x = value(state);
  QString out = QStringLiteral("%1 %2").arg(look.value_name, number(x, 4));
  if (median > 0) out += text(" (%1 median)").arg(times(std::fabs(x) / median));
  return out;
}

}  // namespace rolora::widgets
