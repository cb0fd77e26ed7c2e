// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/overview_plot.h"

#include "widgets/data/describe.h"
#include "widgets/data/site_words.h"

namespace rolora::widgets {

OverviewPlot::OverviewPlot(QWidget* parent) : HeatPlot(parent) { set_title(tr("Overview: layer × channel")); }

ComparedLook OverviewPlot::look() const {
  return {data_.over_rms ? tr("%1 / rms").arg(data_.statistic) : data_.statistic, data_.statistic == QLatin1String("mean"),
          is_magnitude(data_.statistic)};
}

void OverviewPlot::set_data(OverviewData data, bool keep_view, bool keep_scale) {
  data_ = std::move(data);
  HeatContents contents = compare(data_.a, data_.b, data_.comparison, look());
  if (data_.over_rms && !contents.is_signed) contents.scale_label = tr("%1 / rms of the layer").arg(data_.statistic);
  set_contents(std::move(contents), keep_view, keep_scale);
}

std::unique_ptr<Plot> OverviewPlot::copy() const {
  auto other = std::make_unique<OverviewPlot>();
  other->data_ = data_;
  copy_into(*other);
  return other;
}

QString OverviewPlot::cell_text(size_t panel, Cell cell) const {
  const int state = state_of_panel(data_.a, data_.b, data_.comparison, panel);
  const double map_median = contents().is_signed ? 0 : contents().panels[panel].source->figures().median;
  const QString value = compared_text(data_.a, data_.b, data_.comparison, look(), panel, cell.row, cell.column, map_median);
  const QString place = tr("layer %1 · %2 · channel %3 · %4").arg(cell.row).arg(site_words(data_.site)).arg(cell.column).arg(value);
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
QString OverviewPlot::column_label() const { return tr("Channel of %1").arg(site_words(data_.site)); }

QString OverviewPlot::file_name() const {
  return compared_name({QStringLiteral("overview"), data_.site, data_.statistic}, data_.over_rms, data_.a, data_.b, data_.comparison);
}

}  // namespace rolora::widgets
