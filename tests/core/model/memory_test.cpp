// SPDX-License-Identifier: GPL-3.0-or-later
// Layer by layer work holds one layer: neither its own memory nor the mapped file's pages grow with the number of layers.
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <memory>

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

// LibTorch's allocator for the CPU, counting what is held.
class Counting final : public at::Allocator {
 public:
  explicit Counting(at::Allocator* inner) : inner_(inner) {}
  at::DataPtr allocate(size_t bytes) override {
    held += static_cast<int64_t>(bytes);
    most = std::max(most, held);
    auto owned = std::make_unique<Block>(Block{inner_->allocate(bytes), this, static_cast<int64_t>(bytes)});
    void* data = owned->data.get();
    return {data, owned.release(), &give_back, at::kCPU};
  }
  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }
  int64_t held = 0, most = 0;

 private:
  struct Block {
    at::DataPtr data;
    Counting* counter;
    int64_t bytes;
  };
  static void give_back(void* block) {
    const std::unique_ptr<Block> owned(static_cast<Block*>(block));
    owned->counter->held -= owned->bytes;
  }
  at::Allocator* inner_;
};

// Neither with a window nor without does a prompt make a tensor of T × T.
TEST(Memory, OfAPromptGrowsWithItsLengthAlone) {
  const at::NoGradGuard no_grad;
  at::set_num_threads(2);  // flash attention has a buffer for each
  for (const char* type : {"mistral", "llama"}) {
    Json config = test::small_config();
    config.update({{"model_type", type}, {"max_position_embeddings", 8192}, {"num_hidden_layers", 1}});
    if (config["model_type"] == "mistral") config["sliding_window"] = 256;
    const test::TempFolder folder;
    test::write_random_model(folder.path(), config);
    const ResidentModel model(Checkpoint(folder.path()), Compute{});
    const at::Tensor ids = test::random_ids(1, 4000, 50);
    at::Allocator* const usual = c10::GetCPUAllocator();
    Counting counting(usual);
    c10::SetCPUAllocator(&counting, 1);
    model.hidden(ids);
    c10::SetCPUAllocator(usual, 1);
    EXPECT_GT(counting.most, 4000 * 24 * 4);        // the residual stream
    EXPECT_LT(counting.most, 4000 * 4000) << type;  // a mask of one byte a pair
  }
}

}  // namespace
}  // namespace rolora
