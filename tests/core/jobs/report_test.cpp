// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of the report: tables and CSV, charts, words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/jobs/report/chart.h"
#include "core/jobs/report/findings.h"
#include "core/jobs/report/table.h"

namespace rolora {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Table, CsvRoundTripIsExact) {
  Table table{"t", "T", {"name", "value", "flag"}, {}};
  const std::vector<double> values = {0.1, 1.0 / 3.0, 5e-324, 1.7976931348623157e308, -0.0, 123456789.123456789};
  for (const double v : values) table.add({"a,\"b\"\nc", v, true});
  table.add({"", nullptr, false});
  const auto rows = parse_csv(csv_text(table), "t.csv");
  ASSERT_EQ(rows.size(), values.size() + 2);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"name", "value", "flag"}));
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(rows[i + 1][0], "a,\"b\"\nc");
    EXPECT_EQ(std::strtod(rows[i + 1][1].c_str(), nullptr), values[i]);
    EXPECT_EQ(rows[i + 1][2], "true");
  }
  EXPECT_EQ(rows.back(), (std::vector<std::string>{"", "", "false"}));
}

TEST(Table, RefusesRaggedRows) {
  Table table{"t", "T", {"a", "b"}, {}};
  EXPECT_THROW(table.add({1}), Error);
  EXPECT_THROW(parse_csv("a,b\n1\n", "t.csv"), InputError);
  EXPECT_THROW(parse_csv("a,b\n1,\"2\n", "t.csv"), InputError);
}

TEST(Table, NumbersAreReadable) {
  EXPECT_EQ(readable(45.912345), "45.91");
  EXPECT_EQ(readable(0.00213712), "0.002137");
  EXPECT_EQ(readable(2048), "2048");
  EXPECT_EQ(readable(-0.0), "0");
  EXPECT_EQ(readable(std::nan("")), "–");
  EXPECT_EQ(readable(Json()), "–");
  EXPECT_EQ(readable(Json(true)), "yes");
}

TEST(Table, HtmlIsEscapedAndSaysWhatIsLeftOut) {
  Table table{"t", "A <b> & \"c\"", {"x<y"}, {}};
  for (int i = 0; i < 5; ++i) table.add({"<script>"});
  const std::string html = html_table(table, 3);
  EXPECT_THAT(html, HasSubstr("A &lt;b&gt; &amp; &quot;c&quot;"));
  EXPECT_THAT(html, Not(HasSubstr("<script>")));
  EXPECT_THAT(html, HasSubstr("The first 3 of 5 rows"));
  EXPECT_THAT(html, HasSubstr("tables/t.csv"));
}

TEST(Chart, NiceTicks) {
  EXPECT_EQ(nice_ticks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
  EXPECT_EQ(nice_ticks(0.13, 0.47, 4), (std::vector<double>{0.2, 0.30000000000000004, 0.4}));
  EXPECT_EQ(log_ticks(2, 200), (std::vector<double>{2, 5, 10, 20, 50, 100, 200}));
  EXPECT_EQ(log_ticks(0.5, 50000), (std::vector<double>{1, 10, 100, 1000, 10000}));
}

TEST(Chart, PoolingKeepsEveryMaximum) {
  Random random(1, "pooling");
  HeatMap::Panel panel{"p", 7, 50, {}};
  for (int i = 0; i < 350; ++i) panel.values.push_back(random.uniform());
  const std::vector<double> pooled = pooled_by_maximum(panel, 3, 11);
  ASSERT_EQ(pooled.size(), 33u);
  // Brute force: a value lies in the block whose share of the axis contains it.
  for (int64_t r = 0; r < 7; ++r) {
    for (int64_t c = 0; c < 50; ++c) {
      const auto block_row = static_cast<size_t>(std::floor(3.0 * static_cast<double>(r) / 7.0));
      const auto block_column = static_cast<size_t>(std::floor(11.0 * static_cast<double>(c) / 50.0));
      EXPECT_GE(pooled[block_row * 11 + block_column], panel.values[static_cast<size_t>(r * 50 + c)]);
    }
  }
  for (const double value : pooled) EXPECT_THAT(panel.values, ::testing::Contains(value));
}

TEST(Chart, OneHotChannelStaysVisible) {
  HeatMap map{"m", "M", "D", "layer", "channel", {{"p", 32, 4096, std::vector<double>(32 * 4096, 0.5)}}};
  map.panels[0].values[17 * 4096 + 1415] = 812.3;
  const std::string drawing = svg(map);
  EXPECT_THAT(drawing, HasSubstr("#fee838")) << "the brightest colour of the scale";
  EXPECT_THAT(drawing, HasSubstr("812.3"));
  EXPECT_LT(drawing.size(), 400'000u);
}

TEST(Chart, RunningMeanMatchesBruteForce) {
  const std::vector<double> values = {1, 2, 6, std::nan(""), 4};
  const std::vector<double> mean = running_mean(values, 3);
  EXPECT_DOUBLE_EQ(mean[0], 1);
  EXPECT_DOUBLE_EQ(mean[1], 1.5);
  EXPECT_DOUBLE_EQ(mean[2], 3);
  EXPECT_DOUBLE_EQ(mean[3], 4);
  EXPECT_DOUBLE_EQ(mean[4], 5);
}

// Where a value lands: the y of a path's points goes down as values go up, gaps break the path, tooltips tell the value.
TEST(Chart, LinesFollowValuesAndGapsBreakThem) {
  LineChart chart{"c", "Title & more", "said aloud", "step", "loss", false, {}, {}};
  chart.series.push_back({"a", {1, 2, 3, 4}, {10, std::nan(""), 30, 20}, 0, false, true});
  const std::string drawing = svg(chart);
  EXPECT_THAT(drawing, HasSubstr("<title id=\"c-t\">Title &amp; more</title>"));
  EXPECT_THAT(drawing, HasSubstr("said aloud"));
  EXPECT_THAT(drawing, HasSubstr("a, step 3: 30"));
  const size_t begin = drawing.find("<path d=\"") + 9;
  const std::string path = drawing.substr(begin, drawing.find('"', begin) - begin);
  EXPECT_EQ(std::count(path.begin(), path.end(), 'M'), 2) << path;
  EXPECT_EQ(std::count(path.begin(), path.end(), 'L'), 1) << path;
  EXPECT_EQ(drawing.find("nan"), std::string::npos);
}

TEST(Chart, ConstantAndEmptySeriesAreDrawn) {
  LineChart chart{"c", "T", "D", "x", "y", true, {{"a", {1}, {5}, 0, false, true}, {"b", {}, {}, 1, false, true}}, {}};
  EXPECT_EQ(svg(chart).find("nan"), std::string::npos);
  EXPECT_EQ(svg(chart).find("inf"), std::string::npos);
  DotPlot plot{"d", "T", "D", "x", {"row"}, {{"a", {3}, {}, 0, false, true}}};
  EXPECT_EQ(svg(plot).find("nan"), std::string::npos);
}

TEST(Findings, ChangesAreToldAsTheyFall) {
  EXPECT_EQ(change(45.9, 42.5), "lowers it by 7.407 %");
  EXPECT_EQ(change(40, 50), "raises it by 25 %");
  EXPECT_EQ(change(40, 40.001), "leaves it as it is (change below 0.05 %)");
  EXPECT_EQ(change(0, 1), "cannot be compared");
}

}  // namespace
}  // namespace rolora
