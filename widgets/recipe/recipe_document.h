// SPDX-License-Identifier: GPL-3.0-or-later
// The job that the recipe page edits: the job file's JSON itself, so that whatever a file says comes back out unchanged.
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <nlohmann/json.hpp>

#include "widgets/data/result.h"

namespace rolora::widgets {

class RecipeDocument : public QObject {
  Q_OBJECT
 public:
  explicit RecipeDocument(QObject* parent = nullptr);
  const nlohmann::json& job() const { return job_; }
  /// Replaces everything. Relative paths are resolved against `folder`.
  void set_job(nlohmann::json job, const QString& folder = {});
  Result<bool> load(const QString& file);
  /// The job with every path absolute: what a user typed is relative to where the window was started.
  nlohmann::json absolute_job() const;
  /// That, as a file's text.
  QString text() const;

  QString name() const;
  void set_name(const QString& name);
  QString model() const;
  void set_model(const QString& folder);
  nlohmann::json value(const char* key) const;  ///< "seed", "dtype"; null where it is not set
  void set_value(const char* key, const nlohmann::json& value);

  QStringList text_names() const;
  QString text_file(const QString& name) const;
  QString text_corpus(const QString& name) const;
  void set_text(const QString& name, const QString& file, const QString& corpus);
  /// Stations that used the old name use the new one.
  void rename_text(const QString& from, const QString& to);
  void remove_text(const QString& name);
  QString unused_text_name() const;

  int station_count() const;
  const nlohmann::json& station(int row) const { return job_["stations"][static_cast<size_t>(row)]; }
  QString station_id(int row) const;
  QString station_kind(int row) const;
  int row_of(const QString& id) const;  ///< −1 when there is none
  void set_station(int row, const nlohmann::json& station);
  /// Later stations that read it follow its new id.
  void rename_station(int row, const QString& id);
  /// A station of that kind with an id of its own, reading what suits it best; returns its row.
  int add_station(const QString& kind, int row);
  void remove_station(int row);
  void move_station(int from, int to);
  /// "base" and the ids before `row` that make a model.
  QStringList models_before(int row) const;

 signals:
  void changed();           ///< anything
  void reset();             ///< all of it: another job
  void texts_changed();     ///< names, files, corpora
  void stations_changed();  ///< which there are, their order and ids
  void station_changed(int row);

 private:
  nlohmann::json& stations();
  QString unused_id(const QString& base) const;
  nlohmann::json job_;
};

/// Where a refusal of the worker points: `error: FILE: stations[2].lr: expected …, found …`.
struct JobProblem {
  int station = -1;  ///< row; −1 = the job itself
  QString key;       ///< "lr", "quantization/weights", "model.path"; may be empty
  QString line;      ///< what is wrong, without file and key
};
JobProblem problem_of(const QString& error, const RecipeDocument& document);
/// The same for people: "Tune “tuned”, Rank: expected at least 1". The fields' own names, not the file's.
QString problem_in_words(const JobProblem& problem, const RecipeDocument& document);

}  // namespace rolora::widgets
