// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/flow_layout.h"

#include <QWidget>
#include <algorithm>

namespace rolora::widgets {

FlowLayout::~FlowLayout() { qDeleteAll(items_); }

QSize FlowLayout::minimumSize() const {
  QSize size;
  for (const QLayoutItem* item : items_) {
    if (!item->isEmpty()) size = size.expandedTo(item->minimumSize());
  }
  const QMargins m = contentsMargins();
  return size + QSize(m.left() + m.right(), m.top() + m.bottom());
}

void FlowLayout::setGeometry(const QRect& rect) {
  QLayout::setGeometry(rect);
  place(rect, true);
}

int FlowLayout::place(const QRect& rect, bool move) const {
  const QMargins m = contentsMargins();
  const QRect room = rect.marginsRemoved(m);
  const int gap = std::max(0, spacing());
  QVector<QLayoutItem*> line;
  int x = 0, y = 0, tall = 0;
  const auto finish = [&] {
    int at = 0;
    for (QLayoutItem* item : line) {
      const QSize size = item->sizeHint();
      if (move) item->setGeometry(QRect(room.left() + at, room.top() + y + (tall - size.height()) / 2, size.width(), size.height()));
      at += size.width() + gap;
    }
    line.clear();
  };
  for (QLayoutItem* item : items_) {
    if (item->isEmpty()) continue;
    const QSize size = item->sizeHint();
    if (!line.isEmpty() && x + size.width() > room.width()) {
      finish();
      y += tall + gap;
      x = tall = 0;
    }
    line.append(item);
    x += size.width() + gap;
    tall = std::max(tall, size.height());
  }
  finish();
  return y + tall + m.top() + m.bottom();
}

}  // namespace rolora::widgets
