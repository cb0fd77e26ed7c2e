// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/pipeline.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/model/passes.h"
#include "core/quantization/activations.h"
#include "core/quantization/fake_quantized.h"
#include "core/quantization/gptq.h"
#include "core/quantization/hessian.h"
#include "core/rotation/rotated_source.h"
#include "tests/core/quantization/naive_quantizers.h"
#include "tests/support/near.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

// What every linear reads, kept whole.
class Recorder final : public SiteListener {
 public:
  at::Tensor visit(const SiteVisit& where, const at::Tensor& x) override {
    seen[{where.layer.value, where.site}].push_back(x.reshape({-1, x.size(-1)}).to(at::kDouble));
    return x;
  }
  at::Tensor at_site(LayerIndex layer, LinearKind kind) const { return at::cat(seen.at({layer.value, input_site(kind)})); }
  std::map<std::pair<int64_t, SiteKind>, std::vector<at::Tensor>> seen;
};

std::shared_ptr<Recorder> record(const ModelSource& source, const at::Tensor& windows) {
  auto recorder = std::make_shared<Recorder>();
  Listeners listeners;
  listeners.add(ListenerStage::observation, recorder);
  SilentMonitor monitor;
  run_layerwise(source, windows, listeners, {}, monitor, "test");
  return recorder;
}

struct Models {
  test::TempFolder folder;
  std::shared_ptr<const ModelSource> plain, rotated;
  at::Tensor windows = test::random_ids(7, 20, 50);
  Models() {
    test::write_random_model(folder.path(), test::small_config());
    plain = std::make_shared<const Checkpoint>(folder.path());
    rotated = std::make_shared<const RotatedSource>(plain, make_rotation(*plain, "", {}));
  }
};

QuantizationSpec gptq_w3() {
  QuantizationSpec spec;
  spec.method = WeightMethod::gptq;
  spec.weights.bits = 3;
  return spec;
}

using Bits = std::function<int(int64_t layer, LinearKind kind)>;

void expect_same_integers(const QuantizedWeight& made, const Linear& exact, const at::Tensor& hessian, const QuantizationSpec& spec,
                          int bits) {
  WeightQuant how = spec.weights;
  how.bits = bits;
  const QuantizedWeight again = quantize_gptq(exact.weight, factor_hessian(hessian, spec.gptq), how, spec.gptq.block);
  EXPECT_EQ(made.bits, bits);
  EXPECT_TRUE(at::equal(made.integers, again.integers));
  EXPECT_TRUE(at::equal(made.scales, again.scales));
  // The grid itself, without the product's arithmetic: the largest weight of a row is the scale's largest integer.
  const at::Tensor most = exact.weight.abs().amax(1, /*keepdim=*/true) / ((1 << (bits - 1)) - 1);
  EXPECT_TRUE(at::equal(made.scales, most));
  EXPECT_GE(made.integers.min().item<int>(), -(1 << (bits - 1)));
  EXPECT_LE(made.integers.max().item<int>(), (1 << (bits - 1)) - 1);
}

// The quantized model's own inputs are those that calibrated it: each group is fed by the already quantized part before it and nothing
// later changes that. So its Hessians, taken by the ordinary pass, must give the same integers again. `bits`: what each linear must have
// got, 16 for none.
void expect_fixed_point(const std::shared_ptr<const ModelSource>& model, const at::Tensor& windows, const QuantizationSpec& spec,
                        const Bits& bits) {
  SilentMonitor monitor;
  PipelineOptions options;
  options.batch_tokens = 50;  // two windows at a time, the last batch shorter
  const auto look = FakeQuantizedSource::prepare(model, spec, windows, options, monitor);
  const auto inputs = record(*look, windows);
  size_t layer = 0;
  quantize_layers(*model, spec, windows, options, monitor, [&](QuantizedLayer&& made) {
    EXPECT_EQ(made.index, LayerIndex(static_cast<int64_t>(layer++)));
    const LayerWeights exact = model->layer(made.index, {});
    for (const LinearKind kind : kAllLinears) {
      HessianSum sum(linear_shape(model->config(), kind).in, at::kCPU);
      sum.add(inputs->at_site(made.index, kind));
      const at::Tensor hessian = sum.finish(windows.size(0));
      SCOPED_TRACE(linear_name(*model->config().family, made.index, kind));
      const auto& weight = made.weights[static_cast<size_t>(kind)];
      const LinearReport& report = made.reports[static_cast<size_t>(kind)];
      const int own = bits(made.index.value, kind);
      EXPECT_EQ(report.bits, own);
      EXPECT_EQ(weight.has_value(), own != kFullBits);
      if (!weight) continue;
      expect_same_integers(*weight, exact[kind], hessian, spec, own);
      EXPECT_TRUE(test::near_relative(report.gptq_loss.value(), hessian_norm(dequantize(*weight) - exact[kind].weight, hessian), 1e-9));
      EXPECT_LT(*report.gptq_loss, report.rtn_loss.value());
    }
  });
  EXPECT_EQ(layer, 2u);
}

