// SPDX-License-Identifier: GPL-3.0-or-later
// quantization.json: how a quantized folder was made and what it cost, completely. Format 2 (1 is still read); unknown keys
// are refused.
#pragma once

#include <c10/core/ScalarType.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/quantization/errors.h"
#include "core/quantization/spec.h"

namespace rolora {

/// The windows that calibrated GPTQ and measured output errors.
struct CalibrationRecord {
  std::string text_hash;  ///< SHA-256 of the file
  std::string corpus;     ///< "text", "wikitext2", "c4", "ptb" or "ids"
  int64_t windows = 0, context = 0;
  int64_t error_samples = 0;  ///< of the windows, for output errors
};

struct QuantizationRecord {
  QuantizationSpec spec;
  std::string source_hash;                  ///< identity of the model it was made from
  at::ScalarType source_type = at::kFloat;  ///< of that model's linears
  std::string rotation_checksum;            ///< empty: not rotated
  std::optional<CalibrationRecord> calibration;
  std::string dtype, device, cpu_features;  ///< of the arithmetic
  int64_t threads = 0;
  uint64_t seed = 0;
  std::string tool_version;
  std::vector<LinearReport> linears;  ///< in model order
};

inline constexpr const char* kQuantizationFile = "quantization.json";

Json record_json(const QuantizationRecord& record);
/// InputError on anything that is not such a record of this model.
QuantizationRecord read_record(const std::filesystem::path& folder, const ModelConfig& config);

}  // namespace rolora
