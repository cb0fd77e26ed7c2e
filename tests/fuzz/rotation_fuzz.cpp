// SPDX-License-Identifier: GPL-3.0-or-later
// rotation.json and rotation.safetensors.
#include "core/rotation/record.h"
#include "tests/fuzz/entry.h"
#include "tests/fuzz/small_model.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  static const ModelConfig model = fuzz::small_model();
  const fuzz::Pair files = fuzz::split(fuzz::as_text(data, size));
  folder.write("rotation.json", files.first);
  folder.write("rotation.safetensors", files.second);
  return fuzz::expect_typed([&] {
    const RotationRecord record = load_rotation(folder.path());
    (void)rotation_json(record);
    require_fitting(record, model, folder.path() / "rotation.json");
  });
}
