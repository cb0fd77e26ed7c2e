// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/evaluation/perplexity.h"
#include "core/quantization/fake_quantized.h"
#include "core/quantization/integers.h"
#include "core/quantization/quantize_folder.h"
#include "core/quantization/quantized_folder.h"
#include "core/rotation/rotate_folder.h"
#include "core/rotation/rotated_source.h"
#include "core/storage/sha256.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

CalibrationText some_text() { return {test::random_ids(4, 16, 50), "0123", "ids"}; }

QuantizationRecord quantize(const fs::path& from, const fs::path& to, const QuantizationSpec& spec, const CalibrationText& text = {},
                            bool force = false) {
  SilentMonitor monitor;
  const Checkpoint model(from);
  QuantizeFolderOptions options;
  options.force = force;
  options.seed = 3;
  return quantize_folder({model, from, model.hash(), ""}, to, spec, text, options, monitor);
}

bool same_layer(const LayerWeights& a, const LayerWeights& b) {
  for (const LinearKind kind : kAllLinears) {
    if (!at::equal(a[kind].weight, b[kind].weight)) return false;
    if (a[kind].bias.defined() != b[kind].bias.defined()) return false;
    if (a[kind].bias.defined() && !at::equal(a[kind].bias, b[kind].bias)) return false;
  }
  return at::equal(a.input_norm, b.input_norm) && at::equal(a.post_attention_norm, b.post_attention_norm);
}

// Weights, ends and perplexity of the folder against the look that was never saved.
void expect_same_model(const fs::path& from, const fs::path& to, const QuantizationSpec& spec) {
  const QuantizedFolder folder(to);
  const auto model = std::make_shared<const Checkpoint>(from);
  const FakeQuantizedSource look(model, spec);
  EXPECT_EQ(folder.config().tied, model->config().tied);
  for (int64_t layer = 0; layer < folder.config().layers; ++layer) {
    for (const at::ScalarType type : {at::kFloat, at::kDouble, at::kBFloat16}) {
      const Compute compute{type, at::kCPU};
      EXPECT_TRUE(same_layer(folder.layer(LayerIndex(layer), compute), look.layer(LayerIndex(layer), compute)));
    }
  }
  const at::Tensor ids = test::random_ids(3, 16, 50, 9);
  EXPECT_TRUE(at::equal(folder.embed(ids, {}), look.embed(ids, {})));
  EXPECT_TRUE(at::equal(folder.final_norm({}), look.final_norm({})));
  EXPECT_TRUE(at::equal(folder.head({}), look.head({})));
  SilentMonitor monitor;
  Windows windows;
  windows.full = ids;
  windows.context = 16;
  EXPECT_EQ(perplexity(folder, windows, {}, monitor).nll, perplexity(look, windows, {}, monitor).nll);
}

QuantizationSpec spec_of(int weights, int activations, int64_t group = 0, bool symmetric = true) {
  QuantizationSpec spec;
  spec.weights.bits = weights;
  spec.weights.group = group;
  spec.weights.symmetric = symmetric;
  spec.activations.bits = activations;
  return spec;
}

TEST(QuantizedFolder, ReloadsToTheSameBits) {
  std::vector<QuantizationSpec> specs = {spec_of(4, 4),           spec_of(3, 16, 8, false), spec_of(8, 8, 0, false), spec_of(8, 16),
                                         spec_of(5, 6, 12, true), spec_of(2, 16, 0, false), spec_of(7, 16, 0, false)};
  specs[0].kv_bits = 4;
  specs[0].down_bits = 8;
  specs[3].per_linear["model.layers.1.mlp.up_proj"] = {16, 16};
  specs[3].per_linear["model.layers.0.self_attn.v_proj"] = {3, 16};
  for (const QuantizationSpec& spec : specs) {
    test::TempFolder folder;
    test::write_random_model(folder / "model", test::small_config());
    quantize(folder / "model", folder / "out", spec);
    expect_same_model(folder / "model", folder / "out", spec);
  }
}

