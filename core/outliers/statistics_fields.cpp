// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/outliers/statistics_fields.h"

#include "core/outliers/statistics_file.h"

namespace rolora {
namespace {

constexpr const char* kConstant = "all values are equal";
constexpr const char* kNoMedian = "the median is 0";

constexpr std::array<FieldText, kChannelFields> kChannel = {{
    {"absmax", kNoUnit, "max |x| of the channel over the tokens"},
    {"mean", kNoUnit, "mean of x over the tokens"},
    {"rms", kNoUnit, "sqrt(mean of x^2) over the tokens"},
    {"std", kNoUnit, "standard deviation over the tokens, 1/n"},
    {"kurtosis", kNoUnit, "m4/m2^2 over the tokens, moments about the mean, biased; 3 = Gaussian", kConstant},
    {"p50", kNoUnit, "0.5 quantile of |x| over the tokens, from 8 bins an octave (at most 4.4 % off)"},
    {"p99", kNoUnit, "0.99 quantile of |x| over the tokens, from 8 bins an octave (at most 4.4 % off)"},
    {"p999", kNoUnit, "0.999 quantile of |x| over the tokens, from 8 bins an octave (at most 4.4 % off)"},
    {"p9999", kNoUnit, "0.9999 quantile of |x| over the tokens, from 8 bins an octave (at most 4.4 % off)"},
}};

constexpr std::array<FieldText, kTokenFields> kToken = {{
    {"absmax", kNoUnit, "max |x| of the token over the channels"},
    {"mean", kNoUnit, "mean of x over the channels"},
    {"rms", kNoUnit, "sqrt(mean of x^2) over the channels"},
    {"std", kNoUnit, "standard deviation over the channels, 1/n"},
    {"kurtosis", kNoUnit, "m4/m2^2 over the channels, moments about the mean, biased; 3 = Gaussian", kConstant},
}};

constexpr std::array<FieldText, kLineFields> kLine = {{
    {"absmax", kNoUnit, "max |w| of the line"},
    {"kurtosis", kNoUnit, "m4/m2^2 of the line, moments about the mean, biased; 3 = Gaussian", kConstant},
    {"rtn_error", kNoUnit, "|w^ - w| / |w| (L2) of the line; w^: 4 bits symmetric, one scale a row, round to nearest"},
}};

constexpr std::array<FieldText, 18> kTensor = {{
    {"absmax", kNoUnit, "max |x| over all elements"},
    {"mean", kNoUnit, "mean of x over all elements"},
    {"rms", kNoUnit, "sqrt(mean of x^2) over all elements"},
    {"std", kNoUnit, "standard deviation over all elements, 1/n"},
    {"kurtosis", kNoUnit, "m4/m2^2 over all elements, moments about the mean, biased; 3 = Gaussian", kConstant},
    {"p50", kNoUnit, "0.5 quantile of |x|, from 64 bins an octave (at most 0.54 % off)"},
    {"p99", kNoUnit, "0.99 quantile of |x|, from 64 bins an octave (at most 0.54 % off)"},
    {"p999", kNoUnit, "0.999 quantile of |x|, from 64 bins an octave (at most 0.54 % off)"},
    {"p9999", kNoUnit, "0.9999 quantile of |x|, from 64 bins an octave (at most 0.54 % off)"},
    {"share_above_3_sigma", kNoUnit, "share of |x - mean| > 3 std, from the histogram"},
    {"share_above_6_sigma", kNoUnit, "share of |x - mean| > 6 std, from the histogram"},
    {"share_above_10_sigma", kNoUnit, "share of |x - mean| > 10 std, from the histogram"},
    {"share_above_20_sigma", kNoUnit, "share of |x - mean| > 20 std, from the histogram"},
    {"token_top1", kNoUnit, "largest of the tokens' max |x|"},
    {"token_top2", kNoUnit, "second largest of the tokens' max |x|"},
    {"token_top3", kNoUnit, "third largest of the tokens' max |x|"},
    {"token_median", kNoUnit, "median over the tokens of max |x|"},
    {"token_least", kNoUnit, "smallest of the tokens' max |x|"},
}};

constexpr FieldText kRatio = {"token_ratio", kNoUnit, "max over tokens of max |x| / median over tokens of max |x|", kNoMedian};

constexpr auto kTensorWithRatio = [] {
  std::array<FieldText, kTensor.size() + 1> all{};
  for (size_t i = 0; i < kTensor.size(); ++i) all[i] = kTensor[i];
  all.back() = kRatio;
  return all;
}();

// The five that channels and tokens share, in the order of both tables.
template <class Figures>
auto& shared_of(Figures& f, size_t field) {
  switch (field) {
    case 0:
      return f.absmax;
    case 1:
      return f.mean;
    case 2:
      return f.rms;
    case 3:
      return f.std;
    default:
      return f.kurtosis;
  }
}

template <class Figures>
auto& channel_of(Figures& f, size_t field) {
  return field < kTokenFields ? shared_of(f, field) : f.quantiles.at(field - kTokenFields);
}

template <class Figures>
auto& line_of(Figures& f, size_t field) {
  return field == 0 ? f.absmax : field == 1 ? f.kurtosis : f.rtn_error;
}

}  // namespace

std::span<const FieldText, kChannelFields> channel_fields() { return kChannel; }
const std::vector<float>& channel_values(const ChannelFigures& figures, size_t field) { return channel_of(figures, field); }
std::vector<float>& channel_values(ChannelFigures& figures, size_t field) { return channel_of(figures, field); }

std::span<const FieldText, kTokenFields> token_fields() { return kToken; }
const std::vector<float>& token_values(const TokenFigures& figures, size_t field) { return shared_of(figures, field); }
std::vector<float>& token_values(TokenFigures& figures, size_t field) { return shared_of(figures, field); }

std::span<const FieldText, kLineFields> line_fields() { return kLine; }
const std::vector<float>& line_values(const LineFigures& figures, size_t field) { return line_of(figures, field); }
std::vector<float>& line_values(LineFigures& figures, size_t field) { return line_of(figures, field); }

std::span<const FieldText> tensor_fields() { return kTensorWithRatio; }

std::vector<double> tensor_values(const TensorFigures& f) {
  std::vector<double> out = {f.absmax, f.mean, f.rms, f.std, f.kurtosis};
  out.insert(out.end(), f.quantiles.begin(), f.quantiles.end());
  out.insert(out.end(), f.share_above.begin(), f.share_above.end());
  out.insert(out.end(), f.token_top.begin(), f.token_top.end());
  out.insert(out.end(), {f.token_median, f.token_least, f.token_ratio()});
  return out;
}

TensorFigures tensor_from_values(std::span<const double> v) {
  TensorFigures f;
  f.absmax = v[0];
  f.mean = v[1];
  f.rms = v[2];
  f.std = v[3];
  f.kurtosis = v[4];
  std::copy_n(v.begin() + 5, 4, f.quantiles.begin());
  std::copy_n(v.begin() + 9, 4, f.share_above.begin());
  std::copy_n(v.begin() + 13, 3, f.token_top.begin());
  f.token_median = v[16];
  f.token_least = v[17];
  return f;
}

std::vector<std::pair<std::string, double>> named_figures(const TensorFigures& figures) {
  std::vector<std::pair<std::string, double>> out;
  const std::vector<double> values = tensor_values(figures);
  for (size_t i = 0; i < values.size(); ++i) out.emplace_back(tensor_fields()[i].name, values[i]);
  return out;
}

namespace {

Json figures_json(const TensorFigures& figures) {
  Json out = Json::object();
  for (const auto& [name, value] : named_figures(figures)) out[name] = std::isfinite(value) ? Json(value) : Json();
  out["token_median_exact"] = figures.median_exact;
  return out;
}

}  // namespace

Json site_json(const SiteStatistics& site) {
  Json out = figures_json(site.all.tensor);
  out["tokens"] = site.all.tensor.tokens;
  out["channels"] = site.all.tensor.channels;
  out["without_first"] = figures_json(site.without_first.tensor);
  return out;
}

Json sites_json(const StatisticsResult& result) {
  Json out = Json::object();
  for (const SiteStatistics& site : result.sites) out[site.name()] = site_json(site);
  return out;
}

}  // namespace rolora
