// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/opening.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>

namespace rolora::widgets {
namespace {

QString words(const char* text) { return QCoreApplication::translate("Opening", text); }

bool is_run(const QDir& folder) { return folder.exists(QStringLiteral("run.json")) && folder.exists(QStringLiteral("job.json")); }
bool is_model(const QDir& folder) { return folder.exists(QStringLiteral("config.json")); }

/// A job file names its stations; reading the head is enough to tell it from other JSON.
bool is_job(const QString& path) {
  QFile file(path);
  if (!file.open(QIODevice::ReadOnly)) return false;
  const QByteArray head = file.read(1 << 16);
  return head.contains("\"stations\"") && head.contains("\"format\"");
}

Opening failed(const QString& path, const char* expected) {
  return {PathKind::nothing, path, QStringLiteral("%1: %2").arg(QDir::toNativeSeparators(path), words(expected))};
}

Opening recognise_folder(const QString& path) {
  QDir folder(path);
  if (is_run(folder)) return {PathKind::run, path, {}};
  if (is_model(folder)) return {PathKind::model, path, {}};
  // A folder inside a run, say stations/outliers: its statistics, or else the run.
  if (folder.exists(QStringLiteral("statistics.h5"))) return {PathKind::statistics, folder.filePath(QStringLiteral("statistics.h5")), {}};
  if (is_model(QDir(folder.filePath(QStringLiteral("model"))))) return {PathKind::model, folder.filePath(QStringLiteral("model")), {}};
  for (int up = 0; up < 3 && folder.cdUp(); up++) {
    if (is_run(folder)) return {PathKind::run, folder.absolutePath(), {}};
  }
  return failed(path,
                QT_TRANSLATE_NOOP("Opening", "expected a model folder (config.json) or a run folder (run.json, job.json), found neither"));
}

}  // namespace

Opening recognise(const QString& given) {
  const QFileInfo info(given);
  const QString path = QDir::cleanPath(info.absoluteFilePath());
  if (!info.exists()) return failed(path, QT_TRANSLATE_NOOP("Opening", "expected a file or folder, found none"));
  if (info.isDir()) return recognise_folder(path);
  const QString suffix = info.suffix().toLower();
  const QDir folder = info.absoluteDir();
  if (suffix == QStringLiteral("h5") || suffix == QStringLiteral("hdf5")) return {PathKind::statistics, path, {}};
  if (suffix == QStringLiteral("safetensors")) {
    if (is_model(folder)) return {PathKind::model, folder.absolutePath(), {}};
    return failed(path, QT_TRANSLATE_NOOP("Opening", "expected config.json beside it, found none"));
  }
  if (suffix == QStringLiteral("json")) {
    const QString name = info.fileName();
    if ((name == QStringLiteral("run.json") || name == QStringLiteral("job.json")) && is_run(folder))
      return {PathKind::run, folder.absolutePath(), {}};
    if (name == QStringLiteral("config.json") || name == QStringLiteral("tokenizer.json"))
      return {PathKind::model, folder.absolutePath(), {}};
    if (is_job(path)) return {PathKind::job, path, {}};
  }
  if (is_run(folder)) return {PathKind::run, folder.absolutePath(), {}};
  return failed(path, QT_TRANSLATE_NOOP("Opening", "expected a run, a model, a job or an .h5 file of statistics, found something else"));
}

}  // namespace rolora::widgets
