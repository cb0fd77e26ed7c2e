// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/recipe_document.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>
#include <set>

#include "widgets/recipe/recipe_fields.h"

namespace rolora::widgets {
namespace {

using Json = nlohmann::json;
constexpr qint64 kLargestJob = 16 << 20;

QString text_of(const Json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? QString::fromStdString(at->get<std::string>()) : QString();
}

void make_absolute(Json& object, const char* key, const QString& folder) {
  const QString path = text_of(object, key);
  if (!path.isEmpty() && QFileInfo(path).isRelative()) object[key] = QDir::cleanPath(QDir(folder).absoluteFilePath(path)).toStdString();
}

// In every place where a station names a model.
void replace_model(Json& station, const std::string& from, const Json& to) {
  if (station.contains("model") && station["model"] == from) station["model"] = to;
  if (!station.contains("states") || !station["states"].is_array()) return;
  for (Json& state : station["states"]) {
    if (state.is_object() && state.contains("model") && state["model"] == from) state["model"] = to;
  }
}

// In every place where a station names a text.
void replace_text(Json& station, const std::string& from, const std::string& to) {
  for (const char* key : {"text", "data", "calibration"}) {
    if (station.contains(key) && station[key] == from) station[key] = to;
  }
  if (station.contains("quantization") && station["quantization"].is_object()) replace_text(station["quantization"], from, to);
}

}  // namespace

RecipeDocument::RecipeDocument(QObject* parent) : QObject(parent) {
  job_ = {{"format", 1}, {"name", "job"}, {"model", {{"path", ""}}}, {"texts", Json::object()}, {"stations", Json::array()}};
}

void RecipeDocument::set_job(Json job, const QString& folder) {
  job_ = std::move(job);
  if (!job_.contains("stations") || !job_["stations"].is_array()) job_["stations"] = Json::array();
  if (!job_.contains("texts") || !job_["texts"].is_object()) job_["texts"] = Json::object();
  if (!job_.contains("model") || !job_["model"].is_object()) job_["model"] = Json::object();
  if (!folder.isEmpty()) {
    make_absolute(job_["model"], "path", folder);
    for (auto& [name, text] : job_["texts"].items()) {
      if (text.is_object()) make_absolute(text, "file", folder);
    }
  }
  emit reset();
  emit changed();
}

Result<bool> RecipeDocument::load(const QString& file) {
  QFile in(file);
  if (!in.open(QIODevice::ReadOnly)) return {false, tr("%1: %2").arg(file, in.errorString())};
  if (in.size() > kLargestJob) return {false, tr("%1: expected a job file, found %2 bytes").arg(file).arg(in.size())};
  const QByteArray bytes = in.readAll();
  Json job = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
  if (!job.is_object() || !job.contains("stations"))
    return {false, tr("%1: expected a job file (JSON with stations), found something else").arg(file)};
  set_job(std::move(job), QFileInfo(file).absolutePath());
  return {true, {}};
}

Json RecipeDocument::absolute_job() const {
  Json job = job_;
  const QString here = QDir::currentPath();
  make_absolute(job["model"], "path", here);
  for (auto& [name, text] : job["texts"].items()) {
    if (text.is_object()) make_absolute(text, "file", here);
  }
  return job;
}

QString RecipeDocument::text() const {
  return QString::fromStdString(absolute_job().dump(2, ' ', false, Json::error_handler_t::replace)) + QLatin1Char('\n');
}

QString RecipeDocument::name() const { return text_of(job_, "name"); }

void RecipeDocument::set_name(const QString& name) {
  if (name == this->name()) return;
  job_["name"] = name.toStdString();
  emit changed();
}

QString RecipeDocument::model() const { return text_of(job_["model"], "path"); }

void RecipeDocument::set_model(const QString& folder) {
  if (folder == model()) return;
  job_["model"] = {{"path", folder.toStdString()}};  // a hash that was given is of the model before
  emit changed();
}

Json RecipeDocument::value(const char* key) const { return job_.contains(key) ? job_[key] : Json(); }

void RecipeDocument::set_value(const char* key, const Json& value) {
  if (value == this->value(key)) return;
  if (value.is_null())
    job_.erase(key);
  else
    job_[key] = value;
  emit changed();
}

QStringList RecipeDocument::text_names() const {
  QStringList names;
  for (const auto& [name, unused] : job_["texts"].items()) names << QString::fromStdString(name);
  return names;
}

QString RecipeDocument::text_file(const QString& name) const {
  const auto at = job_["texts"].find(name.toStdString());
  return at == job_["texts"].end() || !at->is_object() ? QString() : text_of(*at, "file");
}

QString RecipeDocument::text_corpus(const QString& name) const {
  const auto at = job_["texts"].find(name.toStdString());
  const QString corpus = at == job_["texts"].end() || !at->is_object() ? QString() : text_of(*at, "corpus");
  return corpus.isEmpty() ? QStringLiteral("text") : corpus;
}

void RecipeDocument::set_text(const QString& name, const QString& file, const QString& corpus) {
  Json& text = job_["texts"][name.toStdString()];
  if (!text.is_object()) text = Json::object();
  if (text_of(text, "file") != file) text.erase("sha256");
  text["file"] = file.toStdString();
  if (corpus != u"text" || text.contains("corpus")) text["corpus"] = corpus.toStdString();
  emit texts_changed();
  emit changed();
}

void RecipeDocument::rename_text(const QString& from, const QString& to) {
  Json& texts = job_["texts"];
  if (from == to || to.isEmpty() || !texts.contains(from.toStdString()) || texts.contains(to.toStdString())) return;
  texts[to.toStdString()] = texts[from.toStdString()];
  texts.erase(from.toStdString());
  for (Json& station : stations()) replace_text(station, from.toStdString(), to.toStdString());
  emit texts_changed();
  emit stations_changed();
  emit changed();
}

void RecipeDocument::remove_text(const QString& name) {
  job_["texts"].erase(name.toStdString());
  emit texts_changed();
  emit changed();
}

QString RecipeDocument::unused_text_name() const {
  const QStringList names = text_names();
  for (int i = 1;; ++i) {
    const QString name = QStringLiteral("text-%1").arg(i);
    if (!names.contains(name)) return name;
  }
}

Json& RecipeDocument::stations() { return job_["stations"]; }
int RecipeDocument::station_count() const { return static_cast<int>(job_["stations"].size()); }
QString RecipeDocument::station_id(int row) const { return station(row).is_object() ? text_of(station(row), "id") : QString(); }
QString RecipeDocument::station_kind(int row) const { return station(row).is_object() ? text_of(station(row), "kind") : QString(); }

int RecipeDocument::row_of(const QString& id) const {
  for (int row = 0; row < station_count(); ++row) {
    if (station_id(row) == id) return row;
  }
  return -1;
}

void RecipeDocument::set_station(int row, const Json& station) {
  if (stations()[static_cast<size_t>(row)] == station) return;
  stations()[static_cast<size_t>(row)] = station;
  emit station_changed(row);
  emit changed();
}

void RecipeDocument::rename_station(int row, const QString& id) {
  const QString before = station_id(row);
  if (id == before) return;
  stations()[static_cast<size_t>(row)]["id"] = id.toStdString();
  for (size_t later = static_cast<size_t>(row) + 1; later < stations().size(); ++later) {
    replace_model(stations()[later], before.toStdString(), id.toStdString());
  }
  emit stations_changed();
  emit changed();
}

QString RecipeDocument::unused_id(const QString& base) const {
  QString id = base;
  for (int i = 2; row_of(id) >= 0; ++i) id = base + QStringLiteral("-%1").arg(i);
  return id;
}

QStringList RecipeDocument::models_before(int row) const {
  QStringList models = {QStringLiteral("base")};
  for (int i = 0; i < std::min(row, station_count()); ++i) {
    const StationKind* kind = find_kind(station_kind(i));
    if (kind != nullptr && kind->makes_model) models << station_id(i);
  }
  return models;
}

int RecipeDocument::add_station(const QString& kind, int row) {
  row = std::clamp(row, 0, station_count());
  const std::string model = models_before(row).last().toStdString();
  const QStringList names = text_names();
  const auto best_text = [&](const QString& wanted) { return (names.contains(wanted) ? wanted : names.value(0)).toStdString(); };
  Json station = {{"id", unused_id(kind).toStdString()}, {"kind", kind.toStdString()}};
  if (kind == u"statistics") {
    station["states"] = Json::array({{{"label", "plain"}, {"model", "base"}}});
    if (model != "base") station["states"].push_back({{"label", "after"}, {"model", model}});
    station["text"] = best_text(QStringLiteral("calibration"));
  } else {
    station["model"] = kind == u"rotate" ? "base" : model;
  }
  if (kind == u"finetune") station.update({{"data", best_text(QStringLiteral("tuning"))}, {"format", "text"}});
  if (kind == u"evaluate") station["text"] = best_text(QStringLiteral("evaluation"));
  if (kind == u"quantize")
    station.update({{"method", "gptq"}, {"weights", 4}, {"activations", 4}, {"calibration", best_text(QStringLiteral("calibration"))}});
  stations().insert(stations().begin() + row, std::move(station));
  emit stations_changed();
  emit changed();
  return row;
}

void RecipeDocument::remove_station(int row) {
  if (row < 0 || row >= station_count()) return;
  stations().erase(static_cast<size_t>(row));
  emit stations_changed();
  emit changed();
}

void RecipeDocument::move_station(int from, int to) {
  if (from == to || from < 0 || to < 0 || from >= station_count() || to >= station_count()) return;
  Json station = std::move(stations()[static_cast<size_t>(from)]);
  stations().erase(static_cast<size_t>(from));
  stations().insert(stations().begin() + to, std::move(station));
  emit stations_changed();
  emit changed();
}

JobProblem problem_of(const QString& error, const RecipeDocument& document) {
  JobProblem problem;
  static const QRegularExpression kLine(QStringLiteral(R"(^(.*?): ((?:[A-Za-z_][\w.\-\[\]/]*)): (expected .*)$)"));
  static const QRegularExpression kStation(QStringLiteral(R"(stations\[([^\]]+)\](?:\.([\w.\[\]]+))?)"));
  const auto line = kLine.match(error);
  problem.line = line.hasMatch() ? line.captured(3) : error;
  problem.key = line.hasMatch() ? line.captured(2) : QString();
  const auto station = kStation.match(error);
  if (!station.hasMatch()) return problem;
  bool number = false;
  const int row = station.captured(1).toInt(&number);
  problem.station = number ? row : document.row_of(station.captured(1));
  if (problem.station >= document.station_count()) problem.station = -1;
  problem.key = station.captured(2).replace(QLatin1Char('.'), QLatin1Char('/'));
  static const QRegularExpression kIndex(QStringLiteral(R"(\[\d+\].*$)"));
  problem.key.remove(kIndex);  // "states[1].label" is told at "states"
  return problem;
}

namespace {

QString field_in_words(const QString& key, const StationKind* kind) {
  if (kind == nullptr) return key;
  for (const Field& field : kind->fields) {
    if (key == QLatin1String(field.key)) return field_text(field.label);
  }
  return key;
}

QString input_in_words(const QString& key) {
  if (key.startsWith(QStringLiteral("model"))) return RecipeDocument::tr("Model");
  if (key.startsWith(QStringLiteral("texts."))) return RecipeDocument::tr("Text “%1”").arg(key.section(QLatin1Char('.'), 1, 1));
  if (key == u"name") return RecipeDocument::tr("Job");
  if (key == u"seed") return RecipeDocument::tr("Seed");
  if (key == u"dtype") return RecipeDocument::tr("Arithmetic");
  return key;
}

}  // namespace

QString problem_in_words(const JobProblem& problem, const RecipeDocument& document) {
  if (problem.line.isEmpty()) return {};
  if (problem.station < 0) {
    return problem.key.isEmpty() ? problem.line : QStringLiteral("%1: %2").arg(input_in_words(problem.key), problem.line);
  }
  const StationKind* kind = find_kind(document.station_kind(problem.station));
  const QString title = kind != nullptr ? field_text(kind->title) : document.station_kind(problem.station);
  QString where = RecipeDocument::tr("%1 “%2”").arg(title, document.station_id(problem.station));
  if (!problem.key.isEmpty()) where += QStringLiteral(", ") + field_in_words(problem.key, kind);
  return QStringLiteral("%1: %2").arg(where, problem.line);
}

}  // namespace rolora::widgets
