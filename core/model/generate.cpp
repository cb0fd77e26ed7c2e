// SPDX-License-Identifier: GPL-3.0-or-later
// Decoding token by token on a key/value cache.
#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/model/passes.h"

namespace rolora {
namespace {

void expect_usable(const ModelConfig& config, const std::vector<int64_t>& prompt) {
  if (prompt.empty()) throw InputError("prompt", "ids", "at least one token", "none");
  for (int64_t id : prompt) {
    if (id < 0 || id >= config.vocabulary) {
      throw InputError("prompt", "ids", "ids in 0 … " + std::to_string(config.vocabulary - 1), std::to_string(id));
    }
  }
}

// Nucleus sampling (Holtzman et al., arXiv 1904.09751): the fewest most likely tokens whose probabilities reach top_p. Equal probabilities
// are ordered by id, so that a seed means the same choice everywhere.
int64_t sample(const at::Tensor& logits, const GenerateOptions& options, Random& random) {
  const at::Tensor probabilities = at::softmax(logits.to(at::kCPU).to(at::kDouble) / options.temperature, 0).contiguous();  // [V]
  const double* p = probabilities.const_data_ptr<double>();
  std::vector<int64_t> order(static_cast<size_t>(probabilities.numel()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [p](int64_t a, int64_t b) { return p[a] > p[b]; });
  double kept = 0;
  size_t count = 0;
  while (count < order.size() && (count == 0 || kept < options.top_p)) kept += p[order[count++]];
  double rest = random.uniform() * kept;
  for (size_t i = 0; i + 1 < count; ++i) {
    rest -= p[order[i]];
    if (rest < 0) return order[i];
  }
  return order[count - 1];
}

int64_t choose(const at::Tensor& logits, const GenerateOptions& options, Random& random) {
  if (!at::isfinite(logits).all().item<bool>()) {
    throw NumericError("generate: the logits are not finite: try a wider --dtype");
  }
  return options.temperature > 0 ? sample(logits, options, random) : logits.argmax().item<int64_t>();
}

// Phi-3 in transformers computes its cache anew where the text outgrows the short factors: its keys would keep the short ones.
bool outgrows_short_factors(const ModelConfig& config, int64_t before, int64_t after) {
  return config.family->longrope_restarts_cache && config.rope.kind == RopeKind::longrope && before > 0 &&
         before <= config.rope.original_context && after > config.rope.original_context;
}

}  // namespace

std::vector<int64_t> generate(const ResidentModel& model, const std::vector<int64_t>& prompt, const GenerateOptions& options,
                              Monitor& monitor) {
  const at::NoGradGuard no_grad;
  const ModelConfig& config = model.config();
  expect_usable(config, prompt);
  const auto given = static_cast<int64_t>(prompt.size());
  if (given + options.max_new > config.context) {
    monitor.notice("generate: prompt " + std::to_string(given) + " + new " + std::to_string(options.max_new) +
                   " tokens reach beyond the model's context of " + std::to_string(config.context));
  }
  const std::vector<int64_t>& eos = options.eos ? *options.eos : config.eos;
  Random random(options.seed, "generate");
  std::vector<LayerCache> cache(static_cast<size_t>(config.layers));
  std::vector<int64_t> fresh;
  at::Tensor next = at::tensor(prompt, at::kLong).unsqueeze(0);
  int64_t position = 0;
  while (static_cast<int64_t>(fresh.size()) < options.max_new) {
    throw_if_stopped(monitor);
    if (outgrows_short_factors(config, position, position + next.size(1))) {
      std::vector<int64_t> text = prompt;
      text.insert(text.end(), fresh.begin(), fresh.end());
      next = at::tensor(text, at::kLong).unsqueeze(0);
      std::fill(cache.begin(), cache.end(), LayerCache{});
      position = 0;
    }
    const at::Tensor logits = model.step(next, cache, position);
    position += next.size(1);
    const int64_t id = choose(logits, options, random);
    fresh.push_back(id);
    monitor.progress("generate: token", static_cast<int64_t>(fresh.size()), options.max_new);
    if (!options.ignore_eos && std::find(eos.begin(), eos.end(), id) != eos.end()) break;
    next = at::full({1, 1}, id, at::kLong);
  }
  return fresh;
}

}  // namespace rolora
