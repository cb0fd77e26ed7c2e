// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/error.h"
#include "core/outliers/log_histogram.h"
#include "core/outliers/statistics_fields.h"
#include "core/outliers/statistics_file.h"
#include "core/storage/hdf5.h"

namespace rolora {
namespace {

constexpr int64_t kMost = int64_t{1} << 40;  // of anything that a file counts: a product of two such numbers stays within 64 bits

}  // namespace

struct StatisticsFile::State {
  State(const std::filesystem::path& path) : name(path.string()), in(path) {}

  [[noreturn]] void refuse(const std::string& object, const std::string& expected, const std::string& found) const {
    throw InputError(name, object, expected, found);
  }
  int64_t whole(const std::string& object, const char* attribute, int64_t least) const {
    return whole(object, attribute, in.number_attribute(object, attribute), least);
  }
  int64_t whole(const std::string& object, const char* attribute, double value, int64_t least) const {
    if (value != std::floor(value) || !(value >= static_cast<double>(least)) || value > 0x1p53) {
      refuse(object + "@" + attribute, "an integer of at least " + std::to_string(least), std::to_string(value));
    }
    return static_cast<int64_t>(value);
  }
  // A file may declare any extent, and HDF5 multiplies the sides without looking.
  int64_t elements(const std::string& path, const std::vector<int64_t>& shape) const {
    int64_t product = 1;
    for (const int64_t side : shape) {
      if (side < 0 || (side > 0 && product > kMost / side)) refuse(path, "at most " + std::to_string(kMost) + " values", "more");
      product *= side;
    }
    return product;
  }
  std::vector<double> numbers(const std::string& path, int64_t count, bool may_be_nan) const {
    const int64_t values = elements(path, in.shape(path));
    if (values != count) refuse(path, std::to_string(count) + " values", std::to_string(values));
    std::vector<double> out = in.numbers(path);
    for (const double v : out) {
      if (std::isinf(v) || (std::isnan(v) && !may_be_nan)) refuse(path, "finite values", std::isnan(v) ? "NaN" : "infinity");
    }
    return out;
  }
  std::vector<float> floats(const std::string& folder, const FieldText& field, int64_t count) const {
    const std::vector<double> values = numbers(folder + "/" + field.name, count, field.nan_means != nullptr);
    return {values.begin(), values.end()};
  }
  std::vector<int64_t> indices(const std::string& path, int64_t count, int64_t least, int64_t below) const {
    std::vector<int64_t> out;
    for (const double v : numbers(path, count, false)) {
      if (v != std::floor(v) || v < static_cast<double>(least) || v >= static_cast<double>(below)) {
        refuse(path, "integers from " + std::to_string(least) + " to below " + std::to_string(below), std::to_string(v));
      }
      out.push_back(static_cast<int64_t>(v));
    }
    return out;
  }
  void require_state(const std::string& state) const {
    if (std::find(states.begin(), states.end(), state) == states.end()) refuse("/" + state, "a state of this file", "none of this name");
  }
  std::string site_path(const std::string& state, const std::string& site, bool without_first) const {
    require_state(state);
    return "/" + state + "/" + site + (without_first ? "/without_first" : "");
  }
  TensorFigures tensor(const std::string& path) const;
  LogHistogram histogram(const std::string& path, const std::string& prefix, bool with_signs) const;
  std::vector<Outlier> top(const std::string& path, const TensorFigures& tensor) const;

