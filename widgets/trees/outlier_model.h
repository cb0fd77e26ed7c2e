// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QElapsedTimer>
#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "widgets/data/background.h"
#include "widgets/data/selection.h"
#include "widgets/trees/outlier_rows.h"

namespace rolora::widgets {

/// A table over up to millions of outliers. Sorting and filtering run beside the GUI thread; until they are done the old order stays.
class OutlierModel : public QAbstractTableModel {
  Q_OBJECT
 public:
  explicit OutlierModel(QObject* parent = nullptr);
  ~OutlierModel() override;
  void set_rows(OutlierRowsPtr rows);
  /// The same; `make` runs beside the GUI thread.
  void set_rows_from(std::function<OutlierRowsPtr()> make);
  const OutlierRows& rows() const { return *rows_; }
  void set_words(const QString& words);
  void set_only(const std::vector<StateRef>& states);  ///< empty: all
  void set_one_a_channel(bool on);
  void set_drawn_only(bool on);
  const OutlierOrder& order() const { return wanted_; }
  /// Rows of this place are tinted: where a view is pointed at. Layer −1: none.
  void set_pointed(const Selection& place);
  bool busy() const { return given_up_ != nullptr; }
  qint64 last_order_ms() const { return last_ms_; }  ///< how long the last sorting took
  const OutlierRow* row(const QModelIndex& index) const;
  /// The first shown row with this token and channel of a site in a state; invalid when there is none.
  QModelIndex find(const StateRef& state, SiteKey site, int channel, int token) const;
  /// Tab-separated, with a line of names; numbers read back exactly.
  QString text_of(const QModelIndexList& rows) const;

  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;
  void sort(int column, Qt::SortOrder order = Qt::AscendingOrder) override;

 signals:
  void busy_changed(bool busy);
  void reordered();

 private:
  void start();
  void take(const OutlierRowsPtr& rows, const std::vector<uint32_t>& order);
  QString shown(const OutlierRow& row, int column) const;
  OutlierRowsPtr rows_, wanted_rows_;
  bool is_pointed(const OutlierRow& row) const;
  OutlierOrder wanted_;
  Selection pointed_;
  std::vector<uint32_t> order_;                  // shown rows
  std::shared_ptr<std::atomic<bool>> given_up_;  // of the work under way
  QElapsedTimer timer_;
  qint64 last_ms_ = 0;
  quint64 made_ = 0;  // counts set_rows_from, so that an older list never replaces a newer one
  BackgroundThread thread_;
};

}  // namespace rolora::widgets
