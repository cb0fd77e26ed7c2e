// SPDX-License-Identifier: GPL-3.0-or-later
// Forecasts of the recipes on LLaMA-2-7B's shape against sums made by hand; no weight is ever drawn.
#include "core/jobs/recipes.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/finetune/random_source.h"
#include "core/jobs/estimate.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

OpenedModel llama2_7b() {
  Json config = test::small_config();
  config.update({{"hidden_size", 4096},
                 {"intermediate_size", 11008},
                 {"num_hidden_layers", 32},
                 {"num_attention_heads", 32},
                 {"num_key_value_heads", 32},
                 {"vocab_size", 32000},
                 {"max_position_embeddings", 4096}});
  const test::TempFolder folder;
  test::write_text(folder / "config.json", config.dump());
  OpenedModel model;
  model.source = std::make_shared<RandomSource>(read_model_config(folder.path()), 0);
  model.stored = at::kHalf;
  model.folder = folder.path();
  return model;
}

RunEstimate estimate(std::string_view name) {
  const AssumedRecipe recipe = assumed_recipe(name, llama2_7b());
  return estimate_run(recipe.job, recipe.inputs, {}, 1e8, std::nullopt);
}

const StationEstimate& station(const RunEstimate& all, const std::string& id) {
  for (const StationEstimate& s : all.stations) {
    if (s.id == id) return s;
  }
  throw Error("no station " + id);
}

double part(const StationEstimate& s, const std::string& what) {
  for (const MemoryPart& p : s.memory) {
    if (p.what.starts_with(what)) return p.bytes;
  }
  return -1;
}

std::vector<std::string> stations_of(std::string_view name) {
  std::vector<std::string> ids;
  for (const Station& s : assumed_recipe(name, llama2_7b()).job.stations) ids.push_back(s.id);
  return ids;
}

TEST(Recipes, AreTheStationsOfTheirPapers) {
  EXPECT_EQ(stations_of("rolora"), (std::vector<std::string>{"rotated", "tuned", "merged", "outliers", "w4a4", "perplexity"}));
  EXPECT_EQ(stations_of("lora"), (std::vector<std::string>{"tuned", "merged", "outliers", "w4a4", "perplexity"}));
  EXPECT_EQ(stations_of("ptq"), (std::vector<std::string>{"rotated", "outliers", "w4a4", "perplexity"}));
  const AssumedRecipe recipe = assumed_recipe("rolora", llama2_7b());
  const auto& tuned = std::get<FinetuneStation>(recipe.job.station("tuned").settings);
  EXPECT_EQ(tuned.training.steps, 17553) << "3 epochs of 46 802 records, the last batch of each smaller";
  EXPECT_EQ(tuned.training.lora.rank, 16);
  EXPECT_EQ(tuned.model, "rotated");
  EXPECT_THROW(assumed_recipe("spinquant", llama2_7b()), UsageError);
  OpenedModel quantized = llama2_7b();
  quantized.quantized = true;
  EXPECT_THROW(assumed_recipe("ptq", std::move(quantized)), InputError);
}

// 6,738,415,616 parameters; a layer has 4 · 4096² + 3 · 4096 · 11008 + 2 · 4096 of them; LoRA of rank 16 on q_proj and v_proj 8,388,608.
TEST(Recipes, MemoryAndDiskAreTheSumsOfTheirParts) {
  const RunEstimate all = estimate("rolora");
  const StationEstimate& tuned = station(all, "tuned");
  EXPECT_EQ(part(tuned, "all weights"), 6738415616.0 * 4);
  EXPECT_EQ(part(tuned, "the adapter"), 8388608.0 * 16);
  const StationEstimate& w4a4 = station(all, "w4a4");
  EXPECT_EQ(part(w4a4, "one layer's weights"), 2 * (4.0 * 4096 * 4096 + 3.0 * 4096 * 11008 + 2 * 4096) * 4);
  EXPECT_EQ(part(w4a4, "Hessian"), 3.0 * 11008 * 11008 * 8);
  EXPECT_EQ(part(w4a4, "residual stream"), 2.0 * 128 * 2048 * 4096 * 4);
  EXPECT_NEAR(station(all, "rotated").disk_bytes, 6738415616.0 * 2, 1) << "stored in fp16, as it came; the head was untied before";
  // 8 rows of 1024 tokens through 32 layers, 8·4096 + 4·11008 + 4·4096 numbers each; three chunks of logits of 64 MiB.
  const double activations = 8.0 * 1024 * 32 * (8 * 4096 + 4 * 11008 + 4 * 4096) * 4, chunks = 3 * 67108864.0;
  EXPECT_EQ(tuned.memory_bytes(), 26953662464.0 + 134217728.0 + activations + chunks);
  EXPECT_EQ(all.peak_bytes(), 1e8 + tuned.memory_bytes()) << "tuning holds most";
}

TEST(Recipes, BesideAGpuRamHoldsWhatIsWorkedOnThere) {
  const RunEstimate all = estimate("ptq");
  const StationEstimate& rotated = station(all, "rotated");
  EXPECT_EQ(part(rotated, "one layer's weights, in fp64"), 2 * (4.0 * 4096 * 4096 + 3.0 * 4096 * 11008 + 2 * 4096) * 8);
  EXPECT_EQ(rotated.vram_bytes(), 32000.0 * 4096 * 4) << "rotations are made on the processors; the gate runs on the GPU";
  for (const StationEstimate& s : all.stations) {
    double device = 0, host = 0;
    for (const MemoryPart& p : s.memory) {
      if (p.place != Place::host) device += p.bytes;
      if (p.place != Place::device) host += p.bytes;
    }
    EXPECT_EQ(s.vram_bytes(), device) << s.id;
    EXPECT_EQ(s.host_bytes(), host) << s.id;
    EXPECT_LT(s.vram_bytes() + s.host_bytes(), 2 * s.memory_bytes() + 1) << s.id;
  }
  const Json json = estimate_json(all);
  EXPECT_TRUE(json["seconds"].is_null());
  EXPECT_TRUE(json["pace"].is_null());
  EXPECT_EQ(json["vram_bytes"], all.peak_vram_bytes());
}

}  // namespace
}  // namespace rolora