TEST(QuantizedFolder, KeepsOddWidthsBiasesHalfTypesAndTiedPairs) {
  for (const bool tied : {false, true}) {
    Json config = test::small_config();
    config["intermediate_size"] = 45;  // an odd width packs with a last half byte
    config["tie_word_embeddings"] = tied;
    config["attention_bias"] = config["mlp_bias"] = true;
    test::TempFolder folder;
    test::write_random_model(folder / "model", config, 4, at::kBFloat16);
    quantize(folder / "model", folder / "out", spec_of(4, 4));
    expect_same_model(folder / "model", folder / "out", spec_of(4, 4));
    const QuantizedFolder made(folder / "out");
    EXPECT_EQ(made.stored(), at::kBFloat16);
    EXPECT_EQ(made.store().entry("model.norm.weight").type, StoredType::BF16);
    EXPECT_EQ(made.store().entry("model.layers.0.mlp.down_proj.integers").shape, (std::vector<int64_t>{24, 23}));
  }
}

TEST(QuantizedFolder, GivesBackWhatGptqMade) {
  test::TempFolder folder;
  test::write_random_model(folder / "model", test::small_config());
  QuantizationSpec spec = spec_of(4, 4);
  spec.method = WeightMethod::gptq;
  const QuantizationRecord record = quantize(folder / "model", folder / "out", spec, some_text());
  const QuantizedFolder made(folder / "out");
  EXPECT_EQ(record_json(made.record()), record_json(record));
  EXPECT_EQ(made.record().calibration->windows, 4);
  EXPECT_EQ(made.record().seed, 3u);
  SilentMonitor monitor;
  const Checkpoint model(folder / "model");
  quantize_layers(model, spec, some_text().windows, {}, monitor, [&](QuantizedLayer&& layer) {
    for (const LinearKind kind : kAllLinears) {
      const QuantizedWeight weight = made.weight(layer.index, kind);
      EXPECT_TRUE(at::equal(weight.integers, layer.weights[static_cast<size_t>(kind)]->integers));
      EXPECT_TRUE(at::equal(weight.scales, layer.weights[static_cast<size_t>(kind)]->scales));
    }
  });
}

// Folders of the first release of the record: the same without the group of inputs and the chain.
TEST(QuantizedFolder, ReadsTheFirstFormatOfItsRecord) {
  test::TempFolder folder;
  test::write_random_model(folder / "model", test::small_config());
  QuantizationSpec spec = spec_of(4, 4);
  spec.activations.group = 12;
  quantize(folder / "model", folder / "out", spec, some_text());
  Json json = read_json_file(folder / "out/quantization.json");
  EXPECT_EQ(json["format"], 2);
  json["format"] = 1;
  for (Json& linear : json["linears"]) {
    for (const char* key : {"activation_group", "activation_group_fell_back", "chain_inherited", "chain_added_weights",
                            "chain_added_activations", "chain_error"}) {
      EXPECT_EQ(linear.erase(key), 1u) << key;
    }
  }
  test::write_text(folder / "out/quantization.json", json_text(json));
  const QuantizedFolder old(folder / "out");
  for (const LinearReport& report : old.record().linears) {
    const bool down = report.name.ends_with("down_proj");
    EXPECT_EQ(report.activation_group, down ? 0 : 12);
    EXPECT_EQ(report.activation_group_fell_back, down);
    EXPECT_FALSE(report.chain_error.has_value());
  }
}

