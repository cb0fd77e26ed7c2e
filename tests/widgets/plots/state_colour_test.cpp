// SPDX-License-Identifier: GPL-3.0-or-later
// One state, one colour: whatever the page, the order and what else is drawn.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/widgets/plots/heat_sample.h"
#include "widgets/plots/distribution_plot.h"
#include "widgets/plots/error_plot.h"
#include "widgets/plots/line_series.h"
#include "widgets/plots/profile_plot.h"
#include "widgets/plots/training_plot.h"

namespace {

using namespace rolora::widgets;

double luminance(const QColor& c) {
  const auto linear = [](double s) { return s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4); };
  return 0.2126 * linear(c.redF()) + 0.7152 * linear(c.greenF()) + 0.0722 * linear(c.blueF());
}

TEST(StateColour, BelongsToTheStateHoweverItIsNamed) {
  const PlotStyle style = PlotStyle::on_paper();
  EXPECT_EQ(state_colour(style, QStringLiteral("plain")), style.series[0]);
  for (const char* name :
       {"rotated", "rotated (seed 0)", "rotated (seed 0), GPTQ W4A4", "story: rotated (seed 0)", "rotated R1 orthogonal (seed 0)"})
    EXPECT_EQ(state_colour(style, QString::fromUtf8(name)), style.series[1]) << name;
  EXPECT_EQ(state_colour(style, QStringLiteral("story: plain, RTN W4A4")), style.series[0]);
  EXPECT_EQ(state_colour(style, QStringLiteral("folded")), style.series[2]);
  EXPECT_NE(state_colour(style, QStringLiteral("rotated (seed 1)")), state_colour(style, QStringLiteral("rotated (seed 2)")));
  EXPECT_EQ(state_colour(style, QStringLiteral("rotated-seed-1")), state_colour(style, QStringLiteral("rotated (seed 1)")));
  EXPECT_EQ(state_colour(style, QStringLiteral("my model")), state_colour(style, QStringLiteral("my model")));
}

TEST(StateColour, ATunedStateIsAStrongerShadeOfItsOrigin) {
  for (const bool dark : {false, true}) {
    const PlotStyle style = dark ? PlotStyle::screen(rolora::test::dark_palette(), QFont()) : PlotStyle::on_paper();
    for (const char* origin : {"plain", "rotated (seed 0)", "folded"}) {
      const QColor before = state_colour(style, QString::fromUtf8(origin)),
                   after = state_colour(style, QString::fromUtf8(origin) + QStringLiteral(" + LoRA"));
      EXPECT_NE(before, after);
      const double ground = luminance(style.background);
      EXPECT_GT(std::fabs(luminance(after) - ground), std::fabs(luminance(before) - ground) * (dark ? 1.0 : 0.999)) << origin;
    }
    EXPECT_NE(state_colour(style, QStringLiteral("plain + LoRA")), state_colour(style, QStringLiteral("rotated (seed 0) + LoRA")));
  }
}

/// Colours of the lines of a plot.
std::vector<QColor> line_colours(QCustomPlot& plot) {
  std::vector<QColor> out;
  for (int i = 0; i < plot.plottableCount(); ++i) {
    if (const auto* line = dynamic_cast<const LineSeries*>(plot.plottable(i))) out.push_back(line->look().colour);
  }
  return out;
}

TEST(StateColour, TrainingAndErrorsAgreeInAnyOrder) {
  for (const bool swapped : {false, true}) {
    QStringList names{QStringLiteral("plain"), QStringLiteral("rotated (seed 0)")};
    if (swapped) names = {names[1], names[0]};
    TrainingData training;
    ErrorData errors;
    for (const QString& name : names) {
      TrainingSeries series{name, {}};
      series.curve.step = {1, 2};
      series.curve.loss = {3, 2};
      training.series.push_back(series);
      LinearError linear;
      linear.kind = QStringLiteral("q_proj");
      linear.output_error_both = 0.1;
      errors.series.push_back({name, name, QStringLiteral("RTN W4A4"), {linear}});
    }
    TrainingPlot training_plot;
    TrainingForm form;
    form.smoothing = 0;
    training_plot.set_form(form);
    training_plot.set_data(training);
    ErrorPlot error_plot;
    error_plot.set_data(errors, false);
    for (QCustomPlot* plot : {static_cast<QCustomPlot*>(&training_plot), static_cast<QCustomPlot*>(&error_plot)}) {
      const std::vector<QColor> colours = line_colours(*plot);
      ASSERT_EQ(colours.size(), 2U);
      const PlotStyle& style = training_plot.style();
      EXPECT_EQ(colours[0], style.series[swapped ? 1 : 0]);
      EXPECT_EQ(colours[1], style.series[swapped ? 0 : 1]);
    }
  }
}

TEST(StateColour, TheProfileDrawsAStateInItsColourOnEitherSide) {
  ProfileData data;
  data.a = ProfileSeries{QStringLiteral("rotated (seed 0)"), {{0, 5, 4, 3, 2, 1, 3, 1}, {1, 5, 4, 3, 2, 1, 3, 1}}};
  data.b = ProfileSeries{QStringLiteral("plain"), {{0, 50, 4, 3, 2, 1, 30, 1}, {1, 50, 4, 3, 2, 1, 30, 1}}};
  ProfilePlot plot;
  plot.set_data(data, false);
  const std::vector<QColor> colours = line_colours(plot);
  ASSERT_EQ(colours.size(), 13U) << "five lines a state, two of the kurtosis, the Gaussian's";
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(colours[i], plot.style().series[1]);
  for (size_t i = 5; i < 10; ++i) EXPECT_EQ(colours[i], plot.style().series[0]);
  EXPECT_EQ(colours[10], plot.style().series[1]);
  EXPECT_EQ(colours[11], plot.style().series[0]);
}

}  // namespace
