// SPDX-License-Identifier: GPL-3.0-or-later
// From values to colours: one scale for all panels of a plot, its ticks, and the table that paints a pooled pixel with one look-up.
#pragma once

#include <QColor>
#include <QString>
#include <QVector>
#include <vector>

#include "widgets/base/colour_map.h"
#include "widgets/plots/heat_values.h"

namespace rolora::widgets {

struct HeatScale {
  double lower = 0, upper = 1;  ///< signed: upper alone counts, the scale runs from −upper to upper
  bool logarithmic = true;      ///< signed: linear below upper / 1000, logarithmic beyond
  bool is_signed = false;
  bool powers = false;  ///< values are log2 of a ratio: ticks read "×4"
  bool operator==(const HeatScale&) const = default;

  /// 0 … 1 within the scale, beyond it outside; NaN for NaN. Zero on a logarithmic scale of magnitudes is −infinity.
  double position(double value) const;
  double value(double position) const;
  struct Tick {
    double position;
    QString text;
  };
  std::vector<Tick> ticks(int about) const;
  QString label(double value) const;  ///< as ticks have it
};

/// Colours of keys (HeatSource): by their exponent and first eight bits, so values within 0.4 % share a colour.
class HeatColours {
 public:
  HeatColours() = default;
  HeatColours(const HeatScale& scale, double factor, const QString& map, QColor out_of_range);
  QRgb of(int32_t key) const {
    return colours_[(static_cast<uint32_t>(key) >> 15) | (has_sign_ ? (static_cast<uint32_t>(key) & 1U) << 16 : 0U)];
  }
  /// The colour of a shown value: what `of` paints it with.
  QRgb of_value(double value) const;
  QRgb not_a_number() const { return not_a_number_; }

 private:
  /// Where on the map a value lies: 0 … 255, or one of the marks.
  int step(double value) const;
  QRgb colour_of_step(int step) const;
  QRgb colour(double value) const;
  static constexpr int kBelow = -1, kAbove = 256, kNoNumber = 257;
  HeatScale scale_;
  double factor_ = 1;
  bool has_sign_ = false;
  const ColourTable* map_ = nullptr;
  QRgb out_of_range_ = 0, not_a_number_ = 0;
  std::vector<QRgb> colours_;
};

}  // namespace rolora::widgets
