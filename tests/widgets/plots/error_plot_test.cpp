// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/error_plot.h"

#include <gtest/gtest.h>

#include <QSignalSpy>
#include <cmath>

#include "tests/widgets/plots/shown_plot.h"
#include "widgets/plots/figure_exporter.h"
#include "widgets/plots/panels.h"

namespace {

using namespace rolora::widgets;
using rolora::SiteKind;
using rolora::test::panels_of;
using rolora::test::show;

constexpr std::array kKinds = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"};
constexpr int kLayers = 4;

/// Of the plain state ten times that of the rotated one; another value in each linear.
double planted(size_t series, size_t kind, int layer) {
  return 0.01 * (layer + 1) * (1 + 0.1 * static_cast<double>(kind)) * (series == 0 ? 10 : 1);
}

ErrorData errors() {
  ErrorData d;
  for (const char* state : {"plain", "rotated"}) {
    ErrorSeries s;
    s.state = QString::fromLatin1(state);
    s.method = QStringLiteral("GPTQ W4A4");
    s.name = s.state + QStringLiteral(", ") + s.method;
    for (int layer = 0; layer < kLayers; ++layer) {
      for (size_t kind = 0; kind < kKinds.size(); ++kind) {
        LinearError e;
        e.kind = QString::fromLatin1(kKinds[kind]);
        e.layer = layer;
        e.output_error_both = planted(d.series.size(), kind, layer);
        e.output_error_weights = e.output_error_activations = std::nan("");
        s.linears.push_back(e);
      }
    }
    d.series.push_back(s);
  }
  return d;
}

class ErrorPanels : public testing::Test {
 protected:
  void SetUp() override {
    plot.set_data(errors(), false);
    show(plot);
    QObject::connect(&plot, &Plot::proposed, &plot, [this](const Selection& s) { plot.set_selection(s); });
  }
  QCPAxisRect* panel(size_t kind) { return panels_of(plot)[static_cast<qsizetype>(kind)]; }
  QPoint at(size_t series, size_t kind, int layer) {
    const QCPAxisRect* rect = panel(kind);
    return QPointF(rect->axis(QCPAxis::atBottom)->coordToPixel(layer),
                   rect->axis(QCPAxis::atLeft)->coordToPixel(planted(series, kind, layer)))
        .toPoint();
  }
  struct Ring {
    QCPAxisRect* panel;
    double layer, value;
  };
  std::vector<Ring> rings() const {
    std::vector<Ring> out;
    for (int i = 0; i < plot.itemCount(); i += 1) {
      const auto* ring = qobject_cast<QCPItemTracer*>(plot.item(i));
      if (ring == nullptr) continue;
      const Ring one{ring->clipAxisRect(), ring->position->key(), ring->position->value()};
      if (out.empty() || out.back().panel != one.panel) out.push_back(one);  // each has a halo
    }
    return out;
  }
  ErrorPlot plot;
};

TEST_F(ErrorPanels, AreAsWideAndAsTallAsEachOtherAtEverySize) {
  const PlotStyle screen = plot.style();
  struct Case {
    int width, height;
    bool paper;
  };
  // A column of a paper is 234 points wide, a page 486.
  for (const Case& c : {Case{760, 480, false}, Case{592, 300, false}, Case{1400, 820, false}, Case{234, 178, true}, Case{396, 301, true},
                        Case{486, 369, true}}) {
    plot.set_style(c.paper ? PlotStyle::on_paper() : screen);
    plot.resize(c.width, c.height);  // nothing is drawn anew for it
    QCoreApplication::processEvents();
    plot.replot();
    ASSERT_EQ(panels_of(plot).size(), 7);
    for (const QCPAxisRect* each : panels_of(plot)) {
      EXPECT_NEAR(each->rect().width(), panel(0)->rect().width(), 1) << c.width;
      EXPECT_NEAR(each->rect().height(), panel(0)->rect().height(), 1) << c.height;
    }
    EXPECT_GT(panel(0)->rect().width(), c.width / 8);
  }
}

TEST_F(ErrorPanels, TheLowestOfEachColumnHasNumbersAndTheAxisItsTitle) {
  for (size_t i = 0; i < kKinds.size(); ++i) {
    const bool lowest = i >= 3;  // o_proj has none below it
    EXPECT_EQ(bottom_axis(panel(i))->tickLabels(), lowest) << kKinds[i];
    EXPECT_EQ(bottom_axis(panel(i))->label(), lowest ? QStringLiteral("Layer") : QString()) << kKinds[i];
  }
  for (const double width : {3.25, 5.5, 6.75}) {
    FigureSettings settings;
    settings.width_inches = width;
    EXPECT_EQ(figure_svg(*plot.figure(), settings).count(">Layer<"), 4) << width;
  }
}

TEST_F(ErrorPanels, APointTellsItsLinear) {
  QSignalSpy proposals(&plot, &Plot::proposed);
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier, at(0, 6, 2));
  ASSERT_EQ(proposals.count(), 1);
  EXPECT_EQ(proposals.first().first().value<Selection>().layer, 2);
  EXPECT_TRUE(plot.sentence().contains(QStringLiteral("down_proj · plain"))) << plot.sentence().toStdString();
  plot.set_form({ErrorCause::weights, ErrorMeasure::relative_error, true});
  EXPECT_EQ(plot.axisRects().size(), 0) << "not measured: nothing to draw";
}

