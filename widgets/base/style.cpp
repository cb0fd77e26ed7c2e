// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/style.h"

#include <QAbstractButton>
#include <QApplication>
#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPath>
#include <QStyleFactory>
#include <QStyleOption>
#include <QTabBar>
#include <cmath>

#include "widgets/base/icons.h"
#include "widgets/base/style_shapes.h"
#include "widgets/base/theme.h"

namespace rolora::widgets {
namespace {

constexpr double kArrowRoom = 0.9;  // of a tool button with a menu, in units

int of_unit(double factor) { return std::max(1, qRound(style_unit() * factor)); }

// One that opens a menu at once: its arrow stands beside its words.
bool opens_menu(const QStyleOption* option) {
  const auto* tool = qstyleoption_cast<const QStyleOptionToolButton*>(option);
  return tool != nullptr && tool->features.testFlag(QStyleOptionToolButton::HasMenu) &&
         !tool->features.testFlag(QStyleOptionToolButton::MenuButtonPopup);
}

bool is_primary(const QWidget* widget) { return widget != nullptr && widget->property(kPrimaryButton).toBool(); }

}  // namespace

Style::Style() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) { setObjectName(QStringLiteral("rolora")); }

int Style::pixelMetric(PixelMetric metric, const QStyleOption* option, const QWidget* widget) const {
  switch (metric) {
    case PM_SmallIconSize:
    case PM_ButtonIconSize:
    case PM_TabBarIconSize:
    case PM_ListViewIconSize:
    case PM_LineEditIconSize:
      return of_unit(1.05);
    case PM_ToolBarIconSize:
      return of_unit(1.25);
    case PM_MessageBoxIconSize:
    case PM_LargeIconSize:
      return of_unit(2.2);
    case PM_IndicatorWidth:
    case PM_IndicatorHeight:
    case PM_ExclusiveIndicatorWidth:
    case PM_ExclusiveIndicatorHeight:
      return of_unit(0.95);
    case PM_ScrollBarExtent:
      return of_unit(0.75);
    case PM_ScrollBarSliderMin:
      return of_unit(2);
    case PM_LayoutLeftMargin:
    case PM_LayoutRightMargin:
    case PM_LayoutTopMargin:
    case PM_LayoutBottomMargin:
      return of_unit(0.6);
    case PM_LayoutHorizontalSpacing:
      return of_unit(0.5);
    case PM_LayoutVerticalSpacing:
      return of_unit(0.4);
    case PM_DockWidgetTitleMargin:
      return of_unit(0.3);
    case PM_DockWidgetTitleBarButtonMargin:
      return of_unit(0.1);
    case PM_DockWidgetFrameWidth:
      return 0;
    case PM_DockWidgetSeparatorExtent:
    case PM_SplitterWidth:
      return of_unit(0.4);
    case PM_TabBarTabHSpace:
      return of_unit(1.5);
    case PM_TabBarTabVSpace:
      return of_unit(0.75);
    case PM_TabBarTabOverlap:
    case PM_TabBarBaseOverlap:
    case PM_TabBarTabShiftVertical:
    case PM_TabBarTabShiftHorizontal:
    case PM_ButtonShiftHorizontal:
    case PM_ButtonShiftVertical:
      return 0;
    case PM_TabBarBaseHeight:
      return 1;
    case PM_ButtonMargin:
      return of_unit(0.6);
    case PM_MenuBarItemSpacing:
      return of_unit(0.3);
    case PM_MenuBarVMargin:
      return of_unit(0.12);
    case PM_MenuBarHMargin:
      return of_unit(0.2);
    case PM_ToolBarItemMargin:
      return of_unit(0.12);
    case PM_ToolBarItemSpacing:
      return of_unit(0.15);
    case PM_ToolBarFrameWidth:
      return 0;
    case PM_HeaderMargin:
      return of_unit(0.35);
    case PM_TreeViewIndentation:
      return of_unit(1.1);
    case PM_SliderThickness:
    case PM_SliderControlThickness:
    case PM_SliderLength:
      return of_unit(1.0);
    default:
      return QProxyStyle::pixelMetric(metric, option, widget);
  }
}

