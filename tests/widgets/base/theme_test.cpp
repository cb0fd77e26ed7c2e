// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/theme.h"

#include <gtest/gtest.h>

#include <QApplication>
#include <QLabel>
#include <QPushButton>
#include <QSignalSpy>
#include <QStyle>

#include "widgets/base/style.h"

namespace rolora::widgets {
namespace {

TEST(Contrast, KnownPairs) {  // WCAG 2.1: 21 for black on white; #767676 on white is the well-known border case of 4.54
  EXPECT_NEAR(contrast(QColor(0, 0, 0), QColor(255, 255, 255)), 21.0, 1e-9);
  EXPECT_NEAR(contrast(QColor(0x76, 0x76, 0x76), QColor(255, 255, 255)), 4.54, 0.005);
  EXPECT_NEAR(contrast(QColor(10, 20, 30), QColor(10, 20, 30)), 1.0, 1e-12);
}

class Palettes : public testing::TestWithParam<bool> {
 protected:
  QPalette palette() const { return GetParam() ? dark_palette() : light_palette(); }
};

TEST_P(Palettes, TextIsReadableOnEveryGround) {
  const QPalette p = palette();
  const ThemeColours c = theme_colours(p);
  const QList<QPalette::ColorRole> grounds = {QPalette::Window, QPalette::Base,     QPalette::AlternateBase,
                                              QPalette::Button, QPalette::Midlight, QPalette::ToolTipBase};
  for (const QPalette::ColorRole ground : grounds) {
    for (const QPalette::ColorRole text : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::ToolTipText,
                                           QPalette::PlaceholderText, QPalette::Link, QPalette::LinkVisited}) {
      EXPECT_GE(contrast(p.color(text), p.color(ground)), 4.5) << "role " << text << " on " << ground;
    }
    for (const QColor& text : {c.error, c.warning, c.good, c.accent, c.faint_text}) {
      EXPECT_GE(contrast(text, p.color(ground)), 4.5) << text.name().toStdString() << " on role " << ground;
    }
  }
  EXPECT_GE(contrast(p.color(QPalette::HighlightedText), p.color(QPalette::Highlight)), 4.5);
  EXPECT_GE(contrast(p.color(QPalette::Text), c.raised), 4.5);
}

TEST_P(Palettes, MarksStandOut) {
  const QPalette p = palette();
  for (const QPalette::ColorRole ground : {QPalette::Window, QPalette::Base, QPalette::AlternateBase}) {
    EXPECT_GE(contrast(p.color(QPalette::Highlight), p.color(ground)), 3.0) << "selection on " << ground;
    EXPECT_GE(contrast(p.color(QPalette::Dark), p.color(ground)), 3.0) << "outline on " << ground;
    EXPECT_GE(contrast(p.color(QPalette::Link), p.color(ground)), 3.0) << "focus ring on " << ground;
  }
}

TEST_P(Palettes, KnowsWhetherItIsDark) { EXPECT_EQ(is_dark(palette()), GetParam()); }

INSTANTIATE_TEST_SUITE_P(LightAndDark, Palettes, testing::Bool());

/// Qt tells living widgets of a new palette or font by posted events.
void then_deliver() { QCoreApplication::processEvents(); }

TEST(Theme, ChoiceChangesThePaletteOfLivingWidgets) {
  Theme theme;
  QLabel label(QStringLiteral("x"));
  label.ensurePolished();
  theme.choose(ThemeChoice::light);
  EXPECT_EQ(label.palette().color(QPalette::Base), light_palette().color(QPalette::Base));
  then_deliver();
  QSignalSpy changed(&theme, &Theme::changed);
  theme.choose(ThemeChoice::dark);
  then_deliver();
  EXPECT_EQ(changed.size(), 1);
  EXPECT_TRUE(theme.dark());
  EXPECT_EQ(label.palette().color(QPalette::Base), dark_palette().color(QPalette::Base));
  theme.choose(ThemeChoice::light);
  EXPECT_FALSE(theme.dark());
}

TEST(Theme, FollowsTheDesktop) {
  Theme theme;
  theme.choose(ThemeChoice::system);
  const bool platform = theme.dark();
  theme.set_desktop_scheme(1);
  EXPECT_TRUE(theme.dark());
  theme.set_desktop_scheme(2);
  EXPECT_FALSE(theme.dark());
  theme.choose(ThemeChoice::dark);  // a choice of the user counts more
  theme.set_desktop_scheme(2);
  EXPECT_TRUE(theme.dark());
  theme.choose(ThemeChoice::system);
  theme.set_desktop_scheme(0);
  EXPECT_EQ(theme.dark(), platform);
}

TEST(Theme, ScaleGrowsFontIconsAndControls) {
  Theme theme;
  QPushButton button(QStringLiteral("Open"));
  button.ensurePolished();
  const double before = QFontMetricsF(button.font()).height();
  const int icon = button.style()->pixelMetric(QStyle::PM_SmallIconSize), height = button.sizeHint().height();
  theme.set_scale(2);
  then_deliver();
  EXPECT_NEAR(QFontMetricsF(button.font()).height() / before, 2, 0.15);
  EXPECT_NEAR(double(button.style()->pixelMetric(QStyle::PM_SmallIconSize)) / icon, 2, 0.25);
  EXPECT_GT(button.sizeHint().height(), 1.6 * height);
  theme.set_scale(1);
  then_deliver();
  EXPECT_DOUBLE_EQ(QFontMetricsF(button.font()).height(), before);
}

TEST(Theme, ScaleStepsStayInBounds) {
  Theme theme;
  double last = theme.scale();
  for (int i = 0; i < 20; i++) {
    theme.step_scale(1);
    EXPECT_GE(theme.scale(), last);
    last = theme.scale();
  }
  EXPECT_EQ(last, 2.5);
  for (int i = 0; i < 20; i++) theme.step_scale(-1);
  EXPECT_EQ(theme.scale(), 0.75);
  theme.set_scale(1);
}

}  // namespace
}  // namespace rolora::widgets
