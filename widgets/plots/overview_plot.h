// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include "widgets/plots/compared.h"
#include "widgets/plots/heat_plot.h"

namespace rolora::widgets {

/// One statistic of one kind of site: layer × channel, of one or two states. Divisors (the layers' rms) are set where it is scaled.
struct OverviewData {
  ComparedState a, b;
  Comparison comparison = Comparison::side_by_side;
  QString statistic;  ///< "absmax"
  QString site;       ///< "down_in"
  bool over_rms = false;
  QString caption;  ///< sentences for a figure
};

class OverviewPlot : public HeatPlot {
  Q_OBJECT
 public:
  explicit OverviewPlot(QWidget* parent = nullptr);
  /// keep_scale: the colour scale stays although the values change (another channel of the same comparison).
  void set_data(OverviewData data, bool keep_view = false, bool keep_scale = false);
  const OverviewData& data() const { return data_; }

 protected:
  std::unique_ptr<Plot> copy() const override;
  QString cell_text(size_t panel, Cell cell) const override;
  Selection cell_selection(size_t panel, Cell cell) const override;
  Cell selected_cell() const override;
  QString row_label() const override;
  QString column_label() const override;
  QString row_name() const override { return QStringLiteral("layer"); }
  QString file_name() const override;
  QString caption() const override { return with_note(data_.caption, scale_note()); }

 private:
  ComparedLook look() const;
  OverviewData data_;
};

}  // namespace rolora::widgets
