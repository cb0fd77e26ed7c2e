// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/style_shapes.h"

#include <QApplication>
#include <QFontMetricsF>
#include <QPainterPath>
#include <QStyle>
#include <QTabBar>
#include <cmath>

#include "widgets/base/theme.h"

namespace rolora::widgets {
namespace {

class Saved {
 public:
  explicit Saved(QPainter* painter) : painter_(painter) {
    painter_->save();
    painter_->setRenderHint(QPainter::Antialiasing);
  }
  ~Saved() { painter_->restore(); }
  Saved(const Saved&) = delete;
  Saved& operator=(const Saved&) = delete;

 private:
  QPainter* painter_;
};

QColor mixed(const QColor& one, const QColor& other, double share) {
  const auto blend = [share](double a, double b) { return static_cast<float>(a + (b - a) * share); };
  return QColor::fromRgbF(blend(one.redF(), other.redF()), blend(one.greenF(), other.greenF()), blend(one.blueF(), other.blueF()));
}

double radius() { return style_unit() * 0.22; }
bool enabled(const QStyleOption* option) { return option->state & QStyle::State_Enabled; }
bool under_mouse(const QStyleOption* option) { return enabled(option) && (option->state & QStyle::State_MouseOver); }
QRectF inside(const QRect& rect) { return QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5); }
QColor highlight(const QStyleOption* option) { return option->palette.color(QPalette::Highlight); }
/// The accent with enough contrast on every ground for rings and underlines.
QColor ring(const QStyleOption* option) { return theme_colours(option->palette).accent; }
/// Outline of things that can be changed: its contrast makes them findable.
QColor outline(const QStyleOption* option) { return option->palette.color(enabled(option) ? QPalette::Dark : QPalette::Mid); }

void draw_box(QPainter* painter, const QRectF& rect, const QColor& fill, const QColor& border, double width = 1) {
  painter->setPen(border.alpha() == 0 ? QPen(Qt::NoPen) : QPen(border, width));
  painter->setBrush(fill);
  painter->drawRoundedRect(rect, radius(), radius());
}

}  // namespace

double style_unit() { return QFontMetricsF(QApplication::font()).height(); }

void draw_line(QPainter* painter, const QPalette& palette, const QRect& rect, Qt::Edge edge) {
  painter->setPen(QPen(theme_colours(palette).line, 1));
  switch (edge) {
    case Qt::TopEdge:
      painter->drawLine(rect.topLeft(), rect.topRight());
      break;
    case Qt::BottomEdge:
      painter->drawLine(rect.bottomLeft(), rect.bottomRight());
      break;
    case Qt::LeftEdge:
      painter->drawLine(rect.topLeft(), rect.bottomLeft());
      break;
    case Qt::RightEdge:
      painter->drawLine(rect.topRight(), rect.bottomRight());
      break;
  }
}

void draw_button(const QStyleOption* option, QPainter* painter, bool primary) {
  const Saved saved(painter);
  const bool down = option->state & QStyle::State_Sunken, on = option->state & QStyle::State_On;
  const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
  if (button != nullptr && (button->features & QStyleOptionButton::Flat) && !down && !on && !under_mouse(option)) {
    return;
  }
  QColor fill = option->palette.color(QPalette::Button), border = outline(option);
  if (primary && enabled(option)) {
    fill = highlight(option);
    if (down || under_mouse(option)) fill = mixed(fill, option->palette.color(QPalette::Shadow), down ? 0.3 : 0.12);
    border = fill;
  } else if (down || on) {
    fill = mixed(fill, highlight(option), 0.18);
    border = ring(option);
  } else if (under_mouse(option)) {
    fill = option->palette.color(QPalette::Midlight);
  }
  draw_box(painter, inside(option->rect), fill, border);
  if ((option->state & QStyle::State_HasFocus) && (option->state & QStyle::State_KeyboardFocusChange)) {
    painter->setBrush(Qt::NoBrush);
    painter->setPen(QPen(primary ? option->palette.color(QPalette::HighlightedText) : ring(option), 2));
    painter->drawRoundedRect(inside(option->rect).adjusted(1.5, 1.5, -1.5, -1.5), radius(), radius());
  }
}

