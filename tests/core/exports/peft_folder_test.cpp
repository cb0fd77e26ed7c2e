// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/peft_folder.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/finetune/adapter.h"
#include "core/model/checkpoint.h"
#include "core/rotation/record.h"
#include "core/storage/json_file.h"
#include "core/storage/safetensors.h"
#include "tests/core/model/family_fixtures.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

class ExportPeft : public ::testing::Test {
 protected:
  void SetUp() override {
    const Checkpoint base(test::family_fixture("qwen3"));
    LoraSettings settings;
    settings.rank = 2;
    fs::create_directory(folder_ / "adapter");
    adapter_ = new_adapter(base.config(), settings, 3);
    adapter_.base_model = "somewhere/else";
    save_adapter(adapter_, base.config(), folder_ / "adapter");
  }
  test::TempFolder folder_;
  Adapter adapter_;
};

TEST_F(ExportPeft, TwoFilesWithTheSameValuesAndTheBasesName) {
  EXPECT_EQ(export_peft(folder_ / "adapter", "path/of/base", folder_ / "peft", false), 8);  // q and v of two layers
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_ / "peft")) ++files;
  EXPECT_EQ(files, 2U);
  EXPECT_EQ(read_json_file(folder_ / "peft/adapter_config.json")["base_model_name_or_path"], "path/of/base");
  const Adapter again = load_adapter(folder_ / "peft", Checkpoint(test::family_fixture("qwen3")).config());
  for (const auto& [name, pair] : adapter_.pairs) {
    EXPECT_TRUE(again.pairs.at(name).a.equal(pair.a) && again.pairs.at(name).b.equal(pair.b)) << name;
  }
  export_peft(folder_ / "adapter", "", folder_ / "kept", false);
  EXPECT_EQ(read_json_file(folder_ / "kept/adapter_config.json")["base_model_name_or_path"], "somewhere/else");
  EXPECT_THROW(export_peft(folder_ / "adapter", "", folder_ / "kept", false), InputError) << "it exists";
}

// PEFT computes with any weights that fit, on whichever basis they stand.
TEST_F(ExportPeft, OnARotatedBaseItNeedsOneThatPeftLoads) {
  const Checkpoint plain(test::family_fixture("qwen3"));
  const auto rotated_by = [&](bool r3, OrthogonalKind r4) {
    RotationSettings settings;
    settings.r3 = r3;
    settings.r4 = r4;
    const RotationRecord record = make_rotation(plain, plain.hash(), settings);
    adapter_.rotation_checksum = record.checksum();
    save_adapter(adapter_, plain.config(), folder_ / "adapter");
    save_rotation(record, folder_ / "adapter");
    return record;
  };
  const auto refusal = [&](const std::string& base) -> std::string {
    try {
      export_peft(folder_ / "adapter", base, folder_ / "peft", false);
    } catch (const Error& e) {
      EXPECT_FALSE(fs::exists(folder_ / "peft"));
      return e.what();
    }
    return "accepted";
  };
  rotated_by(false, OrthogonalKind::hadamard);
  EXPECT_NE(refusal("base").find("rotation.json: r4: expected none"), std::string::npos) << refusal("base");
  EXPECT_NE(refusal("").find("convert ROTATED ADAPTER --to plain"), std::string::npos);
  rotated_by(true, OrthogonalKind::none);
  EXPECT_NE(refusal("base").find("rotation.json: r3: expected none"), std::string::npos) << refusal("base");
  const RotationRecord record = rotated_by(false, OrthogonalKind::none);
  EXPECT_NE(refusal(test::family_fixture("qwen3")).find(record.checksum()), std::string::npos) << "the plain model";
  EXPECT_EQ(export_peft(folder_ / "adapter", "name/of-a-base", folder_ / "peft", false), 8);
  EXPECT_EQ(load_rotation(folder_ / "peft").checksum(), record.checksum());
  for (const char* file : {"rotation.json", "rotation.safetensors"}) fs::remove(folder_ / "adapter" / file);
  fs::remove_all(folder_ / "peft");
  EXPECT_NE(refusal("name/of-a-base").find(record.checksum()), std::string::npos) << "the record is lost";
}

TEST_F(ExportPeft, AnAWithoutItsBIsRefused) {
  const TensorFile whole = TensorFile::open(folder_ / "adapter/adapter_model.safetensors");
  const auto& [name, entry] = *whole.tensors().begin();
  ASSERT_NE(name.find("lora_A"), std::string::npos);
  const auto bytes = whole.bytes(name);
  const std::vector<std::byte> kept(bytes.begin(), bytes.end());
  const SafetensorsWriter::Declared only{name, entry.type, entry.shape};
  SafetensorsWriter writer(folder_ / "adapter/adapter_model.safetensors", {only});
  writer.write(only.name, kept);
  writer.finish();
  try {
    export_peft(folder_ / "adapter", "", folder_ / "peft", false);
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_NE(e.key().find("lora_B"), std::string::npos) << e.what();
  }
}

TEST_F(ExportPeft, ADoraNeedsItsMagnitudes) {
  Json config = read_json_file(folder_ / "adapter/adapter_config.json");
  config["use_dora"] = true;
  test::write_text(folder_ / "adapter/adapter_config.json", config.dump());
  try {
    export_peft(folder_ / "adapter", "", folder_ / "peft", false);
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_NE(e.key().find("lora_magnitude_vector"), std::string::npos) << e.what();
  }
  EXPECT_FALSE(fs::exists(folder_ / "peft"));
}

}  // namespace
}  // namespace rolora