TEST(QuantizedFolder, SameJobSameBytes) {
  test::TempFolder folder;
  test::write_random_model(folder / "model", test::small_config());
  test::write_text(folder / "model" / "tokenizer.json", "{}");
  QuantizationSpec spec = spec_of(3, 4, 8, false);
  spec.method = WeightMethod::gptq;
  for (const char* out : {"a", "b"}) quantize(folder / "model", folder / out, spec, some_text());
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder / "a")) {
    names.push_back(entry.path().filename());
    EXPECT_EQ(test::read_text(entry.path()), test::read_text(folder / "b" / entry.path().filename())) << entry.path();
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"config.json", "model.safetensors", "quantization.json", "rotation_samples.safetensors",
                                             "tokenizer.json"}));
  EXPECT_EQ(QuantizedFolder(folder / "a").hash(), QuantizedFolder(folder / "b").hash());
  const Json config = read_json_file(folder / "a" / "config.json");
  EXPECT_EQ(config["model_type"], "rolora_llama");  // no other library runs it
}

TEST(QuantizedFolder, FailureLeavesNothingBehind) {
  test::TempFolder folder;
  auto tensors = test::write_random_model(folder / "model", test::small_config());
  fs::create_directories(folder / "out");
  EXPECT_ANY_THROW(quantize(folder / "model", folder / "out", spec_of(4, 4)));  // exists
  quantize(folder / "model", folder / "out", spec_of(4, 4), {}, /*force=*/true);
  for (const char* bad : {"model.layers.1.mlp.up_proj.weight", "lm_head.weight", "model.norm.weight"}) {
    auto broken = tensors;
    broken[bad] = broken[bad].clone();
    broken[bad].view(-1)[5] = std::numeric_limits<double>::quiet_NaN();
    test::write_tensors(folder / "model" / "model.safetensors", broken, at::kFloat);
    EXPECT_THROW(quantize(folder / "model", folder / "new", spec_of(4, 4)), InputError) << bad;
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path())) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"model", "out"}));
  EXPECT_THROW(quantize(folder / "model", folder / "new", QuantizationSpec()), UsageError);
  EXPECT_THROW(quantize(folder / "model", folder / "model", spec_of(4, 4), {}, /*force=*/true), UsageError);
}

class Stopped final : public Monitor {
 public:
  void progress(std::string_view, int64_t, int64_t) override { stopped_ = true; }
  void metric(std::string_view, int64_t, double) override {}
  void notice(std::string_view) override {}
  bool stop_requested() const override { return stopped_; }

 private:
  bool stopped_ = false;
};

TEST(QuantizedFolder, StoppedWorkLeavesNothingBehind) {
  test::TempFolder folder;
  test::write_random_model(folder / "model", test::small_config());
  const Checkpoint model(folder / "model");
  QuantizationSpec spec = spec_of(4, 4);
  spec.method = WeightMethod::gptq;
  Stopped monitor;
  EXPECT_THROW(quantize_folder({model, folder / "model", "", ""}, folder / "out", spec, some_text(), {}, monitor), Cancelled);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
}

TEST(QuantizedFolder, CarriesItsRotation) {
  test::TempFolder folder;
  test::write_random_model(folder / "model", test::small_config());
  SilentMonitor monitor;
  RotateOptions options;
  options.rotation.r2 = options.rotation.r3 = true;
  options.rotation.seed = 5;
  rotate_folder(folder / "model", folder / "rotated", options, monitor);
  const auto rotated = std::make_shared<const RotatedFolder>(folder / "rotated");
  QuantizationSpec spec = spec_of(4, 4);
  spec.kv_bits = 4;
  const std::string checksum = rotated->record().checksum();
  quantize_folder({*rotated, folder / "rotated", rotated->checkpoint().hash(), checksum}, folder / "out", spec, some_text(), {}, monitor);
  const QuantizedFolder made(folder / "out");
  ASSERT_TRUE(made.rotation().has_value());
  EXPECT_EQ(made.rotation()->checksum(), checksum);
  const FakeQuantizedSource look(rotated, spec);
  Windows windows;
  windows.full = test::random_ids(3, 16, 50, 9);
  windows.context = 16;
  EXPECT_EQ(perplexity(made, windows, {}, monitor).nll, perplexity(look, windows, {}, monitor).nll);

  // Without its rotation, or with another one, it is not that model.
  options.rotation.seed = 6;
  rotate_folder(folder / "model", folder / "other", options, monitor);
  for (const char* file : {"rotation.json", "rotation.safetensors"}) {
    fs::copy_file(folder / "other" / file, folder / "out" / file, fs::copy_options::overwrite_existing);
  }
  EXPECT_THROW(QuantizedFolder(folder / "out"), InputError);
  fs::remove(folder / "out" / "rotation.json");
  EXPECT_THROW(QuantizedFolder(folder / "out"), InputError);
}