  std::string name;
  Hdf5Reader in;
  StatisticsProvenance provenance;
  std::vector<std::string> states;
};

TensorFigures StatisticsFile::State::tensor(const std::string& path) const {
  const std::string scalars = path + "/tensor";
  std::vector<double> values;
  const std::map<std::string, double> numbers_there = in.number_attributes(scalars);
  const auto number = [&](const char* name) {
    const auto found = numbers_there.find(name);
    if (found == numbers_there.end()) refuse(scalars + "@" + name, "an attribute", "no number of this name");
    return found->second;
  };
  for (const FieldText& field : tensor_fields()) {
    values.push_back(number(field.name));
    const bool nan = std::isnan(values.back());
    if (std::isinf(values.back()) || (nan && field.nan_means == nullptr)) refuse(scalars + "@" + field.name, "a finite number", "none");
  }
  TensorFigures out = tensor_from_values(values);
  out.tokens = whole(scalars, "tokens", number("tokens"), 1);
  out.channels = whole(scalars, "channels", number("channels"), 1);
  out.median_exact = whole(scalars, "median_exact", number("median_exact"), 0) != 0;
  return out;
}

LogHistogram StatisticsFile::State::histogram(const std::string& path, const std::string& prefix, bool with_signs) const {
  const std::string counts = path + "/" + prefix + "hist_counts";
  const std::vector<int64_t> shape = in.shape(counts);
  if (shape.size() != 1 || shape[0] < 0 || shape[0] > LogBins::kCount)
    refuse(counts, "at most " + std::to_string(LogBins::kCount) + " bins", "another extent");
  LogHistogram out;
  const int64_t first = whole(counts, "first_bin", 0);
  if (first > LogBins::kCount - shape[0]) refuse(counts, "bins of finite numbers", "bins beyond them");
  out.first = static_cast<int>(first);
  out.zeros = static_cast<uint64_t>(whole(counts, "zeros", 0));
  const auto read = [&](const std::string& dataset) {
    std::vector<uint64_t> list;
    for (const int64_t v : indices(dataset, shape[0], 0, int64_t{1} << 53)) list.push_back(static_cast<uint64_t>(v));
    return list;
  };
  out.counts = read(counts);
  if (with_signs) out.negative = read(path + "/hist_negative");
  return out;
}

std::vector<Outlier> StatisticsFile::State::top(const std::string& path, const TensorFigures& tensor) const {
  const std::vector<int64_t> shape = in.shape(path + "/topk_value");
  if (shape.size() != 1) refuse(path + "/topk_value", "one axis", std::to_string(shape.size()));
  const std::vector<double> value = numbers(path + "/topk_value", shape[0], false);
  // Tokens count from the start of the text, first tokens included, in both views.
  const std::vector<int64_t> token = indices(path + "/topk_token", shape[0], 0, provenance.windows * provenance.context);
  const std::vector<int64_t> channel = indices(path + "/topk_channel", shape[0], 0, tensor.channels);
  std::vector<Outlier> out;
  for (size_t i = 0; i < value.size(); ++i) out.push_back({static_cast<float>(value[i]), token[i], channel[i]});
  return out;
}

StatisticsFile::StatisticsFile(const std::filesystem::path& file) : state_(std::make_unique<State>(file)) {
  State& s = *state_;
  if (const std::string format = s.in.text_attribute("/", "format"); format != "rolora statistics") {
    s.refuse("/@format", "rolora statistics", printable(format));
  }
  if (const int64_t version = s.whole("/", "format_version", 1); version > kStatisticsFormat) {
    s.refuse("/@format_version", "at most " + std::to_string(kStatisticsFormat), std::to_string(version));
  }
  StatisticsProvenance& p = s.provenance;
  p.text = s.in.text_attribute("/", "text");
  p.text_hash = s.in.text_attribute("/", "text_hash");
  p.corpus = s.in.text_attribute("/", "corpus");
  p.windows = s.whole("/", "windows", 1);
  p.context = s.whole("/", "context", 1);
  if (p.windows > kMost / p.context)
    s.refuse("/@windows", "windows of together at most " + std::to_string(kMost) + " tokens", std::to_string(p.windows));
  p.dtype = s.in.text_attribute("/", "dtype");
  p.device = s.in.text_attribute("/", "device");
  p.threads = s.whole("/", "threads", 0);
  p.cpu_features = s.in.text_attribute("/", "cpu_features");
  p.seed = static_cast<uint64_t>(s.whole("/", "seed", 0));
  s.states = s.in.texts_attribute("/", "states");
  if (s.states.empty()) s.refuse("/@states", "at least one state", "none");
  for (const std::string& state : s.states) {
    if (!s.in.has("/" + state)) s.refuse("/" + state, "a group", "nothing of this name");
  }
}

StatisticsFile::~StatisticsFile() = default;
StatisticsFile::StatisticsFile(StatisticsFile&&) noexcept = default;

const StatisticsProvenance& StatisticsFile::provenance() const { return state_->provenance; }
const std::vector<std::string>& StatisticsFile::states() const { return state_->states; }

std::string StatisticsFile::model_hash(const std::string& state) const {
  state_->require_state(state);
  return state_->in.text_attribute("/" + state, "model_hash");
}

std::string StatisticsFile::rotation_checksum(const std::string& state) const {
  state_->require_state(state);
  return state_->in.text_attribute("/" + state, "rotation_checksum");
}

Json StatisticsFile::rotation(const std::string& state) const {
  state_->require_state(state);
  const std::string text = state_->in.text_attribute("/" + state, "rotation");
  return parse_json(text, state_->name + ": /" + state + "@rotation");
}

NamedTokens StatisticsFile::text() const {
  const State& s = *state_;
  const std::string folder = std::string("/") + kTextGroup;
  NamedTokens out;
  if (!s.in.has(folder)) return out;  // ids were not known, or the file is older
  const std::vector<int64_t> shape = s.in.shape(folder + "/id");
  if (shape.size() != 1 || shape[0] > s.provenance.windows * s.provenance.context) {
    s.refuse(folder + "/id", "at most " + std::to_string(s.provenance.windows * s.provenance.context) + " ids", "another extent");
  }
  out.ids = s.indices(folder + "/id", shape[0], 0, int64_t{1} << 53);
  if (!s.in.has(folder + "/piece")) return out;
  out.pieces = s.in.strings(folder + "/piece");
  if (out.pieces.size() != out.ids.size()) {
    s.refuse(folder + "/piece", std::to_string(out.ids.size()) + " texts", std::to_string(out.pieces.size()));
  }
  return out;
}

std::vector<std::string> StatisticsFile::sites(const std::string& state) const {
  state_->require_state(state);
  struct Found {
    int64_t layer;
    size_t order;
    std::string name;
  };
  std::vector<Found> found;
  for (const std::string& child : state_->in.children("/" + state)) {
    for (size_t k = 0; k < kReportedSites.size(); ++k) {
      const std::string tail = "." + std::string(name_of(kReportedSites[k]));
      if (!child.starts_with("layers.") || !child.ends_with(tail)) continue;
      const std::string digits = child.substr(7, child.size() - 7 - tail.size());
      if (digits.empty() || digits.size() > 9 ||
          !std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return c >= '0' && c <= '9'; })) {
        continue;
      }
      found.push_back({std::stoll(digits), k, child});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Found& a, const Found& b) { return std::pair(a.layer, a.order) < std::pair(b.layer, b.order); });
  std::vector<std::string> names;
  for (const Found& f : found) names.push_back(f.name);
  return names;
}

