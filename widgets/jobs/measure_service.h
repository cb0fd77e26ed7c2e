// SPDX-License-Identifier: GPL-3.0-or-later
// Measures a site token by token where a file of statistics did not keep it, and any text on any model: by the worker, into files of the
// session's own, opened in the store.
#pragma once

#include <QObject>
#include <QString>
#include <QTemporaryDir>
#include <functional>
#include <map>
#include <memory>

#include "widgets/data/result.h"
#include "widgets/data/state_ref.h"
#include "widgets/data/statistics_store.h"

namespace rolora::widgets {

/// What a state was measured on, found through its run folder.
struct StateOrigin {
  QString model, adapter;  ///< folders; adapter may be empty
  QString text, corpus;    ///< file and how it was read
  int context = 0;
  QString dtype;
};
/// For a statistics file of a run (RUN/stations/ID/statistics.h5). The error says why it cannot be found. Reads a few small files.
Result<StateOrigin> where_measured(const StateRef& state);

class MeasureService : public QObject {
  Q_OBJECT
 public:
  using Done = std::function<void(const Result<StateRef>&)>;
  explicit MeasureService(StatisticsStore* store, QObject* parent = nullptr);
  ~MeasureService() override;
  StatisticsStore* store() const { return store_; }

  /// The same state with this site kept, on the first window of its text. Asked for again, it is answered from before.
  void measure(const StateRef& state, SiteKey site, QObject* receiver, Done done);
  /// The same on another window of its text, of which the open file names the tokens. Its first token is token 0 there.
  void measure_window(const StateRef& state, SiteKey site, int64_t window, QObject* receiver, Done done);
  /// A model folder on a text or, where `ids` is not empty, on these tokens, as one window; `keep` a kind of site of all layers.
  struct Text {
    QString text;
    std::vector<int64_t> ids;
  };
  void measure(const QString& model, const Text& text, SiteKind keep, QObject* receiver, Done done);
  /// The file that a state measured here came from, in words ("first window of calibration.txt"); empty for others.
  QString origin(const StateRef& state) const;

 signals:
  void progressed(const QString& stage, qint64 done, qint64 total);

 private:
  struct Wanted {
    QString state;   ///< its label; empty: whichever the worker found
    QString title;   ///< what it is called
    QString origin;  ///< of the tokens
    QString key;     ///< under which it is found again; empty: never
  };
  Result<QString> ids_file(const std::vector<int64_t>& ids, const QString& name);
  void run(QStringList arguments, const Wanted& wanted, QObject* receiver, Done done);
  StatisticsStore* store_;
  QTemporaryDir folder_;
  int files_ = 0, ids_files_ = 0;
  std::map<QString, StateRef> done_before_;
  std::map<StateRef, QString> origins_;
};

}  // namespace rolora::widgets
