// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/spec.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/model/sites.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

ModelConfig small() { return parse_model_config(test::small_config(), "config.json"); }

constexpr const char* kDown = "model.layers.1.mlp.down_proj";

TEST(QuantizationSpec, OwnBitsComeBeforeDownBitsBeforeGeneralOnes) {
  const ModelConfig config = small();
  QuantizationSpec spec;
  spec.weights.bits = 4;
  spec.activations.bits = 6;
  EXPECT_EQ(bits_of(spec, config, LayerIndex(1), LinearKind::down), (LinearBits{4, 6}));
  spec.down_bits = 8;
  EXPECT_EQ(bits_of(spec, config, LayerIndex(1), LinearKind::down), (LinearBits{8, 8}));
  EXPECT_EQ(bits_of(spec, config, LayerIndex(1), LinearKind::up), (LinearBits{4, 6}));
  spec.per_linear[kDown] = {3, 16};
  EXPECT_EQ(bits_of(spec, config, LayerIndex(1), LinearKind::down), (LinearBits{3, 16}));
  EXPECT_EQ(bits_of(spec, config, LayerIndex(0), LinearKind::down), (LinearBits{8, 8}));
  EXPECT_EQ(site_bits(spec, config, LayerIndex(1), SiteKind::down_in), 16);
  EXPECT_EQ(site_bits(spec, config, LayerIndex(1), SiteKind::qkv_in), 6);
}

TEST(QuantizationSpec, ReadersOfOneTensorMustAgreeOnItsBits) {
  QuantizationSpec spec;
  spec.activations.bits = 4;
  spec.per_linear["model.layers.0.self_attn.k_proj"] = {4, 8};
  try {
    validate(spec, small());
    FAIL() << "accepted";
  } catch (const UsageError& e) {
    EXPECT_NE(std::string(e.what()).find("self_attn.k_proj"), std::string::npos) << e.what();
  }
  spec.per_linear["model.layers.0.self_attn.q_proj"] = {4, 8};
  spec.per_linear["model.layers.0.self_attn.v_proj"] = {16, 8};
  EXPECT_NO_THROW(validate(spec, small()));
}

TEST(QuantizationSpec, ImpossibleOrIdleSettingsAreRefused) {
  const auto refused = [](auto change) {
    QuantizationSpec spec;
    spec.weights.bits = 4;
    spec.activations.bits = 4;
    validate(spec, small());
    change(spec);
    EXPECT_THROW(validate(spec, small()), UsageError);
  };
  refused([](QuantizationSpec& s) { s.weights.bits = 9; });
  refused([](QuantizationSpec& s) { s.weights.bits = 1; });
  refused([](QuantizationSpec& s) { s.activations.bits = 15; });
  refused([](QuantizationSpec& s) { s.kv_bits = 0; });
  refused([](QuantizationSpec& s) { s.down_bits = 12; });
  refused([](QuantizationSpec& s) { s.weights.group = -32; });
  refused([](QuantizationSpec& s) { s.activations.clip = 0; });
  refused([](QuantizationSpec& s) { s.activations.clip = 1.5; });
  refused([](QuantizationSpec& s) { s.activations.clip = std::numeric_limits<double>::quiet_NaN(); });
  refused([](QuantizationSpec& s) { s.gptq.damping = -1; });
  refused([](QuantizationSpec& s) { s.gptq.block = 0; });
  refused([](QuantizationSpec& s) { s.gptq.act_order = true; });  // RTN has no order
  refused([](QuantizationSpec& s) { s.per_linear["model.layers.7.mlp.down_proj"] = {4, 4}; });
  refused([](QuantizationSpec& s) {
    s.weights.bits = 16;
    s.weights.clip_search = true;
  });
  refused([](QuantizationSpec& s) {
    s.activations.bits = 16;
    s.activations.clip = 0.9;
  });
  refused([](QuantizationSpec& s) {
    s.weights.symmetric = s.activations.symmetric = false;
    s.weights.convention = s.activations.convention = ScaleConvention::compressed_tensors;
  });
}

std::string usage(const std::optional<SpecProblem>& problem) {
  try {
    refuse_problem(problem);
  } catch (const UsageError& e) {
    return e.what();
  }
  return "";
}

