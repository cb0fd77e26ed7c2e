// SPDX-License-Identifier: GPL-3.0-or-later
// What a surface shows of its data: the part of channels and tokens, the history of views, the scale, the cursor.
#include <algorithm>
#include <cmath>

#include "widgets/base/format.h"
#include "widgets/plots/heat_bar.h"
#include "widgets/plots/surface_plot.h"

namespace rolora::widgets {

namespace {

constexpr int64_t kLeastCells = 8;  // that are shown of a direction
constexpr int kMostViews = 200;
constexpr qint64 kMergeMilliseconds = 100;

bool same(const CellBlock& x, const CellBlock& y) {
  return x.row_begin == y.row_begin && x.row_end == y.row_end && x.column_begin == y.column_begin && x.column_end == y.column_end;
}

/// begin … end scaled about `at`, in whole cells of 0 … all, by one at least.
void scale_cells(int64_t& begin, int64_t& end, double at, double factor, int64_t all) {
  const int64_t had = end - begin;
  auto wanted = static_cast<int64_t>(std::lround(static_cast<double>(had) * factor));
  if (wanted == had) wanted += factor < 1 ? -1 : 1;
  wanted = std::clamp(wanted, std::min(kLeastCells, all), all);
  const double share = had > 0 ? (at - static_cast<double>(begin)) / static_cast<double>(had) : 0.5;
  begin = std::clamp<int64_t>(std::llround(at - share * static_cast<double>(wanted)), 0, all - wanted);
  end = begin + wanted;
}

void shift_cells(int64_t& begin, int64_t& end, int64_t by, int64_t all) {
  const int64_t size = end - begin;
  begin = std::clamp<int64_t>(begin + by, 0, all - size);
  end = begin + size;
}

}  // namespace

void SurfacePlot::remember_view() {
  const bool merged = last_change_.isValid() && last_change_.elapsed() < kMergeMilliseconds && !back_.isEmpty();
  if (!merged) {
    back_.append({scene_.camera, scene_.shown});
    if (back_.size() > kMostViews) back_.removeFirst();
  }
  forward_.clear();
  last_change_.start();
}

void SurfacePlot::set_shown(const CellBlock& cells) {
  if (scene_.panels.empty() || same(cells, scene_.shown)) return;
  remember_view();
  scene_.shown = cells;
  make_grids();
  turned();
}

void SurfacePlot::fit() {
  if (scene_.panels.empty()) return;
  last_change_.invalidate();
  set_shown(all_cells(*scene_.panels.front().source));
  set_camera(Camera{});
  last_change_.invalidate();
}

void SurfacePlot::zoom_out() {
  const CellBlock& b = scene_.shown;
  const double channel = 0.5 * static_cast<double>(b.column_begin + b.column_end),
               token = 0.5 * static_cast<double>(b.row_begin + b.row_end);
  if (scene_.panels.empty()) return;
  const CellBlock all = all_cells(*scene_.panels.front().source);
  CellBlock wanted = b;
  scale_cells(wanted.column_begin, wanted.column_end, channel, 2, all.column_end);
  scale_cells(wanted.row_begin, wanted.row_end, token, 2, all.row_end);
  set_shown(wanted);
}

void SurfacePlot::previous_view() { step_history(true); }
void SurfacePlot::next_view() { step_history(false); }

void SurfacePlot::step_history(bool back) {
  QVector<ViewState>&from = back ? back_ : forward_, &to = back ? forward_ : back_;
  if (from.isEmpty() || scene_.panels.empty()) return;
  const ViewState wanted = from.takeLast();
  to.append({scene_.camera, scene_.shown});
  scene_.camera = wanted.camera;
  scene_.shown = wanted.shown;
  last_change_.invalidate();
  make_grids();
  turned();
  emit camera_changed();
}

void SurfacePlot::zoom(QPointF about, double factor, bool channels, bool tokens) {
  const std::vector<QRectF> places = scene_.places(size());
  for (size_t i = 0; i < scene_.panels.size(); ++i) {
    if (!places[i].contains(about)) continue;
    CellBlock wanted = scene_.shown;
    const QPointF floor = SurfaceView(scene_.camera, scene_.box_room(places[i], style_)).floor_at(about);
    const auto on = [](double side, int64_t begin, int64_t end) {
      return static_cast<double>(begin) + std::clamp((side + 1) / 2, 0.0, 1.0) * static_cast<double>(end - begin);
    };
    double channel = on(floor.x(), wanted.column_begin, wanted.column_end), token = on(floor.y(), wanted.row_begin, wanted.row_end);
    if (const auto peak = peak_at(about)) {  // what one points at stays where it is
      channel = static_cast<double>(peak->channel) + 0.5;
      token = static_cast<double>(peak->token) + 0.5;
    }
    const CellBlock all = all_cells(*scene_.panels[i].source);
    if (channels) scale_cells(wanted.column_begin, wanted.column_end, channel, factor, all.column_end);
    if (tokens) scale_cells(wanted.row_begin, wanted.row_end, token, factor, all.row_end);
    set_shown(wanted);
    return;
  }
}

void SurfacePlot::pan(QPointF from, QPointF to) {
  if (scene_.panels.empty()) return;
  const SurfaceView view(scene_.camera, scene_.box_room(scene_.places(size()).front(), style_));
  const QPointF moved = view.floor_at(from) - view.floor_at(to);
  const CellBlock all = all_cells(*scene_.panels.front().source);
  CellBlock wanted = scene_.shown;
  shift_cells(wanted.column_begin, wanted.column_end,
              std::llround(moved.x() / 2 * static_cast<double>(wanted.column_end - wanted.column_begin)), all.column_end);
  shift_cells(wanted.row_begin, wanted.row_end, std::llround(moved.y() / 2 * static_cast<double>(wanted.row_end - wanted.row_begin)),
              all.row_end);
  set_shown(wanted);
}

void SurfacePlot::set_scale(const HeatScale& scale) {
  if (scale == scene_.scale) return;
  scene_.scale = scale;
  turned();
  emit scale_changed(scene_.scale);
}

std::vector<float> SurfacePlot::shown_magnitudes() const {
  std::vector<float> out;
  for (const HeatPanel& panel : scene_.panels) append_magnitudes(*panel.source, scene_.shown, out);
  return out;
}

void SurfacePlot::fit_scale() { set_scale(fitted_scale(scene_.scale, scene_.panels)); }
void SurfacePlot::fit_scale_to_visible() { set_scale(scale_over(scene_.scale, shown_magnitudes(), 0, 1)); }
void SurfacePlot::fit_scale_percentiles() { set_scale(scale_over(scene_.scale, shown_magnitudes(), 0.01, 0.99)); }

void SurfacePlot::toggle_log() {
  if (scene_.scale.powers) return;
  HeatScale scale = scene_.scale;
  scale.logarithmic = !scale.logarithmic;
  set_scale(fitted_scale(scale, scene_.panels));
}

void SurfacePlot::cycle_colours() { set_colours(next_colour_map(style_.colours)); }

void SurfacePlot::set_colours(const QString& map) {
  PlotStyle changed = style_;
  changed.colours = map;
  set_style(changed);
}

void SurfacePlot::set_threshold(std::optional<double> magnitude) {
  if (magnitude && !(*magnitude > 0)) magnitude.reset();
  if (magnitude == chosen_threshold_) return;
  chosen_threshold_ = magnitude;
  emit threshold_changed(threshold());
}

void SurfacePlot::show_linked_place(int token, int channel) {
  if (token == linked_token_ && channel == linked_channel_) return;
  linked_token_ = token;
  linked_channel_ = channel;
  update();
}

std::optional<double> SurfacePlot::value_at(const Hit& hit) const {
  const std::vector<QRectF> places = scene_.places(size());
  for (size_t i = 0; i < scene_.panels.size(); ++i) {
    const HeatSource& source = *scene_.panels[i].source;
    const Selection& s = hit.selection;
    if (!places[i].contains(hit.position) || s.token < 0 || s.channel < 0 || s.token >= source.rows() || s.channel >= source.columns())
      continue;
    return source.at(s.token, s.channel);
  }
  return {};
}

QString SurfacePlot::scale_note() const {
  int64_t outside = 0;
  for (const HeatPanel& panel : scene_.panels) outside += panel.source->cells_beyond(scene_.scale.value(1 + 1.0 / 512));
  QStringList sentences;
  if (outside > 0) sentences.append(tr("%1 values lie beyond the scale: their spikes end there and are marked.").arg(grouped(outside)));
  if (!note_.isEmpty()) sentences.append(note_ + QLatin1Char('.'));
  return sentences.join(QLatin1Char(' '));
}

/// Arrows turn the surface; with Ctrl they go to the next value above the threshold, as in a heat map.
void SurfacePlot::move_cursor(const PlotKey& key) {
  constexpr double kDegreesAKey = 5;
  if (!key.to_outlier) {
    set_camera({scene_.camera.azimuth - kDegreesAKey * key.dx, scene_.camera.elevation - kDegreesAKey * key.dy});
    return;
  }
  if (scene_.panels.empty()) return;
  const HeatSource& source = *scene_.panels.front().source;
  std::optional<std::pair<int64_t, int64_t>> next = largest_cell(source, scene_.shown);
  const auto within = [](int at, int64_t count) { return at < count ? at : int64_t{-1}; };
  const std::pair<int64_t, int64_t> from(within(selection_.token, source.rows()), within(selection_.channel, source.columns()));
  if (from.first >= 0 || from.second >= 0) next = next_outlier(source, from, key.dx, key.dy, threshold());
  if (next) {
    emit proposed(selection_of(peak_of(0, next->first, next->second)));
  } else {
    emit told(
        tr("No value from %1 on lies further that way.").arg(scene_.scale.powers ? times(std::exp2(threshold())) : number(threshold())));
  }
}

}  // namespace rolora::widgets
