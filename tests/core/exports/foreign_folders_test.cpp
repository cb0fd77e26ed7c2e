// SPDX-License-Identifier: GPL-3.0-or-later
// Folders and settings that other programs wrote: a folder packed by an independent script (gptq_folder/, make_gptq_folder.py), settings of
// transformers, and what some writers add or leave out.
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/exports/gptq_layout.h"
#include "core/exports/open_exported.h"
#include "core/model/config.h"
#include "tests/support/folders.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

fs::path fixtures() { return test::source_folder() / "tests/core/exports"; }

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

template <class Act>
std::string refusal(const Act& act) {
  try {
    act();
  } catch (const InputError& e) {
    return e.what();
  }
  return "accepted";
}

std::vector<at::Tensor> weights_of(const fs::path& folder) {
  const OpenedExport opened = open_exported(folder);
  std::vector<at::Tensor> list;
  for (int64_t i = 0; i < opened.model->config().layers; ++i) {
    const LayerWeights layer = opened.model->layer(LayerIndex(i), Compute{});
    for (const LinearKind kind : kAllLinears) list.push_back(layer[kind].weight);
  }
  return list;
}

bool all_equal(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const at::Tensor& x, const at::Tensor& y) { return at::equal(x, y); });
}

// A copy of a folder whose settings and tensors are changed; a tensor that is not defined is taken away.
class Copy {
 public:
  explicit Copy(const fs::path& from) { fs::copy(from, path()); }
  fs::path path() const { return folder_ / "m"; }
  Json config() const { return read_json_file(path() / "config.json"); }
  void write(const Json& document) const { test::write_text(path() / "config.json", document.dump()); }
  void set(const std::string& place, const Json& value) const {
    Json document = config();
    document["quantization_config"][Json::json_pointer(place)] = value;
    write(document);
  }
  void change(const std::map<std::string, at::Tensor>& changes) const {
    const fs::path file = path() / "model.safetensors";
    std::map<std::string, at::Tensor> tensors;
    const TensorStore store = TensorStore::open_file(file);
    for (const std::string& name : store.names()) tensors[name] = store.view(name).clone();
    for (const auto& [name, value] : changes) tensors[name] = value;
    std::erase_if(tensors, [](const auto& one) { return !one.second.defined(); });
    std::vector<SafetensorsWriter::Declared> declared;
    for (const auto& [name, value] : tensors) declared.push_back({name, stored_type(value.scalar_type()), value.sizes().vec()});
    SafetensorsWriter writer(file, declared, {{"format", "pt"}});
    for (const auto& [name, value] : tensors) writer.write(name, bytes_of_tensor(value.contiguous()));
    writer.finish();
  }
  std::string why() const {
    return refusal([&] { weights_of(path()); });
  }

 private:
  test::TempFolder folder_;
};

TEST(GptqFolder, WeightsInTheOrderOfActivationsAreTheScripts) {
  const OpenedExport opened = open_exported(fixtures() / "gptq_folder");
  EXPECT_EQ(opened.description["weights"], Json({{"bits", 4}, {"group", 20}, {"symmetric", false}}));
  EXPECT_TRUE(opened.notes.empty());
  const TensorStore expected = TensorStore::open_file(fixtures() / "gptq_folder/expected.safetensors");
  const LayerWeights layer = opened.model->layer(LayerIndex(0), Compute{});
  for (const LinearKind kind : kAllLinears) {
    const std::string name(opened.model->config().family->linears[static_cast<size_t>(kind)]);
    EXPECT_TRUE(at::equal(layer[kind].weight.to(at::kDouble), expected.view(name))) << name;
  }
}

TEST(GptqFolder, BiasesOfZerosAreNotedAndOthersRefused) {
  const Copy copy(fixtures() / "gptq_folder");
  const std::string name = "model.layers.0.mlp.up_proj.bias";
  copy.change({{name, at::zeros({48}, at::kHalf)}, {"model.layers.0.mlp.gate_proj.bias", at::zeros({48}, at::kHalf)}});
  EXPECT_TRUE(all_equal(weights_of(copy.path()), weights_of(fixtures() / "gptq_folder")));
  const OpenedExport opened = open_exported(copy.path());
  ASSERT_EQ(opened.notes.size(), 1U);
  EXPECT_TRUE(says(opened.notes[0], "gate_proj.bias and 1 more: zeros alone")) << opened.notes[0];
  at::Tensor bias = at::zeros({48}, at::kHalf);
  bias[47] = 1;
  copy.change({{name, bias}});
  EXPECT_TRUE(says(copy.why(), name + ": expected zeros alone (this linear has no bias)")) << copy.why();
  copy.change({{name, at::zeros({47}, at::kHalf)}});
  EXPECT_TRUE(says(copy.why(), name + ": expected [48], found [47]")) << copy.why();
}

