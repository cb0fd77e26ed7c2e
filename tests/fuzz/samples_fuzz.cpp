// SPDX-License-Identifier: GPL-3.0-or-later
// The sample tokens beside a model, which every opening of it runs.
#include "core/base/monitor.h"
#include "core/rotation/samples.h"
#include "tests/fuzz/small_folder.h"
#include "tests/fuzz/small_model.h"

namespace {

// Arithmetic of the real thing, weights of none: ones everywhere.
class Ones final : public rolora::ModelSource {
 public:
  explicit Ones(rolora::ModelConfig config) : config_(std::move(config)) {}
  const rolora::ModelConfig& config() const override { return config_; }
  rolora::LayerWeights layer(rolora::LayerIndex, const rolora::Compute& compute) const override {
    rolora::LayerWeights weights;
    for (const rolora::LayerNorm& norm : rolora::layer_norms(config_)) weights.*norm.gain = at::ones({norm.width}, compute.type);
    for (const rolora::LinearKind kind : rolora::kAllLinears) {
      const auto shape = rolora::linear_shape(config_, kind);
      weights[kind].weight = at::ones({shape.out, shape.in}, compute.type);
    }
    return weights;
  }
  at::Tensor embed(const at::Tensor& ids, const rolora::Compute& compute) const override {
    return at::ones({ids.numel(), config_.hidden}, compute.type).mul(ids.reshape({-1, 1}));
  }
  at::Tensor final_norm(const rolora::Compute& compute) const override { return at::ones({config_.hidden}, compute.type); }
  at::Tensor head(const rolora::Compute& compute) const override { return at::ones({config_.vocabulary, config_.hidden}, compute.type); }
  void attach(rolora::Listeners&, const rolora::Compute&) const override {}

 private:
  rolora::ModelConfig config_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  static const Ones model(fuzz::small_model());
  folder.write(kSamplesFile, fuzz::as_text(data, size));
  return fuzz::expect_typed([&] {
    require_samples_of_rotation(folder.path(), "", false);
    SilentMonitor monitor;
    (void)verify_samples(model, folder.path(), at::kCPU, monitor);
  });
}
