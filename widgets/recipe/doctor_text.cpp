// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/doctor_text.h"

#include <QCoreApplication>
#include <QStringList>
#include <algorithm>

#include "widgets/base/format.h"
#include "widgets/recipe/cost_bar.h"

namespace rolora::widgets {
namespace {

using Json = nlohmann::json;

QString words(const char* text) { return QCoreApplication::translate("rolora::doctor", text); }

QString text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? QString::fromStdString(found->get<std::string>()).toHtmlEscaped() : QString();
}
double number_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}
QString count_of(const Json& object, const char* key) { return grouped(static_cast<qint64>(number_of(object, key))); }
QString bytes_of(const Json& object, const char* key) { return bytes(static_cast<qint64>(number_of(object, key))); }

const Json& part(const Json& object, const char* key) {
  static const Json nothing;
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : nothing;
}

QString head(const QString& text) { return QStringLiteral("<h3>%1</h3>").arg(text); }

QString table(const QList<QStringList>& rows, bool first_is_head = false, int first_number = 99) {
  QString html = QStringLiteral("<table cellspacing=0 cellpadding=3>");
  for (qsizetype row = 0; row < rows.size(); ++row) {
    html += QStringLiteral("<tr>");
    for (qsizetype column = 0; column < rows[row].size(); ++column) {
      const bool strong = row == 0 && first_is_head;
      html += QStringLiteral("<td align=%1 valign=top>%2%3%4&nbsp;&nbsp;</td>")
                  .arg(column >= first_number ? QStringLiteral("right") : QStringLiteral("left"),
                       strong ? QStringLiteral("<b>") : QString(), rows[row][column], strong ? QStringLiteral("</b>") : QString());
    }
    html += QStringLiteral("</tr>");
  }
  return html + QStringLiteral("</table>");
}

QString rope_of(const Json& info) {
  const Json& rope = part(info, "rope");
  if (!rope.is_object()) return {};
  return words("%1, theta %2").arg(text_of(rope, "kind"), number(number_of(rope, "theta"), 6));
}

QString shapes(const Json& info) {
  const Json& tied = part(info, "tied");
  const QString tokenizer = text_of(info, "tokenizer");
  QList<QStringList> rows = {
      {words("Family"), words("%1 (%2, %3)").arg(text_of(info, "family"), text_of(info, "model_type"), text_of(info, "kind"))},
      {words("Parameters"), words("%1 as %2, %3")
                                .arg(count_of(info, "parameters"), text_of(info, "dtype"),
                                     tied == true ? words("head tied to the embedding") : words("head of its own"))},
      {words("Layers"), words("%1 of %2, MLP %3").arg(count_of(info, "layers"), count_of(info, "hidden"), count_of(info, "intermediate"))},
      {words("Heads"),
       words("%1 of %2, %3 for keys and values").arg(count_of(info, "heads"), count_of(info, "head_dim"), count_of(info, "kv_heads"))},
      {words("Vocabulary"), count_of(info, "vocab")},
      {words("Context"), count_of(info, "context")},
      {words("RoPE"), rope_of(info)},
      {words("Tokenizer"), tokenizer.isEmpty() ? words("none: texts need ids") : tokenizer}};
  if (part(info, "rotation").is_object())
    rows.append({words("Rotation"), words("rotated, seed %1").arg(count_of(part(info, "rotation"), "seed"))});
  if (const Json& q = part(info, "quantization"); q.is_object())
    rows.append({words("Quantization"),
                 words("weights of %1 bits by %2, activations of %3 bits")
                     .arg(count_of(part(q, "weights"), "bits"), text_of(q, "method"), count_of(part(q, "activations"), "bits"))});
  return head(words("Model")) + table(rows);
}

QStringList construction_row(const QString& name, const QString& width, const Json& c) {
  return {name, width, text_of(c, "construction"), count_of(c, "adds_per_row"), bytes_of(c, "factor_bytes")};
}

QString constructions(const Json& info) {
  const Json& widths = part(info, "widths");
  if (!widths.is_object()) return {};
  QList<QStringList> rows = {{words("Width"), QString(), words("Construction"), words("Additions a row"), words("Factor in memory")}};
  QString notes;
  for (const auto& [key, name] :
       {std::pair("hidden", words("hidden (R1)")), {"intermediate", words("intermediate (R4)")}, {"head_dim", words("head (R2, R3)")}}) {
    const Json& w = part(widths, key);
    if (!w.is_object()) continue;
    const bool has_own = part(w, "construction").is_string();
    rows.append(construction_row(name, count_of(w, "width"), has_own ? w : part(w, "fallback")));
    if (!has_own && !text_of(w, "note").isEmpty()) notes += QStringLiteral("<p>%1: %2.</p>").arg(name, text_of(w, "note"));
    const Json& others = part(w, "alternatives");
    for (size_t i = 0; others.is_array() && i < others.size(); ++i)
      rows.append(construction_row(words("&nbsp;&nbsp;or"), QString(), others[i]));
  }
  return head(words("Hadamard constructions")) + table(rows, true, 3) + notes;
}

