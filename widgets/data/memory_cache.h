// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <functional>
#include <list>
#include <map>
#include <memory>

namespace rolora::widgets {

/// Immutable values by key, of bounded bytes together: what was not used for longest goes first. Whoever holds a value keeps it.
class MemoryCache {
 public:
  explicit MemoryCache(qint64 limit) : limit_(limit) {}
  void put(const QString& key, std::shared_ptr<const void> value, qint64 bytes);
  /// nullptr when it is not there. Counts as a use.
  std::shared_ptr<const void> get(const QString& key);
  void remove_if(const std::function<bool(const QString& key)>& chosen);
  void set_limit(qint64 bytes);
  qint64 bytes() const { return bytes_; }

 private:
  struct Entry {
    QString key;
    std::shared_ptr<const void> value;
    qint64 bytes;
  };
  void shrink();
  qint64 limit_, bytes_ = 0;
  std::list<Entry> entries_;  // the last used first
  std::map<QString, std::list<Entry>::iterator> by_key_;
};

}  // namespace rolora::widgets