TensorFigures StatisticsFile::tensor(const std::string& state, const std::string& site, bool without_first) const {
  return state_->tensor(state_->site_path(state, site, without_first));
}

SiteFigures StatisticsFile::site(const std::string& state, const std::string& site, bool without_first) const {
  const State& s = *state_;
  const std::string path = s.site_path(state, site, without_first);
  SiteFigures out;
  out.tensor = s.tensor(path);
  for (size_t f = 0; f < kChannelFields; ++f) channel_values(out.channels, f) = s.floats(path, channel_fields()[f], out.tensor.channels);
  out.histogram = s.histogram(path, "", true);
  out.token_histogram = s.histogram(path, "token_", false);
  out.top = s.top(path, out.tensor);
  return out;
}

std::vector<LabelledOutlier> StatisticsFile::top_labelled(const std::string& state, const std::string& site, bool without_first) const {
  const State& s = *state_;
  const std::string path = s.site_path(state, site, without_first);
  const std::vector<Outlier> top = s.top(path, s.tensor(path));
  const std::vector<int64_t> ids = s.indices(path + "/topk_id", static_cast<int64_t>(top.size()), -1, int64_t{1} << 53);
  const std::vector<std::string> texts = s.in.strings(path + "/topk_text");
  if (texts.size() != top.size()) s.refuse(path + "/topk_text", std::to_string(top.size()) + " texts", std::to_string(texts.size()));
  std::vector<LabelledOutlier> out;
  for (size_t i = 0; i < top.size(); ++i) out.push_back({top[i], ids[i], texts[i]});
  return out;
}

TokenFigures StatisticsFile::tokens(const std::string& state, const std::string& site) const {
  const State& s = *state_;
  const std::string path = s.site_path(state, site, false) + "/tokens";
  const std::vector<int64_t> shape = s.in.shape(path + "/absmax");
  if (shape.size() != 1) s.refuse(path + "/absmax", "one axis", std::to_string(shape.size()));
  TokenFigures out;
  for (size_t f = 0; f < kTokenFields; ++f) token_values(out, f) = s.floats(path, token_fields()[f], shape[0]);
  return out;
}

