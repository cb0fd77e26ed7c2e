// SPDX-License-Identifier: GPL-3.0-or-later
// Learning rates against transformers' (make_fixtures.py wrote the table).
#include "core/finetune/schedule.h"

#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/storage/json_file.h"
#include "tests/support/folders.h"

namespace rolora {
namespace {

Json table() { return read_json_file(test::source_folder() / "tests/core/finetune/fixtures/schedules.json"); }

TEST(Schedule, RatesEqualTransformers) {
  const Json numbers = table();
  ASSERT_EQ(numbers["cases"].size(), 15U);
  for (const Json& c : numbers["cases"]) {
    const Schedule schedule{parse_schedule(c["kind"]), numbers["peak"], c["warmup"], c["total"]};
    for (size_t k = 0; k < c["rates"].size(); ++k) {
      const double expected = c["rates"][k];
      EXPECT_NEAR(schedule.rate(static_cast<int64_t>(k)), expected, 1e-15 * 3e-4 + 1e-14 * expected)
          << c["kind"] << " warm-up " << c["warmup"] << " of " << c["total"] << ", step " << k;
    }
  }
}

TEST(Schedule, WarmupStepsOfARatioEqualTransformers) {
  const Json numbers = table();
  ASSERT_EQ(numbers["warmup_of_ratio"].size(), 40U);
  for (const Json& c : numbers["warmup_of_ratio"]) EXPECT_EQ(warmup_steps(c[0], c[1]), c[2].get<int64_t>()) << c;
}

TEST(Schedule, UnknownNameIsRefused) { EXPECT_THROW(parse_schedule("cosin"), InputError); }

}  // namespace
}  // namespace rolora
