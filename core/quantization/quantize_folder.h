// SPDX-License-Identifier: GPL-3.0-or-later
// From a model folder to a quantized folder, streaming: one layer in memory at a time.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/monitor.h"
#include "core/model/weights.h"
#include "core/quantization/pipeline.h"
#include "core/quantization/record.h"

namespace rolora {

/// What is quantized: an opened plain or rotated folder. Its unquantized tensors are copied as stored.
struct QuantizeSource {
  const ModelSource& source;
  std::filesystem::path folder;
  std::string hash;               ///< identity for the record
  std::string rotation_checksum;  ///< of a rotated folder; empty for a plain one
};

/// The calibration windows; leave undefined for RTN without errors at outputs.
struct CalibrationText {
  at::Tensor windows;     // [W, T] int64
  std::string text_hash;  ///< SHA-256 of the file
  std::string corpus;     ///< its convention, or "ids"
};

struct QuantizeFolderOptions {
  PipelineOptions pipeline;
  uint64_t seed = 0;   ///< stored with the result
  bool force = false;  ///< replace an existing folder
};

/// Writes `out` (temporary name, renamed when complete) and returns what its quantization.json says.
QuantizationRecord quantize_folder(const QuantizeSource& from, const std::filesystem::path& out, const QuantizationSpec& spec,
                                   const CalibrationText& calibration, const QuantizeFolderOptions& options, Monitor& monitor);

}  // namespace rolora