// Broken folders. Each case changes one thing in a good one.
class BrokenQuantizedFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    test::write_random_model(folder_ / "model", test::small_config());
    QuantizationSpec spec = spec_of(3, 4, 8, false);
    quantize(folder_ / "model", good(), spec, some_text());
    ASSERT_NO_THROW(read_all(good()));
  }
  fs::path good() const { return folder_ / "good"; }

  static void read_all(const fs::path& path) {
    const QuantizedFolder folder(path);
    for (int64_t layer = 0; layer < folder.config().layers; ++layer) folder.layer(LayerIndex(layer), {});
    folder.embed(test::random_ids(1, 4, 50), {});
    folder.head({});
    folder.final_norm({});
  }

  fs::path copy() const {
    const fs::path path = folder_ / "broken";
    fs::remove_all(path);
    fs::copy(good(), path);
    return path;
  }

  template <class Change>
  void refused_record(const std::string& what, const Change& change) const {
    const fs::path path = copy();
    Json json = read_json_file(path / "quantization.json");
    change(json);
    test::write_text(path / "quantization.json", json_text(json));
    EXPECT_THROW(read_all(path), InputError) << what;
  }

  using Tensors = std::map<std::string, at::Tensor>;
  template <class Change>
  void refused_tensors(const std::string& what, const Change& change) const {
    const fs::path path = copy();
    Tensors tensors;
    {
      const TensorStore store = TensorStore::open(path);
      for (const std::string& name : store.names()) tensors[name] = store.view(name).clone();
    }
    change(tensors);
    std::vector<SafetensorsWriter::Declared> declared;
    for (const auto& [name, tensor] : tensors) declared.push_back({name, stored_type(tensor.scalar_type()), tensor.sizes().vec()});
    SafetensorsWriter writer(path / "model.safetensors", declared);
    for (const auto& [name, tensor] : tensors) writer.write(name, bytes_of_tensor(tensor.contiguous()));
    writer.finish();
    EXPECT_THROW(read_all(path), InputError) << what;
  }

  test::TempFolder folder_;
};

TEST_F(BrokenQuantizedFolder, RecordsAreRefused) {
  const std::string down = "model.layers.1.mlp.down_proj";
  refused_record("newer format", [](Json& j) { j["format"] = 3; });
  refused_record("no format 1, which had no chain", [](Json& j) { j["format"] = 1; });
  refused_record("group of inputs against the settings", [&](Json& j) { j["linears"][down]["activation_group"] = 8; });
  refused_record("unknown key", [](Json& j) { j["colour"] = 1; });
  refused_record("unknown setting", [](Json& j) { j["settings"]["colour"] = 1; });
  refused_record("no settings", [](Json& j) { j.erase("settings"); });
  refused_record("impossible bits", [](Json& j) { j["settings"]["weights"]["bits"] = 12; });
  refused_record("unknown method", [](Json& j) { j["settings"]["method"] = "awq"; });
  refused_record("other bits than the tensors", [](Json& j) { j["settings"]["weights"]["bits"] = 6; });
  refused_record("a linear that the model lacks", [&](Json& j) { j["linears"]["model.layers.2.mlp.down_proj"] = j["linears"][down]; });
  refused_record("a linear missing", [&](Json& j) { j["linears"].erase(down); });
  refused_record("bits against the settings", [&](Json& j) { j["linears"][down]["bits"] = 4; });
  refused_record("group against the settings", [&](Json& j) { j["linears"][down]["group"] = 0; });
  refused_record("error that is a text", [&](Json& j) { j["linears"][down]["weight_mse"] = "small"; });
  refused_record("negative seed", [](Json& j) { j["arithmetic"]["seed"] = -1; });
  refused_record("rotation that is not there", [](Json& j) { j["rotation"] = std::string(64, 'a'); });
  const fs::path path = copy();
  test::write_text(path / "quantization.json", test::read_text(path / "quantization.json").substr(0, 200));
  EXPECT_THROW(read_all(path), InputError);
  fs::remove(path / "quantization.json");
  EXPECT_THROW(read_all(path), InputError);
  EXPECT_THROW(read_all(folder_ / "model"), InputError);  // a plain folder
}

