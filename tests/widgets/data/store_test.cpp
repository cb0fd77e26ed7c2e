// SPDX-License-Identifier: GPL-3.0-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>
#include <algorithm>
#include <cmath>
#include <iostream>

#include "core/storage/atomic_file.h"
#include "tests/support/folders.h"
#include "tests/support/sample_statistics.h"
#include "widgets/base/watchdog.h"
#include "widgets/data/memory_cache.h"
#include "widgets/data/statistics_store.h"

namespace rolora::widgets {
namespace {

using test::SampleShape;
using testing::HasSubstr;

QString name_of_file(const test::TempFolder& folder, const char* name = "s.h5") { return QString::fromStdString((folder / name).string()); }

// Asks and waits for the answer.
template <class T, class Ask>
Result<T> answer(Ask ask) {
  Result<T> out;
  bool there = false;
  ask([&](const Result<T>& result) {
    out = result;
    there = true;
  });
  EXPECT_FALSE(there) << "a callback ran inside the call";
  EXPECT_TRUE(QTest::qWaitFor([&] { return there; }, 20000));
  return out;
}

class Store : public testing::Test {
 protected:
  void SetUp() override { test::write_sample(folder_ / "s.h5", shape_); }
  Result<SummaryPtr> open(const QString& file) {
    return answer<SummaryPtr>([&](auto done) { store_.open(file, &receiver_, done); });
  }
  Result<MatrixPtr> overview(const StateRef& state, bool without_first = false) {
    return answer<MatrixPtr>(
        [&](auto done) { store_.overview(state, SiteKind::down_in, QStringLiteral("absmax"), without_first, &receiver_, done); });
  }
  Result<MatrixPtr> full(const StateRef& state, SiteKey site) {
    return answer<MatrixPtr>([&](auto done) { store_.full(state, site, &receiver_, done); });
  }

