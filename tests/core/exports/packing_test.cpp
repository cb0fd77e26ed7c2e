// SPDX-License-Identifier: GPL-3.0-or-later
// Words against those that compressed-tensors' and GPTQModel's own packers made (library_numbers.json, make_library_numbers.py).
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/exports/compressed_tensors.h"
#include "core/exports/gptq_layout.h"
#include "core/exports/packed_words.h"
#include "tests/support/folders.h"

namespace rolora {
namespace {

at::Tensor matrix(const Json& rows) {
  std::vector<int64_t> values;
  for (const Json& row : rows) {
    for (const Json& value : row) values.push_back(value.get<int64_t>());
  }
  return at::tensor(values, at::kLong).view({static_cast<int64_t>(rows.size()), -1});
}

bool same(const at::Tensor& found, const at::Tensor& expected) { return at::equal(found.to(at::kLong), expected); }

Json cases(const char* of) { return read_json_file(test::source_folder() / "tests/core/exports/library_numbers.json")[of]; }

WholeLinear linear_of(const at::Tensor& integers, int bits, int64_t group, bool symmetric) {
  WholeLinear linear;
  linear.name = "model.layers.0.mlp.up_proj";
  linear.tail = "mlp.up_proj";
  linear.parts = {LinearKind::up};
  linear.layout = {integers.size(0), integers.size(1), bits, group, symmetric};
  return linear;
}

TEST(PackedWords, AreThoseOfCompressedTensorsAndComeBack) {
  for (const Json& c : cases("compressed_tensors")) {
    const int bits = c["bits"];
    const at::Tensor lifted = matrix(c["integers"]) + (1 << (bits - 1)), zeros = matrix(c["zeros"]) + (1 << (bits - 1));
    const at::Tensor packed = pack_words(lifted, bits);
    EXPECT_TRUE(same(packed, matrix(c["packed"]))) << bits;
    EXPECT_TRUE(same(unpack_words(packed, bits, lifted.size(1)), lifted)) << bits;
    EXPECT_TRUE(same(pack_words(zeros.t(), bits).t(), matrix(c["packed_zeros"]))) << bits;
  }
  EXPECT_THROW(unpack_words(at::zeros({1, 1}, at::kInt), 4, 9), Error);
}

// Our asymmetric integers start at 0, the library's at −2^(b−1); both kinds of linear give the library's tensors.
TEST(CompressedTensorsFormat, PackedTensorsAreTheLibrarys) {
  for (const Json& c : cases("compressed_tensors")) {
    const int bits = c["bits"], half = 1 << (bits - 1);
    const at::Tensor integers = matrix(c["integers"]), zeros = matrix(c["zeros"]).narrow(1, 0, 1).contiguous();
    for (const bool symmetric : {true, false}) {
      const WholeLinear linear = linear_of(integers, bits, 0, symmetric);
      QuantizedWeight weight{
          symmetric ? integers.to(at::kChar) : (integers + half).to(at::kByte), at::full({5, 1}, 0.5), {}, bits, 0, symmetric};
      if (!symmetric) weight.zeros = (zeros + half).to(at::kByte);
      const CompressedTensorsFormat format(compressed_tensors_config({linear}, "quantization.json"), "config.json");
      const std::vector<at::Tensor> tensors = format.tensors(linear, weight);
      ASSERT_EQ(tensors.size(), symmetric ? 3U : 4U);
      EXPECT_TRUE(same(tensors[0], matrix(c["packed"]))) << bits;
      EXPECT_TRUE(same(tensors[1], at::tensor({5, 11}, at::kLong)));
      EXPECT_TRUE(symmetric || same(tensors[3], pack_words((zeros + half).t(), bits).t()));
      const auto declared = format.declared(linear);
      for (size_t i = 0; i < tensors.size(); ++i) EXPECT_EQ(declared[i].shape, tensors[i].sizes().vec()) << declared[i].name;
    }
  }
}

TEST(GptqFormat, TensorsOfBothVersionsAreGptqModels) {
  for (const Json& c : cases("gptq")) {
    const int bits = c["bits"];
    const bool symmetric = c["symmetric"];
    const int64_t group = c["group"];
    const at::Tensor integers = matrix(c["integers"]), zeros = matrix(c["zeros"]);
    const WholeLinear linear = linear_of(integers, bits, group, symmetric);
    QuantizedWeight weight{{}, at::full({32, 2}, 0.25), {}, bits, group, symmetric};
    weight.integers = symmetric ? (integers - (1 << (bits - 1))).to(at::kChar) : integers.to(at::kByte);
    if (!symmetric) weight.zeros = zeros.to(at::kByte);
    for (const bool second : {false, true}) {
      const Json config = {{"bits", bits}, {"group_size", group}, {"sym", symmetric}, {"checkpoint_format", second ? "gptq_v2" : "gptq"}};
      const GptqFormat format(config, at::kHalf, "config.json");
      const std::vector<at::Tensor> tensors = format.tensors(linear, weight);
      EXPECT_TRUE(same(tensors[0], matrix(c["qweight"]))) << bits;
      EXPECT_TRUE(same(tensors[1], matrix(c[second ? "qzeros_v2" : "qzeros"]))) << bits << second;
      EXPECT_TRUE(same(tensors[3].unsqueeze(0), matrix(Json::array({c["g_idx"]}))));
      const auto declared = format.declared(linear);
      for (size_t i = 0; i < tensors.size(); ++i) EXPECT_EQ(declared[i].shape, tensors[i].sizes().vec()) << declared[i].name;
    }
  }
}

TEST(GptqFormat, AZeroPointOfZeroNeedsTheSecondVersion) {
  const WholeLinear linear = linear_of(at::zeros({8, 8}, at::kByte), 4, 0, false);
  const QuantizedWeight weight{at::zeros({8, 8}, at::kByte), at::ones({8, 1}), at::zeros({8, 1}, at::kByte), 4, 0, false};
  Json config = {{"bits", 4}, {"group_size", -1}, {"sym", false}, {"checkpoint_format", "gptq"}};
  try {
    GptqFormat(config, at::kHalf, "config.json").tensors(linear, weight);
    FAIL() << "accepted";
  } catch (const NumericError& e) {
    EXPECT_NE(std::string(e.what()).find("--gptq-v2"), std::string::npos) << e.what();
  }
  config["checkpoint_format"] = "gptq_v2";
  EXPECT_TRUE(same(GptqFormat(config, at::kHalf, "config.json").tensors(linear, weight)[1], at::zeros({1, 1}, at::kLong)));
}

}  // namespace
}  // namespace rolora