int Style::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget, QStyleHintReturn* data) const {
  switch (hint) {
    case SH_Widget_Animation_Duration:  // nothing moves by itself
    case SH_EtchDisabledText:
    case SH_DitherDisabledText:
    case SH_DockWidget_ButtonsHaveFrame:
    case SH_ScrollBar_Transient:
      return 0;
    case SH_TabBar_Alignment:
      return Qt::AlignLeft;
    case SH_TabBar_ElideMode:
      return Qt::ElideNone;
    case SH_ItemView_ShowDecorationSelected:
      return 1;
    default:
      return QProxyStyle::styleHint(hint, option, widget, data);
  }
}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const {
  switch (element) {
    case PE_PanelButtonCommand:
      return draw_button(option, painter, is_primary(widget));
    case PE_PanelButtonTool:
      return draw_tool_button(option, painter);
    case PE_FrameFocusRect:
      return draw_focus(option, painter);
    case PE_FrameLineEdit:
      return draw_line_edit_frame(option, painter);
    case PE_IndicatorHeaderArrow: {
      const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option);
      if (header == nullptr) break;
      QStyleOptionHeader copy = *header;  // the arrow points where the values go
      if (header->sortIndicator == QStyleOptionHeader::SortUp) copy.sortIndicator = QStyleOptionHeader::SortDown;
      if (header->sortIndicator == QStyleOptionHeader::SortDown) copy.sortIndicator = QStyleOptionHeader::SortUp;
      return QProxyStyle::drawPrimitive(element, &copy, painter, widget);
    }
    case PE_IndicatorCheckBox:
      return draw_check_box(option, painter);
    case PE_IndicatorRadioButton:
      return draw_radio_button(option, painter);
    case PE_FrameTabBarBase: {
      const auto* base = qstyleoption_cast<const QStyleOptionTabBarBase*>(option);
      if (base != nullptr && (base->shape == QTabBar::RoundedNorth || base->shape == QTabBar::RoundedSouth)) {
        const bool north = base->shape == QTabBar::RoundedNorth;
        draw_line(painter, option->palette, option->rect, north ? Qt::BottomEdge : Qt::TopEdge);
      }
      return;
    }
    case PE_FrameTabWidget:
      return;
    case PE_Frame: {
      painter->setPen(theme_colours(option->palette).line);
      painter->setBrush(Qt::NoBrush);
      painter->drawRect(option->rect.adjusted(0, 0, -1, -1));
      return;
    }
    case PE_FrameDockWidget:
    case PE_FrameStatusBarItem:
    case PE_IndicatorDockWidgetResizeHandle:
      return;
    case PE_PanelStatusBar:
      painter->fillRect(option->rect, option->palette.window());
      return draw_line(painter, option->palette, option->rect, Qt::TopEdge);
    default:
      break;
  }
  QProxyStyle::drawPrimitive(element, option, painter, widget);
}

void Style::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter, const QWidget* widget) const {
  switch (element) {
    case CE_TabBarTabShape:
      return draw_tab(qstyleoption_cast<const QStyleOptionTab*>(option), painter);
    case CE_TabBarTabLabel: {
      const auto* tab = qstyleoption_cast<const QStyleOptionTab*>(option);
      if (tab == nullptr) break;
      QStyleOptionTab copy = *tab;
      if (!(tab->state & State_Selected) && (tab->state & State_Enabled)) {
        copy.palette.setColor(QPalette::WindowText, theme_colours(tab->palette).faint_text);
      }
      return QProxyStyle::drawControl(element, &copy, painter, widget);
    }
    case CE_PushButtonLabel: {
      const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
      if (button == nullptr || !is_primary(widget) || !(button->state & State_Enabled)) break;
      QStyleOptionButton copy = *button;
      copy.palette.setColor(QPalette::ButtonText, button->palette.color(QPalette::HighlightedText));
      return QProxyStyle::drawControl(element, &copy, painter, widget);
    }
    case CE_HeaderLabel: {
      const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option);
      if (header == nullptr) break;
      QStyleOptionHeader copy = *header;  // the end of a long head goes, not whichever end the alignment leaves outside
      copy.text = header->fontMetrics.elidedText(header->text, Qt::ElideRight, header->rect.width());
      return QProxyStyle::drawControl(element, &copy, painter, widget);
    }
    case CE_DockWidgetTitle:
      return draw_dock_title(qstyleoption_cast<const QStyleOptionDockWidget*>(option), painter, this, widget);
    case CE_MenuBarItem:
      return draw_menu_bar_item(qstyleoption_cast<const QStyleOptionMenuItem*>(option), painter);
    case CE_HeaderSection:
    case CE_HeaderEmptyArea:
      return draw_header(option, painter);
    case CE_MenuBarEmptyArea:
    case CE_ToolBar:
      painter->fillRect(option->rect, option->palette.window());
      return;
    case CE_Splitter:
      return;
    case CE_ProgressBarGroove:
      return draw_progress_groove(option, painter);
    case CE_ProgressBarContents:
      return draw_progress(qstyleoption_cast<const QStyleOptionProgressBar*>(option), painter);
    case CE_SizeGrip:
      return;
    default:
      break;
  }
  QProxyStyle::drawControl(element, option, painter, widget);
}

