// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/memory_cache.h"

#include <utility>

namespace rolora::widgets {

void MemoryCache::put(const QString& key, std::shared_ptr<const void> value, qint64 bytes) {
  remove_if([&](const QString& other) { return other == key; });
  if (bytes > limit_) return;
  entries_.push_front({key, std::move(value), bytes});
  by_key_[key] = entries_.begin();
  bytes_ += bytes;
  shrink();
}

std::shared_ptr<const void> MemoryCache::get(const QString& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->value;
}

void MemoryCache::remove_if(const std::function<bool(const QString& key)>& chosen) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (!chosen(entry->key)) {
      ++entry;
      continue;
    }
    bytes_ -= entry->bytes;
    by_key_.erase(entry->key);
    entry = entries_.erase(entry);
  }
}

void MemoryCache::set_limit(qint64 bytes) {
  limit_ = bytes;
  shrink();
}

void MemoryCache::shrink() {
  while (bytes_ > limit_) {
    bytes_ -= entries_.back().bytes;
    by_key_.erase(entries_.back().key);
    entries_.pop_back();
  }
}

}  // namespace rolora::widgets
