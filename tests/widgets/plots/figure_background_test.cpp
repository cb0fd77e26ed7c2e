// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/figure_background.h"

#include <gtest/gtest.h>

#include <QBuffer>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <QThread>
#include <atomic>

namespace {

using namespace rolora::widgets;

/// Where it was painted, tabulated and ended.
struct Threads {
  std::atomic<QThread*> painted = nullptr, tabulated = nullptr, ended = nullptr;
};

class ToldFigure : public Figure {
 public:
  ToldFigure(Threads& threads, bool anywhere) : threads_(threads), anywhere_(anywhere) {}
  ~ToldFigure() override { threads_.ended = QThread::currentThread(); }
  QString name() const override { return QStringLiteral("told"); }
  QString caption() const override { return QStringLiteral("A square."); }
  bool paints_anywhere() const override { return anywhere_; }
  FigureTable table() const override {
    threads_.tabulated = QThread::currentThread();
    return {{QStringLiteral("side")}, {{QStringLiteral("3")}}};
  }
  void paint(QPainter& painter, QSizeF size, const PlotStyle&) const override {
    threads_.painted = QThread::currentThread();
    painter.fillRect(QRectF(QPointF(0, 0), size / 2), Qt::red);
  }

 private:
  Threads& threads_;
  bool anywhere_;
};

FigureSettings small() {
  FigureSettings settings;
  settings.width_inches = 1;
  settings.dots_per_inch = 72;
  return settings;
}

TEST(FigureBackground, PlainValuesArePaintedElsewhereAndWidgetsHere) {
  for (const bool anywhere : {false, true}) {
    for (const char* ending : {"pdf", "svg", "png"}) {
      Threads threads;
      QTemporaryDir folder;
      const QString file = folder.filePath(QStringLiteral("told.") + QLatin1String(ending)),
                    same = folder.filePath(QStringLiteral("same.") + QLatin1String(ending));
      QObject receiver;
      bool done = false;
      save_figure_in_background(std::make_shared<ToldFigure>(threads, anywhere), small(), file, &receiver,
                                [&](const Result<QString>& result) {
                                  EXPECT_TRUE(result.ok()) << result.error.toStdString();
                                  done = true;
                                });
      QTRY_VERIFY(done);
      EXPECT_EQ(threads.painted == QThread::currentThread(), !anywhere) << ending;
      Threads here;
      ASSERT_TRUE(save_figure(ToldFigure(here, anywhere), small(), same).ok());
      QFile a(file), b(same);
      ASSERT_TRUE(a.open(QIODevice::ReadOnly) && b.open(QIODevice::ReadOnly));
      EXPECT_EQ(a.readAll(), b.readAll()) << ending;
    }
  }
}

TEST(FigureBackground, TablesAreWrittenElsewhereAlsoOfWidgets) {
  Threads threads;
  QObject receiver;
  QByteArray csv;
  figure_csv_in_background(std::make_shared<ToldFigure>(threads, false), &receiver, [&](const QByteArray& made) { csv = made; });
  QTRY_COMPARE(csv, QByteArray("side\r\n3\r\n"));
  EXPECT_NE(threads.tabulated, QThread::currentThread());
}

TEST(FigureBackground, TheClipboardGetsTheSamePartsAsAtOnce) {
  for (const bool anywhere : {false, true}) {
    Threads threads, here;
    QObject receiver;
    std::unique_ptr<QMimeData> data;
    copy_figure_in_background(std::make_shared<ToldFigure>(threads, anywhere), small(), &receiver,
                              [&](std::unique_ptr<QMimeData> made) { data = std::move(made); });
    QTRY_VERIFY(data != nullptr);
    const auto at_once = figure_clipboard(ToldFigure(here, anywhere), small());
    EXPECT_EQ(data->formats(), at_once->formats());
    EXPECT_EQ(data->text(), QStringLiteral("A square."));
    EXPECT_EQ(data->imageData().value<QImage>(), at_once->imageData().value<QImage>());
    for (const char* format : {"image/svg+xml", "text/csv"})
      EXPECT_EQ(data->data(QLatin1String(format)), at_once->data(QLatin1String(format)));
    EXPECT_NE(threads.tabulated, QThread::currentThread());
  }
}

TEST(FigureBackground, AReceiverThatIsGoneHearsNothingAndTheFigureEndsHere) {
  Threads threads;
  bool told = false;
  {
    QObject receiver;
    figure_image_in_background(std::make_shared<ToldFigure>(threads, true), small(), &receiver, [&](const QImage&) { told = true; });
  }
  QTRY_VERIFY(threads.ended != nullptr);
  EXPECT_EQ(threads.ended, QThread::currentThread());
  EXPECT_FALSE(told);
}

}  // namespace
