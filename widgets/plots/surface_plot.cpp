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
#include "widgets/plots/surface_figure.h"

namespace rolora::widgets {

namespace {

constexpr int kChannels = 256, kTokens = 128;  // of the fine grid
constexpr double kReach = 6;

bool holds(const CellBlock& cells, int64_t token, int64_t channel) {
  return token >= cells.row_begin && token < cells.row_end && channel >= cells.column_begin && channel < cells.column_end;
}

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

void SurfacePlot::set_data(MagnitudeData data, HeatContents contents, bool keep_view, bool keep_scale) {
  data_ = std::move(data);
  const bool same_kind = scene_.scale.is_signed == contents.is_signed && scene_.scale.powers == contents.powers;
  scene_.value_label = contents.scale_label;
  scene_.scale.is_signed = contents.is_signed;
  scene_.scale.powers = contents.powers;
  scene_.panels = std::move(contents.panels);
  note_ = contents.note;
  scene_.column_label = tr("Channel");
  scene_.row_label = tr("Token");
  scene_.map = style_.colours;
  scene_.out_of_range = style_.out_of_range;
  const CellBlock all = scene_.panels.empty() ? CellBlock{} : all_cells(*scene_.panels.front().source);
  const bool fits = scene_.shown.row_end <= all.row_end && scene_.shown.column_end <= all.column_end && scene_.shown.row_end > 0;
  if (!keep_view || !fits) {
    scene_.shown = all;
    back_.clear();
    forward_.clear();
  }
  if (!keep_scale || !same_kind) scene_.scale = fitted_scale(scene_.scale, scene_.panels);
  if (!same_kind) chosen_threshold_.reset();
  usual_threshold_ = usual_threshold(scene_.panels);
  hovered_.reset();
  make_grids();
  turned();
  emit scale_changed(scene_.scale);
  emit threshold_changed(threshold());
}

void SurfacePlot::make_grids() {
  fine_.clear();
  coarse_.clear();
  const bool two = scene_.panels.size() > 1;  // a frame has so many polygons in all
  const int moving_channels = kChannels / (two ? 3 : 2), moving_tokens = kTokens / (two ? 3 : 2);
  for (const HeatPanel& panel : scene_.panels) {
    fine_.emplace_back(*panel.source, scene_.shown, kChannels, kTokens);
    coarse_.emplace_back(*panel.source, scene_.shown, moving_channels, moving_tokens);
  }
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
  const bool other_colours = scene_.map != style.colours;
  scene_.map = style.colours;
  scene_.out_of_range = style.out_of_range;
  turned();
  if (other_colours) emit colours_changed(style_.colours);
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

FigurePtr SurfacePlot::figure() const {
  if (scene_.panels.empty()) return nullptr;
  return surface_figure(scene_, compared_name({QStringLiteral("surface"), data_.site}, data_.over_rms, data_.a, data_.b, data_.comparison),
                        with_note(data_.caption, scale_note()));
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
      for (size_t i = 0; i < grids.size() && !*stop; ++i) scene.paint_surface(painter, grids[i], boxes[i]);
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
  for (size_t i = 0; i < scene_.panels.size(); ++i) scene_.paint_frame(painter, i, places[i], style_, fine_[i].pooled());
  if (!picture_.isNull()) {
    painter.drawImage(QPointF(0, 0), picture_);
  } else {
    for (size_t i = 0; i < scene_.panels.size(); ++i) scene_.paint_moving(painter, coarse_[i], scene_.box_room(places[i], style_));
  }
  paint_marks(painter);
}

void SurfacePlot::paint_marks(QPainter& painter) {
  const auto ring = [&](const Peak& peak, Qt::PenStyle dash = Qt::SolidLine) {
    for (const QPen& pen : {QPen(style_.background, style_.line_width * 2.4), QPen(style_.highlight, style_.line_width, dash)}) {
      painter.setPen(pen);
      painter.setBrush(Qt::NoBrush);
      painter.drawEllipse(peak.position, style_.marker_size, style_.marker_size);
    }
  };
  if (const auto peak = selected_peak()) ring(*peak);
  for (size_t i = 0; i < scene_.panels.size(); ++i) {  // where a linked plot points, and the other panel
    const bool other = hovered_ && hovered_->panel != i;
    const int64_t token = other ? hovered_->token : linked_token_, channel = other ? hovered_->channel : linked_channel_;
    if (holds(scene_.shown, token, channel)) ring(peak_of(i, token, channel), Qt::DashLine);
  }
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
        const double magnitude = std::fabs(grid.at(t, c));
        if (QPointF::dotProduct(d, d) > kReach * kReach || magnitude <= best_value) continue;
        best_value = magnitude;  // of those within reach the largest: it is what one points at
        best = Peak{i, t, c, 0, p};
      }
    }
  }
  if (!best) return {};
  const HeatSource& source = *scene_.panels[best->panel].source;
  const CellBlock block = fine_[best->panel].block(source, static_cast<int>(best->token), static_cast<int>(best->channel));
  std::tie(best->token, best->channel) = largest_cell(source, block);
  best->value = source.at(best->token, best->channel);
  return best;
}

SurfacePlot::Peak SurfacePlot::peak_of(size_t panel, int64_t token, int64_t channel) const {
  const HeatSource& source = *scene_.panels[panel].source;
  const SurfaceView view(scene_.camera, scene_.box_room(scene_.places(size())[panel], style_));
  const auto side = [](int64_t at, int64_t begin, int64_t end) {
    return end - begin > 1 ? 2 * static_cast<double>(at - begin) / static_cast<double>(end - begin - 1) - 1 : 0;
  };
  const CellBlock& b = scene_.shown;
  const double value = source.at(token, channel);
  return {panel, token, channel, value,
          view.project(side(channel, b.column_begin, b.column_end), side(token, b.row_begin, b.row_end), scene_.height_of(value))};
}

std::optional<SurfacePlot::Peak> SurfacePlot::selected_peak() const {
  if (scene_.panels.empty() || !holds(scene_.shown, selection_.token, selection_.channel)) return {};
  return peak_of(0, selection_.token, selection_.channel);
}

Hit SurfacePlot::hit_of(const Peak& peak) const {
  Hit hit;
  hit.selection = selection_of(peak);
  hit.text = text_of(peak);
  hit.position = peak.position;
  return hit;
}

Selection SurfacePlot::selection_of(const Peak& peak) const {
  Selection out = selection_;
  if (data_.layer >= 0) out.layer = data_.layer;
  out.token = static_cast<int>(peak.token);
  out.channel = static_cast<int>(peak.channel);
  return out;
}

QString SurfacePlot::text_of(const Peak& peak) const {
  const HeatPanel& panel = scene_.panels[peak.panel];
  const double map_median = scene_.scale.is_signed ? 0 : panel.source->figures().median;
  const int state = state_of_panel(data_.a, data_.b, data_.comparison, peak.panel);
  QString out = QStringLiteral("%1 · %2 · %3")
                    .arg(token_words(data_.tokens, peak.token), tr("channel %1").arg(peak.channel),
                         compared_text(data_.a, data_.b, data_.comparison, MagnitudePlot::look_of(data_), peak.panel, peak.token,
                                       peak.channel, map_median));
  if (state >= 0) out.prepend((state == 0 ? data_.a.name : data_.b.name) + QStringLiteral(" · "));
  const QString around = token_neighbours(data_.tokens, peak.token, 5);
  return around.isEmpty() ? out : out + QLatin1Char('\n') + around;
}

}  // namespace rolora::widgets
