// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/device.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/base/error.h"

namespace rolora {
namespace {

const std::filesystem::path kNowhere = "/nonexistent/bin";

TEST(Device, CpuNeedsNothing) { EXPECT_TRUE(kernels::open_device("cpu", kNowhere).is_cpu()); }

TEST(Device, OtherNamesAreWrongUsage) { EXPECT_THROW(kernels::open_device("tpu", kNowhere), UsageError); }

// The plug-in is never found in this folder, so cuda must fail on every machine, and say in one line which part is missing.
TEST(Device, CudaSaysWhatIsMissing) {
  try {
    kernels::open_device("cuda", kNowhere);
    FAIL() << "opened without a plug-in";
  } catch (const DeviceError& e) {
    const std::string text = e.what();
    EXPECT_TRUE(text.starts_with("cuda: ")) << text;
    EXPECT_NE(text.find("expected"), std::string::npos) << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    const bool names_a_part = text.find("libtorch_cuda.so") != std::string::npos || text.find("GPU") != std::string::npos ||
                              text.find("librolora_cuda.so") != std::string::npos;
    EXPECT_TRUE(names_a_part) << text;
  }
}

TEST(Device, ThreadsAreSet) {
  const int before = kernels::threads();
  kernels::set_threads(3);
  EXPECT_EQ(kernels::threads(), 3);
  kernels::set_threads(0);
  EXPECT_GE(kernels::threads(), 1);
  kernels::set_threads(before);
}

}  // namespace
}  // namespace rolora
