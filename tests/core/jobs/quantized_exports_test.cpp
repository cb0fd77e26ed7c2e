// SPDX-License-Identifier: GPL-3.0-or-later
// Quantized folders in other libraries' formats, opened: those that this program exported, and some that compressed-tensors wrote
// (tests/core/exports/make_library_folders.py).
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/base/error.h"
#include "core/exports/quantized_export.h"
#include "core/jobs/open_model.h"
#include "core/model/passes.h"
#include "core/quantization/quantize_folder.h"
#include "core/rotation/rotate_folder.h"
#include "core/statistics/states.h"
#include "tests/support/near.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

fs::path library_folder(const std::string& name) { return test::source_folder() / "tests/core/exports/library_folders" / name; }

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string refusal(const fs::path& folder) {
  SilentMonitor silent;
  try {
    require_samples(open_model(folder), at::kCPU, silent);
  } catch (const Error& e) {
    return e.what();
  }
  return "accepted";
}

at::Tensor logits(const ModelSource& source, const at::Tensor& ids) {
  const at::NoGradGuard no_grad;
  return ResidentModel(source, Compute{}).logits(ids.unsqueeze(0))[0];
}

// Flips a high bit in the middle of a tensor's bytes.
void tamper(const fs::path& file, const std::string& tensor) {
  std::string bytes = test::read_text(file);
  uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  const Json offsets = Json::parse(bytes.substr(8, header)).at(tensor).at("data_offsets");
  const uint64_t middle = (offsets[0].get<uint64_t>() + offsets[1].get<uint64_t>()) / 2 | 3;  // the last byte of a word
  bytes[8 + header + middle] = static_cast<char>(bytes[8 + header + middle] ^ 0x40);
  std::ofstream(file, std::ios::binary) << bytes;
}

struct Kind {
  const char* name;
  int weights, activations;
  int64_t group;
  OrthogonalKind r4;
  bool gptq;
};

class QuantizedExports : public ::testing::TestWithParam<Kind> {
 protected:
  // plain → rotated by R1 and perhaps R4 → quantized → exported
  void SetUp() override {
    const Kind& kind = GetParam();
    Json config = test::small_config();
    config.update({{"hidden_size", 32}, {"intermediate_size", 48}});
    test::write_random_model(folder_ / "plain", config);
    RotateOptions rotate;
    rotate.rotation.r4 = kind.r4;
    rotate_folder(folder_ / "plain", folder_ / "rotated", rotate, silent_);
    const OpenedModel model = open_model(folder_ / "rotated");
    QuantizationSpec spec;
    spec.weights.bits = kind.weights;
    spec.weights.group = kind.group;
    spec.activations.bits = kind.activations;
    spec.weights.convention = spec.activations.convention = ScaleConvention::compressed_tensors;
    quantize_folder({*model.source, model.folder, model.hash(), model.rotation->checksum()}, folder_ / "quantized", spec, {}, {}, silent_);
    const QuantizedFolder quantized(folder_ / "quantized");
    const QuantizedExport from{quantized, folder_ / "quantized", at::kFloat};
    if (kind.gptq) {
      export_gptq_layout(from, folder_ / "out", {}, false, Compute{}, silent_);
    } else {
      export_compressed_tensors(from, folder_ / "out", {.online_transform = kind.r4 != OrthogonalKind::none}, false, Compute{}, silent_);
    }
  }
  test::TempFolder folder_;
  SilentMonitor silent_;
};

TEST_P(QuantizedExports, AreReadBackAndATamperedTensorIsSeen) {
  const Kind& kind = GetParam();
  const OpenedModel own = open_model(folder_ / "quantized"), model = open_model(folder_ / "out");
  EXPECT_TRUE(model.quantized);
  EXPECT_EQ(model.stored_as, kind.gptq ? "gptq" : "compressed-tensors");
  EXPECT_EQ((*model.quantization)["weights"]["bits"], kind.weights);
  EXPECT_EQ((*model.quantization)["activations"]["bits"], kind.activations);
  EXPECT_EQ((*model.quantization)["weights"]["group"], kind.group);
  EXPECT_EQ((*model.quantization)["weights"]["symmetric"], true);
  EXPECT_STREQ(model.quantized_key(), "quantization_config.quant_method");
  EXPECT_STREQ(own.quantized_key(), "rolora.kind");
  EXPECT_EQ(model.notes.empty(), kind.activations == 16);
  ASSERT_TRUE(model.rotation);
  EXPECT_EQ(model.rotation->checksum(), own.rotation->checksum());
  EXPECT_EQ(state_label(model.source->config(), model.rotation), "quantized");
  const at::Tensor ids = test::random_ids(1, 20, 50)[0];
  EXPECT_TRUE(at::equal(logits(*model.source, ids), logits(*own.source, ids)));
  const auto samples = require_samples(model, at::kCPU, silent_);
  ASSERT_TRUE(samples);
  EXPECT_LT(samples->relative_l2, 1e-6);

  const std::string hash = model.hash(), down = "model.layers.1.mlp.down_proj.";
  const fs::path weights = folder_ / "out/model-00001-of-00001.safetensors";
  tamper(weights, down + (kind.gptq ? "qweight" : kind.activations < 16 ? "weight" : "weight_packed"));
  EXPECT_TRUE(says(refusal(folder_ / "out"), "sample_logits: expected the model's logits")) << refusal(folder_ / "out");
  EXPECT_NE(open_model(folder_ / "out").hash(), hash);
}

