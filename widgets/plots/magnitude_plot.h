// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

#include "widgets/plots/compared.h"
#include "widgets/plots/heat_plot.h"

namespace rolora::widgets {

/// Every value of one site: token × channel, of one or two states. A divisor (the site's rms) is set where it is scaled.
struct MagnitudeData {
  ComparedState a, b;
  Comparison comparison = Comparison::side_by_side;
  QString site;    ///< "layers.3.down_in"
  int layer = -1;  ///< of the site: what a click selects; −1: the selected one
  bool over_rms = false;
  QStringList tokens;          ///< texts by position; fewer than rows or none is fine
  int64_t window = 0;          ///< tokens of a window; 0: unknown
  bool without_first = false;  ///< the first token of each window was left out: its rows are zeros
  QString caption;
};

/// Rows of the windows' first tokens become zeros.
MatrixPtr without_first_tokens(const MatrixPtr& values, int64_t window);
/// "token 17 ‹the›".
QString token_words(const QStringList& tokens, int64_t at);
/// The token between its neighbours: "a lamp for ‹thy› feet and".
QString token_neighbours(const QStringList& tokens, int64_t at, int around);

class MagnitudePlot : public HeatPlot {
  Q_OBJECT
 public:
  explicit MagnitudePlot(QWidget* parent = nullptr);
  /// Contents as compare() makes them of the data: made beforehand, on another thread where they are large.
  void set_data(MagnitudeData data, HeatContents contents, bool keep_view = false, bool keep_scale = false);
  void set_data(MagnitudeData data, bool keep_view = false, bool keep_scale = false);
  void clear_data();
  const MagnitudeData& data() const { return data_; }
  static HeatContents contents_of(const MagnitudeData& data);
  static ComparedLook look_of(const MagnitudeData& data);

 protected:
  std::unique_ptr<Plot> copy() const override;
  QString cell_text(size_t panel, Cell cell) const override;
  Selection cell_selection(size_t panel, Cell cell) const override;
  Cell selected_cell() const override;
  bool shows(const Mark& mark) const override { return mark.site == selection().site && mark.layer == selection().layer; }
  QString row_label() const override;
  QString column_label() const override;
  QString row_name() const override { return QStringLiteral("token"); }
  QSharedPointer<QCPAxisTicker> row_ticker(const PlotStyle& style) const override;
  QString file_name() const override;
  QString caption() const override;

 private:
  MagnitudeData data_;
};

}  // namespace rolora::widgets