TEST_F(ErrorPanels, TheRingIsAtTheLinearsThatReadTheSelectedSite) {
  Selection s;
  s.site = SiteKind::o_in;
  s.layer = 2;
  plot.set_selection(s);
  ASSERT_EQ(rings().size(), 1U);
  EXPECT_EQ(rings()[0].panel, panel(3));
  EXPECT_NEAR(rings()[0].layer, 2, 0.01);
  EXPECT_NEAR(rings()[0].value / planted(0, 3, 2), 1, 0.02);
  s.site = SiteKind::gate_up_in;
  plot.set_selection(s);
  ASSERT_EQ(rings().size(), 2U);
  EXPECT_EQ(rings()[0].panel, panel(4));
  EXPECT_EQ(rings()[1].panel, panel(5));
  s.site = SiteKind::residual_in;
  plot.set_selection(s);
  EXPECT_TRUE(rings().empty()) << "no linear reads the residual stream";
}

TEST_F(ErrorPanels, AChosenPointIsRingedAndKeysGoOnFromIt) {
  Selection s;
  s.site = SiteKind::down_in;
  s.layer = 0;
  s.channel = 9;
  plot.set_selection(s);
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier, at(1, 1, 2));  // rotated, k_proj
  EXPECT_EQ(plot.selection().site, SiteKind::qkv_in) << "what k_proj reads";
  EXPECT_EQ(plot.selection().layer, 2);
  EXPECT_EQ(plot.selection().channel, -1) << "channels are of another tensor";
  ASSERT_EQ(rings().size(), 1U);
  EXPECT_EQ(rings()[0].panel, panel(1));
  EXPECT_NEAR(rings()[0].value / planted(1, 1, 2), 1, 0.02);
  QTest::mouseClick(&plot, Qt::LeftButton, Qt::NoModifier, at(0, 1, 2));  // the same place, the other line
  EXPECT_NEAR(rings()[0].value / planted(0, 1, 2), 1, 0.02);
  QTest::keyClick(&plot, Qt::Key_Right);
  EXPECT_TRUE(plot.sentence().startsWith(QStringLiteral("layer 3 · k_proj · plain"))) << plot.sentence().toStdString();
  QTest::keyClick(&plot, Qt::Key_Down);
  EXPECT_TRUE(plot.sentence().startsWith(QStringLiteral("layer 3 · v_proj · plain"))) << plot.sentence().toStdString();
  EXPECT_EQ(rings()[0].panel, panel(2));
}

}  // namespace
