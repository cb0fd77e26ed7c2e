// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/outliers/statistics_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/outliers/statistics_fields.h"
#include "core/storage/atomic_file.h"
#include "core/storage/hdf5.h"
#include "tests/support/folders.h"
#include "tests/support/sample_statistics.h"

namespace rolora {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace test;  // the sample of sample_statistics.h

const std::vector<StatisticsOfState>& states() {
  static const std::vector<StatisticsOfState> list = {sample_state("plain", {}, 0), sample_state("rotated", {}, 1)};
  return list;
}
StatisticsProvenance provenance() { return sample_provenance({}); }
TokenTexts texts() { return sample_texts({}); }

// NaN equals NaN here: both mean that nothing can be said.
void expect_same(const std::vector<float>& found, const std::vector<float>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    if (std::isnan(expected[i])) {
      EXPECT_TRUE(std::isnan(found[i]));
    } else {
      EXPECT_EQ(found[i], expected[i]);
    }
  }
}

void expect_same(const SiteFigures& found, const SiteFigures& expected) {
  EXPECT_EQ(found.tensor.tokens, expected.tensor.tokens);
  EXPECT_EQ(tensor_values(found.tensor), tensor_values(expected.tensor));
  for (size_t f = 0; f < kChannelFields; ++f) expect_same(channel_values(found.channels, f), channel_values(expected.channels, f));
  EXPECT_EQ(found.histogram.counts, expected.histogram.counts);
  EXPECT_EQ(found.histogram.negative, expected.histogram.negative);
  EXPECT_EQ(found.histogram.zeros, expected.histogram.zeros);
  EXPECT_EQ(found.histogram.edges(), expected.histogram.edges());
  EXPECT_EQ(found.token_histogram.counts, expected.token_histogram.counts);
  EXPECT_EQ(found.top, expected.top);
}

TEST(StatisticsFile, GivesBackEveryFigureOfEveryState) {
  const test::TempFolder scratch;
  write_statistics(scratch / "s.h5", provenance(), states(), texts());
  const StatisticsFile file = load_statistics(scratch / "s.h5");
  EXPECT_THAT(file.states(), ElementsAre("plain", "rotated"));
  EXPECT_EQ(file.provenance().text, "chapters.txt");
  EXPECT_EQ(file.provenance().seed, 11u);
  EXPECT_EQ(file.model_hash("rotated"), "hash of rotated");
  EXPECT_EQ(file.rotation_checksum("plain"), "");
  for (const StatisticsOfState& s : states()) {
    EXPECT_THAT(file.sites(s.state), ElementsAre("layers.0.qkv_in", "layers.0.down_in", "layers.1.qkv_in", "layers.1.down_in"));
    for (const SiteStatistics& site : s.result.sites) {
      expect_same(file.site(s.state, site.name()), site.all);
      expect_same(file.site(s.state, site.name(), true), site.without_first);
      const TokenFigures tokens = file.tokens(s.state, site.name());
      for (size_t f = 0; f < kTokenFields; ++f) expect_same(token_values(tokens, f), token_values(site.tokens, f));
      EXPECT_EQ(file.full(s.state, site.name()), site.full);
    }
    const std::vector<LinearStatistics> linears = file.linears(s.state);
    ASSERT_EQ(linears.size(), 2u);
    EXPECT_EQ(linears[0].rtn_mse, s.result.linears[0].rtn_mse);
    for (size_t f = 0; f < kLineFields; ++f) expect_same(line_values(linears[0].column, f), line_values(s.result.linears[0].column, f));
  }
}

TEST(StatisticsFile, NamesTheTokensOfTheOutliers) {
  const test::TempFolder scratch;
  write_statistics(scratch / "s.h5", provenance(), states(), texts());
  const LabelledOutlier top = load_statistics(scratch / "s.h5").top_labelled("plain", "layers.1.down_in").front();
  EXPECT_EQ(top.outlier, (Outlier{-80.0F, kPlantedToken, kPlantedChannel}));
  EXPECT_EQ(top.id, 100 + kPlantedToken);
  EXPECT_EQ(top.text, "▁133");
  write_statistics(scratch / "none.h5", provenance(), states(), {});
  const LabelledOutlier bare = load_statistics(scratch / "none.h5").top_labelled("plain", "layers.1.down_in").front();
  EXPECT_EQ(bare.id, -1);
  EXPECT_EQ(bare.text, "");
}

