// SPDX-License-Identifier: GPL-3.0-or-later
// Quantized folders in other libraries' formats: what their settings say, and what is refused. What the libraries make of the folders:
// check_exports.py.
#include "core/exports/quantized_export.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/exports/exported_folder.h"
#include "core/model/checkpoint.h"
#include "core/quantization/quantize_folder.h"
#include "core/rotation/rotate_folder.h"
#include "core/rotation/rotated_source.h"
#include "core/rotation/samples.h"
#include "tests/core/model/family_fixtures.h"
#include "tests/core/rotation/rotation_cases.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

QuantizationSpec spec_of(int weights, int activations, int64_t group = 0) {
  QuantizationSpec spec;
  spec.weights.bits = weights;
  spec.weights.group = group;
  spec.activations.bits = activations;
  spec.weights.convention = spec.activations.convention = ScaleConvention::compressed_tensors;
  return spec;
}

class ExportQuantized : public ::testing::Test {
 protected:
  const QuantizedFolder& quantize(const char* family, const QuantizationSpec& spec) {
    const Checkpoint plain(test::family_fixture(family));
    return quantize(plain, plain.folder(), "", spec);
  }
  const QuantizedFolder& quantize(const ModelSource& source, const fs::path& from, const std::string& rotation,
                                  const QuantizationSpec& spec) {
    QuantizeFolderOptions options;
    options.force = true;
    quantize_folder({source, from, "hash", rotation}, folder_ / "quantized", spec, {}, options, silent_);
    opened_ = std::make_unique<QuantizedFolder>(folder_ / "quantized");
    return *opened_;
  }
  const QuantizedFolder& rotate_and_quantize(const char* family, const RotationSettings& settings, const QuantizationSpec& spec) {
    RotateOptions options;
    options.rotation = settings;
    options.store = at::kFloat;
    options.force = true;
    rotate_folder(test::family_fixture(family), folder_ / "rotated", options, silent_);
    const RotatedFolder rotated(folder_ / "rotated");
    return quantize(rotated, folder_ / "rotated", rotated.record().checksum(), spec);
  }
  QuantizedExport from() const { return {*opened_, folder_ / "quantized", at::kFloat}; }
  QuantizedCheck compressed(const CompressedTensorsOptions& how = {}) {
    return export_compressed_tensors(from(), folder_ / "out", how, true, Compute{}, silent_);
  }
  QuantizedCheck gptq(const GptqLayoutOptions& how = {}, at::ScalarType store = at::kFloat) {
    return export_gptq_layout({*opened_, folder_ / "quantized", store}, folder_ / "out", how, true, Compute{}, silent_);
  }
  Json config() const { return read_quantization_config(folder_ / "out"); }
  template <class Work>
  static std::string refusal(const Work& work) {
    try {
      work();
    } catch (const InputError& e) {
      return e.what();
    }
    return "accepted";
  }
  static bool says(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }
  test::TempFolder folder_;
  SilentMonitor silent_;
  std::unique_ptr<QuantizedFolder> opened_;
};

TEST_F(ExportQuantized, EveryFamilyAndEveryKindGivesItsOwnLogitsBitForBit) {
  QuantizationSpec asymmetric = spec_of(4, 16, 8), mixed = spec_of(4, 8, 8), both = spec_of(4, 8);
  asymmetric.weights.symmetric = both.weights.symmetric = false;
  asymmetric.weights.convention = asymmetric.activations.convention = ScaleConvention::quarot;  // it is about symmetric scales
  mixed.down_bits = 8;
  for (const char* family : {"llama3_tied", "mistral_window", "qwen2_tied", "qwen3", "phi3_window"}) {
    for (const QuantizationSpec& spec : {spec_of(4, 16), spec_of(3, 16, 8), asymmetric, spec_of(8, 8), spec_of(4, 4), mixed, both}) {
      quantize(family, spec);
      EXPECT_EQ(compressed().logits.relative_l2, 0) << family << " W" << spec.weights.bits << "A" << spec.activations.bits;
    }
    EXPECT_TRUE(fs::exists(folder_ / "out/rotation_samples.safetensors"));
  }
}

TEST_F(ExportQuantized, OneKindOfLinearsIsOneGroupWithTheHeadLeftOut) {
  quantize("qwen3", spec_of(4, 16));
  compressed();
  EXPECT_EQ(config()["format"], "pack-quantized");
  EXPECT_EQ(config()["ignore"], Json::array({"lm_head"}));
  ASSERT_EQ(config()["config_groups"].size(), 1U);
  const Json group = config()["config_groups"]["group_0"];
  EXPECT_EQ(group["targets"], Json::array({"Linear"}));
  EXPECT_EQ(group["weights"]["strategy"], "channel");
  EXPECT_TRUE(group["input_activations"].is_null());
}

