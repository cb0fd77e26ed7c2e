// SPDX-License-Identifier: GPL-3.0-or-later
// A plot on the screen, and where its panels lie.
#pragma once

#include <gtest/gtest.h>

#include <QTest>
#include <algorithm>

#include "widgets/plots/plot.h"

namespace rolora::test {

inline void show(QWidget& plot, int width = 760, int height = 480) {
  plot.resize(width, height);
  plot.show();
  ASSERT_TRUE(QTest::qWaitForWindowExposed(&plot));
  QCoreApplication::processEvents();
}

/// From top to bottom, from left to right.
inline QList<QCPAxisRect*> panels_of(const widgets::Plot& plot) {
  QList<QCPAxisRect*> panels = plot.axisRects();
  std::sort(panels.begin(), panels.end(), [](const QCPAxisRect* a, const QCPAxisRect* b) {
    return std::pair(a->rect().top(), a->rect().left()) < std::pair(b->rect().top(), b->rect().left());
  });
  return panels;
}

}  // namespace rolora::test