TEST(StatisticsFile, NamesTheFirstTokensOfTheText) {
  const test::TempFolder scratch;
  SampleShape shape;
  shape.tokens_told = 12;  // fewer than the text has
  shape.kept = 17;
  const std::vector<StatisticsOfState> list = {sample_state("plain", shape, 0)};
  write_statistics(scratch / "s.h5", provenance(), list, texts());
  const NamedTokens tokens = load_statistics(scratch / "s.h5").text();
  ASSERT_EQ(tokens.ids.size(), 17u) << "as many as any site tells of";
  EXPECT_EQ(tokens.ids.front(), 100);
  EXPECT_EQ(tokens.ids.back(), 116);
  EXPECT_EQ(tokens.pieces.at(3), "▁103");
  EXPECT_EQ(tokens.pieces.size(), 17u);

  TokenTexts without_pieces = texts();
  without_pieces.piece = nullptr;
  write_statistics(scratch / "ids.h5", provenance(), list, without_pieces);
  EXPECT_EQ(load_statistics(scratch / "ids.h5").text().ids.size(), 17u);
  EXPECT_TRUE(load_statistics(scratch / "ids.h5").text().pieces.empty());
  write_statistics(scratch / "none.h5", provenance(), list, {});
  EXPECT_TRUE(load_statistics(scratch / "none.h5").text().ids.empty());
}

TEST(StatisticsFile, KeepsTheFirstTokensOfASite) {
  const test::TempFolder scratch;
  SampleShape shape;
  shape.kept = 17;
  write_sample(scratch / "s.h5", shape);
  const StatisticsFile file = load_statistics(scratch / "s.h5");
  EXPECT_TRUE(file.has_full("plain", "layers.1.down_in"));
  EXPECT_FALSE(file.has_full("plain", "layers.0.down_in"));
  std::vector<float> all = sample_values(60, 24, 3, -80);
  all.resize(17 * 24);
  EXPECT_EQ(file.full("plain", "layers.1.down_in"), all);
  EXPECT_EQ(Hdf5Reader(scratch / "s.h5").text_attribute("/plain/layers.1.down_in/full/values", "definition"),
            "every value of the site at the text's first tokens");
}

TEST(StatisticsFile, TellsWhatARotationIs) {
  const test::TempFolder scratch;
  write_sample(scratch / "s.h5");
  const StatisticsFile file = load_statistics(scratch / "s.h5");
  EXPECT_TRUE(file.rotation("plain").is_null());
  EXPECT_EQ(file.rotation("rotated").at("r4").at("kind"), "hadamard");
  const LinearStatistics linear = file.linear_figures("plain").at(0);
  EXPECT_EQ(linear.columns, 24);
  EXPECT_EQ(linear.rtn_relative_error, 0.125);
  EXPECT_TRUE(linear.column.absmax.empty());
}

TEST(StatisticsFile, DefaultsLeadToTheMatrixOfTheFirstState) {
  const test::TempFolder scratch;
  write_statistics(scratch / "s.h5", provenance(), states(), texts());
  const Hdf5Reader in(scratch / "s.h5");
  EXPECT_EQ(in.text_attribute("/", "NX_class"), "NXroot");
  std::string path;
  for (int steps = 0; in.text_attribute(path.empty() ? "/" : path, "NX_class") != "NXdata"; ++steps) {
    ASSERT_LT(steps, 4);
    path += "/" + in.text_attribute(path.empty() ? "/" : path, "default");
  }
  EXPECT_EQ(path, "/plain/overview/down_in");
  EXPECT_EQ(in.text_attribute(path, "signal"), "absmax");
  EXPECT_THAT(in.texts_attribute(path, "axes"), ElementsAre("layer", "channel"));
  EXPECT_THAT(in.shape(path + "/absmax"), ElementsAre(2, 24));
  EXPECT_THAT(in.numbers(path + "/layer"), ElementsAre(0, 1));
  EXPECT_EQ(in.numbers(path + "/channel").size(), 24u);
  for (const std::string& signal : in.texts_attribute(path, "auxiliary_signals"))
    EXPECT_THAT(in.shape(path + "/" + signal), ElementsAre(2, 24));
  EXPECT_EQ(in.text_attribute("/", "tool_version"), kToolVersion);
  EXPECT_THAT(in.text_attribute("/", "observed"), HasSubstr("before activations, keys or values are rounded there"));
}