TEST(Pipeline, EachGroupIsFedByTheQuantizedPartBeforeIt) {
  const Models models;
  expect_fixed_point(models.plain, models.windows, gptq_w3(), [](int64_t, LinearKind) { return 3; });
}

TEST(Pipeline, OnlineRotationIsInPlaceWhileCalibrating) {
  const Models models;
  QuantizationSpec spec = gptq_w3();
  spec.gptq.act_order = true;
  expect_fixed_point(models.rotated, models.windows, spec, [](int64_t, LinearKind) { return 3; });
}

// Every linear of the first layer at bits of its own, one left alone; the second layer takes down_bits and the general ones.
TEST(Pipeline, MixedBitsReachTheLinearTheyAreFor) {
  const Models models;
  const std::map<LinearKind, int> first = {{LinearKind::q, 2},    {LinearKind::k, 5},  {LinearKind::v, 16},  {LinearKind::o, 6},
                                           {LinearKind::gate, 4}, {LinearKind::up, 7}, {LinearKind::down, 3}};
  QuantizationSpec spec = gptq_w3();
  spec.down_bits = 8;
  for (const auto& [kind, bits] : first) {
    spec.per_linear[linear_name(*models.plain->config().family, LayerIndex(0), kind)] = {bits, 16};
  }
  const Bits expected = [&](int64_t layer, LinearKind kind) {
    if (layer == 0) return first.at(kind);
    return kind == LinearKind::down ? 8 : 3;
  };
  expect_fixed_point(models.plain, models.windows, spec, expected);
  expect_fixed_point(models.rotated, models.windows, spec, expected);
}

TEST(Pipeline, CalibrationKnowsNothingOfActivationBits) {
  const Models models;
  QuantizationSpec with = gptq_w3();
  with.activations.bits = 4;
  with.kv_bits = 3;
  SilentMonitor monitor;
  std::vector<at::Tensor> integers;
  for (const QuantizationSpec& spec : {gptq_w3(), with}) {
    quantize_layers(*models.plain, spec, models.windows, {}, monitor, [&](QuantizedLayer&& layer) {
      for (const auto& weight : layer.weights) integers.push_back(weight->integers);
    });
  }
  ASSERT_EQ(integers.size(), 28u);
  for (size_t i = 0; i < 14; ++i) EXPECT_TRUE(at::equal(integers[i], integers[i + 14]));
}

double frobenius(const at::Tensor& x) { return x.norm().item<double>(); }

// Errors once more: inputs by the ordinary pass over the unquantized model, everything in fp64.
void expect_errors(const ModelSource& model, const Recorder& inputs, const QuantizedLayer& layer, const QuantizationSpec& spec) {
  const LayerWeights exact = model.layer(layer.index, {at::kDouble, at::kCPU});
  for (const LinearKind kind : kAllLinears) {
    const LinearReport& report = layer.reports[static_cast<size_t>(kind)];
    const at::Tensor w = exact[kind].weight, x = inputs.at_site(layer.index, kind);
    const at::Tensor wq = dequantize(*layer.weights[static_cast<size_t>(kind)]).to(at::kDouble);
    const at::Tensor xq = quantize_activation(x.to(at::kFloat), report.activation_bits, spec.activations).to(at::kDouble);
    const at::Tensor y = at::mm(x, w.t());
    const double both = frobenius(at::mm(xq, wq.t()) - y) / frobenius(y);
    EXPECT_EQ(report.name, linear_name(*model.config().family, layer.index, kind));
    EXPECT_TRUE(test::near_relative(report.weight_mse, (wq - w).pow(2).mean().item<double>(), 1e-6));
    EXPECT_TRUE(test::near_relative(report.input_mse.value(), (xq - x).pow(2).mean().item<double>(), 1e-4)) << report.name;
    EXPECT_TRUE(test::near_relative(report.output_error_weights.value(), frobenius(at::mm(x, wq.t()) - y) / frobenius(y), 1e-5));
    EXPECT_TRUE(test::near_relative(report.output_error_activations.value(), frobenius(at::mm(xq, w.t()) - y) / frobenius(y), 1e-4));
    EXPECT_TRUE(test::near_relative(report.output_error_both.value(), both, 1e-4)) << report.name;
    EXPECT_TRUE(test::near_relative(report.sqnr_db.value(), -20 * std::log10(both), 1e-4));
  }
}