void draw_tool_button(const QStyleOption* option, QPainter* painter) {
  const bool down = option->state & QStyle::State_Sunken, on = option->state & QStyle::State_On;
  const bool flat = option->state & QStyle::State_AutoRaise;
  const Saved saved(painter);
  const QColor ground = option->palette.color(QPalette::Window);
  if (down || on) {
    draw_box(painter, inside(option->rect), mixed(ground, highlight(option), 0.2), on ? ring(option) : QColor(Qt::transparent));
  } else if (under_mouse(option)) {
    draw_box(painter, inside(option->rect), option->palette.color(QPalette::Midlight), flat ? QColor(Qt::transparent) : outline(option));
  } else if (!flat) {
    draw_box(painter, inside(option->rect), option->palette.color(QPalette::Button), outline(option));
  }
}

void draw_focus(const QStyleOption* option, QPainter* painter) {
  const Saved saved(painter);
  painter->setBrush(Qt::NoBrush);
  painter->setPen(QPen(ring(option), 1.5));
  painter->drawRoundedRect(inside(option->rect).adjusted(0.5, 0.5, -0.5, -0.5), radius(), radius());
}

void draw_line_edit_frame(const QStyleOption* option, QPainter* painter) {
  const Saved saved(painter);
  const bool focus = option->state & QStyle::State_HasFocus;
  painter->setBrush(Qt::NoBrush);
  painter->setPen(QPen(focus ? ring(option) : outline(option), focus ? 1.5 : 1));
  painter->drawRoundedRect(inside(option->rect), radius(), radius());
}

void draw_check_box(const QStyleOption* option, QPainter* painter) {
  const Saved saved(painter);
  const bool on = option->state & QStyle::State_On, partly = option->state & QStyle::State_NoChange;
  const QRectF box = inside(option->rect);
  const QColor mark = enabled(option) ? highlight(option) : option->palette.color(QPalette::Mid);
  draw_box(painter, box, on || partly ? mark : option->palette.color(QPalette::Base), on || partly ? mark : outline(option));
  if (!on && !partly) return;
  QPen pen(option->palette.color(QPalette::HighlightedText), box.width() * 0.14, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin);
  painter->setPen(pen);
  const auto at = [&box](double x, double y) { return QPointF(box.left() + x * box.width(), box.top() + y * box.height()); };
  if (partly) {
    painter->drawLine(at(0.27, 0.5), at(0.73, 0.5));
  } else {
    painter->drawPolyline(QPolygonF({at(0.23, 0.53), at(0.43, 0.73), at(0.78, 0.3)}));
  }
}

void draw_radio_button(const QStyleOption* option, QPainter* painter) {
  const Saved saved(painter);
  const QRectF circle = inside(option->rect);
  const bool on = option->state & QStyle::State_On;
  const QColor mark = enabled(option) ? highlight(option) : option->palette.color(QPalette::Mid);
  painter->setPen(QPen(on ? mark : outline(option), 1));
  painter->setBrush(on ? mark : option->palette.color(QPalette::Base));
  painter->drawEllipse(circle);
  if (!on) return;
  painter->setPen(Qt::NoPen);
  painter->setBrush(option->palette.color(QPalette::HighlightedText));
  painter->drawEllipse(circle.center(), circle.width() * 0.2, circle.height() * 0.2);
}

void draw_tab(const QStyleOptionTab* tab, QPainter* painter) {
  if (tab == nullptr) return;
  const Saved saved(painter);
  const bool selected = tab->state & QStyle::State_Selected;
  const bool south = tab->shape == QTabBar::RoundedSouth || tab->shape == QTabBar::TriangularSouth;
  const double thickness = std::max(2.0, style_unit() * 0.14);
  const QRectF rect(tab->rect);
  if (!selected && under_mouse(tab)) painter->fillRect(rect.adjusted(0, south ? 1 : 0, 0, south ? 0 : -1), tab->palette.midlight());
  if (selected) {
    painter->fillRect(QRectF(rect.left(), south ? rect.top() : rect.bottom() - thickness, rect.width(), thickness), ring(tab));
  }
  if ((tab->state & QStyle::State_HasFocus) && selected) {
    painter->setPen(QPen(ring(tab), 1.5));
    painter->setBrush(Qt::NoBrush);
    painter->drawRoundedRect(rect.adjusted(2, 2, -2, -2 - thickness), radius(), radius());
  }
}