bool StatisticsFile::has_overview(const std::string& state, SiteKind site) const {
  state_->require_state(state);
  return state_->in.has("/" + state + "/overview/" + std::string(name_of(site)));
}

OverviewMatrix StatisticsFile::overview(const std::string& state, SiteKind site, const std::string& statistic, bool without_first) const {
  const State& s = *state_;
  s.require_state(state);
  const std::string path = "/" + state + "/overview/" + std::string(name_of(site)) + (without_first ? "/without_first" : "");
  const auto fields = channel_fields();
  const auto field = std::find_if(fields.begin(), fields.end(), [&](const FieldText& f) { return statistic == f.name; });
  if (field == fields.end()) throw Error("no statistic is called " + printable(statistic));
  const std::vector<int64_t> shape = s.in.shape(path + "/" + statistic);
  if (shape.size() != 2) s.refuse(path + "/" + statistic, "two axes", std::to_string(shape.size()));
  OverviewMatrix out;
  out.channels = shape[1];
  out.layers = s.indices(path + "/layer", shape[0], 0, int64_t{1} << 31);
  out.values = s.floats(path, *field, s.elements(path + "/" + statistic, shape));
  return out;
}

bool StatisticsFile::has_full(const std::string& state, const std::string& site) const {
  return state_->in.has(state_->site_path(state, site, false) + "/full");
}

int64_t StatisticsFile::kept_tokens(const std::string& state, const std::string& site) const {
  const std::string values = state_->site_path(state, site, false) + "/full/values";
  if (!state_->in.has(values)) return 0;
  const std::vector<int64_t> shape = state_->in.shape(values);
  return shape.empty() ? 0 : shape[0];
}

std::vector<float> StatisticsFile::full(const std::string& state, const std::string& site) const {
  const State& s = *state_;
  const std::string path = s.site_path(state, site, false);
  if (!s.in.has(path + "/full")) return {};
  const TensorFigures figures = s.tensor(path);
  const std::string values = path + "/full/values";
  const std::vector<int64_t> shape = s.in.shape(values);
  if (shape.size() != 2 || shape[0] > figures.tokens || shape[1] != figures.channels) {
    s.refuse(values, "at most " + std::to_string(figures.tokens) + " tokens of " + std::to_string(figures.channels) + " channels",
             "another extent");
  }
  return s.floats(path + "/full", {"values", kNoUnit, ""}, s.elements(values, shape));
}

std::vector<LinearStatistics> StatisticsFile::linear_figures(const std::string& state) const {
  const State& s = *state_;
  s.require_state(state);
  std::vector<LinearStatistics> out;
  const std::string folder = "/" + state + "/weights";
  if (!s.in.has(folder)) return out;
  for (const std::string& name : s.in.children(folder)) {
    const std::string path = folder + "/" + name;
    LinearStatistics l;
    l.name = name;
    const std::vector<int64_t> rows = s.in.shape(path + "/row_absmax"), columns = s.in.shape(path + "/column_absmax");
    if (rows.size() != 1 || columns.size() != 1) s.refuse(path, "rows and columns", "another number of axes");
    l.rows = rows[0];
    l.columns = columns[0];
    l.absmax = s.in.number_attribute(path, "absmax");
    l.kurtosis = s.in.number_attribute(path, "kurtosis");
    l.rtn_mse = s.in.number_attribute(path, "rtn_mse");
    l.rtn_relative_error = s.in.number_attribute(path, "rtn_relative_error");
    out.push_back(std::move(l));
  }
  return out;
}

std::vector<LinearStatistics> StatisticsFile::linears(const std::string& state) const {
  const State& s = *state_;
  std::vector<LinearStatistics> out = linear_figures(state);
  for (LinearStatistics& l : out) {
    const std::string path = "/" + state + "/weights/" + l.name;
    for (size_t f = 0; f < kLineFields; ++f) {
      const FieldText& text = line_fields()[f];
      const std::string row = std::string("row_") + text.name, column = std::string("column_") + text.name;
      line_values(l.row, f) = s.floats(path, {row.c_str(), text.unit, "", text.nan_means}, l.rows);
      line_values(l.column, f) = s.floats(path, {column.c_str(), text.unit, "", text.nan_means}, l.columns);
    }
  }
  return out;
}

StatisticsFile load_statistics(const std::filesystem::path& file) { return StatisticsFile(file); }

}  // namespace rolora
