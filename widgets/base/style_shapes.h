// SPDX-License-Identifier: GPL-3.0-or-later
// The shapes that the style draws itself, each from an option's palette alone.
#pragma once

#include <QPainter>
#include <QStyleOption>

namespace rolora::widgets {

/// Height of a line of the application's font: the measure of everything.
double style_unit();
void draw_line(QPainter* painter, const QPalette& palette, const QRect& rect, Qt::Edge edge);
void draw_button(const QStyleOption* option, QPainter* painter, bool primary);
void draw_tool_button(const QStyleOption* option, QPainter* painter);
void draw_focus(const QStyleOption* option, QPainter* painter);
void draw_line_edit_frame(const QStyleOption* option, QPainter* painter);
void draw_check_box(const QStyleOption* option, QPainter* painter);
void draw_radio_button(const QStyleOption* option, QPainter* painter);
void draw_tab(const QStyleOptionTab* tab, QPainter* painter);
void draw_dock_title(const QStyleOptionDockWidget* option, QPainter* painter, const QStyle* style, const QWidget* widget);
void draw_menu_bar_item(const QStyleOptionMenuItem* item, QPainter* painter);
void draw_header(const QStyleOption* option, QPainter* painter);
void draw_progress_groove(const QStyleOption* option, QPainter* painter);
void draw_progress(const QStyleOptionProgressBar* option, QPainter* painter);
void draw_scroll_bar(const QStyleOptionSlider* option, QPainter* painter, const QRect& slider);

}  // namespace rolora::widgets
