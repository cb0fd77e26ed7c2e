// SPDX-License-Identifier: GPL-3.0-or-later
// Places marked beside the selected one: how groups are drawn, and what a rectangle selects.
#include <algorithm>
#include <array>
#include <cmath>

#include "widgets/plots/plot.h"
#include "widgets/plots/plot_interaction.h"

namespace rolora::widgets {

std::optional<Hit> Plot::hit_in(QCPAxisRect*, const QRectF& rectangle) const {
  const QPointF middle = rectangle.center();
  std::optional<Hit> nearest;
  double least = 0;
  constexpr int kSteps = 16;  // the nearest hit to the middle, looked for on a grid
  for (int i = 0; i <= kSteps; ++i) {
    for (int j = 0; j <= kSteps; ++j) {
      const auto found = hit(rectangle.topLeft() + QPointF(rectangle.width() * i / kSteps, rectangle.height() * j / kSteps));
      if (!found || !rectangle.contains(found->position)) continue;
      const double away = QLineF(found->position, middle).length();
      if (!nearest || away < least) {
        nearest = found;
        least = away;
      }
    }
  }
  return nearest;
}

void Plot::mark_all() {
  mark(style_);
  const Selection kept = selection_;
  for (const Mark& mark : kept.marks) {
    selection_ = kept;
    if (!shows(mark)) continue;
    selection_ = at_mark(kept, mark);
    if (const auto place = hit_of_selection()) mark_group(*place, mark.group);
  }
  selection_ = kept;
  interaction_->told->setLayer(overlay_layer());  // above the marks
}

/// A shape and a colour of the group with its name, in every panel on the same axes.
void Plot::mark_group(const Hit& place, int group) {
  if (place.panel == nullptr || place.panel->width() < 1 || place.panel->height() < 1) return;
  const QCPAxis* x = place.panel->rangeZoomAxis(Qt::Horizontal);
  const QCPAxis* y = place.panel->rangeZoomAxis(Qt::Vertical);
  if (x == nullptr || y == nullptr) return;
  const QPointF at(x->pixelToCoord(place.position.x()), y->pixelToCoord(place.position.y()));
  const auto linked = [this](const QCPAxis* one, const QCPAxis* other) {
    return std::any_of(interaction_->links.begin(), interaction_->links.end(), [&](const QList<QCPAxis*>& group_of_axes) {
      return std::find(group_of_axes.begin(), group_of_axes.end(), one) != group_of_axes.end() &&
             std::find(group_of_axes.begin(), group_of_axes.end(), other) != group_of_axes.end();
    });
  };
  for (QCPAxisRect* panel : axisRects()) {
    QCPAxis* other_x = panel->rangeZoomAxis(Qt::Horizontal);
    QCPAxis* other_y = panel->rangeZoomAxis(Qt::Vertical);
    if (other_x == nullptr || other_y == nullptr) continue;
    if (panel != place.panel && !(linked(x, other_x) && linked(y, other_y))) continue;
    const double away = style_.marker_size * 1.6;
    auto* dot = new QCPItemText(this);
    dot->setLayer(overlay_layer());
    dot->setClipAxisRect(panel);
    dot->position->setAxes(other_x, other_y);
    dot->position->setCoords(at);
    static constexpr std::array kShapes = {QChar(0x25c6), QChar(0x25a0), QChar(0x25b2), QChar(0x25bc), QChar(0x2605), QChar(0x25cf)};
    const auto index = static_cast<size_t>(std::clamp(group, 2, kLastGroup) - 2);
    dot->setText(QString(kShapes[index % kShapes.size()]) + QStringLiteral(" G%1").arg(group));
    dot->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    dot->setFont(style_.label_font);
    dot->setColor(style_.text);
    QColor ground = style_.background;
    ground.setAlphaF(0.8F);
    dot->setBrush(ground);
    dot->setPen(QPen(style_.series[(index + 1) % style_.series.size()], style_.line_width * 1.5));
    const int pad = static_cast<int>(std::lround(away / 2));
    dot->setPadding(QMargins(pad, 0, pad, 0));
  }
}

}  // namespace rolora::widgets
