// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics files as the window reads them: opened and read on one background thread (the HDF5 library is not re-entrant), handed over
// as immutable values. Nothing here blocks the GUI thread.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/site.h"
#include "core/outliers/statistics_file.h"
#include "widgets/data/matrix.h"
#include "widgets/data/result.h"
#include "widgets/data/state_ref.h"

namespace rolora::widgets {

struct SiteKey {
  int layer = 0;
  SiteKind site = SiteKind::down_in;
  bool operator==(const SiteKey&) const = default;
  bool operator<(const SiteKey& o) const { return layer != o.layer ? layer < o.layer : site < o.site; }
};

/// Figures of the whole tensor, of all tokens and without the first one of each window.
struct SiteSummary {
  TensorFigures all, without_first;
  bool kept = false;        ///< the file holds its values, token × channel
  int64_t kept_tokens = 0;  ///< of the first so many tokens of the text
};

struct StateSummary {
  QString label, model_hash, rotation_checksum;
  QString title;     ///< in words, where the run that measured it says more than the label: "rotated (seed 0) + LoRA"
  QString rotation;  ///< "R1 hadamard, R4 hadamard, seed 0", "folded", empty for a plain model
  std::optional<uint64_t> rotation_seed;
  std::map<SiteKey, SiteSummary> sites;
  std::vector<LinearStatistics> linears;  ///< their figures; rows and columns are left empty
  int layers() const;
};

/// What is held of an open file for as long as it is open: everything small.
struct StatisticsSummary {
  QString file;
  StatisticsProvenance provenance;
  std::vector<StateSummary> states;
  std::vector<int64_t> token_ids;  ///< of the first tokens of the text, as many as the file names
  QStringList token_texts;         ///< their pieces; empty without a tokenizer
  const StateSummary* find(const QString& state) const;
};
using StateTitles = std::map<QString, QString>;
/// Gives the states that `titles` names (by label) their words.
void give_titles(StatisticsSummary& summary, const StateTitles& titles);
using SummaryPtr = std::shared_ptr<const StatisticsSummary>;

struct SiteDetail {
  SiteFigures figures;               ///< histogram and channels
  std::vector<LabelledOutlier> top;  ///< largest |x| with the tokens' texts
  TokenFigures tokens;               ///< by token
};
using SiteDetailPtr = std::shared_ptr<const SiteDetail>;

struct SiteOutliers {
  SiteKey site;
  std::vector<LabelledOutlier> top;
};
using OutlierListPtr = std::shared_ptr<const std::vector<SiteOutliers>>;

/// Asks the reading thread; every callback runs on the GUI thread, and never after `receiver` is gone. Equal requests that wait are
/// answered by one reading; matrices are kept in a cache of bounded bytes. A callback never runs inside the call that asked.
class StatisticsStore : public QObject {
  Q_OBJECT
 public:
  explicit StatisticsStore(QObject* parent = nullptr);
  ~StatisticsStore() override;
  /// A file that is open already is read again only when it changed on disk.
  /// `titles`: of its states, by label.
  void open(const QString& file, QObject* receiver, std::function<void(const Result<SummaryPtr>&)> done, const StateTitles& titles = {});
  void close(const QString& file);
  /// nullptr when the file is not open.
  SummaryPtr summary(const QString& file) const;
  /// Why the file could not be opened when it was last tried; empty when it could.
  QString error(const QString& file) const;
  std::vector<SummaryPtr> open_files() const;
  /// [layers, channels] of one statistic of one kind of site.
  void overview(const StateRef& state, SiteKind site, const QString& statistic, bool without_first, QObject* receiver,
                std::function<void(const Result<MatrixPtr>&)> done);
  /// [tokens, channels]: the signed values of a site that was kept; an error that says so where it was not.
  void full(const StateRef& state, SiteKey site, QObject* receiver, std::function<void(const Result<MatrixPtr>&)> done);
  void site(const StateRef& state, SiteKey site, bool without_first, QObject* receiver,
            std::function<void(const Result<SiteDetailPtr>&)> done);
  /// The largest values of every site of a state. Not kept; answered after everything else that waits.
  void outliers(const StateRef& state, bool without_first, QObject* receiver, std::function<void(const Result<OutlierListPtr>&)> done);

  /// What is in memory already, without asking; nullptr where it is not.
  MatrixPtr cached_overview(const StateRef& state, SiteKind site, const QString& statistic, bool without_first) const;
  MatrixPtr cached_full(const StateRef& state, SiteKey site) const;
  SiteDetailPtr cached_site(const StateRef& state, SiteKey site, bool without_first) const;
  qint64 cached_bytes() const;
  void set_cache_limit(qint64 bytes);  ///< default 512 MiB

 signals:
  void opened(const QString& file);
  void failed(const QString& file, const QString& error);
  void closed(const QString& file);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rolora::widgets
