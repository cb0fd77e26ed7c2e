// SPDX-License-Identifier: GPL-3.0-or-later
// R4 in compressed-tensors' words, against what its apply_transform_config does (library_numbers.json, make_library_numbers.py).
#include "core/exports/online_transform.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/model/tensor_store.h"
#include "tests/support/near.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

at::Tensor matrix(const Json& rows) {
  std::vector<double> values;
  for (const Json& row : rows) {
    for (const Json& value : row) values.push_back(value.get<double>());
  }
  return at::tensor(values, at::kDouble).view({static_cast<int64_t>(rows.size()), -1});
}

ModelConfig config_of_width(int64_t intermediate) {
  Json config = test::small_config();
  config["intermediate_size"] = intermediate;
  return parse_model_config(config, "config.json");
}

OrthogonalMap blocks(int64_t count, int64_t order) {
  OrthogonalMap map = make_orthogonal(OrthogonalKind::hadamard, order, 0, "r4", false);
  map.order = count * order;
  map.factor = at::eye(count, at::kDouble);
  map.signs = at::ones({map.order}, at::kChar);
  return map;
}

const std::string kMatrix = "model.layers.0.mlp.down_proj.R4_input.weight";

TEST(OnlineTransform, ReadsAsTheLibraryDoes) {
  const Json cases = read_json_file(test::source_folder() / "tests/core/exports/library_numbers.json")["transforms"];
  ASSERT_EQ(cases.size(), 3U);
  for (const Json& c : cases) {
    const test::TempFolder folder;
    test::NamedTensors tensors = {{"anything", at::zeros({1})}};
    if (!c["matrix"].is_null()) tensors[kMatrix] = matrix(c["matrix"]);
    test::write_tensors(folder / "model.safetensors", tensors, at::kFloat);
    const at::Tensor found =
        transformed(c["transform_config"], TensorStore::open(folder.path()), config_of_width(c["width"]), matrix(c["x"]));
    EXPECT_TRUE(test::tensors_near(found, matrix(c["y"]), 1e-6)) << c["transform_config"].dump();
  }
}

TEST(OnlineTransform, SylvesterHasANameAndEverythingElseIsStored) {
  struct Case {
    OrthogonalMap map;
    const char* type;
    Json head_dim;
  };
  const OrthogonalKind had = OrthogonalKind::hadamard;
  const std::vector<Case> cases = {{make_orthogonal(had, 32, 3, "r4", false), "hadamard", nullptr},
                                   {blocks(5, 8), "hadamard", 8},
                                   {make_orthogonal(had, 32, 3, "r4", true), "random-hadamard", nullptr},
                                   {make_orthogonal(had, 40, 3, "r4", false), "random-hadamard", nullptr},
                                   {make_orthogonal(OrthogonalKind::orthogonal, 20, 3, "r4", false), "random-hadamard", nullptr}};
  for (const Case& c : cases) {
    const ModelConfig config = config_of_width(c.map.order);
    const OnlineTransform made = online_transform(c.map, config);
    const Json& scheme = made.config["config_groups"]["R4"];
    EXPECT_EQ(scheme["type"], c.type) << c.map.construction;
    EXPECT_EQ(scheme["head_dim"], c.head_dim) << c.map.construction;
    EXPECT_EQ(made.extra.size(), made.named ? 0U : 1U);
    const test::TempFolder folder;
    test::NamedTensors tensors = {{"anything", at::zeros({1})}};
    for (const NamedTensor& tensor : made.extra) tensors[tensor.name] = tensor.value;
    test::write_tensors(folder / "model.safetensors", tensors, at::kFloat);
    const at::Tensor x = at::arange(2 * c.map.order, at::kDouble).sin().view({2, -1});
    EXPECT_TRUE(test::tensors_near(transformed(made.config, TensorStore::open(folder.path()), config, x), x.matmul(c.map.dense()), 1e-6))
        << c.map.construction;
  }
}

}  // namespace
}  // namespace rolora
