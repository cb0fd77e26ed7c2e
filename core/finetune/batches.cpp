// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/batches.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "core/base/random.h"

namespace rolora {

BatchOrder::BatchOrder(int64_t examples, int64_t batch, int64_t accumulate, bool shuffle, uint64_t seed)
    : examples_(examples), batch_(batch), accumulate_(accumulate), shuffle_(shuffle), seed_(seed) {}

int64_t BatchOrder::steps_per_epoch() const {
  const int64_t a_step = batch_ * accumulate_;
  return (examples_ + a_step - 1) / a_step;
}

std::vector<std::vector<int64_t>> BatchOrder::micro_batches(int64_t step) {
  const int64_t epoch = (step - 1) / steps_per_epoch();
  if (epoch != epoch_) {
    epoch_ = epoch;
    if (shuffle_) {
      order_ = Random(seed_, "finetune order, epoch " + std::to_string(epoch)).permutation(examples_);
    } else {
      order_.resize(static_cast<size_t>(examples_));
      std::iota(order_.begin(), order_.end(), int64_t{0});
    }
  }
  const int64_t first = (step - 1) % steps_per_epoch() * batch_ * accumulate_;
  std::vector<std::vector<int64_t>> parts;
  for (int64_t m = 0; m < accumulate_; ++m) {
    const int64_t begin = std::min(examples_, first + m * batch_);
    const int64_t end = std::min(examples_, begin + batch_);
    if (begin < end) parts.emplace_back(order_.begin() + begin, order_.begin() + end);
  }
  return parts;
}

MicroBatch make_micro_batch(const TrainingData& data, const std::vector<int64_t>& numbers, at::Device device) {
  int64_t longest = 2;
  for (const int64_t n : numbers) longest = std::max(longest, static_cast<int64_t>(data.examples[static_cast<size_t>(n)].ids.size()));
  const at::Tensor ids = at::zeros({static_cast<int64_t>(numbers.size()), longest}, at::kLong);
  int64_t* out = ids.data_ptr<int64_t>();
  std::vector<int64_t> rows, targets, present;
  for (size_t b = 0; b < numbers.size(); ++b) {
    const Example& example = data.examples[static_cast<size_t>(numbers[b])];
    const int64_t start = static_cast<int64_t>(b) * longest;
    std::copy(example.ids.begin(), example.ids.end(), out + start);
    const auto length = static_cast<int64_t>(example.ids.size());
    for (int64_t t = 0; t < length; ++t) present.push_back(start + t);
    for (int64_t t = std::max<int64_t>(1, example.first_label); t < length; ++t) {
      if (!example.learns(t)) continue;
      rows.push_back(start + t - 1);
      targets.push_back(example.ids[static_cast<size_t>(t)]);
    }
  }
  const auto indices = [&](const std::vector<int64_t>& v) { return at::tensor(v, at::kLong).to(device); };
  return {ids.to(device), indices(rows), indices(targets), indices(present)};
}

}  // namespace rolora