TEST(QuantizationSpec, NumbersHaveOneRangeForEverybody) {
  const auto told = [](auto change) {
    QuantizationSpec spec;
    change(spec);
    return usage(first_problem(spec));
  };
  EXPECT_EQ(told([](QuantizationSpec& s) { s.gptq.damping = 0; }), "") << "no damping is a setting";
  EXPECT_EQ(told([](QuantizationSpec& s) { s.gptq.damping = -0.5; }),
            "--damp: expected a number of at least 0 (a share of the mean diagonal), found -0.5");
  EXPECT_EQ(told([](QuantizationSpec& s) { s.gptq.damping = std::numeric_limits<double>::infinity(); }),
            "--damp: expected a number of at least 0 (a share of the mean diagonal), found inf");
  EXPECT_EQ(told([](QuantizationSpec& s) { s.activations.clip = 1.5; }), "--activation-clip: expected a number in (0, 1], found 1.5");
  EXPECT_EQ(told([](QuantizationSpec& s) { s.activations.group = -1; }),
            "--activation-group: expected a number of channels from 0 to 1000000000, found -1");
  EXPECT_EQ(told([](QuantizationSpec& s) { s.down_bits = 12; }), "--down-bits: expected 2 to 8, or 16 (not quantized), found 12");
  EXPECT_EQ(told([](QuantizationSpec& s) {
              s.per_linear[kDown] = {4, 1};
            }),
            "--bits.model.layers.1.mlp.down_proj.activations: expected 2 to 8, or 16 (not quantized), found 1");
  const auto windows = [](int64_t samples, std::optional<int64_t> context, int64_t errors) {
    return usage(first_problem(CalibrationWindows{samples, context, errors}));
  };
  EXPECT_EQ(windows(1, 2, 0), "") << "no output errors is a setting";
  EXPECT_EQ(windows(0, {}, 4), "--samples: expected a number of windows from 1 to 1000000000, found 0");
  EXPECT_EQ(windows(1, 1, 4), "--context: expected a number of tokens from 2 to 1000000000, found 1");
  EXPECT_EQ(windows(1, {}, -1), "--error-samples: expected a number of windows from 0 to 1000000000, found -1");
}

TEST(QuantizationSpec, GroupsThatDoNotDivideAreListed) {
  QuantizationSpec spec;
  spec.weights = {4, 12, true, false, ScaleConvention::quarot};  // 24 = 2·12, 40 is no multiple
  spec.activations = {4, 40, true, 1.0, ScaleConvention::quarot};
  spec.per_linear["model.layers.0.mlp.down_proj"] = {16, 4};
  spec.per_linear["model.layers.1.self_attn.o_proj"] = {4, 16};
  const GroupFallbacks found = group_fallbacks(spec, small());
  EXPECT_EQ(found.linears, (std::vector<std::string>{kDown}));
  EXPECT_EQ(found.sites, (std::vector<std::string>{"layers.0.qkv_in", "layers.0.o_in", "layers.0.gate_up_in", "layers.1.qkv_in",
                                                   "layers.1.gate_up_in"}));
  EXPECT_EQ(found.notices,
            (std::vector<std::string>{"group 12 does not divide the width of down_proj (40): 1 linear is quantized per output channel",
                                      "activation group 40 does not divide the width of qkv_in (24), o_in (24), gate_up_in (24): 5 inputs "
                                      "are quantized per token"}));
  spec.weights.group = spec.activations.group = 8;  // divides both
  EXPECT_TRUE(group_fallbacks(spec, small()).notices.empty());
  spec.weights.group = spec.activations.group = 0;
  EXPECT_TRUE(group_fallbacks(spec, small()).notices.empty());
}

TEST(QuantizationSpec, JsonComesBackEqual) {
  QuantizationSpec spec;
  spec.method = WeightMethod::gptq;
  spec.weights = {3, 64, false, true, ScaleConvention::quarot};
  spec.activations = {6, 16, true, 0.875, ScaleConvention::compressed_tensors};
  spec.kv_bits = 4;
  spec.gptq = {true, 0.05, 32};
  spec.down_bits = 8;
  spec.per_linear[kDown] = {8, 16};
  const Json json = spec_json(spec);
  EXPECT_EQ(spec_json(parse_spec(JsonObject(json, "quantization.json"))), json);
  QuantizationSpec plain;
  EXPECT_NE(spec_json(plain), json);
}

TEST(BitsFile, IsReadStrictly) {
  test::TempFolder folder;
  const auto read = [&](const std::string& text) {
    test::write_text(folder / "bits.json", text);
    QuantizationSpec general;
    general.weights.bits = 4;
    general.activations.bits = 6;
    return read_bits_file(folder / "bits.json", general, small());
  };
  const auto bits = read(R"({"format": 1, "linears": {"model.layers.1.mlp.down_proj": {"weights": 8}}})");
  ASSERT_EQ(bits.size(), 1u);
  EXPECT_EQ(bits.at(kDown), (LinearBits{8, 6}));
  EXPECT_THROW(read(R"({"format": 2, "linears": {}})"), InputError);
  EXPECT_THROW(read(R"({"format": 1, "linears": {}, "more": 1})"), InputError);
  EXPECT_THROW(read(R"({"format": 1, "linears": {"model.layers.1.mlp.down_proj": {"weight": 8}}})"), InputError);
  EXPECT_THROW(read(R"({"format": 1, "linears": {"model.layers.1.mlp.down": {"weights": 8}}})"), InputError);
  EXPECT_THROW(read(R"({"format": 1, "linears": {"model.layers.1.mlp.down_proj": {"weights": 9}}})"), InputError);
  EXPECT_THROW(read(R"({"format": 1, "linears": {"model.layers.1.mlp.down_proj": {"weights": 4.5}}})"), InputError);
  EXPECT_THROW(read(R"({"format": 1, "linears": [1]})"), InputError);
}

}  // namespace
}  // namespace rolora