QString rotations(const Json& info) {
  QString html;
  if (const Json& rotatable = part(info, "rotatable"); rotatable.is_object()) {
    QList<QStringList> rows;
    for (const auto& [key, r] : rotatable.items()) {
      QString how = words("%1, %2, width %3").arg(text_of(r, "where"), text_of(r, "how"), count_of(r, "width"));
      if (part(r, "construction").is_null()) how += words(", by the fallback");
      rows.append({QStringLiteral("<b>%1</b>").arg(QString::fromStdString(key).toUpper()), how, text_of(r, "note")});
    }
    html += head(words("What can be rotated")) + table(rows);
  }
  if (const Json& fixed = part(info, "unrotatable"); fixed.is_array() && !fixed.empty()) {
    QList<QStringList> rows;
    for (const Json& one : fixed) rows.append({text_of(one, "what"), text_of(one, "why")});
    html += head(words("What cannot, and why")) + table(rows);
  }
  return html;
}

QString weights(const Json& info) {
  const Json& f = part(info, "forecasts");
  if (!f.is_object()) return {};
  const QList<QStringList> rows = {{words("One layer"), bytes_of(f, "layer_bytes")},
                                   {words("The head"), bytes_of(f, "head_bytes")},
                                   {words("All weights: training, generation"), bytes_of(f, "resident_bytes")},
                                   {words("KV cache, a token"), bytes_of(f, "kv_cache_bytes_per_token")},
                                   {words("Residual stream, a token"), bytes_of(f, "residual_bytes_per_token")}};
  return head(words("Memory of the weights in %1").arg(text_of(f, "dtype"))) + table(rows, false, 1);
}

// The sums that lead to the largest need, line by line.
QString arithmetic_of(const Json& station, double program_bytes) {
  QList<QStringList> rows = {{words("the program and its libraries"), words("measured"), bytes(static_cast<qint64>(program_bytes))}};
  for (const Json& line : part(station, "memory"))
    rows.append({text_of(line, "what"), text_of(line, "arithmetic"), bytes_of(line, "bytes")});
  rows.append({words("<b>together</b>"), QString(), QStringLiteral("<b>%1</b>").arg(bytes_of(station, "peak_bytes"))});
  return QStringLiteral("<p>%1</p>").arg(words("<b>%1</b> needs most at a time:").arg(text_of(station, "id"))) + table(rows, false, 2);
}

QString time_of(const Json& station) {
  return part(station, "seconds").is_number() ? duration(number_of(station, "seconds")) : QStringLiteral("–");
}

QString pace_of(const Json& forecast) {
  const Json& pace = part(forecast, "pace");
  if (!pace.is_object()) return {};
  double work = 0;
  for (const Json& station : part(forecast, "stations")) work += number_of(station, "work_tokens");
  return QStringLiteral("<p>%1</p>")
      .arg(words("Time: %1 ms for %2 tokens through one layer, × (%3 layers + %4 for the head) = %5 ms a token; × %6 tokens of work.")
               .arg(number(number_of(pace, "layer_seconds") * 1e3), count_of(pace, "tokens"), count_of(pace, "layers"),
                    number(number_of(pace, "head_share")), number(number_of(pace, "seconds_per_token") * 1e3),
                    grouped(static_cast<qint64>(work))));
}

}  // namespace

QString doctor_text(const Json& info) {
  return shapes(info) + constructions(info) + rotations(info) + weights(info) + doctor_forecast(part(part(info, "forecasts"), "recipe"));
}

QString doctor_forecast(const Json& forecast) {
  const Json& stations = part(forecast, "stations");
  if (!stations.is_array() || stations.empty()) return {};
  QString html = head(words("Forecast of the recipe %1").arg(text_of(forecast, "recipe")));
  for (const Json& assumption : part(forecast, "assumptions"))
    if (assumption.is_string()) html += QStringLiteral("%1<br>").arg(QString::fromStdString(assumption.get<std::string>()).toHtmlEscaped());
  QList<QStringList> rows = {{words("Station"), words("Kind"), words("Time"), words("RAM"), words("VRAM"), words("Disk")}};
  const Json* most = &stations.front();
  for (const Json& station : stations) {
    rows.append({text_of(station, "id"), text_of(station, "kind"), time_of(station), bytes_of(station, "peak_bytes"),
                 bytes_of(station, "vram_bytes"), bytes_of(station, "disk_bytes")});
    if (number_of(station, "peak_bytes") > number_of(*most, "peak_bytes")) most = &station;
  }
  const bool timed = part(forecast, "seconds").is_number();
  rows.append({words("<b>together</b>"), QString(),
               timed ? time_range(number_of(forecast, "seconds_low"), number_of(forecast, "seconds_high")) : words("not measured"),
               bytes_of(forecast, "peak_bytes"), bytes_of(forecast, "vram_bytes"), bytes_of(forecast, "disk_bytes")});
  html += table(rows, true, 2);
  html += QStringLiteral("<p>%1</p>").arg(words("RAM is that of a run on the processor; VRAM what a run with CUDA would hold there."));
  return html + pace_of(forecast) + arithmetic_of(*most, number_of(forecast, "program_bytes"));
}

}  // namespace rolora::widgets
