// SPDX-License-Identifier: GPL-3.0-or-later
// Folders that are not what they should be: each is refused with one line that names file and key, before anything is computed from it.
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/model/passes.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using test::NamedTensors;
using test::read_text;
using test::small_config;
using test::write_tensors;
using test::write_text;

constexpr const char* kWeights = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kFirst = "model-00001-of-00002.safetensors";
constexpr const char* kSecond = "model-00002-of-00002.safetensors";
constexpr const char* kDown = "model.layers.1.mlp.down_proj.weight";

NamedTensors tensors_of(const fs::path& folder) { return test::random_tensors(read_model_config(folder), 1); }

// Rewrites model.safetensors with changed tensors.
auto with_tensors(void (*change)(NamedTensors&)) {
  return [change](const fs::path& folder) {
    NamedTensors tensors = tensors_of(folder);
    change(tensors);
    write_tensors(folder / kWeights, tensors, at::kFloat);
  };
}

void write_index(const fs::path& folder, const Json& map) { write_text(folder / kIndex, json_text({{"weight_map", map}})); }

// Two shards with an index; returns the index's map.
Json shard(const fs::path& folder) {
  fs::remove(folder / kWeights);
  NamedTensors first, second;
  Json map;
  for (const auto& [name, tensor] : tensors_of(folder)) {
    const bool early = name < "model.layers.1";
    (early ? first : second)[name] = tensor;
    map[name] = early ? kFirst : kSecond;
  }
  write_tensors(folder / kFirst, first, at::kFloat);
  write_tensors(folder / kSecond, second, at::kFloat);
  write_index(folder, map);
  return map;
}

void edit_config(const fs::path& folder, const Json& changes) {
  Json config = small_config();
  config.update(changes);
  write_text(folder / "config.json", json_text(config));
}

// Changes the file's JSON header; the data stays.
void edit_header(const fs::path& file, const std::function<void(Json&)>& change) {
  const std::string bytes = read_text(file);
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  Json header = Json::parse(bytes.substr(8, length));
  change(header);
  const std::string text = header.dump(), data = bytes.substr(8 + length);
  length = text.size();
  write_text(file, std::string(reinterpret_cast<const char*>(&length), 8) + text + data);
}

struct Broken {
  const char* name;
  std::function<void(const fs::path&)> spoil;
  const char* file;  // that the message must name (inside the folder; "" = the folder)
  const char* key;   // that the message must name
};

class BrokenFolder : public ::testing::TestWithParam<Broken> {};

// Opens the folder and computes with it, as a verb would.
void use(const fs::path& folder) {
  const Checkpoint checkpoint(folder);
  ResidentModel(checkpoint, Compute{}).logits(test::random_ids(1, 4, checkpoint.config().vocabulary));
}

