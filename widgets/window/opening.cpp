// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/opening.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QtEndian>

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

enum class Single { none, llama2c, gguf };

/// Models of one file, by their first bytes; the model page reads the rest. The header of llama2.c: seven sizes, of which the vocabulary's
/// may be negative, or else "ak42" (read as a number) and a version.
Single single_model(const QString& path) {
  QFile file(path);
  if (!QFileInfo(path).isFile() || !file.open(QIODevice::ReadOnly)) return Single::none;  // a pipe would wait for its writer
  constexpr qsizetype kSizes = 7, kBytes = 4;
  const QByteArray head = file.read(kSizes * kBytes);
  if (head.startsWith("GGUF")) return Single::gguf;
  if (head.size() < kSizes * kBytes) return Single::none;
  if (head.startsWith("24ka")) return Single::llama2c;
  for (qsizetype i = 0; i < kSizes; i++) {
    constexpr qint64 kMost = 1 << 24;
    constexpr qsizetype kVocabulary = 5;
    const qint64 size = qFromLittleEndian<qint32>(head.constData() + i * kBytes);
    if (size == 0 || size > kMost || size < (i == kVocabulary ? -kMost : 1)) return Single::none;
  }
  return Single::llama2c;
}

bool holds_gguf(const QDir& folder) { return !folder.entryList({QStringLiteral("*.gguf")}, QDir::Files).isEmpty(); }

Opening failed(const QString& path, const char* expected) {
  return {PathKind::nothing, path, QStringLiteral("%1: %2").arg(QDir::toNativeSeparators(path), words(expected))};
}

Opening refused_gguf(const QString& path) {
  return failed(path, QT_TRANSLATE_NOOP("Opening",
                                        "expected a Hugging Face folder (the original checkpoint, with config.json and "
                                        "safetensors), found a GGUF file, which is not read (yet)"));
}

Opening recognise_folder(const QString& path) {
  const QDir given(path);
  QDir folder = given;
  if (is_run(folder)) return {PathKind::run, path, {}};
  if (is_model(folder)) return {PathKind::model, path, {}};
  // A folder inside a run, say stations/outliers: its statistics, or else the run.
  if (folder.exists(QStringLiteral("statistics.h5"))) return {PathKind::statistics, folder.filePath(QStringLiteral("statistics.h5")), {}};
  if (is_model(QDir(folder.filePath(QStringLiteral("model"))))) return {PathKind::model, folder.filePath(QStringLiteral("model")), {}};
  for (int up = 0; up < 3 && folder.cdUp(); up++) {
    if (is_run(folder)) return {PathKind::run, folder.absolutePath(), {}};
  }
  if (holds_gguf(given)) return refused_gguf(path);
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
  const Single single = single_model(path);
  if (single == Single::llama2c) return {PathKind::model, path, {}};
  if (single == Single::gguf) return refused_gguf(path);
  if (suffix == QStringLiteral("bin") && is_model(folder)) return {PathKind::model, folder.absolutePath(), {}};
  if (is_run(folder)) return {PathKind::run, folder.absolutePath(), {}};
  return failed(path, QT_TRANSLATE_NOOP("Opening", "expected a run, a model, a job or an .h5 file of statistics, found something else"));
}

}  // namespace rolora::widgets
