// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/figure_background.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QFutureWatcher>
#include <QPointer>
#include <QtConcurrent/QtConcurrentRun>

namespace rolora::widgets {

namespace {

/// A figure may be a widget: it is held until the work is done, and ends on the GUI thread even if the receiver is gone.
template <class Out>
void work_elsewhere(const FigurePtr& figure, std::function<Out()> work, QObject* receiver, std::function<void(const Out&)> done) {
  auto* watcher = new QFutureWatcher<Out>(QCoreApplication::instance());
  QObject::connect(watcher, &QFutureWatcherBase::finished, watcher,
                   [watcher, figure, wanted = QPointer<QObject>(receiver), done = std::move(done)] {
                     watcher->deleteLater();
                     if (!wanted.isNull()) done(watcher->result());
                   });
  watcher->setFuture(QtConcurrent::run(std::move(work)));
}

bool is_table(const QString& file) {
  const QString ending = QFileInfo(file).suffix().toLower();
  return ending == QLatin1String("csv") || ending == QLatin1String("tsv");
}

template <class Out>
std::function<Out()> given(Out value) {
  return [value = std::move(value)] { return value; };
}

}  // namespace

void save_figure_in_background(const FigurePtr& figure, const FigureSettings& settings, const QString& file, QObject* receiver,
                               std::function<void(const Result<QString>&)> done) {
  const bool all = figure->paints_anywhere() || is_table(file);
  std::function<Result<QString>()> work = prepared_save(*figure, settings, file, !all);
  work_elsewhere<Result<QString>>(figure, std::move(work), receiver, std::move(done));
}

void figure_image_in_background(const FigurePtr& figure, const FigureSettings& settings, QObject* receiver,
                                std::function<void(const QImage&)> done) {
  const Figure* drawn = figure.get();
  std::function<QImage()> work = [drawn, settings] { return figure_image(*drawn, settings); };
  if (!figure->paints_anywhere()) work = given(figure_image(*figure, settings));
  work_elsewhere<QImage>(figure, std::move(work), receiver, std::move(done));
}

void figure_csv_in_background(const FigurePtr& figure, QObject* receiver, std::function<void(const QByteArray&)> done) {
  std::function<QByteArray()> work = [drawn = figure.get()] { return figure_csv(*drawn); };
  work_elsewhere<QByteArray>(figure, std::move(work), receiver, std::move(done));
}

void copy_figure_in_background(const FigurePtr& figure, const FigureSettings& settings, QObject* receiver,
                               std::function<void(std::unique_ptr<QMimeData>)> done) {
  const Figure* drawn = figure.get();
  std::function<FigureParts()> work = [drawn, settings] { return figure_parts(*drawn, settings); };
  if (!figure->paints_anywhere()) {
    FigureParts painted = painted_parts(*figure, settings);
    work = [drawn, painted] {
      FigureParts parts = painted;
      parts.csv = figure_csv(*drawn);
      return parts;
    };
  }
  work_elsewhere<FigureParts>(figure, std::move(work), receiver,
                              [done = std::move(done)](const FigureParts& parts) { done(clipboard_of(parts)); });
}

}  // namespace rolora::widgets
