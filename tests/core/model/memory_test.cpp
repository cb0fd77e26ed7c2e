// SPDX-License-Identifier: GPL-3.0-or-later
// Layer by layer work holds one layer: neither its own memory nor the mapped file's pages grow with the number of layers.
#include <gtest/gtest.h>

#include "core/model/checkpoint.h"
#include "core/model/passes.h"
#include "tests/support/process_memory.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

// The largest resident sizes seen between batches.
class Watch final : public Monitor {
 public:
  void progress(std::string_view, int64_t, int64_t) override {
    file = std::max(file, test::process_bytes("RssFile"));
    anonymous = std::max(anonymous, test::process_bytes("RssAnon"));
  }
  void metric(std::string_view, int64_t, double) override {}
  void notice(std::string_view) override {}
  bool stop_requested() const override { return false; }
  int64_t file = 0, anonymous = 0;
};

TEST(Memory, DoesNotGrowWithLayers) {
  Json config = test::small_config();
  config.update({{"hidden_size", 512},
                 {"intermediate_size", 1536},
                 {"num_hidden_layers", 12},
                 {"num_attention_heads", 8},
                 {"num_key_value_heads", 8}});
  const test::TempFolder folder;
  test::write_text(folder / "config.json", json_text(config));
  const ModelConfig parsed = parse_model_config(config, "config.json");
  const auto declared = expected_tensors(parsed, StoredType::F32, true);
  SafetensorsWriter writer(folder / "model.safetensors", declared);
  for (const auto& tensor : declared) writer.write(tensor.name, bytes_of_tensor(at::full(tensor.shape, 0.01, at::kFloat)));
  writer.finish();
  const int64_t layer = (4 * 512 * 512 + 3 * 512 * 1536) * 4;  // 13.6 MB

  const Checkpoint checkpoint(folder.path());
  const int64_t file_before = test::process_bytes("RssFile"), anonymous_before = test::process_bytes("RssAnon");
  ASSERT_GT(file_before, 0);
  Watch watch;
  run_layerwise(checkpoint, test::random_ids(2, 16, 50), {}, {}, watch, "test");
  EXPECT_LT(watch.file - file_before, 2 * layer) << "pages of the map stay resident";
  EXPECT_LT(watch.anonymous - anonymous_before, 4 * layer) << "more than a layer's weights is held";
}

}  // namespace
}  // namespace rolora
