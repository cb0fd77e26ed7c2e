// SPDX-License-Identifier: GPL-3.0-or-later
// What a plot remembers between events. Private to plot*.cpp.
#pragma once

#include <QElapsedTimer>
#include <QPointer>

#include "widgets/plots/plot.h"
#include "widgets/plots/plot_overlay.h"

namespace rolora::widgets {

struct Plot::Interaction {
  static constexpr int kMostViews = 200;
  static constexpr qint64 kMergeMilliseconds = 100;
  enum class Drag { none, pressed, zoom, select, pan };

  std::unique_ptr<PlotOverlay> overlay;
  std::unique_ptr<PointerText> told;
  std::unique_ptr<EmptyText> empty;
  QVector<QVector<QCPRange>> back, forward;
  QElapsedTimer last_change;
  bool one_change = false;  ///< a drag in progress: all of it is one step of the history
  bool drawn = false;
  bool moving_linked = false;
  QVector<QList<QCPAxis*>> links;
  Drag drag = Drag::none;
  bool dragged_by_middle = false, space = false;
  bool follows_palette = true;
  QPointF pressed_at, panned_from;
  QPointer<QCPAxisRect> panel;
  std::optional<Hit> last_hit;  ///< under the pointer or reached by keys
};

}  // namespace rolora::widgets
