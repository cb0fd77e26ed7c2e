// SPDX-License-Identifier: GPL-3.0-or-later
// What a model of a run is, in words, read off the complete job (job.json).
#pragma once

#include <QString>

#include "core/storage/json_file.h"

namespace rolora::widgets {

/// The stations of a job that make a model, by id.
class RunLineage {
 public:
  /// `stations`: the array of that name; `base`: what the base is, in words.
  explicit RunLineage(const std::vector<JsonObject>& stations, QString base = QStringLiteral("plain"));
  /// "plain", "rotated (seed 0)", "rotated (seed 0) + LoRA", "folded", "rotated (seed 0) + LoRA, GPTQ W4A4".
  QString state(const std::string& model) const;
  /// The model before quantization; itself when it is not quantized.
  std::string unquantized(const std::string& model) const;

 private:
  struct Step {
    std::string from;
    QString added;  // ", GPTQ W4A4", " + LoRA"; of a rotation the whole state
    bool rotates = false, quantizes = false;
  };
  std::map<std::string, Step> steps_;
  QString base_;
};

/// "GPTQ W4A8 KV4" of the keys of a quantize station or of an evaluation's "quantization".
QString quantization_text(const JsonObject& how);

}  // namespace rolora::widgets
