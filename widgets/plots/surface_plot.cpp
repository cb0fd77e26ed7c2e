// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/surface_plot.h"

#include <QCoreApplication>
#include <QFontMetricsF>
#include <QGuiApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QPointer>
#include <QStyleHints>
#include <QThreadPool>
#include <cmath>
#include <tuple>

#include "widgets/base/format.h"
#include "widgets/plots/heat_bar.h"

namespace rolora::widgets {

namespace {

constexpr int kChannels = 256, kTokens = 128;           // of the fine grid
constexpr int kPaperChannels = 128, kPaperTokens = 64;  // finer than print, and a vector file that a paper can carry
constexpr double kReach = 6;

class SurfaceFigure : public Figure {
 public:
  SurfaceFigure(SurfaceScene scene, QString name, QString caption)
      : scene_(std::move(scene)), name_(std::move(name)), caption_(std::move(caption)) {
    for (const HeatPanel& panel : scene_.panels) grids_.emplace_back(*panel.source, kPaperChannels, kPaperTokens);
  }
  QString name() const override { return name_; }
  QString caption() const override { return caption_; }
  double height_to_width() const override { return scene_.panels.size() > 1 ? 0.42 : 0.75; }
  /// What is drawn: the largest magnitude of each block of neighbours.
  FigureTable table() const override {
    FigureTable out;
    out.columns = {QStringLiteral("token"), QStringLiteral("channel"), QStringLiteral("tokens"), QStringLiteral("channels")};
    for (const HeatPanel& panel : scene_.panels) out.columns.append(scene_.panels.size() > 1 ? panel.title : scene_.value_label);
    if (grids_.empty()) return out;
    const HeatSource& source = *scene_.panels.front().source;
    const SurfaceGrid& grid = grids_.front();
    const HeatWindow window{0, static_cast<double>(source.columns()), 0, static_cast<double>(source.rows()), grid.channels, grid.tokens};
    const HeatGrid blocks(source, window);
    for (int t = 0; t < grid.tokens; ++t) {
      for (int c = 0; c < grid.channels; ++c) {
        const CellBlock block = blocks.block(c, t);
        QStringList row = {QString::number(block.row_begin), QString::number(block.column_begin),
                           QString::number(block.row_end - block.row_begin), QString::number(block.column_end - block.column_begin)};
        for (const SurfaceGrid& each : grids_) row.append(exact(each.at(t, c)));
        out.rows.push_back(std::move(row));
      }
    }
    return out;
  }
  void paint(QPainter& painter, QSizeF size, const PlotStyle& style) const override {
    if (style.background.alpha() > 0) painter.fillRect(QRectF(QPointF(0, 0), size), style.background);
    const std::vector<QRectF> places = scene_.places(size);
    for (size_t i = 0; i < scene_.panels.size(); ++i) {
      scene_.paint_frame(painter, i, places[i], style);
      scene_.paint_surface(painter, grids_[i], scene_.box_room(places[i], style), true);
    }
  }

