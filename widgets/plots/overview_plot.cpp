// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/overview_plot.h"

#include <algorithm>
#include <cmath>

namespace rolora::widgets {

namespace {

/// Of |x| along each row; numbers only.
std::vector<double> row_medians(const HeatSource& source) {
  std::vector<double> out;
  std::vector<double> row;
  for (int64_t r = 0; r < source.rows(); ++r) {
    row.clear();
    for (int64_t c = 0; c < source.columns(); ++c) {
      const double v = std::fabs(source.at(r, c));
      if (!std::isnan(v)) row.push_back(v);
    }
    if (row.empty()) {
      out.push_back(std::nan(""));
      continue;
    }
    const auto middle = row.begin() + static_cast<std::ptrdiff_t>(row.size() / 2);
    std::nth_element(row.begin(), middle, row.end());
    out.push_back(*middle);
  }
  return out;
}

}  // namespace

OverviewPlot::OverviewPlot(QWidget* parent) : HeatPlot(parent) { set_title(tr("Overview: layer × channel")); }

ComparedLook OverviewPlot::look() const {
  return {data_.over_rms ? tr("%1 / rms").arg(data_.statistic) : data_.statistic, data_.statistic == QLatin1String("mean")};
}

void OverviewPlot::set_data(OverviewData data, bool keep_view, bool keep_scale) {
  data_ = std::move(data);
  HeatContents contents = compare(data_.a, data_.b, data_.comparison, look());
  medians_.clear();
  for (const HeatPanel& panel : contents.panels) medians_.push_back(row_medians(*panel.source));
  if (data_.over_rms && !contents.is_signed) contents.scale_label = tr("%1 / rms of the layer").arg(data_.statistic);
  set_contents(std::move(contents), keep_view, keep_scale);
}

std::unique_ptr<Plot> OverviewPlot::copy() const {
  auto other = std::make_unique<OverviewPlot>();
  other->data_ = data_;
  other->medians_ = medians_;
  copy_into(*other);
  return other;
}

QString OverviewPlot::cell_text(size_t panel, Cell cell) const {
  const int state = state_of_panel(data_.a, data_.b, data_.comparison, panel);
  const double median = panel < medians_.size() ? medians_[panel][static_cast<size_t>(cell.row)] : 0;
  const QString value = compared_text(data_.a, data_.b, data_.comparison, look(), panel, cell.row, cell.column, median);
  const QString place = tr("layer %1 · %2 · channel %3 · %4").arg(cell.row).arg(data_.site).arg(cell.column).arg(value);
  return state < 0 ? place : QStringLiteral("%1 · %2").arg(state == 0 ? data_.a.name : data_.b.name, place);
}

Selection OverviewPlot::cell_selection(size_t, Cell cell) const {
  Selection out = selection();
  out.layer = static_cast<int>(cell.row);
  out.channel = static_cast<int>(cell.column);
  return out;
}

HeatPlot::Cell OverviewPlot::selected_cell() const { return {selection().layer, selection().channel}; }
QString OverviewPlot::row_label() const { return tr("Layer"); }
QString OverviewPlot::column_label() const { return tr("Channel of %1").arg(data_.site); }

QString OverviewPlot::file_name() const {
  QStringList parts{QStringLiteral("overview"), data_.site, data_.statistic};
  if (data_.over_rms) parts.append(QStringLiteral("over-rms"));
  if (data_.comparison == Comparison::difference) parts.append(QStringLiteral("difference"));
  if (data_.comparison == Comparison::ratio) parts.append(QStringLiteral("ratio"));
  if (!data_.a.empty() && data_.comparison != Comparison::only_b) parts.append(data_.a.name);
  if (!data_.b.empty() && data_.comparison != Comparison::only_a) parts.append(data_.b.name);
  return parts.join(QLatin1Char('-'));
}

}  // namespace rolora::widgets
