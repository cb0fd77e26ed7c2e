// SPDX-License-Identifier: GPL-3.0-or-later
// What a worker says on its two streams, taken apart.
#pragma once

#include <QByteArray>
#include <QProcess>
#include <QString>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace rolora::widgets {

/// Cuts a stream that arrives in pieces into whole lines, without their ends.
class LineCutter {
 public:
  std::vector<QByteArray> take(const QByteArray& piece);
  /// What is left without an end of line.
  QByteArray rest() const { return rest_; }
  void clear() { rest_.clear(); }

 private:
  QByteArray rest_;
};

/// An event of `--progress json` (core/jobs/events.h); nothing where the line is something else.
std::optional<nlohmann::json> event_of_line(const QByteArray& line);

/// The worker's own line of failure on stderr ("error: …", without that word); empty where the line is something else.
QString error_of_line(const QByteArray& line);

/// One line for a worker that did not end by itself or said nothing: "ended by signal 9 (killed), perhaps for lack of memory".
QString ending_in_words(QProcess::ExitStatus status, int code);

}  // namespace rolora::widgets
