// SPDX-License-Identifier: GPL-3.0-or-later
// One-file checkpoints of llama2.c against transformers (make_llama2c_fixtures.py wrote them and the expected logits).
#include "core/model/llama2c.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/model/passes.h"
#include "tests/support/folders.h"
#include "tests/support/near.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

fs::path fixtures() { return test::source_folder() / "tests/core/model/llama2c_fixtures"; }

at::Tensor stored(const SafetensorsFile& file, const char* name, at::ScalarType type) {
  return at::from_blob(const_cast<std::byte*>(file.bytes(name).data()), file.entry(name).shape, type).clone();
}

class Llama2cForm : public ::testing::TestWithParam<const char*> {};

TEST_P(Llama2cForm, LogitsEqualTransformers) {
  const at::NoGradGuard no_grad;
  const Checkpoint checkpoint(fixtures() / (std::string(GetParam()) + ".bin"));
  const SafetensorsFile expected = SafetensorsFile::open(fixtures() / (std::string(GetParam()) + ".safetensors"));
  EXPECT_EQ(checkpoint.config().tied, std::string(GetParam()) == "tied");
  EXPECT_TRUE(checkpoint.config().single_file);
  const at::Tensor ids = stored(expected, "ids", at::kLong);
  const at::Tensor found = ResidentModel(checkpoint, Compute{}).logits(ids.unsqueeze(0)).squeeze(0);
  EXPECT_TRUE(test::tensors_near(found, stored(expected, "logits", at::kFloat), 1e-5));
}

INSTANTIATE_TEST_SUITE_P(Model, Llama2cForm, ::testing::Values("tied", "untied", "version1"));

TEST(Llama2c, TheSharedModelIsItsHuggingFaceFolder) {
  const fs::path folder = test::shared_folder() / "models/stories260K";
  if (!fs::exists(folder)) GTEST_SKIP() << folder << " is missing";
  const Checkpoint one(folder / "llama2c.bin"), other(folder);
  for (int64_t i = 0; i < other.config().layers; ++i) {
    const LayerWeights a = one.layer(LayerIndex(i), Compute{}), b = other.layer(LayerIndex(i), Compute{});
    for (const LinearKind kind : kAllLinears) EXPECT_TRUE(a[kind].weight.equal(b[kind].weight)) << i << " " << target_name(kind);
    EXPECT_TRUE(a.input_norm.equal(b.input_norm) && a.post_attention_norm.equal(b.post_attention_norm)) << i;
  }
  EXPECT_TRUE(one.head(Compute{}).equal(other.head(Compute{})));
  EXPECT_TRUE(one.final_norm(Compute{}).equal(other.final_norm(Compute{})));
}

// The same bytes without the pairs are another model.
TEST(Llama2c, TheIdentityKnowsTheOrderOfRows) {
  const Checkpoint pairs(fixtures() / "tied.bin");
  const test::TempFolder folder;
  test::write_text(folder / "config.json", json_text(pairs.config().raw));
  std::vector<SafetensorsWriter::Declared> declared;
  for (const std::string& name : pairs.store().names()) declared.push_back({name, StoredType::F32, pairs.store().entry(name).shape});
  SafetensorsWriter writer(folder / "model.safetensors", declared);
  for (const SafetensorsWriter::Declared& tensor : declared)
    writer.write(tensor.name, pairs.store().file_of(tensor.name).bytes(tensor.name));
  writer.finish();
  EXPECT_NE(Checkpoint(folder.path()).hash(), pairs.hash());
}

TEST(Llama2c, WhereAFolderIsNeededTheCommandIsNamed) {
  EXPECT_NO_THROW(require_model_folder(fixtures()));
  try {
    require_model_folder(fixtures() / "tied.bin");
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_NE(e.expected().find("rolora export"), std::string::npos) << e.what();
  }
}

TEST(Llama2c, TheFolderOfAFileIsItsParent) {
  EXPECT_EQ(folder_of_model(fixtures() / "tied.bin"), fixtures());
  EXPECT_EQ(folder_of_model(fixtures()), fixtures());
}

TEST(Llama2c, GgufIsRefusedByNameWhateverItsSizeAndName) {
  const test::TempFolder folder;
  const std::string begin("GGUF\3\0\0\0", 8);
  test::write_text(folder / "short.gguf", begin);
  test::write_text(folder / "renamed.bin", begin + std::string(400, '\0'));
  for (const fs::path& path : {folder / "short.gguf", folder / "renamed.bin", folder.path()}) {
    try {
      read_model_config(path);
      ADD_FAILURE() << path << " was accepted";
    } catch (const InputError& e) {
      EXPECT_EQ(e.file(), (path == folder.path() ? folder / "short.gguf" : path).string());
      EXPECT_EQ(e.found(), "a GGUF file, which is not read (yet)");
      EXPECT_NE(e.expected().find("Hugging Face folder"), std::string::npos);
    }
  }
}

struct Damage {
  const char* name;
  std::string (*damage)(std::string file);
  const char* key;
};
std::string with(std::string file, size_t at, int32_t value) {
  std::memcpy(file.data() + at, &value, sizeof value);
  return file;
}

TEST(Llama2c, DamageIsToldByField) {
  std::ifstream in(fixtures() / "tied.bin", std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  ASSERT_EQ(whole.size(), 15452U);
  const std::vector<Damage> damages = {
      {"truncated", [](std::string f) { return f.substr(0, f.size() - 4); }, "file"},
      {"longer", [](std::string f) { return f + "1234"; }, "file"},
      {"only a header", [](std::string f) { return f.substr(0, 28); }, "file"},
      {"no width", [](std::string f) { return with(std::move(f), 0, 0); }, "dim"},
      {"a negative width", [](std::string f) { return with(std::move(f), 4, -20); }, "hidden_dim"},
      {"two thousand million layers", [](std::string f) { return with(std::move(f), 8, 2'000'000'000); }, "n_layers"},
      {"five heads", [](std::string f) { return with(std::move(f), 12, 5); }, "n_heads"},
      {"heads of width one", [](std::string f) { return with(std::move(f), 12, 16); }, "n_heads"},
      {"three key heads", [](std::string f) { return with(std::move(f), 16, 3); }, "n_kv_heads"},
      {"a vocabulary of -2^31", [](std::string f) { return with(std::move(f), 20, INT32_MIN); }, "vocab_size"},
      {"version 2, of integers", [](std::string f) { return with(with(std::move(f), 0, 0x616b3432), 4, 2); }, "version"},
      {"a file of torch.save", [](std::string f) { return with(std::move(f), 0, 0x04034b50); }, "file"},
  };
  for (const Damage& damage : damages) {
    const test::TempFolder folder;
    test::write_text(folder / "x.bin", damage.damage(whole));
    try {
      const Checkpoint opened(folder / "x.bin");
      ADD_FAILURE() << damage.name << " was accepted";
    } catch (const InputError& e) {
      EXPECT_EQ(e.key(), damage.key) << damage.name << ": " << e.what();
      EXPECT_EQ(e.file(), (folder / "x.bin").string());
    }
  }
}

}  // namespace
}  // namespace rolora
