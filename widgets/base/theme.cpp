// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/theme.h"

#include <QApplication>
#include <QEvent>
#include <QWindow>
#include <algorithm>
#include <array>
#include <cmath>

#include "widgets/base/desktop_scheme.h"
#include "widgets/base/style.h"

namespace rolora::widgets {
namespace {

constexpr std::array<double, 9> kScales = {0.75, 0.85, 1.0, 1.15, 1.3, 1.5, 1.75, 2.0, 2.5};

struct Colours {
  QRgb window, base, alternate, button, text, faint, disabled, light, midlight, mid, dark, shadow, highlight, highlighted_text, link,
      visited, tip;
};

// Cool greys of one hue with a blue accent; the names say what each is for in the palette's roles.
constexpr Colours kLight = {0xfff3f5f8, 0xffffffff, 0xfff7f9fb, 0xfffdfdfe, 0xff1c2430, 0xff586476, 0xff8a94a3, 0xffffffff, 0xffe8ecf1,
                            0xffd3d9e1, 0xff7c8798, 0xff566070, 0xff2a5ea8, 0xffffffff, 0xff1f5aa8, 0xff6a489c, 0xffffffff};
constexpr Colours kDark = {0xff1d2229, 0xff161a20, 0xff1a1f26, 0xff2a313b, 0xffe4e9f0, 0xff9aa6b7, 0xff6b7686, 0xff3b4553, 0xff323b47,
                           0xff353e4a, 0xff74808f, 0xff0c0e12, 0xff2f6cbf, 0xffffffff, 0xff82b4f5, 0xffc0a3ec, 0xff2a313b};

QPalette palette_of(const Colours& c) {
  QPalette p;
  const auto set = [&p](QPalette::ColorRole role, QRgb colour) { p.setColor(role, QColor::fromRgb(colour)); };
  set(QPalette::Window, c.window);
  set(QPalette::WindowText, c.text);
  set(QPalette::Base, c.base);
  set(QPalette::AlternateBase, c.alternate);
  set(QPalette::Text, c.text);
  set(QPalette::PlaceholderText, c.faint);
  set(QPalette::Button, c.button);
  set(QPalette::ButtonText, c.text);
  set(QPalette::BrightText, c.highlighted_text);
  set(QPalette::Light, c.light);
  set(QPalette::Midlight, c.midlight);
  set(QPalette::Mid, c.mid);
  set(QPalette::Dark, c.dark);
  set(QPalette::Shadow, c.shadow);
  set(QPalette::Highlight, c.highlight);
  set(QPalette::HighlightedText, c.highlighted_text);
  set(QPalette::Link, c.link);
  set(QPalette::LinkVisited, c.visited);
  set(QPalette::ToolTipBase, c.tip);
  set(QPalette::ToolTipText, c.text);
  for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText, QPalette::HighlightedText}) {
    p.setColor(QPalette::Disabled, role, QColor::fromRgb(c.disabled));
  }
  p.setColor(QPalette::Disabled, QPalette::Highlight, QColor::fromRgb(c.mid));
  return p;
}

double luminance(const QColor& colour) {
  const auto linear = [](double v) { return v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}

}  // namespace

QPalette light_palette() { return palette_of(kLight); }
QPalette dark_palette() { return palette_of(kDark); }

bool is_dark(const QPalette& palette) { return luminance(palette.color(QPalette::Base)) < luminance(palette.color(QPalette::Text)); }

ThemeColours theme_colours(const QPalette& palette) {
  const auto colour = [](QRgb rgb) { return QColor::fromRgb(rgb); };
  ThemeColours c;
  const bool dark = is_dark(palette);
  c.error = colour(dark ? 0xffff8f86 : 0xffb3261e);
  c.warning = colour(dark ? 0xfff0b860 : 0xff8a5300);
  c.good = colour(dark ? 0xff74c69a : 0xff1d6f45);
  c.accent = palette.color(QPalette::Link);
  c.faint_text = palette.color(QPalette::PlaceholderText);
  c.line = palette.color(QPalette::Mid);
  c.raised = palette.color(dark ? QPalette::Button : QPalette::Base);
  return c;
}

double contrast(const QColor& one, const QColor& other) {
  const double a = luminance(one), b = luminance(other);
  return (std::max(a, b) + 0.05) / (std::min(a, b) + 0.05);
}

Theme::Theme(QObject* parent) : QObject(parent), system_font_(QApplication::font()) {
  read_platform_palette();
  apply();
  qApp->installEventFilter(this);
}

Theme::~Theme() {
  qApp->removeEventFilter(this);
  if (scale_ != 1) QApplication::setFont(system_font_);
}

void Theme::choose(ThemeChoice choice) {
  if (choice_ == choice) return;
  choice_ = choice;
  apply();
}

void Theme::set_scale(double scale) {
  const double bounded = std::clamp(scale, kScales.front(), kScales.back());
  if (bounded == scale_) return;
  scale_ = bounded;
  QFont font = system_font_;
  if (font.pointSizeF() > 0) {
    font.setPointSizeF(font.pointSizeF() * scale_);
  } else {
    font.setPixelSize(qRound(font.pixelSize() * scale_));
  }
  QApplication::setFont(font);
  // The style's own sizes follow the font; setting it anew makes every layout ask for them.
  QApplication::setStyle(new Style);
  tell_later();
}

void Theme::step_scale(int by) {
  const auto nearest = std::min_element(kScales.begin(), kScales.end(),
                                        [this](double a, double b) { return std::fabs(a - scale_) < std::fabs(b - scale_); });
  const auto index = std::clamp<std::ptrdiff_t>(nearest - kScales.begin() + by, 0, std::ssize(kScales) - 1);
  set_scale(kScales[static_cast<size_t>(index)]);
}

void Theme::follow_desktop() {
  auto* scheme = new DesktopScheme(this);
  connect(scheme, &DesktopScheme::told, this, &Theme::set_desktop_scheme);
  scheme->ask();
}

void Theme::set_desktop_scheme(uint scheme) {
  desktop_scheme_ = scheme <= 2 ? scheme : 0;
  apply();
}

/// What the platform theme would give us if we had no palette of our own.
void Theme::read_platform_palette() {
  applying_ = true;
  QApplication::setPalette(QPalette());
  platform_dark_ = is_dark(QApplication::palette());
  applied_ = false;
  applying_ = false;
}

void Theme::apply() {
  bool dark = choice_ == ThemeChoice::dark;
  if (choice_ == ThemeChoice::system) dark = desktop_scheme_ == 0 ? platform_dark_ : desktop_scheme_ == 1;
  if (applied_ && dark == dark_) return;
  applying_ = true;
  dark_ = dark;
  if (!applied_ && !qobject_cast<Style*>(QApplication::style())) QApplication::setStyle(new Style);
  QApplication::setPalette(dark ? dark_palette() : light_palette());
  applied_ = true;
  applying_ = false;
  tell_later();
}

/// Qt hands out palette and font by posted events: who hears `changed` finds the widgets with theirs.
void Theme::tell_later() { QMetaObject::invokeMethod(this, &Theme::changed, Qt::QueuedConnection); }

bool Theme::eventFilter(QObject* watched, QEvent* event) {
  // Qt tells the windows when the platform's theme changed (another palette or font while we run).
  if (event->type() == QEvent::ThemeChange && !applying_ && qobject_cast<QWindow*>(watched) != nullptr) {
    QMetaObject::invokeMethod(
        this,
        [this] {
          read_platform_palette();
          apply();
        },
        Qt::QueuedConnection);
  }
  return QObject::eventFilter(watched, event);
}

}  // namespace rolora::widgets
