// SPDX-License-Identifier: GPL-3.0-or-later
// The window's colours, font size and style. Widgets ask their palette or `theme_colours`; no colour is written anywhere else.
#pragma once

#include <QColor>
#include <QFont>
#include <QObject>
#include <QPalette>
#include <QString>

namespace rolora::widgets {

enum class ThemeChoice { system, light, dark };

/// Colours that a QPalette has no role for. Each is readable as text on that palette's window and base.
struct ThemeColours {
  QColor error, warning, good;
  QColor accent;      ///< what is selected or leads on
  QColor faint_text;  ///< explanations, units
  QColor line;        ///< separates areas, carries no meaning
  QColor raised;      ///< ground of cards
};

QPalette light_palette();
QPalette dark_palette();
bool is_dark(const QPalette& palette);
ThemeColours theme_colours(const QPalette& palette);
/// WCAG 2 contrast of two opaque colours, 1 … 21.
double contrast(const QColor& one, const QColor& other);

/// Owns the application's style, palette and font. One lives as long as the window; `changed` comes after all widgets have the new palette.
class Theme : public QObject {
  Q_OBJECT
 public:
  explicit Theme(QObject* parent = nullptr);
  ~Theme() override;
  ThemeChoice choice() const { return choice_; }
  void choose(ThemeChoice choice);
  bool dark() const { return dark_; }
  /// 1 is the system's font size; steps go through kScales.
  double scale() const { return scale_; }
  void set_scale(double scale);
  void step_scale(int by);
  /// Asks the desktop's settings portal for its colour scheme and follows it; without a portal the platform's palette counts.
  void follow_desktop();
  /// What the portal answers: 0 no preference, 1 dark, 2 light.
  void set_desktop_scheme(uint scheme);

 signals:
  void changed();  ///< colours or scale

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void apply();
  void tell_later();
  void read_platform_palette();
  ThemeChoice choice_ = ThemeChoice::system;
  double scale_ = 1;
  bool dark_ = false, platform_dark_ = false, applied_ = false, applying_ = false;
  uint desktop_scheme_ = 0;
  QFont system_font_;
};

}  // namespace rolora::widgets