TEST_P(BrokenFolder, IsRefusedByFileAndKey) {
  const test::TempFolder folder;
  test::write_random_model(folder.path(), small_config());
  ASSERT_NO_THROW(use(folder.path()));
  GetParam().spoil(folder.path());
  try {
    use(folder.path());
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_EQ(fs::path(e.file()), std::string(GetParam().file).empty() ? folder.path() : folder / GetParam().file) << e.what();
    EXPECT_EQ(e.key(), GetParam().key) << e.what();
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Config, BrokenFolder,
    ::testing::Values(
        Broken{"NoFolder", [](const fs::path& f) { fs::remove_all(f); }, "", "MODEL"},
        Broken{
            "QuantizedFolderAsPlain",
            [](const fs::path& f) {
              edit_config(f, {{"model_type", "rolora_llama"}, {"rolora", {{"format", 1}, {"kind", "quantized"}, {"model_type", "llama"}}}});
            },
            "config.json", "rolora.kind"},
        Broken{"MoreLayersThanStored",
               [](const fs::path& f) {
                 edit_config(f, {{"num_hidden_layers", 3}});
               },
               kWeights, "model.layers.2.input_layernorm.weight"},
        Broken{"FewerLayersThanStored",
               [](const fs::path& f) {
                 edit_config(f, {{"num_hidden_layers", 1}});
               },
               kWeights, "model.layers.1.input_layernorm.weight"},
        Broken{"OtherVocabulary",
               [](const fs::path& f) {
                 edit_config(f, {{"vocab_size", 51}});
               },
               kWeights, "model.embed_tokens.weight"},
        Broken{"OtherIntermediate",
               [](const fs::path& f) {
                 edit_config(f, {{"intermediate_size", 41}});
               },
               kWeights, "model.layers.0.mlp.gate_proj.weight"},
        Broken{"BiasExpected",
               [](const fs::path& f) {
                 edit_config(f, {{"attention_bias", true}});
               },
               kWeights, "model.layers.0.self_attn.q_proj.bias"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    Tensors, BrokenFolder,
    ::testing::Values(
        Broken{"NoWeights", [](const fs::path& f) { fs::remove(f / kWeights); }, "", "weights"},
        Broken{"PickledWeightsThatAreNone",
               [](const fs::path& f) {
                 fs::remove(f / kWeights);
                 write_text(f / "pytorch_model.bin", "PK\3\4 and nothing else");
               },
               "pytorch_model.bin", "zip"},
        Broken{"OnlyGguf",
               [](const fs::path& f) {
                 fs::remove(f / kWeights);
                 write_text(f / "model.gguf", "GGUF");
               },
               "model.gguf", "weights"},
        Broken{"MissingLinear", with_tensors([](NamedTensors& all) { all.erase(kDown); }), kWeights, kDown},
        Broken{"MissingFinalNorm", with_tensors([](NamedTensors& all) { all.erase("model.norm.weight"); }), kWeights, "model.norm.weight"},
        Broken{"MissingEmbedding", with_tensors([](NamedTensors& all) { all.erase("model.embed_tokens.weight"); }), kWeights,
               "model.embed_tokens.weight"},
        Broken{"UntiedWithoutHead", with_tensors([](NamedTensors& all) { all.erase("lm_head.weight"); }), kWeights, "lm_head.weight"},
        Broken{"ExtraTensor", with_tensors([](NamedTensors& all) { all["model.layers.0.self_attn.q_norm.weight"] = at::ones({6}); }),
               kWeights, "model.layers.0.self_attn.q_norm.weight"},
        Broken{"UnexpectedBias", with_tensors([](NamedTensors& all) { all["model.layers.0.mlp.up_proj.bias"] = at::ones({40}); }), kWeights,
               "model.layers.0.mlp.up_proj.bias"},
        Broken{"TransposedLinear", with_tensors([](NamedTensors& all) { all[kDown] = all[kDown].t().contiguous(); }), kWeights, kDown},
        Broken{"FlatLinear", with_tensors([](NamedTensors& all) { all[kDown] = all[kDown].flatten(); }), kWeights, kDown},
        Broken{"MisshapenNorm", with_tensors([](NamedTensors& all) { all["model.norm.weight"] = at::ones({23}); }), kWeights,
               "model.norm.weight"},
        Broken{"MisshapenHead", with_tensors([](NamedTensors& all) {
                 all["lm_head.weight"] = at::ones({49, 24});
               }),
               kWeights, "lm_head.weight"},
        Broken{"IntegerLinear", [](const fs::path& f) { edit_header(f / kWeights, [](Json& h) { h[kDown]["dtype"] = "I32"; }); }, kWeights,
               kDown},
        Broken{"NaNInLinear", with_tensors([](NamedTensors& all) { all[kDown][3][5] = std::numeric_limits<double>::quiet_NaN(); }),
               kWeights, kDown},
        Broken{"InfinityInNorm", with_tensors([](NamedTensors& all) {
                 all["model.layers.0.input_layernorm.weight"][2] = -std::numeric_limits<double>::infinity();
               }),
               kWeights, "model.layers.0.input_layernorm.weight"},
        Broken{"NaNInHead",
               with_tensors([](NamedTensors& all) { all["lm_head.weight"][49][23] = std::numeric_limits<double>::quiet_NaN(); }), kWeights,
               "lm_head.weight"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

INSTANTIATE_TEST_SUITE_P(Index, BrokenFolder,
                         ::testing::Values(Broken{"NoMap",
                                                  [](const fs::path& f) {
                                                    shard(f);
                                                    write_text(f / kIndex, "{}");
                                                  },
                                                  kIndex, "weight_map"},
                                           Broken{"MapIsList",
                                                  [](const fs::path& f) {
                                                    shard(f);
                                                    write_text(f / kIndex, R"({"weight_map": ["x"]})");
                                                  },
                                                  kIndex, "weight_map"},
                                           Broken{"ShardIsNumber",
                                                  [](const fs::path& f) {
                                                    Json map = shard(f);
                                                    map[kDown] = 2;
                                                    write_index(f, map);
                                                  },
                                                  kIndex, "weight_map.model.layers.1.mlp.down_proj.weight"},
                                           Broken{"ShardAboveFolder",
                                                  [](const fs::path& f) {
                                                    Json map = shard(f);
                                                    map[kDown] = "../model.safetensors";
                                                    write_index(f, map);
                                                  },
                                                  kIndex, "weight_map.model.layers.1.mlp.down_proj.weight"},
                                           Broken{"ShardIsAbsolute",
                                                  [](const fs::path& f) {
                                                    Json map = shard(f);
                                                    map[kDown] = (f / kSecond).string();
                                                    write_index(f, map);
                                                  },
                                                  kIndex, "weight_map.model.layers.1.mlp.down_proj.weight"},
                                           Broken{"ShardOfOtherKind",
                                                  [](const fs::path& f) {
                                                    Json map = shard(f);
                                                    map[kDown] = "pytorch_model.bin";
                                                    write_index(f, map);
                                                  },
                                                  kIndex, "weight_map.model.layers.1.mlp.down_proj.weight"},
                                           Broken{"TensorInOtherShard",
                                                  [](const fs::path& f) {
                                                    Json map = shard(f);
                                                    map[kDown] = kFirst;
                                                    write_index(f, map);
                                                  },
                                                  kIndex, "weight_map.model.layers.1.mlp.down_proj.weight"},
                                           Broken{"TensorNotInIndex",
                                                  [](const fs::path& f) {
                                                    Json map = shard(f);
                                                    map.erase(kDown);
                                                    write_index(f, map);
                                                  },
                                                  kSecond, kDown},
                                           Broken{"EmptyMap",
                                                  [](const fs::path& f) {
                                                    shard(f);
                                                    write_index(f, Json::object());
                                                  },
                                                  kIndex, "model.embed_tokens.weight"}),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

// Faults of the container are storage's to name; the folder must pass them on as they are.
struct BrokenContainer {
  const char* name;
  std::function<void(const fs::path&)> spoil;
  const char* file;
};

class BrokenFile : public ::testing::TestWithParam<BrokenContainer> {};

TEST_P(BrokenFile, IsRefusedByFile) {
  const test::TempFolder folder;
  test::write_random_model(folder.path(), small_config());
  GetParam().spoil(folder.path());
  try {
    use(folder.path());
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_EQ(fs::path(e.file()), folder / GetParam().file) << e.what();
    EXPECT_FALSE(e.key().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Model, BrokenFile,
    ::testing::Values(
        BrokenContainer{"NoConfig", [](const fs::path& f) { fs::remove(f / "config.json"); }, "config.json"},
        BrokenContainer{"ConfigCutShort", [](const fs::path& f) { write_text(f / "config.json", R"({"model_type": "lla)"); },
                        "config.json"},
        BrokenContainer{"ConfigIsList", [](const fs::path& f) { write_text(f / "config.json", "[]"); }, "config.json"},
        BrokenContainer{"ConfigKeyTwice", [](const fs::path& f) { write_text(f / "config.json", R"({"a": 1, "a": 2})"); }, "config.json"},
        BrokenContainer{"WeightsCutShort", [](const fs::path& f) { fs::resize_file(f / kWeights, fs::file_size(f / kWeights) - 1); },
                        kWeights},
        BrokenContainer{"WeightsEmpty", [](const fs::path& f) { write_text(f / kWeights, ""); }, kWeights},
        BrokenContainer{"HeaderCutShort", [](const fs::path& f) { fs::resize_file(f / kWeights, 100); }, kWeights},
        BrokenContainer{"HeaderLengthHuge", [](const fs::path& f) { write_text(f / kWeights, std::string(8, '\xff') + "{}"); }, kWeights},
        BrokenContainer{"Overlapping",
                        [](const fs::path& f) {
                          edit_header(f / kWeights, [](Json& h) { h["model.norm.weight"]["data_offsets"] = {0, 96}; });
                        },
                        kWeights},
        BrokenContainer{"ShapeOverflows",
                        [](const fs::path& f) { edit_header(f / kWeights, [](Json& h) {
                                                  h[kDown]["shape"] = {int64_t{1} << 62, 4};
                                                }); },
                        kWeights},
        BrokenContainer{"ShardMissing",
                        [](const fs::path& f) {
                          shard(f);
                          fs::remove(f / kSecond);
                        },
                        kSecond},
        BrokenContainer{"ShardCutShort",
                        [](const fs::path& f) {
                          shard(f);
                          fs::resize_file(f / kFirst, 5000);
                        },
                        kFirst}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

TEST(Folder, ValuesBeyondTheTypeOfTheArithmeticAreRefused) {
  const test::TempFolder folder;
  test::write_random_model(folder.path(), small_config());
  with_tensors([](NamedTensors& all) { all[kDown][0][0] = 1e6; })(folder.path());
  const Checkpoint checkpoint(folder.path());
  EXPECT_NO_THROW(checkpoint.layer(LayerIndex(1), {at::kFloat, at::kCPU}));
  EXPECT_NO_THROW(checkpoint.layer(LayerIndex(1), {at::kBFloat16, at::kCPU}));
  EXPECT_THROW(checkpoint.layer(LayerIndex(1), {at::kHalf, at::kCPU}), InputError);
}

TEST(Folder, StrayFilesAndRotaryBuffersAreIgnored) {
  const test::TempFolder folder;
  test::write_random_model(folder.path(), small_config());
  const std::string hash = Checkpoint(folder.path()).hash();
  with_tensors([](NamedTensors& all) { all["model.layers.0.self_attn.rotary_emb.inv_freq"] = at::ones({3}); })(folder.path());
  write_text(folder / "pytorch_model.bin", "stray");
  write_text(folder / kIndex, "not even JSON");  // the single file comes first, as in transformers
  EXPECT_EQ(Checkpoint(folder.path()).hash(), hash);
}

TEST(Folder, LinkedFilesAreRead) {
  const test::TempFolder real, linked;
  test::write_random_model(real.path(), small_config());
  fs::create_symlink(real / kWeights, linked / kWeights);
  fs::create_symlink(real / "config.json", linked / "config.json");
  EXPECT_EQ(Checkpoint(linked.path()).hash(), Checkpoint(real.path()).hash());
}

TEST(Folder, HashIsTheModelsIdentity) {
  const test::TempFolder one, same, other_weight, other_theta, sharded;
  for (const auto* folder : {&one, &same, &other_weight, &other_theta, &sharded}) test::write_random_model(folder->path(), small_config());
  with_tensors([](NamedTensors& all) { all[kDown][0][0] += 1e-3; })(other_weight.path());
  edit_config(other_theta.path(), {{"rope_theta", 20000.0}});
  shard(sharded.path());
  edit_config(same.path(), {{"torch_dtype", "float16"}, {"transformers_version", "9"}});
  const std::string hash = Checkpoint(one.path()).hash();
  EXPECT_EQ(Checkpoint(same.path()).hash(), hash);
  EXPECT_EQ(Checkpoint(sharded.path()).hash(), hash);
  EXPECT_NE(Checkpoint(other_weight.path()).hash(), hash);
  EXPECT_NE(Checkpoint(other_theta.path()).hash(), hash);
}

TEST(Folder, EmbeddingReadsOnlyItsRowsAndChecksIds) {
  const test::TempFolder folder;
  const NamedTensors tensors = test::write_random_model(folder.path(), small_config(), 1, at::kBFloat16);
  const Checkpoint checkpoint(folder.path());
  const at::Tensor ids = at::tensor({49, 0, 7, 7}, at::kLong).reshape({2, 2});
  const at::Tensor expected = tensors.at("model.embed_tokens.weight").to(at::kBFloat16).to(at::kFloat).index({ids});
  EXPECT_TRUE(at::equal(checkpoint.embed(ids, Compute{}), expected));
  EXPECT_THROW(checkpoint.embed(at::tensor({50}, at::kLong), Compute{}), InputError);
  EXPECT_THROW(checkpoint.embed(at::tensor({-1}, at::kLong), Compute{}), InputError);
}

}  // namespace
}  // namespace rolora
