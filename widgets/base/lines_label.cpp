// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/lines_label.h"

#include <QEvent>
#include <QFontMetrics>
#include <QResizeEvent>
#include <QTextLayout>
#include <algorithm>

namespace rolora::widgets {

QString fitted_text(const QString& text, const QFont& font, int width, int lines) {
  QString flat = text;
  flat.replace(QLatin1Char('\n'), QLatin1Char(' '));
  QTextLayout layout(flat, font);
  QTextOption option;
  option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
  layout.setTextOption(option);
  layout.beginLayout();
  QStringList out;
  const QFontMetrics metrics(font);
  for (QTextLine line = layout.createLine(); line.isValid(); line = layout.createLine()) {
    line.setLineWidth(std::max(1, width));
    if (out.size() + 1 == lines) {
      out += metrics.elidedText(flat.mid(line.textStart()).trimmed(), Qt::ElideRight, width);
      break;
    }
    out += flat.mid(line.textStart(), line.textLength()).trimmed();
  }
  layout.endLayout();
  return out.join(QLatin1Char('\n'));
}

LinesLabel::LinesLabel(int lines, QWidget* parent) : QLabel(parent), lines_(lines) {
  setTextFormat(Qt::PlainText);
  QSizePolicy policy(QSizePolicy::Expanding, QSizePolicy::Fixed);
  policy.setRetainSizeWhenHidden(true);
  setSizePolicy(policy);
}

void LinesLabel::set_text(const QString& text) {
  if (text == whole_) return;
  whole_ = text;
  fit();
}

void LinesLabel::set_lines(int lines) {
  if (lines == lines_) return;
  lines_ = lines;
  updateGeometry();
  fit();
}

QSize LinesLabel::sizeHint() const {
  const QMargins m = contentsMargins();
  return {fontMetrics().averageCharWidth() * 40 + m.left() + m.right(), lines_ * fontMetrics().lineSpacing() + m.top() + m.bottom()};
}

QSize LinesLabel::minimumSizeHint() const { return {fontMetrics().averageCharWidth() * 4, sizeHint().height()}; }

void LinesLabel::resizeEvent(QResizeEvent* event) {
  QLabel::resizeEvent(event);
  if (event->size().width() != event->oldSize().width()) fit();
}

void LinesLabel::showEvent(QShowEvent* event) {
  QLabel::showEvent(event);
  fit();
}

void LinesLabel::changeEvent(QEvent* event) {
  QLabel::changeEvent(event);
  if (event->type() == QEvent::FontChange) {
    updateGeometry();
    fit();
  }
}

void LinesLabel::fit() {
  QLabel::setText(isVisible() ? fitted_text(whole_, font(), contentsRect().width(), lines_) : whole_);
  setToolTip(is_cut() ? whole_ : QString());
  setAccessibleDescription(whole_);
}

}  // namespace rolora::widgets
