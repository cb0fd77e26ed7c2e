// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/icons.h"

#include <gtest/gtest.h>

#include <QImage>
#include <QPixmap>
#include <map>

#include "widgets/base/theme.h"

namespace rolora::widgets {
namespace {

/// The colour that most opaque pixels have.
QColor ink(const QPixmap& pixmap) {
  const QImage image = pixmap.toImage().convertToFormat(QImage::Format_ARGB32);
  std::map<QRgb, int> count;
  for (int y = 0; y < image.height(); y++) {
    for (int x = 0; x < image.width(); x++) {
      if (qAlpha(image.pixel(x, y)) == 255) count[image.pixel(x, y)]++;
    }
  }
  QRgb best = 0;
  int most = 0;
  for (const auto& [colour, n] : count) {
    if (n > most) std::tie(best, most) = std::pair(colour, n);
  }
  return QColor::fromRgba(best);
}

TEST(Icons, EveryOneDrawsSomething) {
  ASSERT_GE(icon_names().size(), 30);
  for (const QString& name : icon_names()) {
    const QImage image = icon(name).pixmap(QSize(32, 32), 1.0).toImage();
    ASSERT_FALSE(image.isNull()) << name.toStdString();
    int drawn = 0;
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) drawn += qAlpha(image.pixel(x, y)) > 128;
    }
    EXPECT_GT(drawn, 20) << name.toStdString();
  }
}

TEST(Icons, UnknownNamesAreNull) { EXPECT_TRUE(icon(QStringLiteral("no-such-icon")).isNull()); }

TEST(Icons, FollowThePalette) {
  Theme theme;
  const QIcon stop = icon(QStringLiteral("open"));
  theme.choose(ThemeChoice::light);
  EXPECT_EQ(ink(stop.pixmap(QSize(64, 64), 1.0)), light_palette().color(QPalette::WindowText));
  EXPECT_EQ(ink(stop.pixmap(QSize(64, 64), 1.0, QIcon::Disabled)), light_palette().color(QPalette::Disabled, QPalette::WindowText));
  theme.choose(ThemeChoice::dark);
  EXPECT_EQ(ink(stop.pixmap(QSize(64, 64), 1.0)), dark_palette().color(QPalette::WindowText));
  theme.choose(ThemeChoice::light);
}

TEST(Icons, SharpAtFractionalScales) {
  EXPECT_EQ(icon(QStringLiteral("open")).pixmap(QSize(16, 16), 1.5).size(), QSize(24, 24));
  EXPECT_EQ(icon(QStringLiteral("open")).pixmap(QSize(16, 16), 2.0).size(), QSize(32, 32));
}

}  // namespace
}  // namespace rolora::widgets
