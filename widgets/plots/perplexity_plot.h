// SPDX-License-Identifier: GPL-3.0-or-later
// The perplexities of a run as points on one axis, a line a state, so that differences are lengths; the same weights unquantized beside.
#pragma once

#include <vector>

#include "widgets/data/run_store.h"
#include "widgets/plots/data_plot.h"

namespace rolora::widgets {

struct PerplexityData {
  std::vector<PerplexityRow> rows;  ///< grouped by text in this order
  QString facts;
};

struct PerplexityForm {
  bool logarithmic = true;
  bool operator==(const PerplexityForm&) const = default;
};

class PerplexityPlot : public DataPlot<PerplexityPlot, PerplexityData, PerplexityForm> {
  Q_OBJECT
 public:
  explicit PerplexityPlot(QWidget* parent = nullptr);
  /// The row that was chosen, or the lowest perplexity of each text.
  QString sentence() const override;
  /// So that no name stands on the next one.
  QSize minimumSizeHint() const override;

 public slots:
  void toggle_log() override;

 protected:
  void draw(const PlotStyle& style) override;
  bool has_data() const override { return !data_.rows.empty(); }
  std::optional<Hit> hit(QPointF position) const override;
  void chosen(const Hit& hit) override;
  std::optional<Hit> stepped(int dx, int dy, bool to_outlier) const override;
  std::optional<Hit> hit_of_selection() const override;
  FigureTable table() const override;
  QString file_name() const override { return QStringLiteral("perplexity"); }
  QString caption() const override;
  double height_to_width() const override;
  void set_full_ranges() override;
  void prepare() override;

 private:
  double place(size_t row) const { return -places_[row]; }  // rows go downwards, with a gap between texts
  double lines() const;
  Hit hit_of(size_t row) const;
  std::optional<size_t> chosen_row() const;
  std::vector<double> places_;
  QString chosen_;  // its station: a selection knows no evaluation
  QPointer<QCPAxisRect> panel_;
};

}  // namespace rolora::widgets
