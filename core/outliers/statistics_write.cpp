// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/base/version.h"
#include "core/outliers/statistics_fields.h"
#include "core/outliers/statistics_file.h"
#include "core/storage/hdf5.h"

namespace rolora {
namespace {

constexpr const char* kLogStyle = R"({"signal_scale_type": "log"})";  // silx starts with a logarithmic colour scale

// One file being written; every helper writes one kind of group.
class Writing {
 public:
  Writing(const std::filesystem::path& file, const TokenTexts& texts) : out_(file), texts_(texts) {}
  void root(const StatisticsProvenance& p, const std::vector<StatisticsOfState>& states);
  void state(const StatisticsOfState& s);
  void text(const std::vector<StatisticsOfState>& states);
  void commit() { out_.commit(); }

 private:
  void group(const std::string& path, const char* kind);
  void plot(const std::string& path, const std::string& title, const std::string& signal, const std::vector<std::string>& axes);
  void describe(const std::string& path, const FieldText& text);
  void floats(const std::string& folder, const FieldText& text, const std::vector<float>& values, const std::vector<int64_t>& shape);
  void index(const std::string& folder, const char* name, int64_t count);
  void site(const std::string& state, const SiteStatistics& s);
  void figures(const std::string& path, const std::string& title, const SiteFigures& f);
  void histogram(const std::string& path, const std::string& prefix, const char* of, const LogHistogram& h);
  void top(const std::string& path, const std::vector<Outlier>& values);
  void tokens(const std::string& path, const SiteStatistics& s);
  void overview(const std::string& path, const std::vector<const SiteStatistics*>& rows, bool without_first);
  void profile(const std::string& path, const std::vector<const SiteStatistics*>& rows, bool without_first);
  void linear(const std::string& path, const LinearStatistics& l);