void Style::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option, QPainter* painter, const QWidget* widget) const {
  if (control == CC_ScrollBar) {
    if (const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option)) {
      return draw_scroll_bar(slider, painter, subControlRect(CC_ScrollBar, option, SC_ScrollBarSlider, widget));
    }
  }
  if (control == CC_ToolButton && opens_menu(option)) {
    QStyleOptionToolButton whole = *qstyleoption_cast<const QStyleOptionToolButton*>(option);
    whole.features &= ~QStyleOptionToolButton::HasMenu;
    QStyleOptionToolButton label = whole;
    whole.text.clear();
    whole.icon = {};
    QProxyStyle::drawComplexControl(control, &whole, painter, widget);
    const int room = of_unit(kArrowRoom), side = of_unit(0.55);
    label.rect.adjust(0, 0, -room, 0);
    drawControl(CE_ToolButtonLabel, &label, painter, widget);
    QStyleOption arrow = *option;
    arrow.rect = QRect(option->rect.right() - (room + side) / 2, option->rect.center().y() - side / 2 + 1, side, side);
    return drawPrimitive(PE_IndicatorArrowDown, &arrow, painter, widget);
  }
  QProxyStyle::drawComplexControl(control, option, painter, widget);
  if (control == CC_SpinBox) draw_line_edit_frame(option, painter);  // Fusion's own is hardly seen on a dark ground
}

QRect Style::subControlRect(ComplexControl control, const QStyleOptionComplex* option, SubControl part, const QWidget* widget) const {
  const auto* bar = control == CC_ScrollBar ? qstyleoption_cast<const QStyleOptionSlider*>(option) : nullptr;
  if (bar == nullptr) return QProxyStyle::subControlRect(control, option, part, widget);
  // No arrows: the groove is the whole bar.
  const bool flat = bar->orientation == Qt::Horizontal;
  const int length = flat ? bar->rect.width() : bar->rect.height();
  const qint64 range = qint64{bar->maximum} - bar->minimum;
  int size = length;
  if (range > 0) size = static_cast<int>(qint64{length} * bar->pageStep / (range + bar->pageStep));
  size = std::clamp(size, std::min(pixelMetric(PM_ScrollBarSliderMin, option, widget), length), length);
  const int at = sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition, length - size, bar->upsideDown);
  QRect rect;
  switch (part) {
    case SC_ScrollBarSlider:
      rect = flat ? QRect(at, 0, size, bar->rect.height()) : QRect(0, at, bar->rect.width(), size);
      break;
    case SC_ScrollBarSubPage:
      rect = flat ? QRect(0, 0, at, bar->rect.height()) : QRect(0, 0, bar->rect.width(), at);
      break;
    case SC_ScrollBarAddPage:
      rect =
          flat ? QRect(at + size, 0, length - at - size, bar->rect.height()) : QRect(0, at + size, bar->rect.width(), length - at - size);
      break;
    case SC_ScrollBarGroove:
      rect = bar->rect.translated(-bar->rect.topLeft());
      break;
    default:
      return {};
  }
  return visualRect(bar->direction, bar->rect, rect.translated(bar->rect.topLeft()));
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size, const QWidget* widget) const {
  QSize out = QProxyStyle::sizeFromContents(type, option, size, widget);
  switch (type) {
    case CT_PushButton:
    case CT_ComboBox:
    case CT_SpinBox:
    case CT_LineEdit:
      out.setHeight(std::max(out.height(), of_unit(1.75)));
      break;
    case CT_ItemViewItem:
      out.setHeight(std::max(out.height(), of_unit(1.5)));
      break;
    case CT_ToolButton:
      if (opens_menu(option)) out.rwidth() += of_unit(kArrowRoom);
      break;
    case CT_HeaderSection:
      out.setHeight(std::max(out.height(), of_unit(1.6)));
      break;
    case CT_MenuItem: {
      const auto* item = qstyleoption_cast<const QStyleOptionMenuItem*>(option);
      if (item != nullptr && item->menuItemType != QStyleOptionMenuItem::Separator) out.setHeight(std::max(out.height(), of_unit(1.6)));
      break;
    }
    default:
      break;
  }
  return out;
}

QIcon Style::standardIcon(StandardPixmap which, const QStyleOption* option, const QWidget* widget) const {
  switch (which) {
    case SP_TitleBarCloseButton:
    case SP_DockWidgetCloseButton:
    case SP_LineEditClearButton:
      return icon(QStringLiteral("close"));
    case SP_TitleBarNormalButton:
      return icon(QStringLiteral("float"));
    case SP_ToolBarHorizontalExtensionButton:
      return icon(QStringLiteral("more"));
    default:
      return QProxyStyle::standardIcon(which, option, widget);
  }
}

}  // namespace rolora::widgets
