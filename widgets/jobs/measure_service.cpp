// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/jobs/measure_service.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QPointer>

#include "widgets/jobs/job_progress.h"
#include "widgets/jobs/model_title.h"
#include "widgets/jobs/worker_call.h"

namespace rolora::widgets {
namespace {

using Json = nlohmann::json;
constexpr qint64 kLargestFile = 16 << 20;

QString tr(const char* text) { return MeasureService::tr(text); }

Json json_of(const QString& file) {
  QFile in(file);
  if (!in.open(QIODevice::ReadOnly) || in.size() > kLargestFile) return nullptr;
  const QByteArray bytes = in.readAll();
  return Json::parse(bytes.begin(), bytes.end(), nullptr, false);
}

QString word(const Json& object, const char* key) {
  return object.is_object() && object.contains(key) && object[key].is_string() ? QString::fromStdString(object[key].get<std::string>())
                                                                               : QString();
}

const Json* station_of(const Json& job, const QString& id) {
  if (!job.is_object() || !job.contains("stations") || !job["stations"].is_array()) return nullptr;
  for (const Json& station : job["stations"]) {
    if (word(station, "id") == id) return &station;
  }
  return nullptr;
}

// Every state of the answer (there is one) is called so.
StateTitles titles_of(const Json& answer, const QString& title) {
  StateTitles titles;
  const Json states = answer.value("states", Json::object());  // items() needs it to live
  for (const auto& [label, unused] : states.items()) titles[QString::fromStdString(label)] = title;
  return titles;
}

QString file_name(QString title) { return title.replace(QLatin1Char('/'), QChar(0x2215)); }

// As much of a text as a title holds: whole words where it can.
QString shortened(const QString& text) {
  constexpr qsizetype kMost = 40;
  const QString line = text.simplified();
  if (line.size() <= kMost) return line;
  const qsizetype blank = line.lastIndexOf(QLatin1Char(' '), kMost);
  return line.left(blank > kMost / 2 ? blank : kMost) + QStringLiteral("…");
}

// Run folders do not say where on a machine their inputs lay; the log's job file does.
QString job_file_of(const QString& run) {
  QFile in(run + QStringLiteral("/events.jsonl"));
  if (!in.open(QIODevice::ReadOnly)) return {};
  ProgressReader reader;
  reader.event_line(in.readLine(1 << 20).trimmed(), false);
  return reader.progress().job_file;
}

QString resolved(const QString& job_file, const QString& path) {
  return path.isEmpty() ? QString() : QDir::cleanPath(QFileInfo(job_file).absoluteDir().absoluteFilePath(path));
}

// The folder of a model of the run, and of the adapter beside it.
void find_model(const Json& job, const QString& run, const QString& base, const QString& id, StateOrigin& found) {
  const Json* station = id == u"base" ? nullptr : station_of(job, id);
  if (station == nullptr) {
    found.model = base;
    return;
  }
  const QString folder = run + QStringLiteral("/stations/") + id;
  if (word(*station, "kind") == u"finetune" && QFileInfo::exists(folder + QStringLiteral("/adapter"))) {
    found.adapter = folder + QStringLiteral("/adapter");
    find_model(job, run, base, word(*station, "model"), found);
  } else {
    found.model = folder + QStringLiteral("/model");
  }
}

/// Nothing where the file does not name all of them.
std::vector<int64_t> ids_of_window(const StatisticsSummary* summary, int64_t window) {
  if (summary == nullptr || summary->provenance.context < 2) return {};
  const auto context = summary->provenance.context, first = window * context;
  if (window < 0 || first + context > static_cast<int64_t>(summary->token_ids.size())) return {};
  const auto begin = summary->token_ids.begin() + first;
  return {begin, begin + context};
}

}  // namespace

Result<StateOrigin> where_measured(const StateRef& state) {
  const QFileInfo file(state.file);
  const QDir station_folder = file.absoluteDir();
  QDir run = station_folder;
  if (!run.cdUp() || run.dirName() != u"stations" || !run.cdUp())
    return {{}, tr("%1 is of no run: it is not known which model it was measured on").arg(state.file)};
  const Json complete = json_of(run.filePath(QStringLiteral("job.json")));
  const Json* station = station_of(complete, station_folder.dirName());
  if (station == nullptr) return {{}, tr("%1 does not tell what was measured").arg(run.filePath(QStringLiteral("job.json")))};
  const QString job_file = job_file_of(run.path());
  const Json job = json_of(job_file);
  if (!job.is_object() || !job.contains("model") || !job.contains("texts"))
    return {{}, tr("the run's job file %1 is not there any more").arg(job_file)};
  StateOrigin found;
  const Json text = job["texts"].value(word(*station, "text").toStdString(), Json::object());
  found.text = resolved(job_file, word(text, "file"));
  found.corpus = word(text, "corpus").isEmpty() ? QStringLiteral("text") : word(text, "corpus");
  found.context = station->value("context", 0);
  found.dtype = word(complete, "dtype");
  QString model;
  for (const Json& one : station->value("states", Json::array())) {
    if (word(one, "label") == state.state) model = word(one, "model");
  }
  if (model.isEmpty()) return {{}, tr("the run has no state %1").arg(state.state)};
  find_model(complete, run.path(), resolved(job_file, word(job["model"], "path")), model, found);
  for (const QString& needed : {found.model, found.text}) {
    if (!QFileInfo::exists(needed)) return {{}, tr("%1 is not there any more").arg(needed)};
  }
  return {found, {}};
}

MeasureService::MeasureService(StatisticsStore* store, QObject* parent) : QObject(parent), store_(store) {}
MeasureService::~MeasureService() = default;

QString MeasureService::origin(const StateRef& state) const {
  const auto at = origins_.find(state);
  return at == origins_.end() ? QString() : at->second;
}

void MeasureService::measure(const StateRef& state, SiteKey site, QObject* receiver, Done done) {
  measure_window(state, site, -1, receiver, std::move(done));
}

/// The text's first window is read as the run read it; another one by its tokens.
void MeasureService::measure_window(const StateRef& state, SiteKey site, int64_t window, QObject* receiver, Done done) {
  const QString name = QString::fromStdString(site_name(LayerIndex(site.layer), site.site));
  const QString key = QStringLiteral("%1\n%2\n%3\n%4").arg(state.file, state.state, name).arg(std::max<int64_t>(window, 0));
  if (const auto before = done_before_.find(key); before != done_before_.end()) return done({before->second, {}});
  const Result<StateOrigin> where = where_measured(state);
  if (!where.ok()) return done({{}, where.error});
  const StateOrigin& from = where.value;
  const SummaryPtr summary = store_->summary(state.file);
  QStringList arguments = {QStringLiteral("statistics"),  from.model, QStringLiteral("--windows"), QStringLiteral("1"),
                           QStringLiteral("--sites"),     name,       QStringLiteral("--keep"),    name,
                           QStringLiteral("--no-weights")};
  QString origin = tr("first window of %1").arg(QFileInfo(from.text).fileName());
  if (window > 0) {
    const auto ids = ids_of_window(summary.get(), window);
    if (ids.empty()) return done({{}, tr("%1 does not name the tokens of window %2").arg(state.file).arg(window)});
    origin = tr("window %1 of %2").arg(window).arg(QFileInfo(from.text).fileName());
    const Result<QString> file = ids_file(ids, origin);
    if (!file.ok()) return done({{}, file.error});
    arguments << QStringLiteral("--ids") << file.value;
  } else if (from.corpus == u"ids") {
    arguments << QStringLiteral("--ids") << from.text;
  } else {
    arguments << QStringLiteral("--text-file") << from.text << QStringLiteral("--corpus") << from.corpus;
  }
  if (from.context > 0) arguments << QStringLiteral("--context") << QString::number(from.context);
  if (!from.dtype.isEmpty()) arguments << QStringLiteral("--dtype") << from.dtype;
  if (!from.adapter.isEmpty()) arguments << QStringLiteral("--adapter") << from.adapter;
  const StateSummary* known = summary ? summary->find(state.state) : nullptr;
  const QString title = known != nullptr && !known->title.isEmpty() ? known->title : state.state;
  run(arguments, {state.state, title, origin, key}, receiver, std::move(done));
}

Result<QString> MeasureService::ids_file(const std::vector<int64_t>& ids, const QString& name) {
  const QString place = folder_.filePath(QStringLiteral("ids-%1").arg(ids_files_++));
  const QString input = QStringLiteral("%1/%2.json").arg(place, file_name(name));  // captions name it
  QDir().mkpath(place);
  QFile file(input);
  const std::string json = Json{{"ids", ids}}.dump();
  if (!file.open(QIODevice::WriteOnly) || file.write(json.data(), static_cast<qint64>(json.size())) < 0)
    return {{}, tr("%1: %2").arg(input, file.errorString())};
  return {input, {}};
}

void MeasureService::measure(const QString& model, const Text& text, SiteKind keep, QObject* receiver, Done done) {
  const QString kind = QString::fromStdString(std::string(name_of(keep)));
  if (text.ids.size() < 2) return done({{}, tr("expected at least two tokens, found %1").arg(text.ids.size())});
  const Result<QString> input = ids_file(text.ids, shortened(text.text));
  if (!input.ok()) return done({{}, input.error});
  const QStringList arguments = {QStringLiteral("statistics"),  model,
                                 QStringLiteral("--ids"),       input.value,
                                 QStringLiteral("--context"),   QString::number(text.ids.size()),
                                 QStringLiteral("--keep"),      kind,
                                 QStringLiteral("--no-weights")};
  run(arguments, {{}, model_title(model), tr("“%1”").arg(shortened(text.text)), {}}, receiver, std::move(done));
}

void MeasureService::run(QStringList arguments, const Wanted& wanted, QObject* receiver, Done done) {
  // The file's name is the title of what lies in it; a folder of its own keeps it apart from others of that name.
  const QString place = folder_.filePath(QString::number(files_++));
  if (!QDir().mkpath(place)) return done({{}, tr("%1: expected to make a folder, could not").arg(place)});
  const QString file = QStringLiteral("%1/%2.h5").arg(place, file_name(wanted.origin));
  arguments << QStringLiteral("--out") << file;
  const QPointer<MeasureService> self(this);
  const auto opened = [self, file, wanted, done](const Result<SummaryPtr>& summary) {
    if (!self) return;
    if (!summary.ok()) return done({{}, summary.error});
    if (summary.value->states.empty()) return done({{}, tr("%1: expected a state, found none").arg(file)});
    const StateRef state{file, summary.value->find(wanted.state) != nullptr ? wanted.state : summary.value->states.front().label};
    self->origins_[state] = wanted.origin;
    if (!wanted.key.isEmpty()) self->done_before_[wanted.key] = state;
    done({state, {}});
  };
  auto* call = WorkerCall::start(arguments, receiver, [self, file, wanted, receiver, done, opened](const Result<Json>& answer) {
    if (!self) return;
    if (!answer.ok()) return done({{}, answer.error});
    self->store_->open(file, receiver, opened, titles_of(answer.value, wanted.title));
  });
  connect(call, &WorkerCall::progressed, this, &MeasureService::progressed);
}

}  // namespace rolora::widgets
