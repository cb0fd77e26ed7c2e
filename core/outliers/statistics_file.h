// SPDX-License-Identifier: GPL-3.0-or-later
// The HDF5 file of outlier statistics. Layout, STATE being "plain", "folded", "rotated" or another label:
//
//   /                                 NXroot, default STATE: what was measured, on which text, by which program
//   /STATE                            NXentry, default "overview": the model's identity and rotation
//   /STATE/overview                   NXcollection, default a site kind
//   /STATE/overview/down_in           NXdata [layer, channel]: absmax, mean, rms, std, kurtosis, p50, p99, p999, p9999
//   /STATE/overview/down_in/without_first
//   /STATE/profile/down_in            NXdata [layer]: every figure of the whole tensor, by layer
//   /STATE/profile/down_in/without_first
//   /STATE/layers.0.down_in           NXdata [channel]: the same names; hist_counts, hist_edges, hist_negative; token_hist_counts,
//                                     token_hist_edges; topk_value, topk_token, topk_channel, topk_id, topk_text
//   /STATE/layers.0.down_in/tensor    attributes: the figures of the whole tensor
//   /STATE/layers.0.down_in/without_first   the same without the first token of each window
//   /STATE/layers.0.down_in/tokens    NXdata [token]: figures of the text's first tokens
//   /STATE/layers.0.down_in/full      NXdata [token, channel]: values, where they were kept (of the first tokens, or of all)
//   /STATE/weights/NAME               NXdata: row_absmax, row_kurtosis, row_rtn_error, column_…; figures of the matrix as attributes
//   /text                             NXcollection [token]: id and piece of the text's first tokens, as many as any site tells of one by
//   one
//
// What the numbers are taken of says the root's attribute `observed` (kObserved): each site's tensor as the model computes it, with the
// online rotations, before fake quantization rounds activations, keys or values there. So the sites of a quantized model show what its
// quantizers meet; a site's own rounding shows only at the sites behind it, as rounded weights do.
//
// Every dataset carries unit and definition; one that may hold NaN says so in may_be_nan and nan_means. No dates, durations or paths.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/outliers/statistics_result.h"
#include "core/storage/json_file.h"

namespace rolora {

inline constexpr int64_t kStatisticsFormat = 1;

/// The root's attribute `observed`: the observation stage of core/base/site.h in words.
inline constexpr const char* kObserved =
    "each site's tensor as the model computes it, online rotations (R3, R4) included, before activations, keys or values are rounded "
    "there; of a quantized model the weights are the rounded ones, and the rounding at earlier sites is in effect";

inline constexpr const char* kTextGroup = "text";  ///< of the tokens; no state may be called so

/// What the numbers hang on, the same for all states of a file.
struct StatisticsProvenance {
  std::string text;       ///< file name of the text or ids, without folders
  std::string text_hash;  ///< SHA-256 of that file
  std::string corpus;     ///< "text", "wikitext2", "c4", "ptb", or "ids"
  int64_t windows = 0, context = 0;
  std::string dtype, device, cpu_features;
  int64_t threads = 0;
  uint64_t seed = 0;  ///< of the job; the seeds of rotations stand with the states
};

struct StatisticsOfState {
  std::string state;  ///< "plain", "folded", "rotated", …: letters, digits, '_' and '-', but not kTextGroup
  std::string model_hash;
  std::string rotation_checksum;  ///< empty for a plain model
  Json rotation;                  ///< as rotation_json() gives it, null for a plain model
  StatisticsResult result;
};

/// Texts of the tokens: ids of all windows one after another (empty: not known) and the piece of an id (null without a tokenizer: the
/// texts are then empty).
struct TokenTexts {
  std::vector<int64_t> ids;
  std::function<std::string(int64_t)> piece;
};

/// The first tokens of the text.
struct NamedTokens {
  std::vector<int64_t> ids;         ///< empty when the file does not know them
  std::vector<std::string> pieces;  ///< one each, or none without a tokenizer
};

/// Writes the file under a temporary name and renames it. The first state is the one the default attributes lead to.
void write_statistics(const std::filesystem::path& file, const StatisticsProvenance& provenance,
                      const std::vector<StatisticsOfState>& states, const TokenTexts& texts);

/// A matrix [layer, channel] of one statistic of one site kind.
struct OverviewMatrix {
  std::vector<int64_t> layers;  ///< layer of each row
  int64_t channels = 0;
  std::vector<float> values;
};

struct LabelledOutlier {
  Outlier outlier;
  int64_t id = 0;    ///< token id
  std::string text;  ///< its piece, empty without a tokenizer
};

/// A file written by write_statistics, read piece by piece. The structure is checked when it is opened, a site when it is read; every
/// failure is an InputError that names file and object.
class StatisticsFile {
 public:
  explicit StatisticsFile(const std::filesystem::path& file);
  ~StatisticsFile();
  StatisticsFile(StatisticsFile&&) noexcept;

  const StatisticsProvenance& provenance() const;
  const std::vector<std::string>& states() const;  ///< as written: the default first
  std::string model_hash(const std::string& state) const;
  std::string rotation_checksum(const std::string& state) const;
  Json rotation(const std::string& state) const;  ///< as it was written; null for a plain model
  NamedTokens text() const;
  /// "layers.0.qkv_in", …: by layer, then in the order of kReportedSites.
  std::vector<std::string> sites(const std::string& state) const;
  TensorFigures tensor(const std::string& state, const std::string& site, bool without_first = false) const;
  /// Everything of a site; `top` is in top_labelled() too, with texts.
  SiteFigures site(const std::string& state, const std::string& site, bool without_first = false) const;
  std::vector<LabelledOutlier> top_labelled(const std::string& state, const std::string& site, bool without_first = false) const;
  TokenFigures tokens(const std::string& state, const std::string& site) const;
  /// `statistic`: absmax, mean, rms, std, kurtosis, p50, p99, p999 or p9999.
  bool has_overview(const std::string& state, SiteKind site) const;
  OverviewMatrix overview(const std::string& state, SiteKind site, const std::string& statistic, bool without_first = false) const;
  bool has_full(const std::string& state, const std::string& site) const;
  int64_t kept_tokens(const std::string& state, const std::string& site) const;  ///< rows of full(), without reading them
  /// [first tokens, channels] of a site that was kept: all tokens, or as many as were asked for; empty where it was not.
  std::vector<float> full(const std::string& state, const std::string& site) const;
  std::vector<LinearStatistics> linears(const std::string& state) const;
  /// The same without their rows and columns.
  std::vector<LinearStatistics> linear_figures(const std::string& state) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

StatisticsFile load_statistics(const std::filesystem::path& file);

/// The figures of a whole tensor by name, in a fixed order: what profiles, JSON and tables show.
std::vector<std::pair<std::string, double>> named_figures(const TensorFigures& figures);
/// {"absmax": …, "kurtosis": …, …, "without_first": {…}}; NaN becomes null.
Json site_json(const SiteStatistics& site);
/// {"layers.0.qkv_in": site_json, …}
Json sites_json(const StatisticsResult& result);

}  // namespace rolora
