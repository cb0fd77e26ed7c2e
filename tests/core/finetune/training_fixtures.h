// SPDX-License-Identifier: GPL-3.0-or-later
// What the trainings of these tests share: small data, a monitor that stops, a run of the trainer from settings.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "core/finetune/finetune.h"
#include "core/model/checkpoint.h"
#include "tests/support/folders.h"
#include "tests/support/near.h"

namespace rolora::test {

inline std::filesystem::path fixtures() { return source_folder() / "tests/core/finetune/fixtures"; }
inline std::filesystem::path model_fixture(const std::string& name) { return source_folder() / "tests/core/model/fixtures" / name; }

/// The ids of make_fixtures.py: (7 i² + 3 i + 1) mod 32 in blocks.
inline TrainingData made_blocks(int64_t block = 12, int64_t blocks = 10) {
  IdStream stream;
  stream.source = "made";
  for (int64_t i = 0; i < block * blocks + 5; ++i) stream.ids.push_back((7 * i * i + 3 * i + 1) % 32);
  return packed_blocks(stream, block);
}

/// Asks to stop once `after` steps are done.
class StoppingMonitor final : public Monitor {
 public:
  explicit StoppingMonitor(int64_t after) : after_(after) {}
  void progress(std::string_view stage, int64_t done, int64_t) override {
    if (stage == "finetune: step") done_ = done;
  }
  void metric(std::string_view, int64_t, double) override {}
  void notice(std::string_view) override {}
  bool stop_requested() const override { return done_ >= after_; }

 private:
  int64_t after_, done_ = 0;
};

/// Notes the first step that is trained; 0 when none is.
class RecordingMonitor final : public Monitor {
 public:
  void progress(std::string_view, int64_t, int64_t) override {}
  void metric(std::string_view name, int64_t step, double) override {
    if (name == "loss" && first_step == 0) first_step = step;
  }
  void notice(std::string_view) override {}
  bool stop_requested() const override { return false; }
  int64_t first_step = 0;
};

/// [‖w‖, Σ w_i cos i], the digest that make_fixtures.py stores.
inline std::array<double, 2> digest(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kDouble).reshape({-1}).contiguous();
  double squares = 0, projection = 0;
  for (int64_t i = 0; i < flat.numel(); ++i) {
    const double w = flat.data_ptr<double>()[i];
    squares += w * w;
    projection += w * std::cos(static_cast<double>(i));
  }
  return {std::sqrt(squares), projection};
}

inline FinetuneBase plain_base(const std::filesystem::path& folder) {
  return {std::make_shared<Checkpoint>(folder), folder, std::nullopt, Checkpoint(folder).hash(), at::kFloat};
}

}  // namespace rolora::test
