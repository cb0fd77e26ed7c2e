// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/recipe_command.h"

#include <QDir>
#include <QFileInfo>
#include <QRegularExpression>
#include <QStringList>

namespace rolora::widgets {
namespace {

using Json = nlohmann::json;

QString whole_path(const QString& path) { return path.isEmpty() ? path : QDir::cleanPath(QFileInfo(path).absoluteFilePath()); }

QString plain(const Json& value) {
  if (value.is_array()) {
    QStringList words;
    for (const Json& word : value) words << plain(word);
    return words.join(QLatin1Char(','));
  }
  return value.is_string() ? QString::fromStdString(value.get<std::string>()) : QString::fromStdString(value.dump());
}

// The words of one verb, from a station on the base model.
class VerbCommand {
 public:
  explicit VerbCommand(const Json& job) : job_(job) {}

  /// Empty where the verb's options cannot say it.
  QStringList words(const Json& station, const CommandPlace& place) {
    const QString kind = plain(station["kind"]), folder = whole_path(place.folder);
    words_ = {whole_path(place.program), kind, whole_path(plain(job_["model"]["path"]))};
    bool possible = kind != u"merge";
    for (const auto& [key, value] : station.items()) {
      if (key == "id" || key == "kind" || key == "model" || value.is_null()) continue;
      if (key == "bits" || (key == "states" && !base_alone(value))) possible = false;
      if (key == "states" || key == "bits") continue;
      if (key == "quantization") {
        look(value);
      } else {
        option(kind, key, value);
      }
    }
    if (job_.contains("dtype")) add("dtype", plain(job_["dtype"]));
    if (job_.contains("seed") && !station.contains("seed")) add("seed", plain(job_["seed"]));
    if (place.device != u"cpu") add("device", place.device);
    if (place.threads > 0) add("threads", QString::number(place.threads));
    if (kind != u"evaluate") add("out", kind == u"statistics" ? folder + QStringLiteral(".h5") : folder);
    return possible ? words_ : QStringList();
  }

 private:
  static bool base_alone(const Json& states) {
    return states.is_array() && states.size() == 1 && states[0].is_object() && states[0].value("model", "") == "base";
  }
  void add(const QString& name, const QString& value) { words_ << QStringLiteral("--") + name << value; }

  // A text becomes its file and, where it is none of plain text, how it is read.
  void text(const QString& name, const QString& corpus_name, const Json& value) {
    const Json text = job_["texts"].value(value.get<std::string>(), Json::object());
    const bool ids = text.value("corpus", "text") == "ids";
    add(ids ? QString(name).replace(QStringLiteral("text-file"), QStringLiteral("ids")) : name,
        whole_path(QString::fromStdString(text.value("file", ""))));
    if (!ids && text.value("corpus", "text") != "text" && !corpus_name.isEmpty())
      add(corpus_name, QString::fromStdString(text.value("corpus", "text")));
  }

  void option(const QString& kind, const std::string& key, const Json& value) {
    QString name = QString::fromStdString(key);
    name.replace(QLatin1Char('_'), QLatin1Char('-'));
    if (key == "text") return text(QStringLiteral("text-file"), kind == u"rotate" ? QString() : QStringLiteral("corpus"), value);
    if (key == "data") return text(QStringLiteral("data"), {}, value);
    if (key == "calibration") return text(QStringLiteral("calibration"), QStringLiteral("corpus"), value);
    if (!value.is_boolean()) return add(name, plain(value));
    if (value.get<bool>()) {
      words_ << QStringLiteral("--") + name;
    } else if (key == "shuffle") {
      words_ << QStringLiteral("--no-shuffle");
    }
  }

  void look(const Json& how) {
    for (const auto& [key, value] : how.items()) {
      if (value.is_null() || key == "bits") continue;
      if (key == "calibration")
        text(QStringLiteral("calibration"), QStringLiteral("calibration-corpus"), value);
      else
        option({}, key == "context" ? "calibration_context" : key, value);
    }
  }

  const Json& job_;
  QStringList words_;
};

QString line_of(const QStringList& words) {
  QStringList safe;
  for (const QString& word : words) safe << shell_word(word);
  return safe.join(QLatin1Char(' '));
}

}  // namespace

QString shell_word(const QString& word) {
  static const QRegularExpression kSafe(QStringLiteral("^[A-Za-z0-9_@%+=:,./-]+$"));
  if (kSafe.match(word).hasMatch()) return word;
  QString quoted = word;
  return QLatin1Char('\'') + quoted.replace(QLatin1Char('\''), QStringLiteral("'\\''")) + QLatin1Char('\'');
}

QString recipe_command(const Json& job, const CommandPlace& place, bool* needs_file) {
  const Json& stations = job["stations"];
  if (needs_file != nullptr) *needs_file = false;
  if (stations.size() == 1 && stations[0].is_object() && stations[0].contains("kind")) {
    const QStringList words = VerbCommand(job).words(stations[0], place);
    if (!words.isEmpty()) return line_of(words);
  }
  if (needs_file != nullptr) *needs_file = true;
  QStringList words = {whole_path(place.program), QStringLiteral("run"),    whole_path(place.job_file),
                       QStringLiteral("--out"),   whole_path(place.folder), QStringLiteral("--resume")};
  if (place.device != u"cpu") words << QStringLiteral("--device") << place.device;
  if (place.threads > 0) words << QStringLiteral("--threads") << QString::number(place.threads);
  return line_of(words);
}

}  // namespace rolora::widgets
