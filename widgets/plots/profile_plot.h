// SPDX-License-Identifier: GPL-3.0-or-later
// The layers of a site at a glance: largest, second, third, median and smallest of the tokens' largest |x| (the figure of PrefixQuant,
// arXiv 2410.05265, with its two ratios), and the kurtosis of the tensor; two states side by side on one scale.
#pragma once

#include <optional>
#include <vector>

#include "widgets/plots/data_plot.h"

namespace rolora::widgets {

struct ProfileLayer {
  int layer = 0;
  double top1 = 0, top2 = 0, top3 = 0, median = 0, least = 0;  ///< of the tokens' largest |x|
  double kurtosis = 0, rms = 1;                                ///< of the tensor
};

struct ProfileSeries {
  QString name;
  std::vector<ProfileLayer> layers;  ///< ascending
  /// max over layers of top-1 / median, and of median / min-1; NaN where nothing can be divided.
  double top_ratio() const;
  double least_ratio() const;
};

struct ProfileData {
  std::optional<ProfileSeries> a, b;
  QString site, facts;
  Scaling scaling = Scaling::absolute;
  bool without_first = false;
};

struct ProfileForm {
  bool logarithmic = true;
  bool operator==(const ProfileForm&) const = default;
};

/// A ratio above this is called out, as in the paper's figure.
inline constexpr double kNotableRatio = 10;

class ProfilePlot : public DataPlot<ProfilePlot, ProfileData, ProfileForm> {
  Q_OBJECT
 public:
  explicit ProfilePlot(QWidget* parent = nullptr);

 public slots:
  void toggle_log() override;

 protected:
  void draw(const PlotStyle& style) override;
  bool has_data() const override;
  std::optional<Hit> hit(QPointF position) const override;
  FigureTable table() const override;
  QString file_name() const override;
  QString caption() const override;
  double height_to_width() const override { return 0.85; }
  std::optional<Hit> stepped(int dx, int dy, bool to_outlier) const override;
  std::optional<Hit> hit_of_selection() const override;
  void set_full_ranges() override;

 private:
  struct Point {  // one value of one line
    bool is_a = true;
    int layer = 0, line = 0;  // line 0 … 4: tokens' largest |x|; 5: kurtosis
    double value = 0;
    QCPAxisRect* panel = nullptr;
  };
  void draw_tokens(const PlotStyle& style, QCPLayoutGrid* grid, const ProfileSeries& series, bool is_a);
  void draw_kurtosis(const PlotStyle& style);
  double value_of(const ProfileLayer& layer, int line) const;
  std::vector<Point> points() const;
  QPointF pixel_of(const Point& point) const;
  Hit hit_of(const Point& point) const;
  const std::optional<ProfileSeries>& side(bool is_a) const { return is_a ? data_.a : data_.b; }

  QPointer<QCPAxisRect> panel_a_, panel_b_, kurtosis_;
};

}  // namespace rolora::widgets