TEST(Pipeline, ErrorsAreThoseOfTheUnquantizedModelsInputs) {
  const Models models;
  for (const auto& model : {models.plain, models.rotated}) {
    for (const WeightMethod method : {WeightMethod::rtn, WeightMethod::gptq}) {
      QuantizationSpec spec;
      spec.method = method;
      spec.weights.bits = 4;
      spec.activations.bits = 4;
      spec.down_bits = 8;
      PipelineOptions options;
      options.error_samples = 3;
      const auto inputs = record(*model, models.windows.narrow(0, 0, 3));
      SilentMonitor monitor;
      quantize_layers(*model, spec, models.windows, options, monitor,
                      [&](QuantizedLayer&& layer) { expect_errors(*model, *inputs, layer, spec); });
    }
  }
}

// The chain once more: both models run by the ordinary pass, observed in front of the rounding of inputs, everything in fp64.
void expect_chain(const std::shared_ptr<const ModelSource>& model, const at::Tensor& windows, const QuantizationSpec& spec) {
  SilentMonitor monitor;
  PipelineOptions options;
  options.error_samples = windows.size(0) - 2;
  const auto look = FakeQuantizedSource::prepare(model, spec, windows, options, monitor);
  const at::Tensor samples = windows.narrow(0, 0, options.error_samples);
  const auto exact = record(*model, samples), chain = record(*look, samples);
  ASSERT_EQ(look->reports().size(), 14u);
  double inherited_sum = 0;
  for (size_t i = 0; i < 14; ++i) {
    const LinearReport& report = look->reports()[i];
    const LayerIndex layer(static_cast<int64_t>(i) / 7);
    const LinearKind kind = kAllLinears[i % 7];
    const at::Tensor w = model->layer(layer, {at::kDouble, at::kCPU})[kind].weight,
                     wq = look->layer(layer, {at::kDouble, at::kCPU})[kind].weight;
    const at::Tensor x = exact->at_site(layer, kind), before = chain->at_site(layer, kind);
    const at::Tensor after = quantize_activation(before.to(at::kFloat), report.activation_bits, spec.activations).to(at::kDouble);
    const at::Tensor y = at::mm(x, w.t());
    const auto error = [&](const at::Tensor& input, const at::Tensor& weight) {
      return frobenius(at::mm(input, weight.t()) - y) / frobenius(y);
    };
    const double inherited = error(before, w), with_weights = error(before, wq), whole = error(after, wq);
    EXPECT_NEAR(report.chain_inherited.value(), inherited, 1e-5) << report.name;
    EXPECT_NEAR(report.chain_added_weights.value(), with_weights - inherited, 1e-5) << report.name;
    EXPECT_NEAR(report.chain_added_activations.value(), whole - with_weights, 1e-5) << report.name;
    EXPECT_NEAR(report.chain_error.value(), whole, 1e-5) << report.name;
    if (i < 3) {
      EXPECT_EQ(*report.chain_inherited, 0) << "nothing stands before the first linears";
      EXPECT_NEAR(*report.chain_error, report.output_error_both.value(), 1e-6);
    }
    inherited_sum += *report.chain_inherited;
  }
  EXPECT_GT(inherited_sum, 0.1);
}