TEST(GptqFolder, WithoutActOrderGroupsNeedNotBeStored) {
  const Copy stored(fixtures() / "gptq_folder"), without(fixtures() / "gptq_folder");
  std::map<std::string, at::Tensor> in_order, none;
  const TensorStore store = TensorStore::open_file(fixtures() / "gptq_folder/model.safetensors");
  for (const std::string& name : store.names()) {
    if (!name.ends_with(".g_idx")) continue;
    in_order[name] = (at::arange(says(name, "down_proj") ? 48 : 32) / 20).floor().to(at::kInt);
    none[name] = at::Tensor();
  }
  stored.change(in_order);
  without.change(none);
  EXPECT_TRUE(says(without.why(), ".g_idx: expected a tensor [32], found none")) << without.why();
  without.set("/desc_act", false);
  EXPECT_TRUE(all_equal(weights_of(without.path()), weights_of(stored.path())));
  EXPECT_FALSE(all_equal(weights_of(without.path()), weights_of(fixtures() / "gptq_folder")));
}

class GptqSettings : public ::testing::Test {
 protected:
  // What transformers writes for GPTQConfig(bits=4), with changes; null stays null.
  static Json with(const Json& changes) {
    Json settings = read_json_file(fixtures() / "gptq_folder/settings.json");
    settings.update(changes);
    return settings;
  }
  static Json without(const std::string& key) {
    Json settings = with(Json::object());
    settings.erase(key);
    return settings;
  }
  static std::string why(const Json& settings) {
    return refusal([&] { GptqFormat(settings, at::kHalf, "config.json"); });
  }
  // Only the second version stores a zero point of 0.
  static bool second(Json settings) {
    settings["sym"] = false;
    WholeLinear linear;
    linear.layout = {8, 8, 4, 0, false};
    const QuantizedWeight weight{at::zeros({8, 8}, at::kByte), at::ones({8, 1}), at::zeros({8, 1}, at::kByte), 4, 0, false};
    try {
      GptqFormat(settings, at::kHalf, "config.json").tensors(linear, weight);
    } catch (const NumericError&) {
      return false;
    }
    return true;
  }
};

TEST_F(GptqSettings, EitherKeySaysTheVersion) {
  EXPECT_FALSE(second(with(Json::object())));
  Json alone = without("checkpoint_format");
  EXPECT_FALSE(second(alone));
  alone["format"] = "gptq_v2";
  EXPECT_TRUE(second(alone));
  EXPECT_TRUE(second(with({{"format", "gptq_v2"}, {"checkpoint_format", "gptq_v2"}})));
  EXPECT_TRUE(second(with({{"format", nullptr}, {"checkpoint_format", "gptq_v2"}})));
  EXPECT_TRUE(
      says(why(with({{"format", "gptq_v2"}})), "quantization_config.format: expected that of checkpoint_format, gptq, found gptq_v2"));
  EXPECT_TRUE(says(why(with({{"format", "marlin"}})), "quantization_config.format: expected gptq or gptq_v2, found marlin"));
  EXPECT_TRUE(says(why(with({{"checkpoint_format", "marlin"}})), "quantization_config.checkpoint_format: expected gptq or gptq_v2"));
}

TEST_F(GptqSettings, WhatChangesNoTensorIsPassedOver) {
  const Json nothing = {nullptr, false, "", Json::object(), Json::array()};
  const Json offload = {
      {"hyb_act", false}, {"offload_to_disk", true}, {"offload_to_disk_path", "a"}, {"pack_impl", "cpu"}, {"gptaq", nullptr}};
  for (const Json& changes : {Json::object(), offload, Json{{"method", "gptq"}}, Json{{"method", nullptr}}}) {
    EXPECT_EQ(why(with(changes)), "accepted") << changes;
  }
  for (const char* key : {"adapter", "rotation", "dynamic"}) {
    for (const Json& value : nothing) EXPECT_EQ(why(with({{key, value}})), "accepted") << key << value;
    EXPECT_TRUE(says(why(with({{key, {{"rank", 8}}}})), std::string("quantization_config.") + key + ": expected none")) << key;
  }
  EXPECT_TRUE(says(why(with({{"method", "qqq"}})), "quantization_config.method: expected gptq, found qqq"));
  EXPECT_TRUE(says(why(with({{"zigzag", 1}})), "quantization_config.zigzag"));
  EXPECT_TRUE(GptqFormat(without("sym"), at::kHalf, "config.json").layout("linear", 8, 8).symmetric);
}