TEST(StatisticsFile, OverviewAndProfileHoldTheSitesRowByRow) {
  const test::TempFolder scratch;
  write_statistics(scratch / "s.h5", provenance(), states(), texts());
  const StatisticsFile file = load_statistics(scratch / "s.h5");
  EXPECT_TRUE(file.has_overview("rotated", SiteKind::qkv_in));
  EXPECT_FALSE(file.has_overview("rotated", SiteKind::o_in));
  for (const bool without_first : {false, true}) {
    const OverviewMatrix matrix = file.overview("rotated", SiteKind::down_in, "p999", without_first);
    ASSERT_EQ(matrix.channels, 24);
    EXPECT_THAT(matrix.layers, ElementsAre(0, 1));
    for (int64_t layer = 0; layer < 2; ++layer) {
      const SiteFigures site = file.site("rotated", "layers." + std::to_string(layer) + ".down_in", without_first);
      expect_same({matrix.values.begin() + layer * 24, matrix.values.begin() + (layer + 1) * 24}, site.channels.quantiles[2]);
    }
  }
  const Hdf5Reader in(scratch / "s.h5");
  EXPECT_THAT(in.numbers("/plain/profile/down_in/kurtosis"),
              ElementsAre(states()[0].result.sites[1].all.tensor.kurtosis, states()[0].result.sites[3].all.tensor.kurtosis));
}

// Every dataset explains itself, but for the counters 0, 1, 2 … that serve as axes.
TEST(StatisticsFile, EveryDatasetSaysItsUnitAndDefinition) {
  const test::TempFolder scratch;
  write_statistics(scratch / "s.h5", provenance(), states(), texts());
  const Hdf5Reader in(scratch / "s.h5");
  int datasets = 0, nan_able = 0;
  const std::set<std::string> axes = {"layer", "channel", "token", "column"};
  const std::function<void(const std::string&)> walk = [&](const std::string& path) {
    for (const std::string& child : in.children(path.empty() ? "/" : path)) {
      const std::string at = path + "/" + child;
      bool is_group = true;
      try {
        in.shape(at);
        is_group = false;
      } catch (const InputError&) {
      }
      if (is_group) {
        EXPECT_THAT(in.text_attribute(at, "NX_class"), HasSubstr("NX")) << at;
        walk(at);
      } else if (!axes.contains(child)) {
        ++datasets;
        EXPECT_FALSE(in.text_attribute(at, "unit").empty()) << at;
        EXPECT_FALSE(in.text_attribute(at, "definition").empty()) << at;
        if (child.ends_with("kurtosis")) {
          ++nan_able;
          EXPECT_EQ(in.number_attribute(at, "may_be_nan"), 1) << at;
        }
      }
    }
  };
  walk("");
  EXPECT_GT(datasets, 200);
  EXPECT_GT(nan_able, 20);
}

TEST(StatisticsFile, TheSameNumbersGiveTheSameBytes) {
  const test::TempFolder scratch;
  write_statistics(scratch / "a.h5", provenance(), states(), texts());
  write_statistics(scratch / "b.h5", provenance(), {sample_state("plain", {}, 0), sample_state("rotated", {}, 1)}, texts());
  EXPECT_EQ(read_file(scratch / "a.h5"), read_file(scratch / "b.h5"));
}

TEST(StatisticsFile, RefusesStatesThatCannotBeGroups) {
  const test::TempFolder scratch;
  for (const char* bad : {"", "a/b", "..", "plain", "text"}) {
    EXPECT_THROW(write_statistics(scratch / "s.h5", provenance(), {states()[0], sample_state(bad, {}, 1)}, texts()), Error) << bad;
    EXPECT_FALSE(std::filesystem::exists(scratch / "s.h5"));
  }
}

struct Damage {
  const char* what;
  std::function<void(Hdf5Writer&)> write;
  std::function<void(const StatisticsFile&)> read;
  const char* message;
};

void write_root(Hdf5Writer& out, int64_t version, const std::string& format) {
  out.group("/plain");
  out.attribute("/", "format", format);
  out.attribute("/", "format_version", version);
  out.attribute("/", "states", std::vector<std::string>{"plain"});
  for (const char* name : {"text", "text_hash", "corpus", "dtype", "device", "cpu_features"}) out.attribute("/", name, std::string("x"));
  for (const char* name : {"windows", "context", "threads", "seed"}) out.attribute("/", name, int64_t{4});
}

