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
  bool kept = false;  ///< the file holds its values, token × channel
};

struct StateSummary {
  QString label, model_hash, rotation_checksum;
  QString rotation;  ///< "R1 hadamard, R4 hadamard, seed 0", empty for a plain model
  std::map<SiteKey, SiteSummary> sites;
  std::vector<LinearStatistics> linears;
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
using SummaryPtr = std::shared_ptr<const StatisticsSummary>;

struct SiteDetail {
  SiteFigures figures;               ///< histogram and channels
  std::vector<LabelledOutlier> top;  ///< largest |x| with the tokens' texts
  TokenFigures tokens;               ///< by token
};
using SiteDetailPtr = std::shared_ptr<const SiteDetail>;

/// Asks the reading thread; every callback runs on the GUI thread, and never after `receiver` is gone. Equal requests that wait are
/// answered by one reading; matrices are kept in a cache of bounded bytes.
class StatisticsStore : public QObject {
  Q_OBJECT
 public:
  explicit StatisticsStore(QObject* parent = nullptr);
  ~StatisticsStore() override;
  void open(const QString& file, QObject* receiver, std::function<void(const Result<SummaryPtr>&)> done);
  void close(const QString& file);
  /// nullptr when the file is not open.
  SummaryPtr summary(const QString& file) const;
  std::vector<SummaryPtr> open_files() const;
  /// [layers, channels] of one statistic of one kind of site.
  void overview(const StateRef& state, SiteKind site, const QString& statistic, bool without_first, QObject* receiver,
                std::function<void(const Result<MatrixPtr>&)> done);
  /// [tokens, channels]: the signed values of a site that was kept; an error that says so where it was not.
  void full(const StateRef& state, SiteKey site, QObject* receiver, std::function<void(const Result<MatrixPtr>&)> done);
  void site(const StateRef& state, SiteKey site, bool without_first, QObject* receiver,
            std::function<void(const Result<SiteDetailPtr>&)> done);

 signals:
  void opened(const QString& file);
  void closed(const QString& file);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rolora::widgets
