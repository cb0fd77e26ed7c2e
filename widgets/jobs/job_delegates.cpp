// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_delegates.h"

#include <QApplication>
#include <QFontMetricsF>
#include <QPainter>
#include <QPainterPath>

#include "widgets/base/theme.h"
#include "widgets/jobs/job_models.h"

namespace rolora::widgets {
namespace {

// The ground of a row as the style has it, without text.
void paint_ground(QPainter* painter, const QStyleOptionViewItem& given, const QModelIndex& index) {
  QStyleOptionViewItem option = given;
  option.text.clear();
  option.index = index;
  const QWidget* widget = option.widget;
  const QStyle* style = widget != nullptr ? widget->style() : QApplication::style();
  style->drawControl(QStyle::CE_ItemViewItem, &option, painter, widget);
}

QColor colour_of(JobState state, const ThemeColours& theme) {
  switch (state) {
    case JobState::running:
      return theme.accent;
    case JobState::finished:
      return theme.good;
    case JobState::failed:
      return theme.error;
    case JobState::stopping:
    case JobState::interrupted:
      return theme.warning;
    default:
      return theme.faint_text;
  }
}

struct Colours {
  QColor text, faint, state, track, bar;
};

Colours colours_of(const QStyleOptionViewItem& option, JobState state) {
  const ThemeColours theme = theme_colours(option.palette);
  const bool selected = option.state & QStyle::State_Selected;
  if (!selected) {
    const QColor own = colour_of(state, theme);
    return {option.palette.color(QPalette::Text), theme.faint_text, own, theme.line, own};
  }
  const QColor on = option.palette.color(QPalette::HighlightedText);
  QColor track = on;
  track.setAlphaF(0.3F);
  return {on, on, on, track, on};
}

QString elided(const QFontMetricsF& metrics, const QString& text, double width) {
  return metrics.elidedText(text, Qt::ElideRight, std::max(0.0, width));
}

}  // namespace

QSize JobDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
  const QFontMetricsF metrics(option.font);
  return {static_cast<int>(metrics.averageCharWidth() * 36), static_cast<int>(std::ceil(metrics.height() * 3.1))};
}

void JobDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  paint_ground(painter, option, index);
  const auto state = static_cast<JobState>(index.data(JobListModel::StateRole).toInt());
  const Colours colours = colours_of(option, state);
  QFont strong = option.font;
  strong.setWeight(QFont::DemiBold);
  const QFontMetricsF plain(option.font), bold(strong);
  const double line = plain.height(), gap = line * 0.45;
  const QRectF area = QRectF(option.rect).adjusted(gap, line * 0.3, -gap, -line * 0.35);
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  const QString time = index.data(JobListModel::TimeRole).toString();
  const QString right = index.data(JobListModel::StateTextRole).toString();
  const QRectF first(area.left(), area.top(), area.width(), line), second(area.left(), area.top() + line * 1.1, area.width(), line);
  painter->setFont(option.font);
  painter->setPen(colours.state);
  // Where both do not fit, half the row is the name's: a job that nobody can tell from the next is worse than a shortened state.
  const QString name = index.data(Qt::DisplayRole).toString();
  const double wanted = bold.horizontalAdvance(name), state_room = first.width() - gap - std::min(wanted, first.width() / 2);
  const QString state_said = elided(plain, right, state_room);
  painter->drawText(first, Qt::AlignRight | Qt::AlignVCenter, state_said);
  painter->setPen(colours.faint);
  painter->drawText(second, Qt::AlignRight | Qt::AlignVCenter, time);
  painter->drawText(second, Qt::AlignLeft | Qt::AlignVCenter,
                    elided(plain, index.data(JobListModel::WhereRole).toString(), second.width() - plain.horizontalAdvance(time) - gap));
  painter->setFont(strong);
  painter->setPen(colours.text);
  painter->drawText(first, Qt::AlignLeft | Qt::AlignVCenter, elided(bold, name, first.width() - plain.horizontalAdvance(state_said) - gap));
  const double thickness = std::max(2.0, line * 0.16);
  const QRectF track(area.left(), area.bottom() - thickness, area.width(), thickness);
  painter->setPen(Qt::NoPen);
  painter->setBrush(colours.track);
  painter->drawRoundedRect(track, thickness / 2, thickness / 2);
  const double fraction = index.data(JobListModel::FractionRole).toDouble();
  if (fraction > 0) {
    painter->setBrush(colours.bar);
    painter->drawRoundedRect(QRectF(track.topLeft(), QSizeF(std::max(thickness, track.width() * fraction), thickness)), thickness / 2,
                             thickness / 2);
  }
  painter->restore();
}

QSize StationDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
  const QFontMetricsF metrics(option.font);
  return {static_cast<int>(metrics.averageCharWidth() * 30), static_cast<int>(std::ceil(metrics.height() * 1.35))};
}

void StationDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option, const QModelIndex& index) const {
  paint_ground(painter, option, index);
  using State = StationProgress::State;
  const auto state = static_cast<State>(index.data(StationListModel::StateRole).toInt());
  const bool broken_off = index.data(StationListModel::BrokenOffRole).toBool();
  const JobState like = broken_off                ? JobState::interrupted
                        : state == State::running ? JobState::running
                        : state == State::waiting ? JobState::queued
                        : state == State::failed  ? JobState::failed
                                                  : JobState::finished;
  const Colours colours = colours_of(option, like);
  const QFontMetricsF metrics(option.font);
  const double line = metrics.height(), gap = line * 0.45;
  const QRectF area = QRectF(option.rect).adjusted(gap, 0, -gap, 0);
  painter->save();
  painter->setRenderHint(QPainter::Antialiasing);
  // The mark's shape says the state too: ring, filled dot, ring with a dot (begun and left), cross, tick.
  const double r = line * 0.22;
  const QPointF centre(area.left() + line * 0.3, area.center().y());
  painter->setPen(QPen(colours.state, line * 0.09, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin));
  if (state == State::waiting || broken_off) painter->drawEllipse(centre, r, r);
  if (state == State::running) {
    const double filled = broken_off ? r * 0.35 : r;
    painter->setBrush(colours.state);
    painter->drawEllipse(centre, filled, filled);
  }
  if (state == State::failed) {
    painter->drawLine(centre + QPointF(-r, -r), centre + QPointF(r, r));
    painter->drawLine(centre + QPointF(-r, r), centre + QPointF(r, -r));
  }
  if (state == State::done || state == State::done_before) {
    QPainterPath tick(centre + QPointF(-r, 0));
    tick.lineTo(centre + QPointF(-r * 0.25, r * 0.8));
    tick.lineTo(centre + QPointF(r * 1.1, -r * 0.9));
    painter->setBrush(Qt::NoBrush);
    painter->drawPath(tick);
  }
  const QString right = index.data(StationListModel::SecondsRole).toString(), kind = index.data(StationListModel::KindRole).toString();
  const QRectF text = area.adjusted(line * 0.85, 0, 0, 0);
  painter->setPen(colours.faint);
  painter->drawText(text, Qt::AlignRight | Qt::AlignVCenter, right);
  const double room = text.width() - metrics.horizontalAdvance(right) - gap;
  const QString name = elided(metrics, index.data(Qt::DisplayRole).toString(), room);
  const double used = metrics.horizontalAdvance(name) + gap;
  painter->drawText(text.adjusted(used, 0, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, elided(metrics, kind, room - used));
  painter->setPen(colours.text);
  painter->drawText(text, Qt::AlignLeft | Qt::AlignVCenter, name);
  painter->restore();
}

}  // namespace rolora::widgets