TEST(Pipeline, TheChainTellsWhatEachStepAdded) {
  const Models models;
  for (const auto& model : {models.plain, models.rotated}) {
    for (const WeightMethod method : {WeightMethod::rtn, WeightMethod::gptq}) {
      QuantizationSpec spec;
      spec.method = method;
      spec.weights.bits = 3;
      spec.activations.bits = 4;
      spec.kv_bits = 3;
      spec.per_linear["model.layers.0.self_attn.o_proj"] = {16, 16};
      expect_chain(model, models.windows, spec);
    }
  }
}

TEST(Pipeline, WithoutTextOnlyWeightsAreMeasured) {
  const Models models;
  QuantizationSpec spec;
  spec.weights.bits = 4;
  spec.weights.group = 16;  // divides no width of 24 and 40
  spec.activations.bits = 4;
  spec.activations.group = 12;  // divides 24, not 40
  SilentMonitor monitor;
  quantize_layers(*models.plain, spec, {}, {}, monitor, [&](QuantizedLayer&& layer) {
    for (const LinearReport& report : layer.reports) {
      EXPECT_GT(report.weight_mse, 0);
      EXPECT_TRUE(report.group_fell_back);
      const bool down = report.name.ends_with("down_proj");
      EXPECT_EQ(report.activation_group, down ? 0 : 12) << report.name;
      EXPECT_EQ(report.activation_group_fell_back, down) << report.name;
      EXPECT_FALSE(report.input_mse || report.output_error_both || report.sqnr_db || report.gptq_loss || report.chain_error);
    }
  });
  EXPECT_THROW(quantize_layers(*models.plain, gptq_w3(), {}, {}, monitor, [](QuantizedLayer&&) {}), UsageError);
}

TEST(Pipeline, HalfPrecisionRunsQuantizeTheModelsOwnWeights) {
  const Models models;
  QuantizationSpec spec;
  spec.weights.bits = 8;
  SilentMonitor monitor;
  std::vector<at::Tensor> integers;
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kDouble}) {
    PipelineOptions options;
    options.compute.type = type;
    quantize_layers(*models.plain, spec, models.windows, options, monitor, [&](QuantizedLayer&& layer) {
      for (const auto& weight : layer.weights) integers.push_back(weight->integers);
    });
    EXPECT_EQ(FakeQuantizedSource(models.plain, spec).layer(LayerIndex(0), options.compute)[LinearKind::q].weight.scalar_type(), type);
  }
  for (size_t i = 0; i < 14; ++i) {
    EXPECT_TRUE(at::equal(integers[i], integers[i + 14]));
    EXPECT_TRUE(at::equal(integers[i], integers[i + 28]));
  }
}

class StopAfter final : public Monitor {
 public:
  explicit StopAfter(int64_t units) : units_(units) {}
  void progress(std::string_view, int64_t done, int64_t) override { stopped_ = done >= units_; }
  void metric(std::string_view, int64_t, double) override {}
  void notice(std::string_view) override {}
  bool stop_requested() const override { return stopped_; }

 private:
  int64_t units_;
  bool stopped_ = false;
};

TEST(Pipeline, StopsBetweenSteps) {
  const Models models;
  StopAfter monitor(6);  // in the second layer
  int layers = 0;
  EXPECT_THROW(quantize_layers(*models.plain, gptq_w3(), models.windows, {}, monitor, [&](QuantizedLayer&&) { ++layers; }), Cancelled);
  EXPECT_EQ(layers, 1);
}

// x rounded run by run with the formulas of method §4.
at::Tensor naive_activation(const at::Tensor& x, int64_t run, int bits, bool symmetric, float clip, bool compressed) {
  at::Tensor y = x.clone();
  float* data = y.mutable_data_ptr<float>();
  const test::NaiveRule rule{bits, symmetric, compressed, false};
  for (int64_t first = 0; first < y.numel(); first += run) {
    test::NaiveGrid grid = test::naive_grid({data + first, data + first + run}, rule, clip);
    for (int64_t i = first; i < first + run; ++i) data[i] = grid.s * (test::naive_integer(data[i], grid, rule) - grid.z);
  }
  return y;
}

at::Tensor pass(const QuantizationSpec& spec, const ModelConfig& config, SiteKind site, const at::Tensor& x, int64_t layer = 0) {
  Listeners listeners;
  attach_quantization(spec, config, listeners);
  return listeners.pass({LayerIndex(layer), site, WindowIndex(0)}, x);
}

