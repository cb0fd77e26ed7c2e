// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/known_places.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <algorithm>
#include <nlohmann/json.hpp>

namespace rolora::widgets {
namespace {

constexpr qint64 kLongestStateFile = 4 << 20;

bool is_run(const QString& folder) { return QFileInfo(folder + QStringLiteral("/run.json")).isFile(); }

QString state_of(const QString& folder) {
  QFile in(folder + QStringLiteral("/run.json"));
  if (!in.open(QIODevice::ReadOnly) || in.size() > kLongestStateFile) return {};
  const QByteArray bytes = in.readAll();
  const auto json = nlohmann::json::parse(bytes.begin(), bytes.end(), nullptr, false);
  return json.is_object() && json.contains("state") && json["state"].is_string() ? QString::fromStdString(json["state"].get<std::string>())
                                                                                 : QString();
}

KnownPlace place_of(const QString& path) {
  KnownPlace place;
  place.path = QDir::cleanPath(path);
  place.remembered = true;
  const QFileInfo info(path);
  place.missing = !info.exists();
  const QString suffix = info.suffix().toLower();
  if (suffix == QStringLiteral("h5") || suffix == QStringLiteral("hdf5")) {
    place.kind = KnownPlace::Kind::statistics;
  } else if (info.isFile() || (!is_run(path) && QFileInfo(path + QStringLiteral("/config.json")).isFile())) {  // a file of llama2.c
    place.kind = KnownPlace::Kind::model;
  } else {
    place.state = state_of(path);
  }
  return place;
}

}  // namespace

std::vector<KnownPlace> known_places(const QStringList& remembered, const QString& runs_folder) {
  std::vector<KnownPlace> places;
  for (const QString& path : remembered) places.push_back(place_of(path));
  const QDir folder(runs_folder);
  int runs = 0;
  for (const QFileInfo& entry : folder.entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot, QDir::Time)) {
    const QString path = QDir::cleanPath(entry.absoluteFilePath());
    const auto same = [&](const KnownPlace& one) { return one.path == path; };
    if (!is_run(path) || std::any_of(places.begin(), places.end(), same)) continue;
    if (++runs > kMostKnownRuns) break;
    KnownPlace place = place_of(path);
    place.remembered = false;
    places.push_back(place);
  }
  return places;
}

}  // namespace rolora::widgets
