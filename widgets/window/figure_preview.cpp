// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/figure_preview.h"

#include <QFutureWatcher>
#include <QPainter>
#include <QScreen>
#include <QtConcurrent>
#include <algorithm>

#include "widgets/base/style_shapes.h"
#include "widgets/base/theme.h"
#include "widgets/plots/figure_background.h"

namespace rolora::widgets {
namespace {

// Finer ones cannot be told from each other when they are made as small as a screen; a plot that is a widget is painted on the GUI thread.
constexpr int kLeastDots = 150, kMostDots = 300;

int margin() { return qRound(style_unit() * 0.8); }

}  // namespace

FigurePreview::FigurePreview(QWidget* parent) : QWidget(parent) {
  setObjectName(QStringLiteral("figure.preview"));
  setAccessibleName(tr("Figure as on paper"));
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  soon_.setSingleShot(true);
  soon_.setInterval(80);
  connect(&soon_, &QTimer::timeout, this, &FigurePreview::fit_to_sheet);
}

double FigurePreview::dots_per_inch() const {
  const QScreen* on = screen();
  if (on == nullptr) return logicalDpiX();
  const double physical = on->physicalDotsPerInchX();
  return physical > 50 && physical < 400 ? physical : on->logicalDotsPerInchX();
}

void FigurePreview::show_figure(const FigurePtr& figure, const FigureSettings& settings) {
  figure_ = figure;
  settings_ = settings;
  if (figure_ != nullptr) points_ = settings_.size(*figure_);
  updateGeometry();
  draw();
}

QSizeF FigurePreview::true_size() const { return points_ * (dots_per_inch() / 72); }

double FigurePreview::scale() const {
  const QSizeF all = true_size();
  return std::max(0.05, std::min({1.0, (width() - 2 * margin()) / all.width(), (height() - 2 * margin()) / all.height()}));
}

QRect FigurePreview::sheet() const {
  const QSize size = (true_size() * scale()).toSize();
  return {QPoint((width() - size.width()) / 2, (height() - size.height()) / 2), size};
}

/// As the file will be, dot by dot: pooled cells and thin lines depend on the resolution. Only then it is made smaller.
void FigurePreview::draw() {
  const int asked = ++asked_;
  if (figure_ == nullptr) {
    whole_ = drawn_ = {};
    return update();
  }
  FigureSettings as_saved = settings_;
  as_saved.dots_per_inch = resolution();
  as_saved.transparent = false;
  figure_image_in_background(figure_, as_saved, this, [this, asked](const QImage& image) {
    if (asked != asked_) return;  // a newer one is on its way
    whole_ = image;
    fit_to_sheet();
  });
}

int FigurePreview::resolution() const { return std::clamp(settings_.dots_per_inch, kLeastDots, kMostDots); }

void FigurePreview::fit_to_sheet() {
  const int asked = ++fitted_;
  const double ratio = devicePixelRatioF();
  const QSize size = sheet().size() * ratio;
  auto* watcher = new QFutureWatcher<QImage>(this);
  connect(watcher, &QFutureWatcherBase::finished, this, [this, watcher, asked, ratio] {
    watcher->deleteLater();
    if (asked != fitted_ || whole_.isNull()) return;
    drawn_ = watcher->result();
    drawn_.setDevicePixelRatio(ratio);
    update();
  });
  watcher->setFuture(
      QtConcurrent::run([image = whole_, size] { return image.scaled(size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation); }));
}

void FigurePreview::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  emit scale_changed();
  if (!whole_.isNull() && drawn_.deviceIndependentSize().toSize() != sheet().size()) soon_.start();
}

QSize FigurePreview::sizeHint() const { return true_size().toSize() + QSize(2 * margin(), 2 * margin()); }

QSize FigurePreview::minimumSizeHint() const { return QSize(qRound(style_unit() * 26), qRound(style_unit() * 20)); }

void FigurePreview::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  if (figure_ == nullptr) {
    painter.setPen(palette().color(QPalette::PlaceholderText));
    painter.drawText(rect(), Qt::AlignCenter, tr("The view has nothing to show yet"));
    return;
  }
  const QRect place = sheet();
  painter.setRenderHint(QPainter::SmoothPixmapTransform);
  painter.fillRect(place, Qt::white);
  painter.drawImage(place, drawn_);
  painter.setPen(theme_colours(palette()).line);
  painter.drawRect(place.adjusted(-1, -1, 0, 0));
}

}  // namespace rolora::widgets
