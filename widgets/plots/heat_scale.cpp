// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/heat_scale.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <limits>

#include "widgets/base/format.h"

namespace rolora::widgets {

namespace {

constexpr double kLinearShare = 1e-3;  // of a signed logarithmic scale's upper end

double symmetric_log(double x, double upper) {
  const double linear = upper * kLinearShare;
  return std::copysign(std::log1p(std::fabs(x) / linear) / std::log1p(1 / kLinearShare), x);
}

std::vector<double> round_values(double from, double to, int about) {
  std::vector<double> out;
  if (!(to > from)) return out;
  const double raw = (to - from) / std::max(1, about), power = std::pow(10, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double nice : {1.0, 2.0, 5.0}) {
    if (nice * power >= raw) {
      step = nice * power;
      break;
    }
  }
  for (double v = std::ceil(from / step - 1e-9) * step; v <= to + step * 1e-9; v += step) out.push_back(std::fabs(v) < step * 1e-9 ? 0 : v);
  return out;
}

/// Exponents of two on both sides of zero, as far from each other as each other.
std::vector<double> whole_powers(double upper, int about) {
  std::vector<double> out;
  const double step = std::max(1.0, std::ceil(2 * upper / std::max(1, about)));
  for (double v = -std::floor(upper / step) * step; v <= upper; v += step) out.push_back(v);
  return out;
}

/// Powers of ten between the ends, thinned to about `about`; with 2 and 5 where they are few.
std::vector<double> decades(double from, double to, int about) {
  std::vector<double> out;
  if (!(from > 0) || !(to > from)) return out;
  const double span = std::log10(to / from);
  if (span < 0.9) return round_values(from, to, about);
  const int every = std::max(1, static_cast<int>(std::ceil(span / std::max(1, about))));
  const bool fine = span < about / 3.0 + 0.5;
  for (int e = static_cast<int>(std::floor(std::log10(from))); e <= static_cast<int>(std::ceil(std::log10(to))); ++e) {
    for (const double m : {1.0, 2.0, 5.0}) {
      const double v = m * std::pow(10, e);
      if (v < from * (1 - 1e-9) || v > to * (1 + 1e-9) || (m > 1 && !fine) || (m == 1 && e % every != 0)) continue;
      out.push_back(v);
    }
  }
  return out;
}

/// Ticks are round values: no zeros behind them.
QString short_number(double value) {
  if (value >= 1e4 || (value > 0 && value < 1e-3))
    return QString::number(value, 'g', 2)
        .replace(QLatin1String("e+0"), QLatin1String("e"))
        .replace(QLatin1String("e-0"), QLatin1String("e−"));
  return value >= 1000 ? grouped(std::llround(value)) : QString::number(value, 'g', 3);
}

QString text_of(double value, bool powers) {
  if (powers) {
    const QString times = short_number(std::exp2(std::fabs(value)));
    return value < 0 ? QStringLiteral("1/") + times : QStringLiteral("×") + times;
  }
  return (value < 0 ? QStringLiteral("−") : QString()) + short_number(std::fabs(value));
}

}  // namespace

double HeatScale::position(double value) const {
  if (std::isnan(value)) return value;
  if (is_signed) {
    if (!(upper > 0)) return 0.5;
    return 0.5 + 0.5 * (logarithmic ? symmetric_log(value, upper) : value / upper);
  }
  if (!logarithmic) return upper > lower ? (value - lower) / (upper - lower) : 0.5;
  if (!(lower > 0) || !(upper > lower)) return value >= upper && value > 0 ? 1 : 0;
  return value > 0 ? std::log(value / lower) / std::log(upper / lower) : -std::numeric_limits<double>::infinity();
}

double HeatScale::value(double position) const {
  if (is_signed) {
    const double s = 2 * position - 1;
    if (!logarithmic) return s * upper;
    return std::copysign(std::expm1(std::fabs(s) * std::log1p(1 / kLinearShare)) * upper * kLinearShare, s);
  }
  return logarithmic ? lower * std::pow(upper / lower, position) : lower + (upper - lower) * position;
}

std::vector<HeatScale::Tick> HeatScale::ticks(int about) const {
  std::vector<double> values;
  if (is_signed && logarithmic) {
    const std::vector<double> positive = decades(upper * 10 * kLinearShare, upper, std::max(1, about / 2));
    for (auto v = positive.rbegin(); v != positive.rend(); ++v) values.push_back(-*v);
    values.push_back(0);
    values.insert(values.end(), positive.begin(), positive.end());
  } else if (is_signed) {
    values = powers && upper >= 1 ? whole_powers(upper, about) : round_values(-upper, upper, about);
  } else {
    values = logarithmic ? decades(lower, upper, about) : round_values(lower, upper, about);
  }
  std::vector<Tick> out;
  for (const double v : values) {
    const double at = position(v);
    if (at >= -1e-9 && at <= 1 + 1e-9) out.push_back({std::clamp(at, 0.0, 1.0), text_of(v, powers)});
  }
  return out;
}

QString HeatScale::label(double value) const { return text_of(value, powers); }

HeatColours::HeatColours(const HeatScale& scale, double factor, const QString& map, QColor out_of_range)
    : scale_(scale),
      factor_(factor),
      has_sign_(scale.is_signed),
      map_(&colour_table(scale.is_signed ? QStringLiteral("diverging") : map)),
      out_of_range_(out_of_range.rgb()),
      not_a_number_(not_a_number_colour().rgb()) {
  const uint32_t magnitudes = 1U << 16, infinity = 0xff00U;
  colours_.assign(has_sign_ ? 2 * magnitudes : magnitudes, not_a_number_);
  for (const bool negative : {false, true}) {
    if (negative && !has_sign_) break;
    QRgb* out = colours_.data() + (negative ? magnitudes : 0);
    // The middle of the values that share the code, but zero itself for the first.
    const auto value = [this, negative](uint32_t i) {
      const double x = static_cast<double>(std::bit_cast<float>(i == 0 ? 0U : (i << 15) | 0x4000U)) * factor_;
      return negative ? -x : x;
    };
    out[infinity] = colour(negative ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity());
    // Positions ascend with the code: between two codes of one step lies no other, and 255 logarithms do for 65536 codes.
    const std::function<void(uint32_t, int, uint32_t, int)> fill = [&](uint32_t from, int step_from, uint32_t to, int step_to) {
      if (step_from == step_to || to - from <= 1) {
        std::fill(out + from, out + to, colour_of_step(step_from));
        return;
      }
      const uint32_t middle = from + (to - from) / 2;
      const int step_middle = step(value(middle));
      fill(from, step_from, middle, step_middle);
      fill(middle, step_middle, to, step_to);
    };
    const uint32_t last = infinity - 1;
    fill(0, step(value(0)), last, step(value(last)));
    out[last] = colour(value(last));
  }
}

QRgb HeatColours::of_value(double value) const {
  return of(HeatSource::key_of(static_cast<float>(factor_ != 0 ? value / factor_ : 0), has_sign_));
}

int HeatColours::step(double value) const {
  const double at = scale_.position(value);
  if (std::isnan(at)) return kNoNumber;
  constexpr double kSlack = 1.0 / 512;  // the largest value shares its code with values a little beyond it
  if (at > 1 + kSlack) return kAbove;
  if (scale_.is_signed && at < -kSlack) return kBelow;
  return static_cast<int>(std::lround(std::clamp(at, 0.0, 1.0) * 255));
}

QRgb HeatColours::colour_of_step(int step) const {
  if (step == kNoNumber) return not_a_number_;
  if (step == kAbove || step == kBelow) return out_of_range_;
  return (*map_)[static_cast<size_t>(step)];
}

QRgb HeatColours::colour(double value) const { return colour_of_step(step(value)); }

}  // namespace rolora::widgets