TEST_F(GptqSettings, AListOfModulesMustBeOfAllLinears) {
  const std::set<std::string> linears = {"model.layers.0.self_attn.q_proj", "model.layers.0.mlp.up_proj",
                                         "model.layers.11.self_attn.q_proj", "model.layers.11.mlp.up_proj"};
  const auto listed = [&](const Json& modules) {
    return refusal([&] {
      GptqFormat(with({{"modules_in_block_to_quantize", modules}}), at::kHalf, "config.json").require_linears_alone(linears, {});
    });
  };
  const std::string expected = "quantization_config.modules_in_block_to_quantize: expected all linears of a block, found ";
  EXPECT_EQ(listed({{"self_attn.q_proj"}, {"mlp.up_proj"}}), "accepted");
  EXPECT_EQ(listed({"mlp.up_proj", "self_attn.q_proj"}), "accepted");
  EXPECT_EQ(listed(Json::array()), "accepted");
  EXPECT_TRUE(says(listed(Json::array({{"mlp.up_proj"}})), expected + "a list without self_attn.q_proj"));
  EXPECT_TRUE(says(listed({"mlp.up_proj", "self_attn.q_proj", "mlp.router"}), expected + "mlp.router"));
  EXPECT_TRUE(says(listed({"mlp.up_proj", 3}), "names of linears")) << listed({"mlp.up_proj", 3});
  EXPECT_TRUE(says(listed("mlp.up_proj"), "modules_in_block_to_quantize: expected a list"));
}

TEST(CompressedTensorsFolder, WhatSaysNothingIsPassedOver) {
  const fs::path packed = fixtures() / "library_folders/pack_bfloat16", whole = fixtures() / "library_folders/tokens";
  const Copy copy(packed);
  copy.set("/transform_config", {{"config_groups", Json::object()}});
  copy.set("/config_groups/group_0/weights/actorder", false);
  const std::string name = "model.layers.1.self_attn.q_proj.weight_zero_point";
  at::Tensor zeros = at::zeros({32, 2}, at::kChar);
  copy.change({{name, zeros}});
  EXPECT_TRUE(all_equal(weights_of(copy.path()), weights_of(packed))) << copy.why();
  EXPECT_TRUE(says(open_exported(copy.path()).notes.at(0), name + ": zeros alone"));
  zeros[31][1] = 1;
  copy.change({{name, zeros}});
  EXPECT_TRUE(says(copy.why(), name + ": expected zeros alone (symmetric weights have no zero points)")) << copy.why();
  const Copy naive(whole);
  naive.set("/config_groups/group_0/format", "naive-quantized");
  EXPECT_TRUE(all_equal(weights_of(naive.path()), weights_of(whole))) << naive.why();
}

TEST(CompressedTensorsFolder, PacksWithoutGapsSince018) {
  const Copy copy(fixtures() / "library_folders/pack_bfloat16");
  copy.set("/config_groups/group_0/weights/num_bits", 3);
  copy.set("/version", "0.17.1");
  EXPECT_TRUE(says(copy.why(), "expected 2, 4 or 8 in a folder of compressed-tensors before 0.18, found 3 of version 0.17.1"))
      << copy.why();
  copy.set("/version", "0.18.0");
  EXPECT_TRUE(says(copy.why(), "weight_packed: expected I32 [32, 3]")) << copy.why();
}

TEST(CompressedTensorsFolder, AnEarlyKeyIsNamed) {
  const Copy copy(fixtures() / "library_folders/pack_bfloat16");
  Json document = copy.config();
  document["compression_config"] = document["quantization_config"];
  document.erase("quantization_config");
  copy.write(document);
  EXPECT_EQ(exported_format(copy.path()), "");
  const std::string why = refusal([&] { read_model_config(copy.path()); });
  EXPECT_TRUE(says(why, "config.json: compression_config: expected")) << why;
}

}  // namespace
}  // namespace rolora
