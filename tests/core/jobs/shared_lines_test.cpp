// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/shared_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rolora {
namespace {

Json text(const char* hash, std::vector<std::string> roles) { return {{"sha256", hash}, {"roles", std::move(roles)}}; }

TEST(MixedTexts, ATextWithTwoPurposesAndTheSameFileTwice) {
  const Json texts = {{"a", text("1", {"tuning", "evaluation"})},
                      {"b", text("2", {"calibration", "gate"})},
                      {"c", text("2", {"evaluation"})},
                      {"d", text("3", {})}};
  EXPECT_THAT(mixed_texts(texts), testing::ElementsAre("a serves more than one purpose", "b and c are the same file"));
  EXPECT_THAT(mixed_texts(Json::object()), testing::IsEmpty());
}

}  // namespace
}  // namespace rolora
