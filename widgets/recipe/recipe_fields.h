// SPDX-License-Identifier: GPL-3.0-or-later
// What a job can say, as data: every key of every kind of station with its label, unit, range, default and explanation. The form is made
// from this table; the schema itself is the worker's (resources/jobs/README.md), which checks every job.
#pragma once

#include <QString>
#include <QStringList>
#include <nlohmann/json.hpp>
#include <vector>

namespace rolora::widgets {

enum class FieldKind {
  integer,
  real,
  flag,
  choice,   ///< one of `words`
  text,     ///< the name of one of the job's texts
  model,    ///< "base" or an earlier station that makes a model
  list,     ///< words with commas; a job's list of strings
  targets,  ///< "all" or a list of linears
  states,   ///< "plain = base, rotated = rotated-0"
  section,  ///< an object that is there or not; fields with its name in front of theirs belong to it
  json      ///< an object as it stands in the job
};

struct Field {
  const char* key;  ///< "lr"; inside a section "quantization/weights"
  FieldKind kind;
  const char* label;     ///< translated where it is shown, like unit, hint and explanation
  const char* unit;      ///< "" where there is none
  const char* fallback;  ///< the default as JSON; "" = required; "null" = see hint
  const char* hint;      ///< what stands in an empty field whose default comes from elsewhere
  double least, most;    ///< of numbers
  const char* words;     ///< of choices, with blanks
  const char* when;      ///< "format=text": shown only while that key has that value; "" = always
  bool advanced;
  const char* explanation;  ///< with the source of the default
};

struct StationKind {
  const char* kind;  ///< "rotate"
  const char* title;
  const char* explanation;
  bool makes_model;
  std::vector<Field> fields;
};

const std::vector<StationKind>& station_kinds();
/// nullptr for a kind that this table does not know.
const StationKind* find_kind(const QString& kind);
/// A text of the table in the interface's language.
QString field_text(const char* text);

/// The value of a field in a station, null where it is not set.
nlohmann::json field_value(const nlohmann::json& station, const Field& field);
/// The value that counts: the one that is set, else the default (null where that comes from the model).
nlohmann::json field_effective(const nlohmann::json& station, const Field& field);
/// Sets it, or takes it out with null.
void set_field(nlohmann::json& station, const Field& field, const nlohmann::json& value);
/// Does its condition hold?
bool field_shown(const nlohmann::json& station, const StationKind& kind, const Field& field);

/// A value as it stands in a field, and back: null for an empty text, an error for what is no value of that kind and range.
QString field_to_text(const Field& field, const nlohmann::json& value);
struct ParsedField {
  nlohmann::json value;
  QString error;
};
ParsedField field_from_text(const Field& field, const QString& text);

}  // namespace rolora::widgets
