// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/worker_output.h"

#include <QCoreApplication>
#include <csignal>

namespace rolora::widgets {
namespace {

QString tr(const char* text) { return QCoreApplication::translate("Worker", text); }

QString signal_in_words(int signal) {
  switch (signal) {
    case SIGKILL:
      return tr("killed; by hand, or because the machine ran out of memory");
    case SIGSEGV:
      return tr("invalid access to memory");
    case SIGABRT:
      return tr("aborted");
    case SIGILL:
      return tr("an instruction that this processor does not have");
    case SIGFPE:
      return tr("arithmetic fault");
    case SIGBUS:
      return tr("a mapped file became shorter or the disk is full");
    case SIGTERM:
    case SIGINT:
      return tr("asked to stop");
    default:
      return tr("fault");
  }
}

}  // namespace

std::vector<QByteArray> LineCutter::take(const QByteArray& piece) {
  std::vector<QByteArray> lines;
  rest_ += piece;
  qsizetype begin = 0;
  for (qsizetype end; (end = rest_.indexOf('\n', begin)) >= 0; begin = end + 1) lines.push_back(rest_.mid(begin, end - begin));
  rest_.remove(0, begin);
  return lines;
}

std::optional<nlohmann::json> event_of_line(const QByteArray& line) {
  if (!line.startsWith('{')) return std::nullopt;
  auto event = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
  if (!event.is_object() || !event.contains("event") || !event["event"].is_string()) return std::nullopt;
  return event;
}

QString error_of_line(const QByteArray& line) {
  static const QByteArray kError = "error: ";
  return line.startsWith(kError) ? QString::fromUtf8(line.mid(kError.size())).trimmed() : QString();
}

QString ending_in_words(QProcess::ExitStatus status, int code) {
  if (status == QProcess::CrashExit) return tr("the worker was ended by signal %1 (%2)").arg(code).arg(signal_in_words(code));
  return tr("the worker ended with exit code %1 and gave no reason").arg(code);
}

}  // namespace rolora::widgets