  Hdf5Writer out_;
  const TokenTexts& texts_;
};

std::vector<int64_t> layers_of(const std::vector<const SiteStatistics*>& rows) {
  std::vector<int64_t> layers;
  for (const SiteStatistics* s : rows) layers.push_back(s->layer.value);
  return layers;
}

const SiteFigures& view(const SiteStatistics& s, bool without_first) { return without_first ? s.without_first : s.all; }

std::string view_title(const std::string& title, bool without_first) {
  return without_first ? title + ", without the first token of each window" : title;
}

void Writing::group(const std::string& path, const char* kind) {
  out_.group(path);
  out_.attribute(path, "NX_class", kind);
}

void Writing::plot(const std::string& path, const std::string& title, const std::string& signal, const std::vector<std::string>& axes) {
  group(path, "NXdata");
  out_.attribute(path, "signal", signal);
  out_.attribute(path, "axes", axes);
  out_.attribute(path, "title", title);
}

void Writing::describe(const std::string& path, const FieldText& text) {
  out_.attribute(path, "unit", std::string(text.unit));
  out_.attribute(path, "definition", std::string(text.definition));
  if (text.nan_means == nullptr) return;
  out_.attribute(path, "may_be_nan", int64_t{1});
  out_.attribute(path, "nan_means", std::string(text.nan_means));
}

void Writing::floats(const std::string& folder, const FieldText& text, const std::vector<float>& values,
                     const std::vector<int64_t>& shape) {
  const std::string path = folder + "/" + text.name;
  out_.dataset(path, std::span<const float>(values), shape);
  describe(path, text);
}

void Writing::index(const std::string& folder, const char* name, int64_t count) {
  std::vector<int64_t> values(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) values[static_cast<size_t>(i)] = i;
  out_.dataset(folder + "/" + name, std::span<const int64_t>(values), {count});
}

void Writing::root(const StatisticsProvenance& p, const std::vector<StatisticsOfState>& states) {
  out_.attribute("/", "NX_class", std::string("NXroot"));
  out_.attribute("/", "default", states.front().state);
  out_.attribute("/", "format", std::string("rolora statistics"));
  out_.attribute("/", "format_version", kStatisticsFormat);
  out_.attribute("/", "creator", std::string("rolora"));
  out_.attribute("/", "tool_version", std::string(kToolVersion));
  std::vector<std::string> names;
  for (const StatisticsOfState& s : states) names.push_back(s.state);
  out_.attribute("/", "states", names);
  out_.attribute("/", "observed", std::string(kObserved));
  out_.attribute("/", "model_hash", states.front().model_hash);
  out_.attribute("/", "text", p.text);
  out_.attribute("/", "text_hash", p.text_hash);
  out_.attribute("/", "corpus", p.corpus);
  out_.attribute("/", "windows", p.windows);
  out_.attribute("/", "context", p.context);
  out_.attribute("/", "tokens", p.windows * p.context);
  out_.attribute("/", "dtype", p.dtype);
  out_.attribute("/", "device", p.device);
  out_.attribute("/", "threads", p.threads);
  out_.attribute("/", "cpu_features", p.cpu_features);
  out_.attribute("/", "seed", static_cast<int64_t>(p.seed));
}

void Writing::state(const StatisticsOfState& s) {
  const std::string root = "/" + s.state;
  group(root, "NXentry");
  out_.attribute(root, "default", std::string("overview"));
  out_.attribute(root, "title", s.state);
  out_.attribute(root, "model_hash", s.model_hash);
  out_.attribute(root, "rotation_checksum", s.rotation_checksum);
  out_.attribute(root, "rotation", s.rotation.dump());
  group(root + "/overview", "NXcollection");
  group(root + "/profile", "NXcollection");
  std::string shown;  // down_in where it was looked at: it is where outliers are worst
  for (const SiteKind kind : kReportedSites) {
    std::vector<const SiteStatistics*> rows;
    for (const SiteStatistics& site : s.result.sites) {
      if (site.site == kind) rows.push_back(&site);
    }
    if (rows.empty()) continue;
    const std::string name(name_of(kind));
    if (shown.empty() || kind == SiteKind::down_in) shown = name;
    for (const bool without_first : {false, true}) {
      const std::string tail = without_first ? "/without_first" : "";
      overview(root + "/overview/" + name + tail, rows, without_first);
      profile(root + "/profile/" + name + tail, rows, without_first);
    }
  }
  out_.attribute(root + "/overview", "default", shown);
  out_.attribute(root + "/profile", "default", shown);
  for (const SiteStatistics& one : s.result.sites) site(s.state, one);
  if (s.result.linears.empty()) return;
  group(root + "/weights", "NXcollection");
  for (const LinearStatistics& l : s.result.linears) linear(root + "/weights/" + l.name, l);
}

void Writing::overview(const std::string& path, const std::vector<const SiteStatistics*>& rows, bool without_first) {
  const SiteStatistics& first = *rows.front();
  const int64_t channels = first.all.tensor.channels, count = static_cast<int64_t>(rows.size());
  plot(path, view_title("absmax of " + std::string(name_of(first.site)), without_first), "absmax", {"layer", "channel"});
  out_.attribute(path, "SILX_style", std::string(kLogStyle));
  std::vector<std::string> others;
  for (size_t f = 0; f < kChannelFields; ++f) {
    std::vector<float> matrix;
    matrix.reserve(static_cast<size_t>(count * channels));
    for (const SiteStatistics* s : rows) {
      const std::vector<float>& row = channel_values(view(*s, without_first).channels, f);
      matrix.insert(matrix.end(), row.begin(), row.end());
    }
    floats(path, channel_fields()[f], matrix, {count, channels});
    if (f > 0) others.emplace_back(channel_fields()[f].name);
  }
  out_.attribute(path, "auxiliary_signals", others);
  out_.dataset(path + "/layer", std::span<const int64_t>(layers_of(rows)), {count});
  index(path, "channel", channels);
}

void Writing::profile(const std::string& path, const std::vector<const SiteStatistics*>& rows, bool without_first) {
  plot(path, view_title("kurtosis of " + std::string(name_of(rows.front()->site)) + " by layer", without_first), "kurtosis", {"layer"});
  const auto fields = tensor_fields();
  for (size_t f = 0; f < fields.size(); ++f) {
    std::vector<double> values;
    for (const SiteStatistics* s : rows) values.push_back(tensor_values(view(*s, without_first).tensor)[f]);
    const std::string name = path + "/" + fields[f].name;
    out_.dataset(name, std::span<const double>(values), {static_cast<int64_t>(values.size())});
    describe(name, fields[f]);
  }
  out_.dataset(path + "/layer", std::span<const int64_t>(layers_of(rows)), {static_cast<int64_t>(rows.size())});
}

void Writing::site(const std::string& state, const SiteStatistics& s) {
  const std::string path = "/" + state + "/" + s.name();
  figures(path, s.name() + ", " + state, s.all);
  out_.attribute(path, "window", s.window);
  figures(path + "/without_first", view_title(s.name() + ", " + state, true), s.without_first);
  tokens(path + "/tokens", s);
  if (s.full.empty()) return;
  const int64_t channels = s.all.tensor.channels, count = static_cast<int64_t>(s.full.size()) / channels;
  const bool all = count == s.all.tensor.tokens;
  const std::string of = all ? "" : " of the first " + std::to_string(count) + " tokens";
  plot(path + "/full", "values of " + s.name() + of, "values", {"token", "channel"});
  floats(path + "/full", {"values", kNoUnit, all ? "every value of the site" : "every value of the site at the text's first tokens"},
         s.full, {count, channels});
  index(path + "/full", "token", count);
  index(path + "/full", "channel", channels);
}

void Writing::figures(const std::string& path, const std::string& title, const SiteFigures& f) {
  const int64_t channels = f.tensor.channels;
  plot(path, title, "absmax", {"channel"});
  for (size_t i = 0; i < kChannelFields; ++i) floats(path, channel_fields()[i], channel_values(f.channels, i), {channels});
  index(path, "channel", channels);
  histogram(path, "", "the elements' |x|", f.histogram);
  out_.dataset(path + "/hist_negative", std::vector<int64_t>(f.histogram.negative.begin(), f.histogram.negative.end()),
               {static_cast<int64_t>(f.histogram.negative.size())});
  describe(path + "/hist_negative", {"", "count", "the negative elements among hist_counts"});
  histogram(path, "token_", "the tokens' max |x|", f.token_histogram);
  top(path, f.top);
  const std::string scalars = path + "/tensor";
  group(scalars, "NXcollection");
  out_.attribute(scalars, "tokens", f.tensor.tokens);
  out_.attribute(scalars, "channels", channels);
  out_.attribute(scalars, "median_exact", int64_t{f.tensor.median_exact});
  for (const auto& [name, value] : named_figures(f.tensor)) out_.attribute(scalars, name, value);
}

void Writing::histogram(const std::string& path, const std::string& prefix, const char* of, const LogHistogram& h) {
  const std::string counts = path + "/" + prefix + "hist_counts", edges = path + "/" + prefix + "hist_edges";
  const auto bins = static_cast<int64_t>(h.counts.size());
  out_.dataset(counts, std::vector<int64_t>(h.counts.begin(), h.counts.end()), {bins});
  const std::string what = std::string("exact counts of ") + of + " between neighbouring hist_edges, equally wide in log2";
  describe(counts, {"", "count", what.c_str()});
  out_.attribute(counts, "zeros", static_cast<int64_t>(h.zeros));
  out_.attribute(counts, "first_bin", static_cast<int64_t>(h.first));
  const std::vector<double> at = h.edges();
  out_.dataset(edges, std::span<const double>(at), {static_cast<int64_t>(at.size())});
  describe(edges, {"", kNoUnit, "2^(b/64 - 149), b = first_bin of hist_counts and up; a bin holds edge <= |x| < next edge"});
}

void Writing::top(const std::string& path, const std::vector<Outlier>& values) {
  std::vector<float> value;
  std::vector<int64_t> token, channel, id;
  std::vector<std::string> text;
  for (const Outlier& o : values) {
    value.push_back(o.value);
    token.push_back(o.token);
    channel.push_back(o.channel);
    id.push_back(texts_.ids.empty() ? -1 : texts_.ids.at(static_cast<size_t>(o.token)));
    text.push_back(texts_.piece && !texts_.ids.empty() ? texts_.piece(id.back()) : "");
  }
  const auto count = static_cast<int64_t>(values.size());
  floats(path, {"topk_value", kNoUnit, "the largest |x|, with their sign; ties: the earlier token, then the lower channel"}, value,
         {count});
  const auto whole = [&](const FieldText& field, const std::vector<int64_t>& numbers) {
    const std::string name = path + "/" + field.name;
    out_.dataset(name, std::span<const int64_t>(numbers), {count});
    describe(name, field);
  };
  whole({"topk_token", "index", "position of the token in the text (window * context + position in the window)"}, token);
  whole({"topk_channel", "index", "channel"}, channel);
  whole({"topk_id", "index", "id of the token, -1 where ids are not known"}, id);
  out_.dataset(path + "/topk_text", std::span<const std::string>(text));
  describe(path + "/topk_text", {"", "text", "piece of the token as the tokenizer writes it, empty without a tokenizer"});
}

void Writing::tokens(const std::string& path, const SiteStatistics& s) {
  const auto count = static_cast<int64_t>(s.tokens.absmax.size());
  plot(path, "absmax of the first " + std::to_string(count) + " tokens of " + s.name(), "absmax", {"token"});
  for (size_t f = 0; f < kTokenFields; ++f) floats(path, token_fields()[f], token_values(s.tokens, f), {count});
  index(path, "token", count);
}

// As many tokens as some site tells of one by one.
void Writing::text(const std::vector<StatisticsOfState>& states) {
  size_t count = 0;
  for (const StatisticsOfState& s : states) {
    for (const SiteStatistics& site : s.result.sites) {
      const size_t kept = site.full.size() / static_cast<size_t>(site.all.tensor.channels);
      count = std::max({count, site.tokens.absmax.size(), kept});
    }
  }
  count = std::min(count, texts_.ids.size());
  if (count == 0) return;
  const std::string path = std::string("/") + kTextGroup;
  group(path, "NXcollection");
  out_.attribute(path, "title", "the first " + std::to_string(count) + " tokens of the text");
  const std::vector<int64_t> ids(texts_.ids.begin(), texts_.ids.begin() + static_cast<std::ptrdiff_t>(count));
  out_.dataset(path + "/id", std::span<const int64_t>(ids), {static_cast<int64_t>(count)});
  describe(path + "/id", {"", "index", "id of the token at this position of the text (window * context + position in the window)"});
  if (!texts_.piece) return;
  std::vector<std::string> pieces;
  for (const int64_t id : ids) pieces.push_back(texts_.piece(id));
  out_.dataset(path + "/piece", std::span<const std::string>(pieces));
  describe(path + "/piece", {"", "text", "piece of the token as the tokenizer writes it"});
}

void Writing::linear(const std::string& path, const LinearStatistics& l) {
  plot(path, "absmax of the columns of " + l.name, "column_absmax", {"column"});
  for (size_t f = 0; f < kLineFields; ++f) {
    FieldText text = line_fields()[f];
    const std::string row = std::string("row_") + text.name, column = std::string("column_") + text.name;
    text.name = row.c_str();
    floats(path, text, line_values(l.row, f), {l.rows});
    text.name = column.c_str();
    floats(path, text, line_values(l.column, f), {l.columns});
  }
  index(path, "column", l.columns);
  out_.attribute(path, "absmax", l.absmax);
  out_.attribute(path, "kurtosis", l.kurtosis);
  out_.attribute(path, "rtn_mse", l.rtn_mse);
  out_.attribute(path, "rtn_relative_error", l.rtn_relative_error);
}

void require_writable(const std::vector<StatisticsOfState>& states) {
  if (states.empty()) throw Error("statistics: no state to write");
  std::set<std::string> seen;
  for (const StatisticsOfState& s : states) {
    const bool plain = !s.state.empty() && std::all_of(s.state.begin(), s.state.end(), [](unsigned char c) {
      return c < 0x80 && (std::isalnum(c) != 0 || c == '_' || c == '-');
    });
    if (!plain || s.state == kTextGroup || !seen.insert(s.state).second)
      throw Error("statistics: state names must differ and be plain words, found " + printable(s.state));
    if (s.result.sites.empty()) throw Error("statistics: " + s.state + " has no sites");
    for (const SiteStatistics& site : s.result.sites) {
      if (site.all.tensor.channels < 1) throw Error("statistics: " + s.state + ": " + site.name() + " has no channels");
    }
  }
}

}  // namespace

void write_statistics(const std::filesystem::path& file, const StatisticsProvenance& provenance,
                      const std::vector<StatisticsOfState>& states, const TokenTexts& texts) {
  require_writable(states);
  Writing writing(file, texts);
  writing.root(provenance, states);
  writing.text(states);
  for (const StatisticsOfState& s : states) writing.state(s);
  writing.commit();
}

}  // namespace rolora