  SampleShape shape_;
  test::TempFolder folder_;
  QString file_ = name_of_file(folder_);
  StateRef plain_{file_, QStringLiteral("plain")}, rotated_{file_, QStringLiteral("rotated")};
  QObject receiver_;
  StatisticsStore store_;
};

TEST_F(Store, OpensAFileAndHoldsWhatIsSmall) {
  QSignalSpy opened(&store_, &StatisticsStore::opened);
  EXPECT_EQ(store_.summary(file_), nullptr);
  const auto result = open(file_);
  ASSERT_TRUE(result.ok()) << result.error.toStdString();
  EXPECT_EQ(opened.count(), 1);
  const StatisticsSummary& s = *result.value;
  EXPECT_EQ(store_.summary(file_), result.value);
  EXPECT_EQ(s.provenance.text, "chapters.txt");
  ASSERT_EQ(s.states.size(), 2u);
  EXPECT_EQ(s.states[0].rotation, QString());
  EXPECT_EQ(s.states[1].rotation, QStringLiteral("R1 hadamard, R4 hadamard, seed 0"));
  EXPECT_EQ(s.states[1].rotation_seed, 0u);
  EXPECT_EQ(s.states[0].layers(), 2);
  EXPECT_EQ(s.states[0].linears.size(), 2u);
  const SiteSummary& down = s.states[0].sites.at({1, SiteKind::down_in});
  EXPECT_EQ(down.all.absmax, 80);
  EXPECT_EQ(down.without_first.tokens, 57);
  EXPECT_TRUE(down.kept);
  EXPECT_FALSE(s.states[0].sites.at({0, SiteKind::down_in}).kept);
  EXPECT_EQ(s.token_ids.at(3), 103);
  EXPECT_EQ(s.token_texts.at(3), QStringLiteral("▁103"));
}

TEST_F(Store, GivesOverviewsAndSites) {
  ASSERT_TRUE(open(file_).ok());
  const auto matrix = overview(plain_);
  ASSERT_TRUE(matrix.ok()) << matrix.error.toStdString();
  EXPECT_EQ(matrix.value->rows, 2);
  EXPECT_EQ(matrix.value->columns, 24);
  EXPECT_EQ(matrix.value->at(1, test::kPlantedChannel), 80);
  EXPECT_LT(matrix.value->at(0, test::kPlantedChannel), 6);
  EXPECT_EQ(store_.cached_overview(plain_, SiteKind::down_in, QStringLiteral("absmax"), false), matrix.value);
  EXPECT_EQ(store_.cached_overview(rotated_, SiteKind::down_in, QStringLiteral("absmax"), false), nullptr);

  const auto values = full(plain_, {1, SiteKind::down_in});
  ASSERT_TRUE(values.ok());
  EXPECT_EQ(values.value->rows, 60);
  EXPECT_EQ(values.value->at(test::kPlantedToken, test::kPlantedChannel), -80) << "with its sign";

  const auto site = answer<SiteDetailPtr>([&](auto done) { store_.site(plain_, {1, SiteKind::down_in}, false, &receiver_, done); });
  ASSERT_TRUE(site.ok());
  EXPECT_EQ(site.value->top.front().text, "▁133");
  EXPECT_EQ(site.value->tokens.absmax.at(test::kPlantedToken), 80);
  const auto top = answer<OutlierListPtr>([&](auto done) { store_.outliers(plain_, false, &receiver_, done); });
  ASSERT_TRUE(top.ok());
  EXPECT_EQ(top.value->size(), 4u);
}

TEST_F(Store, SaysInOneLineWhatIsWrong) {
  EXPECT_THAT(open(name_of_file(folder_, "none.h5")).error.toStdString(), HasSubstr("none.h5"));
  EXPECT_THAT(overview(plain_).error.toStdString(), HasSubstr("is not open"));
  write_file_atomically(folder_ / "half.h5", read_file(folder_ / "s.h5").substr(0, 20000));
  const QString half = open(name_of_file(folder_, "half.h5")).error;
  EXPECT_THAT(half.toStdString(), HasSubstr("half.h5"));
  EXPECT_FALSE(half.contains(QLatin1Char('\n')));
  ASSERT_TRUE(open(file_).ok());
  const QString not_kept = full(plain_, {0, SiteKind::down_in}).error;
  EXPECT_THAT(not_kept.toStdString(), HasSubstr("measure again with --keep down_in"));
  EXPECT_THAT(overview({file_, QStringLiteral("tuned")}).error.toStdString(), HasSubstr("/tuned"));
  EXPECT_TRUE(store_.open_files().size() == 1) << "what could not be opened is not open";
}

TEST_F(Store, ASecondFlippedByteIsFoundOnOpening) {
  std::string bytes = read_file(folder_ / "s.h5");
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file_atomically(folder_ / "flipped.h5", bytes);
  EXPECT_THAT(open(name_of_file(folder_, "flipped.h5")).error.toStdString(), HasSubstr("checksum"));
}

TEST_F(Store, EqualRequestsAreAnsweredTogetherByOneReading) {
  ASSERT_TRUE(open(file_).ok());
  std::vector<MatrixPtr> answers;
  for (int i = 0; i < 20; ++i) {
    store_.overview(plain_, SiteKind::down_in, QStringLiteral("rms"), false, &receiver_,
                    [&](const Result<MatrixPtr>& result) { answers.push_back(result.value); });
  }
  ASSERT_TRUE(QTest::qWaitFor([&] { return answers.size() == 20; }));
  for (const MatrixPtr& one : answers) EXPECT_EQ(one, answers.front()) << "read twice";
}

// Whoever comes while a file is being opened by somebody who knows no titles gets the ones that he brought.
TEST_F(Store, TitlesOfAnOpeningThatJoinsAnotherAreKept) {
  QString title;
  int answers = 0;
  store_.open(file_, &receiver_, [&](const Result<SummaryPtr>&) { ++answers; });
  const StateTitles titles = {{QStringLiteral("plain"), QStringLiteral("plain + LoRA")}};
  store_.open(
      file_, &receiver_,
      [&](const Result<SummaryPtr>& result) {
        ++answers;
        if (result.ok()) title = result.value->find(QStringLiteral("plain"))->title;
      },
      titles);
  ASSERT_TRUE(QTest::qWaitFor([&] { return answers == 2; }));
  EXPECT_EQ(title, QStringLiteral("plain + LoRA"));
  EXPECT_EQ(store_.summary(file_)->find(QStringLiteral("plain"))->title, title);
}

TEST_F(Store, NothingIsCalledOnceTheReceiverIsGone) {
  ASSERT_TRUE(open(file_).ok());
  bool called = false;
  {
    QObject short_lived;
    store_.overview(plain_, SiteKind::down_in, QStringLiteral("std"), false, &short_lived, [&](const auto&) { called = true; });
    store_.full(plain_, {1, SiteKind::down_in}, &short_lived, [&](const auto&) { called = true; });
  }
  ASSERT_TRUE(overview(rotated_).ok());  // asked later and first in the queue; one more turn lets the others come
  ASSERT_TRUE(answer<OutlierListPtr>([&](auto done) { store_.outliers(plain_, false, &receiver_, done); }).ok());
  EXPECT_FALSE(called);
}

TEST_F(Store, AFileThatIsReplacedIsReadAgain) {
  ASSERT_TRUE(open(file_).ok());
  ASSERT_TRUE(overview(plain_).ok());
  const SummaryPtr before = store_.summary(file_);
  EXPECT_EQ(open(file_).value, before) << "nothing changed";
  shape_.layers = 3;
  test::write_sample(folder_ / "s.h5", shape_);
  ASSERT_TRUE(open(file_).ok());
  EXPECT_EQ(store_.summary(file_)->states[0].layers(), 3);
  EXPECT_EQ(store_.open_files().size(), 1u);
  EXPECT_EQ(overview(plain_).value->rows, 3) << "the cache forgot the old file";
}

TEST_F(Store, ClosingAnswersWhatWaitsAndForgetsTheFile) {
  ASSERT_TRUE(open(file_).ok());
  QSignalSpy closed(&store_, &StatisticsStore::closed);
  QString error;
  store_.overview(plain_, SiteKind::down_in, QStringLiteral("p99"), false, &receiver_, [&](const auto& result) { error = result.error; });
  store_.close(file_);
  EXPECT_EQ(closed.count(), 1);
  EXPECT_EQ(store_.summary(file_), nullptr);
  ASSERT_TRUE(QTest::qWaitFor([&] { return !error.isEmpty(); }));
  EXPECT_THAT(error.toStdString(), HasSubstr("was closed"));
  EXPECT_EQ(store_.cached_bytes(), 0);
  EXPECT_TRUE(open(file_).ok()) << "and can be opened again";
}

TEST_F(Store, ClosedWhileItOpensIsNoFailureAndABrokenFileIsToldOnce) {
  QSignalSpy failed(&store_, &StatisticsStore::failed);
  QString error;
  store_.open(file_, &receiver_, [&](const auto& result) { error = result.error; });
  store_.close(file_);
  ASSERT_TRUE(QTest::qWaitFor([&] { return !error.isEmpty(); }));
  EXPECT_EQ(failed.count(), 0);
  EXPECT_TRUE(store_.error(file_).isEmpty());
  test::write_text(folder_ / "broken.h5", "no HDF5");
  const QString broken = QString::fromStdString((folder_ / "broken.h5").string());
  int answers = 0;
  for (int i = 0; i < 2; ++i) store_.open(broken, &receiver_, [&](const auto&) { ++answers; });
  ASSERT_TRUE(QTest::qWaitFor([&] { return answers == 2; }));
  EXPECT_EQ(failed.count(), 1);
  EXPECT_FALSE(store_.error(broken).isEmpty());
}

TEST_F(Store, EndsWithWorkUnderWay) {
  auto store = std::make_unique<StatisticsStore>();
  bool called = false;
  store->open(file_, &receiver_, [&](const auto&) { called = true; });
  for (const char* name : {"mean", "rms", "std", "p50", "p99"}) {
    store->overview(plain_, SiteKind::down_in, QLatin1String(name), false, &receiver_, [&](const auto&) { called = true; });
  }
  store.reset();
  QCoreApplication::processEvents();
  EXPECT_FALSE(called);
}

TEST_F(Store, TheCacheIsBounded) {
  ASSERT_TRUE(open(file_).ok());
  ASSERT_TRUE(overview(plain_).ok());
  const qint64 one = store_.cached_bytes();
  store_.set_cache_limit(one);
  ASSERT_TRUE(overview(rotated_).ok());
  EXPECT_EQ(store_.cached_overview(plain_, SiteKind::down_in, QStringLiteral("absmax"), false), nullptr);
  EXPECT_NE(store_.cached_overview(rotated_, SiteKind::down_in, QStringLiteral("absmax"), false), nullptr);
}

TEST(MemoryCache, ForgetsWhatWasUsedLeastRecently) {
  MemoryCache cache(30);
  const auto value = std::make_shared<const int>(1);
  for (const char* key : {"a", "b", "c"}) cache.put(QLatin1String(key), value, 10);
  EXPECT_TRUE(cache.get(QStringLiteral("a")));
  cache.put(QStringLiteral("d"), value, 10);
  EXPECT_FALSE(cache.get(QStringLiteral("b")));
  EXPECT_TRUE(cache.get(QStringLiteral("a")));
  EXPECT_EQ(cache.bytes(), 30);
  cache.put(QStringLiteral("too large"), value, 31);
  EXPECT_EQ(cache.bytes(), 30);
  cache.put(QStringLiteral("a"), value, 5);
  EXPECT_EQ(cache.bytes(), 25) << "replaced, not counted twice";
}

// 32 layers × 7 sites × 4096 channels (the specification's project): opened beside the GUI thread, which stays awake.
TEST(StatisticsStoreSpeed, ALargeFileOpensBesideTheGuiThread) {
  const test::TempFolder folder;
  SampleShape shape;
  StatisticsOfState s;
  s.state = "plain";
  s.model_hash = "hash";
  s.result.windows = shape.windows;
  s.result.context = shape.context;
  const SiteStatistics small = test::sample_site(shape, 0, SiteKind::down_in, 64, 1, 0, 0);
  for (int64_t layer = 0; layer < 32; ++layer) {
    for (const SiteKind kind : kReportedSites) {
      SiteStatistics site = small;
      site.layer = LayerIndex(layer);
      site.site = kind;
      for (SiteFigures* f : {&site.all, &site.without_first}) {
        f->tensor.channels = 4096;
        for (size_t field = 0; field < 9; ++field) {
          std::vector<float>& values = field < 1   ? f->channels.absmax
                                       : field < 2 ? f->channels.mean
                                       : field < 3 ? f->channels.rms
                                       : field < 4 ? f->channels.std
                                       : field < 5 ? f->channels.kurtosis
                                                   : f->channels.quantiles[field - 5];
          values.resize(4096, 1.5F);
        }
      }
      for (std::vector<float>* values :
           {&site.tokens.absmax, &site.tokens.mean, &site.tokens.rms, &site.tokens.std, &site.tokens.kurtosis}) {
        values->assign(16384, 1.0F);
      }
      s.result.sites.push_back(std::move(site));
    }
  }
  StatisticsProvenance p = test::sample_provenance(shape);
  p.windows = 1024;
  write_statistics(folder / "large.h5", p, {s}, {});

  StatisticsStore store;
  QObject receiver;
  qint64 longest = 0;
  Watchdog watchdog(100, {});
  QElapsedTimer since_tick, whole;
  QTimer tick;
  tick.start(2);
  QObject::connect(&tick, &QTimer::timeout, [&] { longest = std::max(longest, since_tick.restart()); });
  since_tick.start();
  whole.start();
  bool there = false;
  store.open(name_of_file(folder, "large.h5"), &receiver, [&](const Result<SummaryPtr>& result) {
    EXPECT_TRUE(result.ok()) << result.error.toStdString();
    there = true;
  });
  ASSERT_TRUE(QTest::qWaitFor([&] { return there; }, 60000));
  const qint64 opened = whole.elapsed();
  const auto matrix = answer<MatrixPtr>([&](auto done) {
    store.overview({name_of_file(folder, "large.h5"), QStringLiteral("plain")}, SiteKind::down_in, QStringLiteral("absmax"), false,
                   &receiver, done);
  });
  ASSERT_TRUE(matrix.ok());
  const double megabytes = static_cast<double>(std::filesystem::file_size(folder / "large.h5")) / 1e6;
  std::cout << "file of " << megabytes << " MB: opened in " << opened << " ms, first overview after " << whole.elapsed()
            << " ms, longest pause of the GUI thread " << longest << " ms\n";
  RecordProperty("open_ms", static_cast<int>(opened));
  EXPECT_EQ(matrix.value->rows, 32);
  EXPECT_LT(watchdog.longest().busy_ms, 100);
}

}  // namespace
}  // namespace rolora::widgets
