// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/recipe_fields.h"

#include <QCoreApplication>
#include <QRegularExpression>
#include <algorithm>
#include <cmath>

namespace rolora::widgets {
namespace {

using Json = nlohmann::json;

QString tr(const char* text) { return QCoreApplication::translate("RecipeFields", text); }

Json::json_pointer pointer(const Field& field) { return Json::json_pointer(std::string("/") + field.key); }

QString plain(const Json& value) {
  return value.is_string() ? QString::fromStdString(value.get<std::string>()) : QString::fromStdString(value.dump());
}

QStringList split_words(const QString& text) {
  static const QRegularExpression kBreak(QStringLiteral("[,;\\s]+"));
  return text.split(kBreak, Qt::SkipEmptyParts);
}

Json strings(const QStringList& words) {
  Json list = Json::array();
  for (const QString& word : words) list.push_back(word.toStdString());
  return list;
}

ParsedField number_from_text(const Field& field, const QString& text) {
  const bool whole = field.kind == FieldKind::integer;
  bool good = false;
  const double value = whole ? static_cast<double>(text.toLongLong(&good)) : text.toDouble(&good);
  if (!good || !std::isfinite(value)) return {nullptr, whole ? tr("expected a whole number") : tr("expected a number")};
  if (value < field.least || value > field.most) {
    const QString least = QString::fromStdString(Json(field.least).dump()), most = QString::fromStdString(Json(field.most).dump());
    const auto cut = [](QString number) { return number.endsWith(QStringLiteral(".0")) ? number.chopped(2) : number; };
    return {nullptr, field.most < 1e9 ? tr("expected %1 to %2").arg(cut(least), cut(most)) : tr("expected at least %1").arg(cut(least))};
  }
  return {whole ? Json(text.toLongLong()) : Json(value), {}};
}

ParsedField states_from_text(const QString& text) {
  Json states = Json::array();
  for (const QString& part : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
    const QStringList sides = part.split(QLatin1Char('='));
    if (sides.size() != 2 || sides[0].trimmed().isEmpty() || sides[1].trimmed().isEmpty()) {
      return {nullptr, tr("expected label = model, with commas between them")};
    }
    states.push_back({{"label", sides[0].trimmed().toStdString()}, {"model", sides[1].trimmed().toStdString()}});
  }
  return {std::move(states), {}};
}

QString states_to_text(const Json& value) {
  QStringList parts;
  for (const Json& state : value) {
    if (!state.is_object() || !state.contains("label") || !state.contains("model")) return plain(value);
    parts << plain(state["label"]) + QStringLiteral(" = ") + plain(state["model"]);
  }
  return parts.join(QStringLiteral(", "));
}

}  // namespace

const StationKind* find_kind(const QString& kind) {
  for (const StationKind& one : station_kinds()) {
    if (kind == QLatin1String(one.kind)) return &one;
  }
  return nullptr;
}

QString field_text(const char* text) { return *text == '\0' ? QString() : tr(text); }

Json field_value(const Json& station, const Field& field) {
  const auto at = pointer(field);
  return station.contains(at) ? station.at(at) : Json();
}

Json field_effective(const Json& station, const Field& field) {
  const Json set = field_value(station, field);
  if (!set.is_null() || *field.fallback == '\0') return set;
  return Json::parse(field.fallback);
}

void set_field(Json& station, const Field& field, const Json& value) {
  const auto at = pointer(field);
  if (!value.is_null()) {
    station[at] = value;
  } else if (station.contains(at)) {
    (at.parent_pointer().empty() ? station : station.at(at.parent_pointer())).erase(at.back());
  }
}

bool field_shown(const Json& station, const StationKind& kind, const Field& field) {
  const QString key = QString::fromLatin1(field.key);
  const qsizetype slash = key.indexOf(QLatin1Char('/'));
  if (slash > 0 && !station.contains(key.left(slash).toStdString())) return false;
  const QString when = QString::fromLatin1(field.when);
  if (when.isEmpty()) return true;
  const QString controller = when.section(QLatin1Char('='), 0, 0), wanted = when.section(QLatin1Char('='), 1);
  for (const Field& other : kind.fields) {
    if (controller == QLatin1String(other.key)) return plain(field_effective(station, other)) == wanted;
  }
  return true;
}

QString field_to_text(const Field& field, const Json& value) {
  if (value.is_null()) return {};
  if (field.kind == FieldKind::states && value.is_array()) return states_to_text(value);
  if ((field.kind == FieldKind::list || field.kind == FieldKind::targets) && value.is_array()) {
    QStringList words;
    for (const Json& word : value) words << plain(word);
    return words.join(QStringLiteral(", "));
  }
  return plain(value);
}

ParsedField field_from_text(const Field& field, const QString& given) {
  const QString text = given.trimmed();
  if (text.isEmpty()) return {nullptr, *field.fallback == '\0' ? tr("needed") : QString()};
  switch (field.kind) {
    case FieldKind::integer:
    case FieldKind::real:
      return number_from_text(field, text);
    case FieldKind::flag:
      return {text == u"true", {}};
    case FieldKind::list:
      return {strings(split_words(text)), {}};
    case FieldKind::targets:
      return {text == u"all" ? Json("all") : strings(split_words(text)), {}};
    case FieldKind::states:
      return states_from_text(text);
    case FieldKind::choice: {
      const QStringList words = QString::fromLatin1(field.words).split(QLatin1Char(' '));
      if (!words.contains(text)) return {nullptr, tr("expected one of %1").arg(words.join(QStringLiteral(", ")))};
      return {text.toStdString(), {}};
    }
    case FieldKind::section:
    case FieldKind::json: {
      Json value = Json::parse(text.toStdString(), nullptr, false);
      if (!value.is_object()) return {nullptr, tr("expected a JSON object")};
      return {std::move(value), {}};
    }
    case FieldKind::text:
    case FieldKind::model:
      return {text.toStdString(), {}};
  }
  return {};
}

}  // namespace rolora::widgets
