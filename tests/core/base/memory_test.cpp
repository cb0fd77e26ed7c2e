// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/memory.h"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "tests/support/process_memory.h"

namespace rolora {
namespace {

#ifndef __SANITIZE_ADDRESS__  // the sanitizer brings its own allocator
TEST(Memory, FreedBlocksBelowALivingOneGoBackToTheSystem) {
  constexpr size_t kBlock = 96 << 10, kBlocks = 1024;  // 96 MiB in blocks that are not mapped one by one
  std::vector<std::unique_ptr<char[]>> blocks(kBlocks);
  for (auto& block : blocks) {
    block.reset(new char[kBlock]);
    std::memset(block.get(), 1, kBlock);
  }
  const auto last = std::move(blocks.back());  // keeps the heap's end where it is
  blocks.clear();
  const int64_t before = test::process_bytes("RssAnon");
  return_free_memory();
  const int64_t after = test::process_bytes("RssAnon");
  ASSERT_GT(before, int64_t{80} << 20);
  EXPECT_LT(after, before - (int64_t{64} << 20));
}
#endif

}  // namespace
}  // namespace rolora
