// SPDX-License-Identifier: GPL-3.0-or-later
// Quantized perplexities of folded and rotated models against an independent computation: number for number where the rotation is given,
// inside the spread over seeds where it is drawn here.
#include "core/quantization/fake_quantized.h"
#include "core/rotation/rotated_source.h"
#include "tests/core/quantization/reference.h"

namespace rolora {
namespace {

using test::near_relative;
using test::Reference;

class RotatedReference : public ::testing::TestWithParam<const char*> {};

RotationSettings settings_of(OrthogonalKind r1, OrthogonalKind r4, uint64_t seed = 0) {
  RotationSettings settings;
  settings.r1 = r1;
  settings.r4 = r4;
  settings.seed = seed;
  return settings;
}

// The record of one of the reference's entries; `signs` are R1's, "+-…", where it has one.
RotationRecord record_of(const std::string& entry, const ModelSource& model, const std::string& signs) {
  const auto hadamard = OrthogonalKind::hadamard, none = OrthogonalKind::none;
  RotationRecord record;
  if (entry == "fold_only" || entry == "R4_only_folded") {
    RotationSettings settings = settings_of(none, none);
    settings.fold_only = true;
    record = make_rotation(model, "", settings);
    if (entry == "R4_only_folded") record.r4 = make_rotation(model, "", settings_of(none, hadamard)).r4;
    return record;
  }
  const bool r1 = entry.starts_with("R1"), r4 = entry != "R1had_only";
  record = make_rotation(model, "", settings_of(r1 ? hadamard : none, r4 ? hadamard : none));
  for (size_t i = 0; r1 && i < signs.size(); ++i) record.r1.signs[static_cast<int64_t>(i)] = signs[i] == '+' ? 1 : -1;
  return record;
}

double quantized_perplexity(const Reference& reference, const RotationRecord& rotation, const QuantizationSpec& spec) {
  const auto rotated = std::make_shared<const RotatedSource>(reference.model, rotation);
  if (spec.method == WeightMethod::rtn) return test::perplexity_of(FakeQuantizedSource(rotated, spec), reference);
  PipelineOptions options;
  options.error_samples = 0;
  SilentMonitor monitor;
  return test::perplexity_of(*FakeQuantizedSource::prepare(rotated, spec, reference.first(16), options, monitor), reference);
}

// "W4A4", "W4A4_wclip", "GPTQ_W4A16"
QuantizationSpec rotated_spec(std::string name, const ModelConfig& config) {
  const bool gptq = name.starts_with("GPTQ_");
  QuantizationSpec spec = test::spec_of(gptq ? name.substr(5) : name, config);
  if (gptq) spec.method = WeightMethod::gptq;
  return spec;
}

double tolerance_of(const QuantizationSpec& spec) {
  return std::max(test::tolerance_of(spec), spec.method == WeightMethod::gptq ? 1e-3 : 0.0);
}

TEST_P(RotatedReference, GivenRotations) {
  ROLORA_NEEDS_SHARED("reference/quantization.json");
  const auto reference = Reference::load(GetParam());
  const Json& numbers = reference->numbers["rotation"];
  std::vector<std::function<void()>> works;
  const auto compare = [&](const std::string& entry, const std::string& setting, size_t seed, double expected) {
    if (!test::is_chosen(entry + " " + setting + " " + std::to_string(seed),
                         {"R4_only_unfolded W4A4 0", "fold_only W4A4 0", "R1had_R4had W4A4 5", "R1had_R4had GPTQ_W4A4 1",
                          "R1had_R4had W4A4_wclip 0", "R1had_only W4A4 0"})) {
      return;
    }
    works.push_back([&, entry, setting, seed, expected] {
      const std::string signs = numbers["R1_signs"][seed];
      const QuantizationSpec spec = rotated_spec(setting, reference->model->config());
      const double found = quantized_perplexity(*reference, record_of(entry, *reference->model, signs), spec);
      EXPECT_TRUE(near_relative(found, expected, tolerance_of(spec))) << entry << " " << setting << " seed " << seed;
    });
  };
  for (const std::string entry : {"fold_only", "R4_only_folded", "R4_only_unfolded"}) {
    for (const auto& [setting, expected] : numbers[entry].items()) compare(entry, setting, 0, expected.get<double>());
  }
  for (const std::string entry : {"R1had_R4had", "R1had_only"}) {
    for (const auto& [setting, spread] : numbers[entry].items()) {
      for (size_t seed = 0; seed < spread["seeds"].size(); ++seed) compare(entry, setting, seed, spread["seeds"][seed].get<double>());
    }
  }
  EXPECT_GE(works.size(), 6u);
  test::run_all(works);
}

TEST_P(RotatedReference, OwnDrawsLieInsideTheSpread) {
  ROLORA_NEEDS_SHARED("reference/quantization.json");
  const auto reference = Reference::load(GetParam());
  std::vector<std::function<void()>> works;
  const auto compare = [&](const std::string& entry, const std::string& setting, OrthogonalKind r1, uint64_t seed) {
    if (!test::is_chosen(entry + " " + setting + " " + std::to_string(seed), {"R1had_R4had W4A4 1", "R1orth_R4had W4A4 1"})) return;
    works.push_back([&, entry, setting, r1, seed] {
      const Json& spread = reference->numbers["rotation"][entry][setting];
      const QuantizationSpec spec = rotated_spec(setting, reference->model->config());
      const RotationRecord record = make_rotation(*reference->model, "", settings_of(r1, OrthogonalKind::hadamard, seed));
      const double mean = spread["mean"], allowed = std::max(4 * spread["std"].get<double>(), 0.01 * mean);
      EXPECT_LE(std::abs(quantized_perplexity(*reference, record, spec) - mean), allowed) << entry << " " << setting << " seed " << seed;
    });
  };
  for (uint64_t seed = 0; seed < 3; ++seed) {
    for (const char* setting : {"W4A16", "W4A4", "W6A6", "W3A16", "W16A4", "W4A4_wclip", "GPTQ_W4A16", "GPTQ_W4A4"}) {
      compare("R1had_R4had", setting, OrthogonalKind::hadamard, seed);
    }
    for (const char* setting : {"W4A16", "W4A4"}) compare("R1orth_R4had", setting, OrthogonalKind::orthogonal, seed);
  }
  EXPECT_GE(works.size(), 2u);
  test::run_all(works);
}

INSTANTIATE_TEST_SUITE_P(Models, RotatedReference, ::testing::Values("story", "stories260K"));

}  // namespace
}  // namespace rolora