TEST(Activations, AreRoundedPerTokenAtTheirOwnBits) {
  const Models models;
  const ModelConfig& config = models.plain->config();
  const at::Tensor x = test::random_tensors(config, 5)["model.layers.0.mlp.gate_proj.weight"].to(at::kFloat).view({2, 20, 24});
  const at::Tensor wide = test::random_tensors(config, 6)["model.layers.0.mlp.down_proj.weight"].to(at::kFloat).view({2, 12, 40});
  QuantizationSpec spec;
  spec.activations.bits = 4;
  spec.down_bits = 8;
  for (const SiteKind site : {SiteKind::qkv_in, SiteKind::o_in, SiteKind::gate_up_in}) {
    EXPECT_TRUE(at::equal(pass(spec, config, site, x), naive_activation(x, 24, 4, true, 1, false)));
  }
  EXPECT_TRUE(at::equal(pass(spec, config, SiteKind::down_in, wide), naive_activation(wide, 40, 8, true, 1, false)));
  EXPECT_TRUE(at::equal(pass(spec, config, SiteKind::residual_in, x), x));
  spec.per_linear["model.layers.1.self_attn.o_proj"] = {16, 16};
  EXPECT_TRUE(at::equal(pass(spec, config, SiteKind::o_in, x, 1), x));
  EXPECT_FALSE(at::equal(pass(spec, config, SiteKind::o_in, x, 0), x));

  spec.activations = {6, 8, false, 0.9, ScaleConvention::quarot};
  EXPECT_TRUE(at::equal(pass(spec, config, SiteKind::qkv_in, x), naive_activation(x, 8, 6, false, 0.9f, false)));
  spec.activations = {4, 0, true, 1.0, ScaleConvention::compressed_tensors};
  EXPECT_TRUE(at::equal(pass(spec, config, SiteKind::qkv_in, x), naive_activation(x, 24, 4, true, 1, true)));
  spec.activations.group = 9;  // does not divide: per token
  EXPECT_TRUE(at::equal(pass(spec, config, SiteKind::qkv_in, x), naive_activation(x, 24, 4, true, 1, true)));
}

// Method §4: rounding is part of the definition, in fp32, whatever the type of the arithmetic around it.
TEST(Activations, WiderArithmeticRoundsByTheSameRule) {
  const Models models;
  const ModelConfig& config = models.plain->config();
  at::Tensor x = test::random_tensors(config, 5)["model.layers.0.mlp.gate_proj.weight"].view({2, 20, 24});  // fp64
  x[0][0][0] = 7.0;
  x[0][0][1] = 3.4999999999;  // a tie once it is fp32, below one in fp64; the row's scale is 1
  QuantizationSpec spec;
  spec.activations.bits = 4;
  spec.kv_bits = 4;
  const at::Tensor wide = pass(spec, config, SiteKind::qkv_in, x);
  EXPECT_EQ(wide.scalar_type(), at::kDouble);
  EXPECT_TRUE(at::equal(wide, naive_activation(x.to(at::kFloat), 24, 4, true, 1, false).to(at::kDouble)));
  EXPECT_EQ(wide[0][0][1].item<double>(), 4.0);
  const at::Tensor heads = x.view({2, 40, 2, 6});
  EXPECT_TRUE(
      at::equal(pass(spec, config, SiteKind::k_out, heads), naive_activation(heads.to(at::kFloat), 6, 4, false, 1, false).to(at::kDouble)));
}

TEST(Activations, KvIsRoundedPerTokenAndHead) {
  const Models models;
  const ModelConfig& config = models.plain->config();
  const at::Tensor x = test::random_tensors(config, 5)["model.layers.0.mlp.gate_proj.weight"].to(at::kFloat).view({2, 40, 2, 6});
  QuantizationSpec spec;
  spec.kv_bits = 4;
  for (const SiteKind site : {SiteKind::k_out, SiteKind::v_out}) {
    EXPECT_TRUE(at::equal(pass(spec, config, site, x), naive_activation(x, 6, 4, false, 1, false)));
  }
  EXPECT_TRUE(at::equal(pass(spec, config, SiteKind::q_out, x), x));
  EXPECT_TRUE(at::equal(pass(spec, config, SiteKind::qkv_in, x), x));
}

}  // namespace
}  // namespace rolora
