// SPDX-License-Identifier: GPL-3.0-or-later
// Matrices with planted outliers, and pictures of widgets for whoever wants to look (ROLORA_SHOTS names a folder).
#pragma once

#include <QDir>
#include <QImage>
#include <QPainter>
#include <QPalette>
#include <QWidget>
#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>
#include <random>
#include <utility>
#include <vector>

#include "widgets/data/matrix.h"

namespace rolora::test {

using widgets::Matrix;
using widgets::MatrixPtr;

/// Values around ±1 (never above 4), and `outliers` at 100.
inline MatrixPtr sample_matrix(int64_t rows, int64_t columns, const std::vector<std::pair<int64_t, int64_t>>& outliers,
                               bool positive = false, unsigned seed = 1) {
  auto out = std::make_shared<Matrix>();
  out->rows = rows;
  out->columns = columns;
  out->values.resize(static_cast<size_t>(rows * columns));
  std::minstd_rand random(seed);
  for (float& v : out->values) {
    const double u = (static_cast<double>(random()) + 1) / 2147483648.0, w = static_cast<double>(random()) / 2147483648.0;
    const double normal = std::sqrt(-2 * std::log(u)) * std::cos(6.283185307179586 * w);
    v = static_cast<float>(std::fmin(4, std::fmax(-4, normal)));
    if (positive) v = std::fabs(v) + 0.05F;
  }
  for (const auto& [r, c] : outliers) out->values[static_cast<size_t>(r * columns + c)] = 100;
  return out;
}

inline void shoot(QWidget& widget, const QString& name) {
  const QString folder = qEnvironmentVariable("ROLORA_SHOTS");
  if (folder.isEmpty()) return;
  QDir().mkpath(folder);
  widget.grab().save(folder + QLatin1Char('/') + name + QStringLiteral(".png"));
}

inline QPalette dark_palette() {
  QPalette p(QColor(0x2b, 0x2d, 0x31));
  p.setColor(QPalette::Base, QColor(0x1e, 0x1f, 0x22));
  p.setColor(QPalette::Text, QColor(0xe3, 0xe5, 0xe8));
  p.setColor(QPalette::Highlight, QColor(0x4c, 0x8d, 0xff));
  return p;
}

/// Processor time of this thread.
inline double thread_milliseconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) * 1e-6;
}

/// The middle one of some times of `work`, in processor time of this thread.
inline double median_milliseconds(int times, const std::function<void(int)>& work) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) {
    const double before = thread_milliseconds();
    work(i);
    all.push_back(thread_milliseconds() - before);
  }
  std::nth_element(all.begin(), all.begin() + times / 2, all.end());
  return all[static_cast<size_t>(times / 2)];
}

/// The least of several medians: another process on a shared core makes work dearer, nothing makes it cheaper.
inline double least_milliseconds(int times, const std::function<void(int)>& work) {
  double least = median_milliseconds(times, work);
  for (int i = 0; i < 4; ++i) least = std::min(least, median_milliseconds(times, work));
  return least;
}

/// A picture of this size blitted onto another: what a frame costs at least. Speed is judged as a multiple of it, on any machine.
inline double blit_milliseconds(QSize size) {
  QImage from(size, QImage::Format_RGB32), to(size, QImage::Format_RGB32);
  from.fill(Qt::gray);
  return least_milliseconds(31, [&](int) {
    QPainter painter(&to);
    painter.drawImage(0, 0, from);
  });
}

/// Pixels of an image whose colour is nearly this one.
inline int count_colour(const QImage& image, QRgb wanted, int tolerance = 8) {
  int count = 0;
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      const QRgb p = image.pixel(x, y);
      count += std::abs(qRed(p) - qRed(wanted)) <= tolerance && std::abs(qGreen(p) - qGreen(wanted)) <= tolerance &&
               std::abs(qBlue(p) - qBlue(wanted)) <= tolerance;
    }
  }
  return count;
}

}  // namespace rolora::test
