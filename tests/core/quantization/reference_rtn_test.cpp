// SPDX-License-Identifier: GPL-3.0-or-later
// Perplexities and errors of round-to-nearest against QuaRot's code.
#include "core/quantization/activations.h"
#include "core/quantization/fake_quantized.h"
#include "tests/core/quantization/reference.h"

namespace rolora {
namespace {

using test::near_relative;
using test::Reference;

class RtnReference : public ::testing::TestWithParam<const char*> {};

// "last group short" is a reading of a width that the group does not divide which this program does not offer.
bool is_offered(const std::string& name) { return name.find("last_group_short") == std::string::npos; }

const std::set<std::string> kChosen = {
    "W4A16", "W3A16_wclip", "W4A16_wasym", "W4A16_wgroup32", "W4A16_wgroup32_down_perchannel", "W4A4_wclip_aclip0.9", "W16A4_aasym"};

TEST_P(RtnReference, Perplexities) {
  ROLORA_NEEDS_SHARED("reference/quantization.json");
  const auto reference = Reference::load(GetParam());
  std::vector<std::function<void()>> works;
  for (const auto& [name, entry] : reference->numbers["rtn"].items()) {
    if (!is_offered(name) || !test::is_chosen(name, kChosen)) continue;
    works.push_back([&, name = name, expected = entry["ppl"].get<double>()] {
      const QuantizationSpec spec = test::spec_of(name, reference->model->config());
      const FakeQuantizedSource look(reference->model, spec);
      EXPECT_TRUE(near_relative(test::perplexity_of(look, *reference), expected, test::tolerance_of(spec))) << name;
    });
  }
  EXPECT_GE(works.size(), 6u);
  test::run_all(works);
}

void expect_errors(const LinearReport& found, const Json& expected, const std::string& suffix) {
  const auto near = [&](const std::optional<double>& value, const std::string& key) {
    EXPECT_TRUE(near_relative(value.value(), expected[key].get<double>(), 1e-4)) << found.name << " " << key;
  };
  near(found.weight_mse, "w_mse" + suffix);
  near(found.weight_relative_error, "w_rel" + suffix);
  near(found.input_mse, "x_mse_a4");
  near(found.input_relative_error, "x_rel_a4");
  near(found.output_error_weights, "y_rel_w" + suffix);
  near(found.output_error_activations, "y_rel_a");
  near(found.output_error_both, "y_rel_wa" + suffix);
  EXPECT_TRUE(near_relative(found.sqnr_db.value(), -20 * std::log10(expected["y_rel_wa" + suffix].get<double>()), 1e-4)) << found.name;
}

TEST_P(RtnReference, ErrorsOfEveryLinear) {
  ROLORA_NEEDS_SHARED("reference/quantization.json");
  const auto reference = Reference::load(GetParam());
  for (const std::string suffix : {"", "_wclip"}) {
    SilentMonitor monitor;
    size_t seen = 0;
    const QuantizationSpec spec = test::spec_of("W4A4" + suffix, reference->model->config());
    quantize_layers(*reference->model, spec, reference->first(4), {}, monitor, [&](QuantizedLayer&& layer) {
      for (const LinearReport& report : layer.reports) {
        expect_errors(report, reference->numbers["linears_first4windows"][report.name.substr(std::string("model.").size())], suffix);
        ++seen;
      }
    });
    EXPECT_EQ(seen, reference->numbers["linears_first4windows"].size());
  }
}

INSTANTIATE_TEST_SUITE_P(Models, RtnReference, ::testing::Values("story", "stories260K"));

}  // namespace
}  // namespace rolora
