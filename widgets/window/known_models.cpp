// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/known_models.h"

#include <QDir>
#include <QFileInfo>

#include "widgets/base/places.h"

namespace rolora::widgets {
namespace {

QString made_by(const RunData& run, const QString& station) { return QStringLiteral("%1/stations/%2/model").arg(run.folder, station); }

}  // namespace

bool holds_model(const QString& folder) { return QFileInfo(folder + QStringLiteral("/config.json")).isFile(); }

QString base_model_of(const RunData& run, const QStringList& others) {
  const nlohmann::json path = run.job.value("/model/path"_json_pointer, nlohmann::json());
  if (!path.is_string()) return {};
  const QString written = QString::fromStdString(path.get<std::string>());
  for (const QString& from : {run.folder, QDir::currentPath()}) {
    const QString folder = QDir::cleanPath(QDir(from).absoluteFilePath(written));
    if (holds_model(folder)) return folder;
  }
  const QString name = QFileInfo(QDir::cleanPath(written)).fileName();
  for (const QString& other : others) {
    if (QFileInfo(other).fileName() == name && holds_model(other)) return other;
  }
  return {};
}

QStringList known_models(const RunStore& runs, const QStringList& recent) {
  QStringList models;
  const QString resources = resources_folder();
  if (!resources.isEmpty()) models += resources + QStringLiteral("/bundled");
  for (const QString& path : recent) {
    if (holds_model(path)) models += path;
  }
  for (const QString& folder : runs.open_runs()) {
    const RunDataPtr run = runs.run(folder);
    if (run == nullptr) continue;
    if (const QString base = base_model_of(*run, models); !base.isEmpty()) models += base;
    for (const RunData::StationLine& station : run->stations) {
      if (station.done && holds_model(made_by(*run, station.id))) models += made_by(*run, station.id);
    }
  }
  models.removeDuplicates();
  return models;
}

QString model_of_state(const StateRef& state, const RunStore& runs, const QStringList& known) {
  for (const QString& folder : runs.open_runs()) {
    const RunDataPtr run = runs.run(folder);
    if (run == nullptr) continue;
    for (const MeasuredState& measured : run->measured) {
      if (measured.file != state.file || measured.label != state.state) continue;
      if (measured.model == QStringLiteral("base")) return base_model_of(*run, known);
      const QString made = made_by(*run, measured.model);
      return holds_model(made) ? made : QString();
    }
  }
  return {};
}

}  // namespace rolora::widgets
