// SPDX-License-Identifier: GPL-3.0-or-later
#include <limits>

#include "core/finetune/trainer.h"

namespace rolora {

Json to_json(const StepRecord& record) {
  Json line = {{"step", record.step},
               {"loss", std::isfinite(record.loss) ? Json(record.loss) : Json()},
               {"lr", record.learning_rate},
               {"grad_norm", record.grad_norm},
               {"tokens", record.tokens}};
  if (record.evaluation) line["evaluation"] = *record.evaluation;
  if (!record.sites.is_null()) line["sites"] = record.sites;
  return line;
}

StepRecord step_record(const JsonObject& line) {
  StepRecord record;
  record.step = line.integer("step", 1, std::numeric_limits<int64_t>::max());
  record.loss = line.has("loss") ? line.number("loss") : std::numeric_limits<double>::quiet_NaN();
  record.learning_rate = line.number("lr");
  record.grad_norm = line.number("grad_norm");
  record.tokens = line.integer("tokens", 0, std::numeric_limits<int64_t>::max());
  if (line.has("evaluation")) record.evaluation = line.number("evaluation");
  if (line.has("sites")) record.sites = line.raw("sites");
  return record;
}

}  // namespace rolora