void draw_dock_title(const QStyleOptionDockWidget* option, QPainter* painter, const QStyle* style, const QWidget* widget) {
  if (option == nullptr) return;
  painter->save();
  painter->fillRect(option->rect, option->palette.window());
  QRect text = style->subElementRect(QStyle::SE_DockWidgetTitleBarText, option, widget);
  text.adjust(qRound(style_unit() * 0.25), 0, 0, 0);
  QFont font = painter->font();
  font.setWeight(QFont::DemiBold);
  painter->setFont(font);
  painter->setPen(option->palette.color(QPalette::WindowText));
  const QString title = QFontMetrics(font).elidedText(option->title, Qt::ElideRight, text.width());
  painter->drawText(text, Qt::AlignLeading | Qt::AlignVCenter | Qt::TextShowMnemonic, title);
  painter->restore();
}

void draw_menu_bar_item(const QStyleOptionMenuItem* item, QPainter* painter) {
  if (item == nullptr) return;
  const Saved saved(painter);
  painter->fillRect(item->rect, item->palette.window());
  const bool chosen = (item->state & QStyle::State_Selected) || (item->state & QStyle::State_Sunken);
  if (chosen) draw_box(painter, inside(item->rect), item->palette.color(QPalette::Midlight), QColor(Qt::transparent));
  painter->setPen(item->palette.color(enabled(item) ? QPalette::Active : QPalette::Disabled, QPalette::WindowText));
  painter->drawText(item->rect, Qt::AlignCenter | Qt::TextShowMnemonic | Qt::TextSingleLine, item->text);
}

void draw_header(const QStyleOption* option, QPainter* painter) {
  painter->save();
  QColor ground = option->palette.color(QPalette::AlternateBase);
  if (under_mouse(option)) ground = option->palette.color(QPalette::Midlight);
  painter->fillRect(option->rect, ground);
  draw_line(painter, option->palette, option->rect, Qt::BottomEdge);
  if (const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option)) {
    const bool last = header->position == QStyleOptionHeader::End || header->position == QStyleOptionHeader::OnlyOneSection;
    const int inset = option->rect.height() / 4;
    if (!last && header->orientation == Qt::Horizontal) {
      draw_line(painter, option->palette, option->rect.adjusted(0, inset, 0, -inset), Qt::RightEdge);
    }
  }
  painter->restore();
}

void draw_progress_groove(const QStyleOption* option, QPainter* painter) {
  const Saved saved(painter);
  painter->setPen(Qt::NoPen);
  painter->setBrush(option->palette.mid());
  painter->drawRoundedRect(option->rect, radius(), radius());
}

void draw_progress(const QStyleOptionProgressBar* option, QPainter* painter) {
  if (option == nullptr) return;
  const Saved saved(painter);
  painter->setPen(Qt::NoPen);
  QRectF rect(option->rect);
  QPainterPath groove;
  groove.addRoundedRect(rect, radius(), radius());
  painter->setClipPath(groove);
  if (option->minimum == 0 && option->maximum == 0) {  // busy: a hatched bar that stands still
    painter->setBrush(QBrush(highlight(option), Qt::BDiagPattern));
    painter->drawRect(rect);
    return;
  }
  const double range = std::max(1.0, double(option->maximum) - option->minimum);
  rect.setWidth(rect.width() * std::clamp((option->progress - double(option->minimum)) / range, 0.0, 1.0));
  if (option->direction == Qt::RightToLeft) rect.moveRight(option->rect.right() + 1);
  painter->setBrush(highlight(option));
  painter->drawRect(rect);
}

void draw_scroll_bar(const QStyleOptionSlider* option, QPainter* painter, const QRect& slider) {
  const Saved saved(painter);
  painter->fillRect(option->rect, option->palette.base());
  if (option->maximum <= option->minimum) return;
  const bool active = option->activeSubControls & QStyle::SC_ScrollBarSlider;
  const double inset = std::min(slider.width(), slider.height()) * 0.22;
  const QRectF thumb = QRectF(slider).adjusted(inset, inset, -inset, -inset);
  painter->setPen(Qt::NoPen);
  painter->setBrush(
      option->palette.color(active && (under_mouse(option) || (option->state & QStyle::State_Sunken)) ? QPalette::Shadow : QPalette::Dark));
  if (is_dark(option->palette) && active && under_mouse(option)) painter->setBrush(theme_colours(option->palette).faint_text);
  const double round = std::min(thumb.width(), thumb.height()) / 2;
  painter->drawRoundedRect(thumb, round, round);
}

}  // namespace rolora::widgets
