// SPDX-License-Identifier: GPL-3.0-or-later
// How a model is quantized, as data. Defaults are the command's contract.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/model/config.h"
#include "core/model/family.h"
#include "core/storage/json_file.h"

namespace rolora {

enum class SiteKind;
enum class ScaleConvention { quarot, compressed_tensors };  ///< max/(2^(b−1)−1) and max/((2^b−1)/2)
enum class WeightMethod { rtn, gptq };

struct WeightQuant {
  int bits = 16;      ///< 2–8; 16 = not quantized
  int64_t group = 0;  ///< inputs per scale; 0 = one scale per output row
  bool symmetric = true;
  bool clip_search = false;
  ScaleConvention convention = ScaleConvention::quarot;
};

struct ActivationQuant {
  int bits = 16;  ///< 2–8; 16 = not quantized
  int64_t group = 0;
  bool symmetric = true;
  double clip = 1.0;
  ScaleConvention convention = ScaleConvention::quarot;
};

struct GptqOptions {
  bool act_order = false;
  double damping = 0.01;  ///< share of the mean diagonal, at least 0
  int64_t block = 128;
};

struct LinearBits {
  int weights = 16, activations = 16;
  bool operator==(const LinearBits&) const = default;
};

struct QuantizationSpec {
  WeightMethod method = WeightMethod::rtn;
  WeightQuant weights;
  ActivationQuant activations;
  int kv_bits = 16;  ///< per token and head, asymmetric
  GptqOptions gptq;
  std::optional<int> down_bits;                  ///< weights and activations of down_proj
  std::map<std::string, LinearBits> per_linear;  ///< by linear name ("model.layers.0.mlp.down_proj")
};

/// Which windows of a calibration text are used.
struct CalibrationWindows {
  int64_t samples = 128;           ///< the first N, for GPTQ (arXiv 2210.17323)
  std::optional<int64_t> context;  ///< tokens of a window; default min(2048, the model's limit)
  int64_t error_samples = 4;       ///< the first N of these, for output errors; 0 = output errors are not measured
};

inline constexpr int kFullBits = 16;  ///< means "left in floating point"

/// Bits of one linear: its own entry, else down_bits for down_proj, else the general ones.
LinearBits bits_of(const QuantizationSpec& spec, const ModelConfig& config, LayerIndex layer, LinearKind kind);
/// Activation bits at a site, from the linears that read it. UsageError when they disagree: one tensor cannot carry two widths.
int site_bits(const QuantizationSpec& spec, const ModelConfig& config, LayerIndex layer, SiteKind site);
bool quantizes_weights(const QuantizationSpec& spec, const ModelConfig& config);
bool quantizes_activations(const QuantizationSpec& spec, const ModelConfig& config);
/// Does the spec change anything at all (weights, activations or KV)?
bool quantizes(const QuantizationSpec& spec, const ModelConfig& config);

/// A value that no quantizer here takes, whatever the model.
struct SpecProblem {
  std::string key;  ///< as in a job, "activation_clip"; of one linear "bits.NAME.weights"
  std::string expected, found;
};
/// The one place that says which numbers can be; the command, jobs and quantization.json all ask it.
std::optional<SpecProblem> first_problem(const QuantizationSpec& spec);
std::optional<SpecProblem> first_problem(const CalibrationWindows& windows);
/// UsageError naming the option ("--activation-clip: expected …, found …") when there is a problem.
void refuse_problem(const std::optional<SpecProblem>& problem);

/// Where a group that was asked for does not divide the width.
struct GroupFallbacks {
  std::vector<std::string> linears;  ///< weights quantized per output channel instead ("model.layers.0.mlp.down_proj")
  std::vector<std::string> sites;    ///< inputs quantized per token instead ("layers.0.down_in")
  std::vector<std::string> notices;  ///< a line for people for each of the two that has any
};
GroupFallbacks group_fallbacks(const QuantizationSpec& spec, const ModelConfig& config);
/// Is a group asked for that cannot be used on this width?
inline bool group_falls_back(int64_t width, int64_t group) { return group > 0 && width % group != 0; }

/// UsageError for values that no quantizer here takes, names that the model does not have, and settings that cannot act.
void validate(const QuantizationSpec& spec, const ModelConfig& config);

std::string_view name_of(WeightMethod method);         ///< "rtn"
std::string_view name_of(ScaleConvention convention);  ///< "compressed-tensors"
WeightMethod parse_method(const std::string& text);
ScaleConvention parse_convention(const std::string& text);

/// The settings as quantization.json holds them, and back (strict: unknown keys are refused).
Json spec_json(const QuantizationSpec& spec);
QuantizationSpec parse_spec(const JsonObject& object);
/// --bits FILE: {"format": 1, "linears": {"model.layers.0.mlp.down_proj": {"weights": 8, "activations": 8}}}; either number may be left out
/// and is then the general one. Names must be linears of the model.
std::map<std::string, LinearBits> read_bits_file(const std::filesystem::path& file, const QuantizationSpec& general,
                                                 const ModelConfig& config);

}  // namespace rolora
