// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/run_lineage.h"

#include <QStringList>
#include <limits>
#include <utility>

namespace rolora::widgets {
namespace {

constexpr int kMostSteps = 1000;  // stations name earlier ones only; a broken file may not

QString rotation_state(const JsonObject& station) {
  if (station.boolean_or("fold_only", false)) return QStringLiteral("folded");
  QStringList parts;
  const auto named = [&](const char* key) {
    const std::string kind = station.string_or(key, "none");
    if (kind != "none")
      parts.append(QString::fromLatin1(key).toUpper() + (kind == "hadamard" ? QString() : QLatin1Char(' ') + QString::fromStdString(kind)));
  };
  named("r1");
  if (station.boolean_or("r2", false)) parts.append(QStringLiteral("R2"));
  if (station.boolean_or("r3", false)) parts.append(QStringLiteral("R3"));
  named("r4");
  if (parts.isEmpty()) return QStringLiteral("folded");
  const qint64 seed = station.integer_or("seed", 0, 0, std::numeric_limits<int64_t>::max());
  const bool usual = parts == QStringList{QStringLiteral("R1"), QStringLiteral("R4")};
  const QString which = usual ? QString() : QLatin1Char(' ') + parts.join(QLatin1Char('+'));
  return QStringLiteral("rotated%1 (seed %2)").arg(which).arg(seed);
}

}  // namespace

QString quantization_text(const JsonObject& how) {
  const QString method = how.string_or("method", "rtn") == "gptq" ? QStringLiteral("GPTQ") : QStringLiteral("RTN");
  QString text =
      QStringLiteral("%1 W%2A%3").arg(method).arg(how.integer_or("weights", 16, 1, 16)).arg(how.integer_or("activations", 16, 1, 16));
  if (const qint64 kv = how.integer_or("kv", 16, 1, 16); kv < 16) text += QStringLiteral(" KV%1").arg(kv);
  if (const qint64 group = how.integer_or("group", 0, 0, std::numeric_limits<int>::max()); group > 0)
    text += QStringLiteral(" g%1").arg(group);
  if (how.boolean_or("asymmetric", false)) text += QStringLiteral(" asym");
  if (how.has("down_bits")) text += QStringLiteral(" down%1").arg(how.integer("down_bits", 1, 16));
  return text;
}

RunLineage::RunLineage(const std::vector<JsonObject>& stations, QString base) : base_(std::move(base)) {
  for (const JsonObject& station : stations) {
    const std::string kind = station.string("kind");
    if (kind == "evaluate" || kind == "statistics") continue;
    Step step;
    step.from = station.string("model");
    if (kind == "rotate") {
      step.rotates = true;
      step.added = rotation_state(station);
    } else if (kind == "finetune") {
      const bool dora = station.string_or("variant", "lora").ends_with("dora");
      step.added = station.boolean_or("full", false) ? QStringLiteral(" + full training")
                   : dora                            ? QStringLiteral(" + DoRA")
                                                     : QStringLiteral(" + LoRA");
    } else if (kind == "quantize") {
      step.quantizes = true;
      step.added = QStringLiteral(", ") + quantization_text(station);
    }
    steps_[station.string("id")] = step;
  }
}

QString RunLineage::state(const std::string& model) const {
  QString added;
  std::string at = model;
  for (int i = 0; i < kMostSteps; ++i) {
    const auto step = steps_.find(at);
    if (step == steps_.end()) break;
    if (step->second.rotates) return step->second.added + added;
    added = step->second.added + added;
    at = step->second.from;
  }
  return base_ + added;
}

std::string RunLineage::unquantized(const std::string& model) const {
  std::string at = model;
  for (int i = 0; i < kMostSteps; ++i) {
    const auto step = steps_.find(at);
    if (step == steps_.end() || !step->second.quantizes) return at;
    at = step->second.from;
  }
  return at;
}

}  // namespace rolora::widgets