 private:
  SurfaceScene scene_;
  QString name_, caption_;
  std::vector<SurfaceGrid> grids_;
};

}  // namespace

SurfacePlot::SurfacePlot(QWidget* parent) : QWidget(parent) {
  install_accessible_charts();
  qRegisterMetaType<Hit>();
  style_ = PlotStyle::screen(palette(), font());
  scene_.scale.logarithmic = false;
  setFocusPolicy(Qt::StrongFocus);
  setMouseTracking(true);
  setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
  set_title(tr("Surface: channel × token × magnitude"));
}

SurfacePlot::~SurfacePlot() {
  if (stop_) *stop_ = true;
}

QSize SurfacePlot::sizeHint() const { return QSize(fontMetrics().averageCharWidth() * 80, fontMetrics().height() * 24); }
QSize SurfacePlot::minimumSizeHint() const { return QSize(fontMetrics().averageCharWidth() * 30, fontMetrics().height() * 10); }

void SurfacePlot::set_data(MagnitudeData data, HeatContents contents) {
  data_ = std::move(data);
  scene_.panels = contents.is_signed ? std::vector<HeatPanel>{} : std::move(contents.panels);
  scene_.value_label = data_.over_rms ? tr("|x| / rms") : tr("|x|");
  scene_.column_label = tr("Channel");
  scene_.row_label = tr("Token");
  scene_.map = style_.colours;
  fine_.clear();
  coarse_.clear();
  for (const HeatPanel& panel : scene_.panels) {
    fine_.emplace_back(*panel.source, kChannels, kTokens);
    coarse_.emplace_back(*panel.source, kChannels / 2, kTokens / 2);
  }
  scene_.scale = fitted_scale(scene_.scale, scene_.panels);
  hovered_.reset();
  turned();
}

void SurfacePlot::clear_data() { set_data({}, {}); }

void SurfacePlot::set_empty_text(const QString& text) {
  empty_text_ = text;
  update();
}

void SurfacePlot::set_title(const QString& title) {
  title_ = title;
  setAccessibleName(title);
}

void SurfacePlot::set_style(const PlotStyle& style) {
  if (style == style_) return;
  style_ = style;
  scene_.map = style.colours;
  turned();
}

void SurfacePlot::set_selection(const Selection& selection) {
  selection_ = selection;
  update();
  announce_sentence(this, sentence());
}

void SurfacePlot::set_camera(const Camera& camera) {
  Camera turned_camera{std::remainder(camera.azimuth, 360.0), std::clamp(camera.elevation, 5.0, 85.0)};
  if (turned_camera == scene_.camera) return;
  scene_.camera = turned_camera;
  turned();
  emit camera_changed();
}

void SurfacePlot::reset_camera() { set_camera(Camera{}); }

void SurfacePlot::toggle_log() {
  scene_.scale.logarithmic = !scene_.scale.logarithmic;
  scene_.scale = fitted_scale(scene_.scale, scene_.panels);
  turned();
}

void SurfacePlot::cycle_colours() {
  PlotStyle changed = style_;
  changed.colours = next_colour_map(style_.colours);
  set_style(changed);
}

FigurePtr SurfacePlot::figure() const {
  if (scene_.panels.empty()) return nullptr;
  QStringList parts{QStringLiteral("surface"), data_.site};
  if (data_.over_rms) parts.append(QStringLiteral("over-rms"));
  if (!data_.a.empty() && data_.comparison != Comparison::only_b) parts.append(data_.a.name);
  if (!data_.b.empty() && data_.comparison != Comparison::only_a) parts.append(data_.b.name);
  return std::make_shared<SurfaceFigure>(scene_, parts.join(QLatin1Char('-')), data_.caption);
}

QString SurfacePlot::sentence() const {
  if (scene_.panels.empty()) return empty_text_;
  if (const auto peak = selected_peak()) return text_of(*peak);
  if (hovered_) return text_of(*hovered_);
  return title_;
}

void SurfacePlot::turned() {
  picture_ = {};
  hovered_.reset();
  if (stop_) *stop_ = true;
  waiting_ = false;
  if (!turning_) draw_fine_later();
  update();
}

/// Antialiased polygons take longer than a frame: another thread paints them, without texts.
void SurfacePlot::draw_fine_later() {
  if (scene_.panels.empty() || !isVisible() || width() < 1 || height() < 1) return;
  auto stop = std::make_shared<std::atomic<bool>>(false);
  stop_ = stop;
  waiting_ = true;
  std::vector<QRectF> boxes;
  for (const QRectF& place : scene_.places(size())) boxes.push_back(scene_.box_room(place, style_));
  const double ratio = devicePixelRatioF();
  QPointer<SurfacePlot> self(this);
  QThreadPool::globalInstance()->start([self, stop, boxes, ratio, scene = scene_, grids = fine_, area = size()] {
    QImage picture(area * ratio, QImage::Format_ARGB32_Premultiplied);
    picture.fill(Qt::transparent);
    picture.setDevicePixelRatio(ratio);
    {
      QPainter painter(&picture);
      painter.setRenderHint(QPainter::Antialiasing);
      for (size_t i = 0; i < grids.size() && !*stop; ++i) scene.paint_surface(painter, grids[i], boxes[i], false);
    }
    QMetaObject::invokeMethod(QCoreApplication::instance(), [self, stop, picture] {
      if (*stop || self.isNull()) return;
      self->picture_ = picture;
      self->waiting_ = false;
      self->update();
    });
  });
}

void SurfacePlot::paintEvent(QPaintEvent*) {
  QPainter painter(this);
  painter.fillRect(rect(), style_.background);
  painter.setRenderHint(QPainter::Antialiasing);
  if (scene_.panels.empty()) {
    QFont font = style_.title_font;
    font.setWeight(QFont::Normal);
    painter.setFont(font);
    painter.setPen(style_.faint_text);
    QRectF box(0, 0, std::min(width() * 0.86, QFontMetricsF(font).averageCharWidth() * 52), height());
    box.moveCenter(QRectF(rect()).center());
    painter.drawText(box, Qt::AlignCenter | Qt::TextWordWrap, empty_text_);
    return;
  }
  const std::vector<QRectF> places = scene_.places(size());
  for (size_t i = 0; i < scene_.panels.size(); ++i) scene_.paint_frame(painter, i, places[i], style_);
  if (!picture_.isNull()) {
    painter.drawImage(QPointF(0, 0), picture_);
  } else {
    painter.setRenderHint(QPainter::Antialiasing, false);
    for (size_t i = 0; i < scene_.panels.size(); ++i) scene_.paint_surface(painter, coarse_[i], scene_.box_room(places[i], style_), false);
    painter.setRenderHint(QPainter::Antialiasing, true);
  }
  paint_marks(painter);
}

void SurfacePlot::paint_marks(QPainter& painter) {
  const auto ring = [&](const Peak& peak) {
    for (const QPen& pen : {QPen(style_.background, style_.line_width * 2.4), QPen(style_.highlight, style_.line_width)}) {
      painter.setPen(pen);
      painter.setBrush(Qt::NoBrush);
      painter.drawEllipse(peak.position, style_.marker_size, style_.marker_size);
    }
  };
  if (const auto peak = selected_peak()) ring(*peak);
  if (hovered_) {
    ring(*hovered_);
    const QFontMetricsF metrics(style_.label_font);
    const double pad = metrics.averageCharWidth();
    const QString text = text_of(*hovered_);
    QRectF box = metrics.boundingRect(QRectF(0, 0, width() - 4 * pad, height()), Qt::AlignLeft | Qt::TextWordWrap, text)
                     .adjusted(-pad, -pad / 2, pad, pad / 2);
    box.moveBottomLeft(hovered_->position + QPointF(2 * pad, -2 * pad));
    if (box.right() > width() - pad) box.moveRight(std::max(box.width() + pad, hovered_->position.x() - 2 * pad));
    if (box.top() < pad) box.moveTop(hovered_->position.y() + 2 * pad);
    QColor ground = style_.background;
    ground.setAlphaF(0.95F);
    painter.setPen(QPen(style_.axis, 1));
    painter.setBrush(ground);
    painter.drawRoundedRect(box, pad / 2, pad / 2);
    painter.setPen(style_.text);
    painter.setFont(style_.label_font);
    painter.drawText(box.adjusted(pad, pad / 2, -pad, -pad / 2), Qt::AlignLeft | Qt::TextWordWrap, text);
  }
  if (hasFocus() && window()->testAttribute(Qt::WA_KeyboardFocusChange)) {
    painter.setPen(QPen(style_.highlight, 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRect(QRectF(rect()).adjusted(1, 1, -1, -1));
  }
}

std::optional<SurfacePlot::Peak> SurfacePlot::peak_at(QPointF position) const {
  const std::vector<QRectF> places = scene_.places(size());
  std::optional<Peak> best;
  double best_value = -1;
  for (size_t i = 0; i < scene_.panels.size(); ++i) {
    if (!places[i].contains(position)) continue;
    const SurfaceView view(scene_.camera, scene_.box_room(places[i], style_));
    const SurfaceGrid& grid = fine_[i];
    for (int t = 0; t < grid.tokens; ++t) {
      for (int c = 0; c < grid.channels; ++c) {
        const double u = grid.channels > 1 ? 2.0 * c / (grid.channels - 1) - 1 : 0,
                     v = grid.tokens > 1 ? 2.0 * t / (grid.tokens - 1) - 1 : 0;
        const QPointF p = view.project(u, v, scene_.height_of(grid.at(t, c)));
        const QPointF d = p - position;
        if (QPointF::dotProduct(d, d) > kReach * kReach || grid.at(t, c) <= best_value) continue;
        best_value = grid.at(t, c);  // of those within reach the largest: it is what one points at
        best = Peak{i, t, c, 0, p};
      }
    }
  }
  if (!best) return {};
  const HeatSource& source = *scene_.panels[best->panel].source;
  const SurfaceGrid& grid = fine_[best->panel];
  const HeatGrid cells(source,
                       {0, static_cast<double>(source.columns()), 0, static_cast<double>(source.rows()), grid.channels, grid.tokens});
  std::tie(best->token, best->channel) = largest_cell(source, cells.block(static_cast<int>(best->channel), static_cast<int>(best->token)));
  best->value = source.at(best->token, best->channel);
  return best;
}

SurfacePlot::Peak SurfacePlot::peak_of(size_t panel, int64_t token, int64_t channel) const {
  const HeatSource& source = *scene_.panels[panel].source;
  const SurfaceView view(scene_.camera, scene_.box_room(scene_.places(size())[panel], style_));
  const auto side = [](int64_t at, int64_t count) {
    return count > 1 ? 2 * static_cast<double>(at) / static_cast<double>(count - 1) - 1 : 0;
  };
  const double value = source.at(token, channel);
  return {panel, token, channel, value, view.project(side(channel, source.columns()), side(token, source.rows()), scene_.height_of(value))};
}

std::optional<SurfacePlot::Peak> SurfacePlot::selected_peak() const {
  if (scene_.panels.empty() || selection_.token < 0 || selection_.channel < 0) return {};
  const HeatSource& source = *scene_.panels.front().source;
  if (selection_.token >= source.rows() || selection_.channel >= source.columns()) return {};
  return peak_of(0, selection_.token, selection_.channel);
}

Selection SurfacePlot::selection_of(const Peak& peak) const {
  Selection out = selection_;
  out.token = static_cast<int>(peak.token);
  out.channel = static_cast<int>(peak.channel);
  return out;
}

QString SurfacePlot::text_of(const Peak& peak) const {
  const HeatPanel& panel = scene_.panels[peak.panel];
  const double median = panel.source->figures().median;
  QString out = QStringLiteral("%1 · %2 · %3 · %4 %5")
                    .arg(panel.title, token_words(data_.tokens, peak.token), tr("channel %1").arg(peak.channel), scene_.value_label,
                         number(peak.value, 4));
  if (median > 0) out += tr(" (%1 median)").arg(times(peak.value / median));
  const QString around = token_neighbours(data_.tokens, peak.token, 5);
  return around.isEmpty() ? out : out + QLatin1Char('\n') + around;
}

}  // namespace rolora::widgets
