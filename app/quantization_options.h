// SPDX-License-Identifier: GPL-3.0-or-later
// The options that say how a model is quantized: all of `quantize`, and `evaluate`'s look at a model as if it were quantized.
#pragma once

#include <optional>
#include <string>

#include "app/session.h"
#include "core/jobs/open_model.h"
#include "core/quantization/pipeline.h"
#include "core/quantization/quantize_folder.h"
#include "core/quantization/spec.h"

namespace rolora::app {

struct QuantizationOptions {
  QuantizationSpec spec;
  std::string method = "rtn", convention = "quarot", bits_file;
  bool asymmetric = false, activation_asymmetric = false;
  std::string calibration, ids, corpus = "text";
  CalibrationWindows windows;
  CLI::Option *ids_option = nullptr, *corpus_option = nullptr, *context_option = nullptr;
  std::vector<const CLI::Option*> calibration_only;  ///< these say how a calibration text is used
};

/// Lines for people about a result: printed on stderr as they come, and `notices` of the JSON.
class Notices {
 public:
  explicit Notices(Session& session) : session_(session) {}
  void add(const std::string& line);
  /// Printed already.
  void add_told(const std::vector<std::string>& lines) { lines_.insert(lines_.end(), lines.begin(), lines.end()); }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  Session& session_;
  std::vector<std::string> lines_;
};

/// Adds --weights … --error-samples. The calibration text's own options are named as `quantize` has them (--ids, --corpus, --context) or,
/// where the verb needs those names for itself, with "calibration-" in front.
void add_quantization_options(CLI::App& app, QuantizationOptions& options, bool beside_other_text);

/// The settings, checked against the model. UsageError for impossible ones.
QuantizationSpec read_spec(const QuantizationOptions& options, const ModelConfig& config);
/// Names every given option that says how to calibrate when there is no calibration text: it is allowed and does nothing.
void tell_idle_options(const QuantizationOptions& options, Notices& notices);
/// Adds per_channel (linears) and per_token (sites), where a group does not divide the width, to the result and tells them.
void tell_fallbacks(const QuantizationSpec& spec, const ModelConfig& config, Notices& notices, Json& result);
/// Was any width below 16 bits asked for?
bool asks_for_bits(const QuantizationOptions& options);
bool has_calibration(const QuantizationOptions& options);
/// The first --samples windows of the calibration text; undefined windows when none was given.
CalibrationText read_calibration(const QuantizationOptions& options, const OpenedModel& model, Notices& notices);
PipelineOptions pipeline_options(Session& session, const QuantizationOptions& options);

/// `linears` of the JSON result, by name.
Json linears_json(const std::vector<LinearReport>& reports);
/// One row a linear; ends in a newline.
std::string linears_table(const std::vector<LinearReport>& reports);

}  // namespace rolora::app
