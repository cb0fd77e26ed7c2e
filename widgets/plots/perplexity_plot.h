// SPDX-License-Identifier: GPL-3.0-or-later
// The perplexities of a run as points on one axis, a line a state, so that differences are lengths; the same weights unquantized beside.
#pragma once

#include <vector>

#include "widgets/data/run_store.h"
#include "widgets/plots/plot.h"

namespace rolora::widgets {

struct PerplexityData {
  std::vector<PerplexityRow> rows;  ///< grouped by text in this order
  QString facts;
};

class PerplexityPlot : public Plot {
  Q_OBJECT
 public:
  explicit PerplexityPlot(QWidget* parent = nullptr);
  void set_data(PerplexityData data, bool keep_view);
  const PerplexityData& data() const { return data_; }

 public slots:
  void toggle_log() override;

 protected:
  void draw(const PlotStyle& style) override;
  std::unique_ptr<Plot> copy() const override;
  bool has_data() const override { return !data_.rows.empty(); }
  std::optional<Hit> hit(QPointF position) const override;
  FigureTable table() const override;
  QString file_name() const override { return QStringLiteral("perplexity"); }
  QString caption() const override;
  double height_to_width() const override;
  void set_full_ranges() override;

 private:
  double place(size_t row) const { return -places_[row]; }  // rows go downwards, with a gap between texts
  Hit hit_of(size_t row) const;
  PerplexityData data_;
  std::vector<double> places_;
  bool logarithmic_ = true;
  QPointer<QCPAxisRect> panel_;
};

}  // namespace rolora::widgets
