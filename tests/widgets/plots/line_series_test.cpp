// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/line_series.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace {

using namespace rolora::widgets;

/// A plot of one line, drawn without axes' texts, as an image.
class Drawn {
 public:
  Drawn(std::vector<double> keys, std::vector<double> values, bool log_keys = false) {
    LineLook look;
    look.colour = Qt::black;
    look.width = 1;
    look.marker = Marker::none;
    if (log_keys) plot_.xAxis->setScaleType(QCPAxis::stLogarithmic);
    plot_.xAxis->setRange(keys.front(), keys.back());
    plot_.yAxis->setRange(-0.1, 1.1);
    auto* line = new LineSeries(plot_.xAxis, plot_.yAxis, look);
    line->set_points(std::move(keys), std::move(values));
    image_ = plot_.toPixmap(800, 400).toImage();
  }
  /// Is there ink near the height of `value` at `key`?
  bool inked(double key, double value) const {
    const int x = static_cast<int>(std::lround(plot_.xAxis->coordToPixel(key))), y = static_cast<int>(plot_.yAxis->coordToPixel(value));
    for (int dx = -1; dx <= 1; ++dx) {
      for (int dy = -2; dy <= 2; ++dy) {
        if (image_.valid(x + dx, y + dy) && qGray(image_.pixel(x + dx, y + dy)) < 160) return true;
      }
    }
    return false;
  }

 private:
  QCustomPlot plot_;
  QImage image_;
};

TEST(LineSeries, EverySpikeOfAMillionPointsIsDrawn) {
  constexpr int kPoints = 1'000'000;
  for (const bool log_keys : {false, true}) {
    std::vector<double> keys(kPoints), values(kPoints, 0.2);
    for (int i = 0; i < kPoints; ++i) keys[static_cast<size_t>(i)] = i + 1;
    std::minstd_rand random(7);
    std::vector<size_t> spikes;
    for (int i = 0; i < 40; ++i) spikes.push_back(1000 + random() % (kPoints - 2000));
    for (size_t i = 0; i < spikes.size(); ++i) values[spikes[i]] = i % 2 == 0 ? 1.0 : 0.0;
    const Drawn drawn(keys, values, log_keys);
    for (size_t i = 0; i < spikes.size(); ++i) {
      EXPECT_TRUE(drawn.inked(keys[spikes[i]], values[spikes[i]]))
          << "at " << keys[spikes[i]] << (log_keys ? " of a logarithmic axis" : "");
    }
  }
}

TEST(LineSeries, WhatLiesAtTheUpperEdgeIsDrawn) {
  const Drawn drawn({1, 2, 3}, {1.0999, 1.0999, 1.0999});  // the axis ends at 1.1: a fraction of a pixel above
  EXPECT_TRUE(drawn.inked(2, 1.0999));
}

TEST(LineSeries, MissingValuesAreGapsAndHideNothingBesideThem) {
  constexpr size_t kPoints = 200'000;
  std::vector<double> keys(kPoints), values(kPoints, 0.2);
  for (size_t i = 0; i < kPoints; ++i) keys[i] = static_cast<double>(i + 1);
  for (size_t i = 0; i < kPoints; i += 50) values[i] = std::numeric_limits<double>::quiet_NaN();  // several on every pixel
  for (size_t i = 80'000; i < 120'000; ++i) values[i] = std::numeric_limits<double>::quiet_NaN();
  values[50'003] = 1;
  const Drawn drawn(keys, values);
  EXPECT_TRUE(drawn.inked(50'004, 1));
  EXPECT_TRUE(drawn.inked(30'000, 0.2));
  EXPECT_FALSE(drawn.inked(100'000, 0.2)) << "a line through a gap";
}

}  // namespace
