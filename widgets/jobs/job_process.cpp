// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/job_process.h"

#include <signal.h>

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QProcess>

#include "widgets/jobs/worker_program.h"

namespace rolora::widgets {
namespace {

QByteArray bytes_of(const QString& file) {
  QFile in(file);
  return in.open(QIODevice::ReadOnly) ? in.readAll() : QByteArray();
}

// Fields of /proc/N/stat after the name, which may hold blanks and brackets: state first.
QList<QByteArray> stat_fields(qint64 number) {
  const QByteArray stat = bytes_of(QStringLiteral("/proc/%1/stat").arg(number));
  const qsizetype name_end = stat.lastIndexOf(')');
  return name_end < 0 ? QList<QByteArray>() : stat.mid(name_end + 2).simplified().split(' ');
}

constexpr qsizetype kStateField = 0, kStartField = 19;

}  // namespace

ProcessRef process_now(qint64 number) {
  const QList<QByteArray> fields = stat_fields(number);
  return {number, fields.size() > kStartField ? fields[kStartField].toLongLong() : 0};
}

bool is_alive(const ProcessRef& process) {
  if (!process.valid()) return false;
  const QList<QByteArray> fields = stat_fields(process.number);
  if (fields.size() <= kStartField || fields[kStateField] == "Z" || fields[kStateField] == "X") return false;
  return process.start_ticks == 0 || fields[kStartField].toLongLong() == process.start_ticks;
}

ProcessRef process_of_run(const QString& folder) {
  const qint64 number = bytes_of(folder + QStringLiteral("/lock")).trimmed().toLongLong();
  const ProcessRef process = process_now(number);
  if (number <= 0 || !is_alive(process)) return {};
  // A number left behind by a kill may belong to anything by now: the folder must be one of its arguments.
  const QString wanted = QFileInfo(folder).canonicalFilePath();
  const QDir at(QFileInfo(QStringLiteral("/proc/%1/cwd").arg(number)).symLinkTarget());
  for (const QByteArray& argument : bytes_of(QStringLiteral("/proc/%1/cmdline").arg(number)).split('\0')) {
    const QString name = QFile::decodeName(argument.startsWith("--out=") ? argument.mid(6) : argument);
    if (!name.isEmpty() && QFileInfo(at.absoluteFilePath(name)).canonicalFilePath() == wanted) return process;
  }
  return {};
}

bool send_signal(const ProcessRef& process, int signal) {
  return is_alive(process) && ::kill(static_cast<pid_t>(process.number), signal) == 0;
}

Result<ProcessRef> start_detached(const DetachedJob& job) {
  QProcess process;
  process.setProgram(job.program);
  process.setArguments(job.arguments);
  process.setStandardInputFile(QProcess::nullDevice());
  process.setStandardOutputFile(job.log, QIODevice::Append);
  process.setStandardErrorFile(job.log, QIODevice::Append);
  qint64 number = 0;
  make_polite(process);
  if (!process.startDetached(&number)) return {{}, start_failure(process)};
  lower_priority(number);  // Qt calls no modifier of the child here; LibTorch has not made its threads yet
  return {process_now(number), {}};
}

}  // namespace rolora::widgets