TEST_F(ExportQuantized, MixedBitsWidthsThatTheGroupLeavesAndUnquantizedLinears) {
  QuantizationSpec spec = spec_of(4, 16, 12);  // divides 24 and 48, not 40
  spec.per_linear["model.layers.1.self_attn.q_proj"] = {16, 16};
  spec.per_linear["model.layers.0.mlp.up_proj"] = {8, 16};
  quantize("qwen3", spec);
  compressed();
  EXPECT_EQ(config()["ignore"], Json::array({"lm_head", "model.layers.1.self_attn.q_proj"}));
  const Json groups = config()["config_groups"];
  ASSERT_EQ(groups.size(), 3U);
  std::map<std::string, Json> by_target;
  for (const auto& [name, group] : groups.items()) {
    for (const std::string target : group["targets"]) by_target[target] = group["weights"];
  }
  EXPECT_EQ(by_target.at("re:.*\\.mlp\\.down_proj$")["strategy"], "channel");
  EXPECT_EQ(by_target.at("re:.*\\.self_attn\\.o_proj$")["group_size"], 12);
  EXPECT_EQ(by_target.at("model.layers.0.mlp.up_proj")["num_bits"], 8);
  EXPECT_EQ(by_target.at("model.layers.1.mlp.up_proj")["num_bits"], 4);
  EXPECT_EQ(by_target.at("model.layers.0.self_attn.q_proj")["num_bits"], 4);
}

TEST_F(ExportQuantized, TheOtherScaleOfActivationsIsAskedForAndItsDifferenceTold) {
  QuantizationSpec spec = spec_of(4, 4);
  spec.activations.convention = ScaleConvention::quarot;
  quantize("qwen3", spec);
  const std::string why = refusal([&] { compressed(); });
  EXPECT_TRUE(says(why, "at 4 bits max/7.5") && says(why, "at 4 bits max/7") && says(why, "--accept-other-scale")) << why;
  const QuantizedCheck check = compressed({.accept_other_scale = true});
  ASSERT_TRUE(check.other_scale.has_value());
  EXPECT_GT(*check.other_scale, 1e-3);
  EXPECT_EQ(check.logits.relative_l2, 0) << "against the format's own scales";
  spec.activations.bits = 16;
  quantize("qwen3", spec);
  EXPECT_FALSE(compressed().other_scale.has_value()) << "weight scales are exported as they are";
}

TEST_F(ExportQuantized, WhatNoFormatSaysIsRefusedWithWhatServes) {
  const auto why = [&](const QuantizationSpec& spec) {
    quantize("qwen3", spec);
    return refusal([&] { compressed(); });
  };
  QuantizationSpec spec = spec_of(4, 4);
  spec.kv_bits = 4;
  EXPECT_TRUE(says(why(spec), "without --kv")) << why(spec);
  spec = spec_of(4, 4);
  spec.activations.clip = 0.9;
  EXPECT_TRUE(says(why(spec), "without --activation-clip"));
  spec = spec_of(4, 4);
  spec.activations.group = 8;
  EXPECT_TRUE(says(why(spec), "without --activation-group"));
  spec = spec_of(4, 4);
  spec.activations.symmetric = false;
  EXPECT_TRUE(says(why(spec), "without --activation-asymmetric"));
  EXPECT_TRUE(says(why(spec_of(16, 8)), "settings.weights.bits"));
  spec = spec_of(4, 8);
  spec.per_linear["model.layers.0.mlp.down_proj"] = {16, 8};
  EXPECT_TRUE(says(why(spec), "model.layers.0.mlp.down_proj"));
  EXPECT_FALSE(fs::exists(folder_ / "out"));
  spec = spec_of(4, 16);
  spec.per_linear["model.layers.0.self_attn.k_proj"] = {8, 16};
  quantize("phi3_window", spec);
  EXPECT_TRUE(says(refusal([&] { compressed(); }), "self_attn.qkv_proj (one tensor)"));
}

TEST_F(ExportQuantized, RotationsInTheWeightsAreExportedAndR3IsNot) {
  const OrthogonalKind had = OrthogonalKind::hadamard, none = OrthogonalKind::none;
  rotate_and_quantize("qwen2_tied", test::settings_of(had, true, false, none), spec_of(4, 8));
  EXPECT_EQ(compressed().logits.relative_l2, 0);
  EXPECT_EQ(load_rotation(folder_ / "out").checksum(), opened_->rotation()->checksum());
  rotate_and_quantize("qwen2_tied", test::settings_of(had, false, true, none), spec_of(4, 8));
  EXPECT_TRUE(says(refusal([&] { compressed({.online_transform = true}); }), "without --r3"));
}

