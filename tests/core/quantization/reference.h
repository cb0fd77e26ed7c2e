// SPDX-License-Identifier: GPL-3.0-or-later
// The two reference models with their text, and the numbers that other people's libraries made of them
// (../shared/reference/quantization.json, whose notes define every entry and its tolerance).
#pragma once

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/evaluation/corpus.h"
#include "core/evaluation/perplexity.h"
#include "core/model/checkpoint.h"
#include "core/quantization/spec.h"
#include "tests/support/folders.h"
#include "tests/support/near.h"

namespace rolora::test {

struct Reference {
  std::string name;
  Json numbers;
  std::shared_ptr<const Checkpoint> model;
  Windows windows;  ///< of the whole text

  static std::shared_ptr<const Reference> load(const std::string& name) {
    auto reference = std::make_shared<Reference>();
    reference->name = name;
    reference->numbers = read_json_file(shared_folder() / "reference/quantization.json")["models"][name];
    const std::filesystem::path folder = shared_folder() / "models" / name;
    reference->model = std::make_shared<const Checkpoint>(folder);
    const IdStream stream = ids_of_text(shared_folder() / "data/tinystories.txt", Corpus::text, *open_tokenizer(folder));
    reference->windows = cut_windows(stream, reference->numbers["context"].get<int64_t>(), /*keep_tail=*/false);
    return reference;
  }

  /// The first windows, for calibration and errors.
  at::Tensor first(int64_t count) const { return windows.full.narrow(0, 0, count); }
};

/// Every entry of the reference with ROLORA_REFERENCE=all in the environment (minutes); else those chosen to reach every path once.
inline bool is_chosen(const std::string& entry, const std::set<std::string>& chosen) {
  const char* wanted = std::getenv("ROLORA_REFERENCE");
  return (wanted != nullptr && std::string(wanted) == "all") || chosen.contains(entry);
}

/// Runs the works on all cores, one thread of arithmetic each: many small models at once are faster than one on many threads.
inline void run_all(const std::vector<std::function<void()>>& works) {
  std::atomic<size_t> next{0};
  const auto worker = [&] {
    at::set_num_threads(1);
    for (size_t i = next++; i < works.size(); i = next++) works[i]();
  };
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < std::max(1u, std::thread::hardware_concurrency()); ++t) threads.emplace_back(worker);
  for (std::thread& thread : threads) thread.join();
}

inline double perplexity_of(const ModelSource& source, const Reference& reference, const Listeners& extra = {}) {
  SilentMonitor monitor;
  const PerplexityResult result = perplexity(source, reference.windows, {}, monitor, extra);
  EXPECT_EQ(result.tokens, reference.numbers["predicted"].get<int64_t>());
  return result.perplexity;
}

/// "W4A4_wclip_aclip0.9", "W4A16_wgroup32_down_unquantized" as settings.
inline QuantizationSpec spec_of(const std::string& name, const ModelConfig& config) {
  QuantizationSpec spec;
  const size_t a = name.find('A');
  spec.weights.bits = std::stoi(name.substr(1, a - 1));
  spec.activations.bits = std::stoi(name.substr(a + 1));
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  spec.weights.clip_search = has("wclip");
  spec.weights.symmetric = !has("wasym");
  spec.weights.group = has("wgroup32") ? 32 : 0;
  spec.activations.symmetric = !has("aasym");
  spec.activations.clip = has("aclip0.9") ? 0.9 : 1.0;
  for (int64_t layer = 0; has("down_unquantized") && layer < config.layers; ++layer) {
    spec.per_linear[linear_name(*config.family, LayerIndex(layer), LinearKind::down)] = {kFullBits, spec.activations.bits};
  }
  return spec;
}

/// Perplexity's tolerance by the notes: weights only 1e-4, with activations 2e-3 (an activation near a tie may flip), untouched 2e-6.
inline double tolerance_of(const QuantizationSpec& spec) {
  if (spec.activations.bits != kFullBits) return 2e-3;
  return spec.weights.bits != kFullBits ? 1e-4 : 2e-6;
}

}  // namespace rolora::test
