// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/worker_program.h"

#include <sys/resource.h>

#include <QCoreApplication>
#include <QFileInfo>
#include <QProcessEnvironment>
#include <QStandardPaths>

namespace rolora::widgets {
namespace {

constexpr int kNicer = 5;

QString tr(const char* text) { return QCoreApplication::translate("Worker", text); }

QString& chosen_program() {
  static QString program;
  return program;
}

}  // namespace

QString worker_program() {
  if (!chosen_program().isEmpty() && QFileInfo::exists(chosen_program())) return chosen_program();
  const QString given = qEnvironmentVariable("ROLORA_BIN");
  if (!given.isEmpty()) return QFileInfo(given).absoluteFilePath();
  const QString beside = QCoreApplication::applicationDirPath() + QStringLiteral("/rolora");
  if (QFileInfo(beside).isExecutable()) return beside;
  const QString found = QStandardPaths::findExecutable(QStringLiteral("rolora"));
  return found.isEmpty() ? beside : found;
}

void set_worker_program(const QString& program) {
  chosen_program() = program.isEmpty() ? QString() : QFileInfo(program).absoluteFilePath();
}

QString worker_notice() {
  const QString chosen = chosen_program(), used = worker_program();
  if (chosen.isEmpty() || chosen == used || !QFileInfo(used).isExecutable()) return {};
  return tr("%1, which was chosen for the work, is gone: %2 does it now.").arg(chosen, used);
}

QString worker_problem() {
  const QFileInfo program(worker_program());
  const QString next = tr("choose where the program rolora is, then try again");
  if (!program.exists()) return tr("%1: expected the program rolora, found none: %2").arg(program.filePath(), next);
  if (!program.isFile() || !program.isExecutable())
    return tr("%1: expected the program rolora, found nothing that can be started: %2").arg(program.filePath(), next);
  return {};
}

QString start_failure(const QProcess& process) {
  const QString known = worker_problem();
  return known.isEmpty() ? tr("%1: cannot be started: %2").arg(process.program(), process.errorString()) : known;
}

void make_polite(QProcess& process) {
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  if (!environment.contains(QStringLiteral("OMP_WAIT_POLICY")))
    environment.insert(QStringLiteral("OMP_WAIT_POLICY"), QStringLiteral("passive"));
  process.setProcessEnvironment(environment);
}

void lower_priority(qint64 process) { ::setpriority(PRIO_PROCESS, static_cast<id_t>(process), ::getpriority(PRIO_PROCESS, 0) + kNicer); }

}  // namespace rolora::widgets