TEST_F(ExportQuantized, R4IsAskedForAndItsMatrixIsStored) {
  rotate_and_quantize("qwen3", test::settings_of(OrthogonalKind::hadamard, false, false, OrthogonalKind::hadamard), spec_of(4, 4));
  EXPECT_TRUE(says(refusal([&] { compressed(); }), "--online-transform"));
  EXPECT_TRUE(says(refusal([&] { gptq(); }), "model.layers.0.self_attn.q_proj"));
  const QuantizedCheck check = compressed({.online_transform = true});
  EXPECT_EQ(check.logits.relative_l2, 0);
  const Json r4 = config()["transform_config"]["config_groups"]["R4"];
  EXPECT_EQ(r4["type"], "random-hadamard");
  EXPECT_EQ(r4["apply"][0]["targets"], Json::array({"re:.*\\.mlp\\.down_proj$"}));
  const TensorStore store = TensorStore::open(folder_ / "out");
  const at::Tensor matrix = store.view("model.layers.0.mlp.down_proj.R4_input.weight");
  EXPECT_TRUE(at::equal(matrix.abs(), at::ones({40, 40}))) << "exactly ±1: the library divides by the root of the order";
  EXPECT_TRUE(at::allclose(matrix.to(at::kDouble) / std::sqrt(40.0), opened_->rotation()->r4.dense()));
  EXPECT_TRUE(says(test::read_text(folder_ / "out/NOTE.md"), "WRONG, and silently: transformers"));
  rotate_and_quantize("qwen3", test::settings_of(OrthogonalKind::none, false, false, OrthogonalKind::hadamard), spec_of(4, 16));
  EXPECT_TRUE(says(refusal([&] { gptq(); }), "--to compressed-tensors --online-transform"));
}

TEST_F(ExportQuantized, GptqLayoutInTheScalesType) {
  QuantizationSpec asymmetric = spec_of(4, 16);
  asymmetric.weights.symmetric = false;
  asymmetric.weights.convention = asymmetric.activations.convention = ScaleConvention::quarot;
  for (const char* family : {"qwen3", "phi3_window"}) {
    for (const QuantizationSpec& spec : {spec_of(4, 16), spec_of(8, 16), asymmetric, spec_of(4, 16, 12)}) {
      quantize(family, spec);
      EXPECT_LE(gptq().logits.relative_l2, 1e-6) << family;
      EXPECT_LE(gptq({.second_version = true}).logits.relative_l2, 1e-6) << family;
      EXPECT_FALSE(gptq().rounding.has_value()) << "fp32 rounds nothing";
      const QuantizedCheck half = gptq({}, at::kHalf);  // gains of 5 make much of fp16's rounding, which is told and no error
      EXPECT_LE(half.logits.relative_l2, 1e-6) << family << ": against the model at the stored scales";
      ASSERT_TRUE(half.rounding.has_value());
      EXPECT_GT(*half.rounding, 1e-6) << family;
      EXPECT_LT(*half.rounding, 0.1) << family;
      EXPECT_TRUE(says(test::read_text(folder_ / "out/NOTE.md"), "are rounded to float16"));
    }
  }
  gptq({}, at::kFloat);
  EXPECT_EQ(config(), read_json_file(folder_ / "out/quantize_config.json"));
  EXPECT_EQ(config()["checkpoint_format"], "gptq");
  EXPECT_EQ(config()["group_size"], 12);
  EXPECT_TRUE(says(refusal([&] {
                     quantize("qwen3", spec_of(4, 8));
                     gptq();
                   }),
                   "--to compressed-tensors"));
  EXPECT_TRUE(says(refusal([&] {
                     QuantizationSpec mixed = spec_of(4, 16);
                     mixed.per_linear["model.layers.0.mlp.up_proj"] = {8, 16};
                     quantize("qwen3", mixed);
                     gptq();
                   }),
                   "one number of bits for all linears"));
  EXPECT_TRUE(says(refusal([&] {
                     quantize("llama3_tied", spec_of(4, 16));
                     gptq();
                   }),
                   "multiples of 8"));
}

// GPTQModel 7.7 was given such folders.
TEST_F(ExportQuantized, TheFirstNoteSaysWhereTheGptqFolderLoads) {
  QuantizationSpec asymmetric = spec_of(4, 16);
  asymmetric.weights.symmetric = false;
  asymmetric.weights.convention = asymmetric.activations.convention = ScaleConvention::quarot;
  const auto first = [this](bool second_version) { return gptq({.second_version = second_version}).notes.front(); };
  quantize("qwen3", asymmetric);
  EXPECT_TRUE(first(false).starts_with("Does not load in GPTQModel")) << first(false);
  EXPECT_TRUE(says(first(false), "--gptq-v2"));
  EXPECT_TRUE(first(true).starts_with("Loads in GPTQModel")) << first(true);
  quantize("qwen3", spec_of(4, 16));
  EXPECT_TRUE(first(false).starts_with("Loads in GPTQModel")) << first(false);
  quantize("phi3_window", spec_of(4, 16));
  for (const bool second_version : {false, true}) {
    const std::string note = first(second_version);
    EXPECT_TRUE(note.starts_with("Does not load in GPTQModel") && says(note, "--to compressed-tensors")) << note;
    EXPECT_TRUE(says(test::read_text(folder_ / "out/NOTE.md"), note.c_str()));
    EXPECT_FALSE(says(test::read_text(folder_ / "out/NOTE.md"), "Loads in GPTQModel"));
  }
}

TEST_F(ExportQuantized, ExportedFoldersAreNotOpenedAsModelsOfThisProgram) {
  quantize("qwen3", spec_of(4, 16));
  compressed();
  EXPECT_TRUE(says(refusal([&] { read_model_config(folder_ / "out"); }), "compressed-tensors"));
  gptq();
  EXPECT_TRUE(says(refusal([&] { read_model_config(folder_ / "out"); }), "(gptq)"));
}

}  // namespace
}  // namespace rolora