void write_tensor(Hdf5Writer& out, const std::string& path, int64_t channels) {
  out.group(path + "/tensor");
  out.attribute(path + "/tensor", "tokens", int64_t{8});
  out.attribute(path + "/tensor", "channels", channels);
  out.attribute(path + "/tensor", "median_exact", int64_t{1});
  for (const FieldText& field : tensor_fields()) out.attribute(path + "/tensor", field.name, 1.0);
}

TEST(StatisticsFile, RefusesWhatIsNotAStatisticsFile) {
  const auto nothing = [](const StatisticsFile&) {};
  const auto site = [](const StatisticsFile& file) { file.site("plain", "layers.0.down_in"); };
  const std::vector<float> three = {1, 2, 3};
  const std::vector<Damage> damages = {
      {"another program's file", [](Hdf5Writer& out) { write_root(out, 1, "other"); }, nothing,
       "/@format: expected rolora statistics, found other"},
      {"a newer version", [](Hdf5Writer& out) { write_root(out, 2, "rolora statistics"); }, nothing,
       "/@format_version: expected at most 1, found 2"},
      {"a state that is not there",
       [](Hdf5Writer& out) {
         write_root(out, 1, "rolora statistics");
         out.attribute("/", "states", std::vector<std::string>{"plain", "gone"});
       },
       nothing, "/gone: expected a group"},
      {"a state that was not asked for", [](Hdf5Writer& out) { write_root(out, 1, "rolora statistics"); },
       [](const StatisticsFile& file) { file.sites("rotated"); }, "/rotated: expected a state of this file"},
      {"a site without figures", [](Hdf5Writer& out) { write_root(out, 1, "rolora statistics"); }, site, "layers.0.down_in"},
      {"fewer channels than announced",
       [&](Hdf5Writer& out) {
         write_root(out, 1, "rolora statistics");
         write_tensor(out, "/plain/layers.0.down_in", 4);
         out.dataset("/plain/layers.0.down_in/absmax", std::span<const float>(three), {3});
       },
       site, "/plain/layers.0.down_in/absmax: expected 4 values, found 3"},
      {"NaN where none may be",
       [&](Hdf5Writer& out) {
         write_root(out, 1, "rolora statistics");
         write_tensor(out, "/plain/layers.0.down_in", 2);
         out.dataset("/plain/layers.0.down_in/absmax", std::vector<float>{1, std::nanf("")}, {2});
       },
       site, "/plain/layers.0.down_in/absmax: expected finite values, found NaN"},
  };
  const test::TempFolder scratch;
  for (const Damage& damage : damages) {
    const std::filesystem::path path = scratch / "broken.h5";
    Hdf5Writer out(path);
    damage.write(out);
    out.commit();
    try {
      damage.read(load_statistics(path));
      ADD_FAILURE() << damage.what << " was accepted";
    } catch (const InputError& e) {
      EXPECT_THAT(e.what(), HasSubstr(damage.message)) << damage.what;
      EXPECT_THAT(e.what(), HasSubstr("broken.h5")) << damage.what;
    }
  }
}

TEST(StatisticsFile, RefusesATruncatedFile) {
  const test::TempFolder scratch;
  write_statistics(scratch / "s.h5", provenance(), states(), texts());
  const std::string bytes = read_file(scratch / "s.h5");
  write_file_atomically(scratch / "half.h5", bytes.substr(0, bytes.size() / 2));
  EXPECT_THROW(load_statistics(scratch / "half.h5"), InputError);
}

TEST(SiteJson, HoldsTheFiguresOfTheTensorAndOfTheViewWithoutFirstTokens) {
  const SiteStatistics& site = states()[0].result.sites[3];
  const Json json = sites_json(states()[0].result).at("layers.1.down_in");
  EXPECT_EQ(json.at("kurtosis").get<double>(), site.all.tensor.kurtosis);
  EXPECT_EQ(json.at("absmax").get<double>(), 80);
  EXPECT_EQ(json.at("token_ratio").get<double>(), site.all.tensor.token_ratio());
  EXPECT_EQ(json.at("p999").get<double>(), site.all.tensor.quantiles[2]);
  EXPECT_EQ(json.at("without_first").at("kurtosis").get<double>(), site.without_first.tensor.kurtosis);
  EXPECT_NE(json.at("kurtosis"), json.at("without_first").at("kurtosis"));
}

}  // namespace
}  // namespace rolora