TEST_P(QuantizedExports, WhatBelongsToAnotherRotationIsRefused) {
  const Kind& kind = GetParam();
  const fs::path config = folder_ / "out/config.json";
  const Json document = read_json_file(config);
  Json changed = document;
  changed["quantization_config"]["transform_config"] = {{"config_groups", {{"R4", Json::object()}}}};
  if (kind.r4 != OrthogonalKind::none) changed["quantization_config"].erase("transform_config");
  test::write_text(config, changed.dump());
  EXPECT_TRUE(says(refusal(folder_ / "out"), "config.json: quantization_config.transform_config: ")) << refusal(folder_ / "out");
  test::write_text(config, document.dump());
  if (kind.r4 != OrthogonalKind::hadamard) return;
  tamper(folder_ / "out/model-00001-of-00001.safetensors", "model.layers.0.mlp.down_proj.R4_input.weight");
  EXPECT_TRUE(says(refusal(folder_ / "out"), "expected the R4 of rotation.json within 1e-06")) << refusal(folder_ / "out");
}

INSTANTIATE_TEST_SUITE_P(All, QuantizedExports,
                         ::testing::Values(Kind{"W4A16", 4, 16, 0, OrthogonalKind::none, false},
                                           Kind{"W4A16Group", 4, 16, 16, OrthogonalKind::blocks, false},
                                           Kind{"W4A4Matrix", 4, 4, 0, OrthogonalKind::hadamard, false},
                                           Kind{"W8A8", 8, 8, 0, OrthogonalKind::none, false},
                                           Kind{"Gptq", 4, 16, 16, OrthogonalKind::none, true}),
                         [](const auto& one) { return one.param.name; });

// Weights to the last bit; rounded inputs on the library's own scales.
TEST(LibraryFolders, GiveTheLogitsOfTransformers) {
  for (const char* name : {"pack_bfloat16", "tokens", "two_groups", "asymmetric"}) {
    const TensorStore expected = TensorStore::open_file(library_folder(name) / "expected.safetensors");
    const OpenedModel model = open_model(library_folder(name));
    EXPECT_FALSE(model.rotation);
    const at::Tensor found = logits(*model.source, expected.view("ids").clone());
    EXPECT_TRUE(test::tensors_near(found, expected.view("logits").clone(), 1e-5)) << name;
  }
}

// Each change alone: its place, its value (null: taken away), and what the refusal names.
TEST(LibraryFolders, WhatIsNotUnderstoodIsRefusedByName) {
  const test::TempFolder folder;
  const auto why = [&](const std::string& from, const std::string& place, const Json& value) {
    fs::remove_all(folder / "m");
    fs::copy(library_folder(from), folder / "m");
    Json config = read_json_file(folder / "m/config.json");
    config["quantization_config"][Json::json_pointer(place)] = value;
    test::write_text(folder / "m/config.json", config.dump());
    return refusal(folder / "m");
  };
  ASSERT_EQ(why("pack_bfloat16", "/global_compression_ratio", 1.5), "accepted");
  const std::string group = "/config_groups/group_0", weights = group + "/weights", input = group + "/input_activations";
  const std::tuple<const char*, std::string, Json, const char*> table[] = {
      {"pack_bfloat16", "/new_thing", 1, "quantization_config.new_thing"},
      {"pack_bfloat16", weights + "/zigzag", true, "weights.zigzag"},
      {"pack_bfloat16", group + "/zigzag", true, "group_0.zigzag"},
      {"pack_bfloat16", weights + "/type", "float", "weights.type: expected int"},
      {"pack_bfloat16", weights + "/strategy", "tensor", "weights.strategy: expected channel or group"},
      {"pack_bfloat16", weights + "/actorder", "group", "weights.actorder"},
      {"pack_bfloat16", weights + "/group_size", 7, "group_size that divides"},
      {"pack_bfloat16", weights + "/num_bits", 8, "weight_packed"},
      {"pack_bfloat16", group + "/format", "nvfp4-pack-quantized",
       "group_0.format: expected pack-quantized, int-quantized or naive-quantized"},
      {"pack_bfloat16", group + "/output_activations", {{"num_bits", 8}}, "output_activations: expected none"},
      {"pack_bfloat16", "/kv_cache_scheme", {{"num_bits", 8}}, "kv_cache_scheme: expected none"},
      {"pack_bfloat16", "/sparsity_config", {{"format", "sparse-bitmask"}}, "sparsity_config.format: expected dense"},
      {"pack_bfloat16", "/quantization_status", "calibration", "quantization_status: expected"},
      {"pack_bfloat16", "/ignore", Json::array(), "lm_head"},
      {"pack_bfloat16", "/ignore", Json::array({"lm_head", "re:(.*)*x"}), "ignore: expected patterns of names"},
      {"pack_bfloat16", group + "/targets", Json::array({"re:.*"}), "found a group for model.embed_tokens"},
      {"pack_bfloat16", group + "/targets", Json::array({"Embedding"}), "targets among the linears"},
      {"tokens", input + "/dynamic", false, "input_activations.dynamic: expected true"},
      {"tokens", input + "/strategy", "tensor", "input_activations.strategy: expected token"},
      {"tokens", input + "/symmetric", false, "input_activations.symmetric: expected true"},
      {"tokens", "/quant_method", "awq", "in another library's format (awq)"}};
  for (const auto& [from, place, value, part] : table) EXPECT_TRUE(says(why(from, place, value), part)) << why(from, place, value);
}

}  // namespace
}  // namespace rolora
