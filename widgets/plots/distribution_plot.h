// SPDX-License-Identifier: GPL-3.0-or-later
// The distribution of |x| of a site: histogram of log2|x| with logarithmic counts, before and after overlaid, quantiles marked; or the
// share of values above |x|. One layer large, or all layers as ridges on one scale.
#pragma once

#include <optional>
#include <vector>

#include "core/outliers/site_statistics.h"
#include "widgets/plots/data_plot.h"
#include "widgets/plots/pooled_histogram.h"

namespace rolora::widgets {

struct DistributionSeries {
  QString name;                                   ///< of the state: "plain"
  LogHistogram histogram;                         ///< as the file holds it, of |x| or of the tokens' largest |x|
  std::vector<std::pair<QString, double>> marks;  ///< "p99.9" → |x|, ascending, the largest value last
  double rms = 1;                                 ///< of the tensor: what |x| / rms divides by
};

struct DistributionRow {
  int layer = 0;
  std::optional<DistributionSeries> a, b;
};

struct DistributionData {
  std::vector<DistributionRow> rows;  ///< by layer; one: large, more: ridges
  QString site;                       ///< "down_in"
  QString facts;                      ///< model, text, tokens, seed: the caption's last sentences
  Scaling scaling = Scaling::absolute;
  bool token_maxima = false;  ///< of the tokens' largest |x| in place of all values
  bool without_first = false;
};

struct DistributionForm {
  int bins_an_octave = 8;    ///< divides 64
  bool share_above = false;  ///< complementary distribution in place of counts
  bool logarithmic = true;   ///< counts or shares
  bool operator==(const DistributionForm&) const = default;
};

class DistributionPlot : public DataPlot<DistributionPlot, DistributionData, DistributionForm> {
  Q_OBJECT
 public:
  explicit DistributionPlot(QWidget* parent = nullptr);

 public slots:
  void toggle_log() override;

 protected:
  void draw(const PlotStyle& style) override;
  bool has_data() const override;
  std::optional<Hit> hit(QPointF position) const override;
  FigureTable table() const override;
  QString file_name() const override;
  QString caption() const override;
  double height_to_width() const override;
  std::optional<Hit> stepped(int dx, int dy, bool to_outlier) const override;
  void mark(const PlotStyle& style) override;
  std::optional<Hit> hit_of_selection() const override;
  void set_full_ranges() override;
  void prepare() override;

 private:
  struct Drawn {  // one series of one row as it is shown: pooled, edges divided by the rms
    int row = 0;
    bool is_a = true;
    QString name;
    double rms = 1;
    PooledHistogram histogram;
  };
  bool ridges() const { return data_.rows.size() > 1; }
  void draw_layer(const PlotStyle& style);
  void draw_ridges(const PlotStyle& style);
  void draw_series(const PlotStyle& style, const Drawn& drawn);
  void add_rails(const PlotStyle& style);
  double ridge_height(uint64_t count) const;
  void follow_key_range();
  QString outside_note() const;
  QString key_label() const;
  QString value_label() const;
  std::optional<Hit> hit_of(double magnitude, int row) const;
  std::optional<Hit> hit_of_largest(int row) const;
  int row_of_layer(int layer) const;
  const DistributionSeries& series(const Drawn& drawn) const;

  std::vector<Drawn> drawn_;
  uint64_t largest_count_ = 1;
  QPointer<QCPAxisRect> panel_;
};

}  // namespace rolora::widgets
