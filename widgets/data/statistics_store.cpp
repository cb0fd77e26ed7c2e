// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/statistics_store.h"

#include <sys/stat.h>

#include <QDir>
#include <QFileInfo>
#include <QPointer>
#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

#include "core/base/error.h"
#include "core/outliers/statistics_fields.h"
#include "widgets/data/background.h"
#include "widgets/data/memory_cache.h"
#include "widgets/data/statistics_reading.h"

namespace rolora::widgets {
namespace {

constexpr qint64 kCacheBytes = qint64{512} << 20;
constexpr QChar kSeparator(0x1f);

// The HDF5 library keeps global state: one thread at a time in the whole program, however many stores there are.
std::mutex& hdf5() {
  static std::mutex mutex;
  return mutex;
}

QString normal(const QString& file) { return QDir::cleanPath(QFileInfo(file).absoluteFilePath()); }

QString key_of(const QString& what, const QString& file, const QStringList& rest = {}) {
  return (QStringList{file, what} + rest).join(kSeparator);
}
bool key_of_file(const QString& key, const QString& file) { return key.startsWith(file + kSeparator); }

QString overview_key(const StateRef& s, SiteKind site, const QString& statistic, bool without_first) {
  return key_of(QStringLiteral("overview"), normal(s.file),
                {s.state, QString::number(static_cast<int>(site)), statistic, QString::number(without_first)});
}
QString site_key(const char* what, const StateRef& s, SiteKey site, bool without_first) {
  return key_of(QString::fromLatin1(what), normal(s.file),
                {s.state, QString::number(site.layer), QString::number(static_cast<int>(site.site)), QString::number(without_first)});
}

qint64 bytes_of(const Matrix& m) { return static_cast<qint64>(m.values.size() * sizeof(float) + sizeof m); }
qint64 bytes_of(const SiteDetail& d) {
  const size_t floats = d.figures.channels.absmax.size() * kChannelFields + d.tokens.absmax.size() * kTokenFields;
  const size_t counts = 2 * d.figures.histogram.counts.size() + d.figures.token_histogram.counts.size();
  return static_cast<qint64>(floats * sizeof(float) + counts * sizeof(uint64_t) + d.top.size() * 2 * sizeof(LabelledOutlier) + sizeof d);
}

using Stamp = std::array<int64_t, 4>;  // a file replaced or written anew has another
Stamp stamp_of(const QString& file) {
  struct stat info = {};
  if (::stat(file.toLocal8Bit().constData(), &info) != 0) return {};
  return {static_cast<int64_t>(info.st_ino), info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

bool has_titles(const StatisticsSummary& summary, const StateTitles& titles) {
  return std::all_of(titles.begin(), titles.end(), [&](const auto& one) {
    const StateSummary* state = summary.find(one.first);
    return state == nullptr || state->title == one.second;
  });
}

struct OpenFile {
  StatisticsFile file;
  SummaryPtr summary;
  Stamp stamp;
};

struct Waiter {
  QPointer<QObject> receiver;
  std::function<void(const std::shared_ptr<const void>&, const QString& error)> done;
  QMetaObject::Connection end_of_receiver;
};

struct Request {
  std::vector<Waiter> waiters;
  std::shared_ptr<std::atomic<int>> interested = std::make_shared<std::atomic<int>>(0);
};

struct Answer {
  std::shared_ptr<const void> value;
  qint64 bytes = 0;  // what it counts in the cache; 0: not kept
  QString error;
  bool skipped = false;  // nobody waited any more
};

}  // namespace

void give_titles(StatisticsSummary& summary, const StateTitles& titles) {
  for (StateSummary& state : summary.states) {
    if (const auto title = titles.find(state.label); title != titles.end()) state.title = title->second;
  }
}

int StateSummary::layers() const { return sites.empty() ? 0 : sites.rbegin()->first.layer + 1; }

const StateSummary* StatisticsSummary::find(const QString& state) const {
  const auto found = std::find_if(states.begin(), states.end(), [&](const StateSummary& s) { return s.label == state; });
  return found == states.end() ? nullptr : &*found;
}

struct StatisticsStore::State {
  using Read = std::function<Answer()>;

  explicit State(StatisticsStore* owner) : store(owner), thread(std::make_unique<BackgroundThread>()) {}
  ~State() {
    thread.reset();
    const std::lock_guard lock(hdf5());
    files.clear();
  }
  void wait_for(const QString& key, QObject* receiver, decltype(Waiter::done) done, bool at_once, Read read);
  void post(const QString& key, bool at_once, const std::shared_ptr<std::atomic<int>>& interested, const Read& read);
  void finish(const QString& key, const Answer& answer, const Read& read);
  void tell(const Waiter& waiter, const std::shared_ptr<const void>& value, const QString& error);
  SummaryPtr open_now(const QString& file, const StateTitles& titles);  // on the reading thread
  template <class T>
  void read_from(const QString& key, const QString& file, bool at_once, QObject* receiver,
                 std::function<void(const Result<std::shared_ptr<const T>>&)> done, std::function<T(const StatisticsFile&)> read);

  StatisticsStore* store;
  std::vector<SummaryPtr> open;
  std::map<QString, QString> errors;  // of files that could not be opened
  std::map<QString, Request> pending;
  mutable MemoryCache cache{kCacheBytes};
  std::map<QString, OpenFile> files;  // the reading thread's
  std::unique_ptr<BackgroundThread> thread;
};

void StatisticsStore::State::tell(const Waiter& waiter, const std::shared_ptr<const void>& value, const QString& error) {
  QObject::disconnect(waiter.end_of_receiver);
  if (waiter.receiver) waiter.done(value, error);
}

void StatisticsStore::State::wait_for(const QString& key, QObject* receiver, decltype(Waiter::done) done, bool at_once, Read read) {
  Waiter waiter{receiver == nullptr ? store : receiver, std::move(done), {}};
  if (const auto value = cache.get(key)) {
    QMetaObject::invokeMethod(
        store, [this, waiter, value] { tell(waiter, value, {}); }, Qt::QueuedConnection);
    return;
  }
  const bool fresh = !pending.contains(key);
  Request& request = pending[key];
  const auto interested = request.interested;
  ++*interested;
  if (waiter.receiver != store) {
    waiter.end_of_receiver = QObject::connect(waiter.receiver, &QObject::destroyed, store, [interested] { --*interested; });
  }
  request.waiters.push_back(std::move(waiter));
  if (fresh) post(key, at_once, interested, read);
}

void StatisticsStore::State::post(const QString& key, bool at_once, const std::shared_ptr<std::atomic<int>>& interested, const Read& read) {
  const auto work = [this, key, interested, read] {
    Answer answer;
    if (*interested <= 0) {
      answer.skipped = true;
    } else {
      try {
        const std::lock_guard lock(hdf5());
        answer = read();
      } catch (const std::exception& e) {
        answer.error = QString::fromUtf8(e.what());
        if (answer.error.isEmpty()) answer.error = tr("cannot be read");
      }
    }
    QMetaObject::invokeMethod(
        store, [this, key, answer, read] { finish(key, answer, read); }, Qt::QueuedConnection);
  };
  at_once ? thread->post_first(work) : thread->post(work);
}

void StatisticsStore::State::finish(const QString& key, const Answer& answer, const Read& read) {
  const auto found = pending.find(key);
  if (found == pending.end()) return;  // the file was closed meanwhile
  if (answer.skipped && *found->second.interested > 0) return post(key, true, found->second.interested, read);
  const std::vector<Waiter> waiters = std::move(found->second.waiters);
  pending.erase(found);
  if (answer.value && answer.bytes > 0) cache.put(key, answer.value, answer.bytes);
  const QPointer<StatisticsStore> alive = store;  // a callback may end the window
  for (const Waiter& waiter : waiters) {
    if (!alive) return;
    tell(waiter, answer.value, answer.error);
  }
}

SummaryPtr StatisticsStore::State::open_now(const QString& file, const StateTitles& titles) {
  const Stamp stamp = stamp_of(file);
  const auto found = files.find(file);
  if (found != files.end() && found->second.stamp == stamp) {
    if (has_titles(*found->second.summary, titles)) return found->second.summary;
    auto named = std::make_shared<StatisticsSummary>(*found->second.summary);
    give_titles(*named, titles);
    return found->second.summary = named;
  }
  if (found != files.end()) files.erase(found);
  StatisticsFile opened(file.toStdString());
  auto summary = std::make_shared<StatisticsSummary>(read_summary(opened, file));
  give_titles(*summary, titles);
  files.emplace(file, OpenFile{std::move(opened), summary, stamp});
  return summary;
}

template <class T>
void StatisticsStore::State::read_from(const QString& key, const QString& file, bool at_once, QObject* receiver,
                                       std::function<void(const Result<std::shared_ptr<const T>>&)> done,
                                       std::function<T(const StatisticsFile&)> read) {
  const auto erased = [done = std::move(done)](const std::shared_ptr<const void>& value, const QString& error) {
    done({std::static_pointer_cast<const T>(value), error});
  };
  wait_for(key, receiver, erased, at_once, [this, file, read = std::move(read)] {
    const auto found = files.find(file);
    if (found == files.end()) throw Error(file.toStdString() + ": is not open");
    Answer answer;
    const auto value = std::make_shared<const T>(read(found->second.file));
    if constexpr (!std::is_same_v<T, std::vector<SiteOutliers>>) answer.bytes = bytes_of(*value);
    answer.value = value;
    return answer;
  });
}

StatisticsStore::StatisticsStore(QObject* parent) : QObject(parent), state_(std::make_unique<State>(this)) {}
StatisticsStore::~StatisticsStore() = default;

void StatisticsStore::open(const QString& given, QObject* receiver, std::function<void(const Result<SummaryPtr>&)> done,
                           const StateTitles& titles) {
  const QString file = normal(given);
  State& s = *state_;
  const auto opened_now = [this, file, receiver, titles, done = std::move(done)](const std::shared_ptr<const void>& value,
                                                                                 const QString& error) {
    const auto summary = std::static_pointer_cast<const StatisticsSummary>(value);
    // The opening that this one joined knew none of these titles: it is open now, and gets them without being read again.
    if (summary && !has_titles(*summary, titles)) return open(file, receiver, done, titles);
    done({summary, error});
  };
  const bool fresh = !s.pending.contains(key_of(QStringLiteral("open"), file));
  // The store itself waits first, once: it registers the file even when whoever asked is gone, and before anybody else hears of it.
  if (fresh)
    s.wait_for(
        key_of(QStringLiteral("open"), file), this,
        [this, file](const std::shared_ptr<const void>& value, const QString& error) {
          state_->errors.erase(file);
          if (!value) {
            state_->errors[file] = error;
            emit failed(file, error);
          }
          const auto summary = std::static_pointer_cast<const StatisticsSummary>(value);
          if (!summary || this->summary(file) == summary) return;
          std::vector<SummaryPtr>& open = state_->open;
          const auto old = std::find_if(open.begin(), open.end(), [&](const SummaryPtr& one) { return one->file == file; });
          if (old == open.end()) {
            open.push_back(summary);
          } else {
            *old = summary;
            state_->cache.remove_if([&](const QString& key) { return key_of_file(key, file); });
          }
          emit opened(file);
        },
        false,
        [this, file, titles] {
          Answer answer;
          answer.value = state_->open_now(file, titles);
          return answer;
        });
  s.wait_for(key_of(QStringLiteral("open"), file), receiver, opened_now, false, {});
}

void StatisticsStore::close(const QString& given) {
  const QString file = normal(given);
  State& s = *state_;
  s.cache.remove_if([&](const QString& key) { return key_of_file(key, file); });
  s.errors.erase(file);
  std::vector<Waiter> waiters;
  for (auto request = s.pending.begin(); request != s.pending.end();) {
    if (!key_of_file(request->first, file)) {
      ++request;
      continue;
    }
    waiters.insert(waiters.end(), request->second.waiters.begin(), request->second.waiters.end());
    *request->second.interested = 0;
    request = s.pending.erase(request);
  }
  for (const Waiter& waiter : waiters) {
    if (waiter.receiver == this) continue;  // the store itself: closed is no failure
    QMetaObject::invokeMethod(
        this, [this, waiter, file] { state_->tell(waiter, nullptr, tr("%1: was closed").arg(file)); }, Qt::QueuedConnection);
  }
  s.thread->post([&s, file] {
    const std::lock_guard lock(hdf5());
    s.files.erase(file);
  });
  const auto removed = std::remove_if(s.open.begin(), s.open.end(), [&](const SummaryPtr& one) { return one->file == file; });
  if (removed == s.open.end()) return;
  s.open.erase(removed, s.open.end());
  emit closed(file);
}

SummaryPtr StatisticsStore::summary(const QString& given) const {
  const QString file = normal(given);
  for (const SummaryPtr& one : state_->open) {
    if (one->file == file) return one;
  }
  return nullptr;
}

QString StatisticsStore::error(const QString& given) const {
  const auto found = state_->errors.find(normal(given));
  return found == state_->errors.end() ? QString() : found->second;
}

std::vector<SummaryPtr> StatisticsStore::open_files() const { return state_->open; }

void StatisticsStore::overview(const StateRef& s, SiteKind site, const QString& statistic, bool without_first, QObject* receiver,
                               std::function<void(const Result<MatrixPtr>&)> done) {
  state_->read_from<Matrix>(overview_key(s, site, statistic, without_first), normal(s.file), true, receiver, std::move(done),
                            [state = s.state, site, statistic, without_first](const StatisticsFile& file) {
                              return read_overview(file, state, site, statistic, without_first);
                            });
}

void StatisticsStore::full(const StateRef& s, SiteKey site, QObject* receiver, std::function<void(const Result<MatrixPtr>&)> done) {
  state_->read_from<Matrix>(
      site_key("full", s, site, false), normal(s.file), true, receiver, std::move(done),
      [state = s.state, name = normal(s.file), site](const StatisticsFile& file) { return read_full(file, name, state, site); });
}

void StatisticsStore::site(const StateRef& s, SiteKey site, bool without_first, QObject* receiver,
                           std::function<void(const Result<SiteDetailPtr>&)> done) {
  state_->read_from<SiteDetail>(
      site_key("site", s, site, without_first), normal(s.file), true, receiver, std::move(done),
      [state = s.state, site, without_first](const StatisticsFile& file) { return read_site(file, state, site, without_first); });
}

void StatisticsStore::outliers(const StateRef& s, bool without_first, QObject* receiver,
                               std::function<void(const Result<OutlierListPtr>&)> done) {
  state_->read_from<std::vector<SiteOutliers>>(
      key_of(QStringLiteral("outliers"), normal(s.file), {s.state, QString::number(without_first)}), normal(s.file), false, receiver,
      std::move(done), [state = s.state, without_first](const StatisticsFile& file) { return read_outliers(file, state, without_first); });
}

MatrixPtr StatisticsStore::cached_overview(const StateRef& s, SiteKind site, const QString& statistic, bool without_first) const {
  return std::static_pointer_cast<const Matrix>(state_->cache.get(overview_key(s, site, statistic, without_first)));
}
MatrixPtr StatisticsStore::cached_full(const StateRef& s, SiteKey site) const {
  return std::static_pointer_cast<const Matrix>(state_->cache.get(site_key("full", s, site, false)));
}
SiteDetailPtr StatisticsStore::cached_site(const StateRef& s, SiteKey site, bool without_first) const {
  return std::static_pointer_cast<const SiteDetail>(state_->cache.get(site_key("site", s, site, without_first)));
}
qint64 StatisticsStore::cached_bytes() const { return state_->cache.bytes(); }
void StatisticsStore::set_cache_limit(qint64 bytes) { state_->cache.set_limit(bytes); }

}  // namespace rolora::widgets