TEST_F(BrokenQuantizedFolder, TensorsAreRefused) {
  const std::string q = "model.layers.0.self_attn.q_proj";
  refused_tensors("no integers", [&](Tensors& t) { t.erase(q + ".integers"); });
  refused_tensors("no zeros", [&](Tensors& t) { t.erase(q + ".zeros"); });
  refused_tensors("extra tensor", [&](Tensors& t) { t[q + ".weight"] = at::zeros({24, 24}); });
  refused_tensors("scales of another type", [&](Tensors& t) { t[q + ".scales"] = t[q + ".scales"].to(at::kHalf); });
  refused_tensors("scales of another shape", [&](Tensors& t) { t[q + ".scales"] = t[q + ".scales"].narrow(1, 0, 2).contiguous(); });
  refused_tensors("integers of another shape", [&](Tensors& t) { t[q + ".integers"] = t[q + ".integers"].t().contiguous(); });
  refused_tensors("a scale of NaN", [&](Tensors& t) { t[q + ".scales"].view(-1)[3] = std::nanf(""); });
  refused_tensors("a scale of 0", [&](Tensors& t) { t[q + ".scales"].view(-1)[3] = 0; });
  refused_tensors("a negative scale", [&](Tensors& t) { t[q + ".scales"].view(-1)[3] = -1; });
  refused_tensors("an integer beyond 3 bits", [&](Tensors& t) { t[q + ".integers"].view(-1)[7] = 0x80; });
  refused_tensors("a zero beyond 3 bits", [&](Tensors& t) { t[q + ".zeros"].view(-1)[0] = 8; });
  refused_tensors("NaN in a norm", [](Tensors& t) { t["model.norm.weight"][0] = std::nanf(""); });
  refused_tensors("no head", [](Tensors& t) { t.erase("lm_head.weight"); });
  const fs::path path = copy();
  const std::string bytes = test::read_text(path / "model.safetensors");
  test::write_text(path / "model.safetensors", bytes.substr(0, bytes.size() - 8));
  EXPECT_THROW(read_all(path), InputError);
}

TEST(PackedIntegers, LieAsDocumented) {
  test::TempFolder folder;
  QuantizedWeight weight;
  weight.integers = at::tensor({-8, 7, 0, -1, 3, 2}, at::kChar).view({2, 3});
  weight.scales = at::ones({2, 1});
  weight.bits = 4;
  const WeightLayout layout{2, 3, 4, 0, true};
  SafetensorsWriter writer(folder / "model.safetensors", declared_tensors("w", layout));
  write_weight(writer, "w", weight);
  writer.finish();
  const TensorStore store = TensorStore::open(folder.path());
  // Low half first, integer + 8, the odd end 0.
  EXPECT_TRUE(at::equal(store.view("w.integers"), at::tensor({0xf0, 0x08, 0xb7, 0x0a}, at::kByte).view({2, 2})));
  EXPECT_TRUE(at::equal(read_weight(store, "w", layout).integers, weight.integers));
}

}  // namespace
}  // namespace rolora
