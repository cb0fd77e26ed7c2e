// SPDX-License-Identifier: GPL-3.0-or-later
// Folders whose weights PyTorch wrote itself: make_bin_fixture.py saved the tensors of a family's fixture once more.
#include "core/model/tensor_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "tests/support/folders.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

const char* const kFirst = "pytorch_model-00001-of-00002.bin";
const char* const kIndex = "pytorch_model.bin.index.json";

class PytorchFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::copy(fixtures_ / "family_fixtures/mistral_old_keys/config.json", folder_ / "config.json");
    for (const auto& entry : fs::directory_iterator(fixtures_ / "bin_fixture"))
      fs::copy(entry.path(), folder_ / entry.path().filename().string());
  }
  void expect_refused(const std::string& file, const std::string& key) const {
    try {
      const Checkpoint opened(folder_.path());
      FAIL() << "accepted";
    } catch (const InputError& e) {
      EXPECT_EQ(e.file(), (folder_ / file).string()) << e.what();
      EXPECT_EQ(e.key(), key) << e.what();
    }
  }
  const fs::path fixtures_ = test::source_folder() / "tests/core/model";
  const test::TempFolder folder_;
};

TEST_F(PytorchFolder, HoldsWhatItsSafetensorsHold) {
  const Checkpoint here(folder_.path()), there(fixtures_ / "family_fixtures/mistral_old_keys");
  EXPECT_EQ(here.store().names(), there.store().names());
  for (const std::string& name : there.store().names()) {
    const auto a = here.store().file_of(name).bytes(name), b = there.store().file_of(name).bytes(name);
    EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin(), b.end())) << name;
  }
  EXPECT_EQ(here.hash(), there.hash());
}

TEST_F(PytorchFolder, SafetensorsGoFirst) {
  fs::copy(fixtures_ / "family_fixtures/mistral_old_keys/model.safetensors", folder_ / "model.safetensors");
  test::write_text(folder_ / kFirst, "stray");
  EXPECT_EQ(Checkpoint(folder_.path()).store().listing(), folder_ / "model.safetensors");
}

TEST_F(PytorchFolder, DamageIsTold) {
  fs::resize_file(folder_ / kFirst, fs::file_size(folder_ / kFirst) - 1);
  expect_refused(kFirst, "zip");
  fs::remove(folder_ / kFirst);
  expect_refused(kFirst, "file");
}

TEST_F(PytorchFolder, ShardsStayInTheFolderAndKeepTheirKind) {
  const Json index = read_json_file(folder_ / kIndex);
  for (const char* shard : {"../pytorch_model-00001-of-00002.bin", "/etc/passwd", "model.safetensors", "a\\b.bin"}) {
    Json broken = index;
    broken["weight_map"]["model.norm.weight"] = shard;
    test::write_text(folder_ / kIndex, json_text(broken));
    expect_refused(kIndex, "weight_map.model.norm.weight");
  }
}

TEST_F(PytorchFolder, OtherNamesAreToldWhatIsRead) {
  fs::remove(folder_ / kIndex);
  fs::remove(folder_ / "pytorch_model-00002-of-00002.bin");
  fs::rename(folder_ / kFirst, folder_ / "consolidated.00.pth");
  expect_refused("consolidated.00.pth", "weights");
}

}  // namespace
}  // namespace rolora
