// SPDX-License-Identifier: GPL-3.0-or-later
// Devices at run time. The program links CPU libraries only; CUDA comes from libtorch_cuda and this project's plug-in, loaded on demand.
#pragma once

#include <c10/core/Device.h>

#include <filesystem>
#include <string>
#include <vector>

namespace rolora::kernels {

/// "cpu" or "cuda". For cuda: loads libtorch_cuda.so and the plug-in beside the program (`plugin_folder`), and throws DeviceError saying
/// exactly what is missing (library, plug-in, driver or GPU).
at::Device open_device(const std::string& name, const std::filesystem::path& plugin_folder);
/// Sets the thread count of LibTorch; 0 = all cores.
void set_threads(int threads);
int threads();
/// Names of the CPU features that kernels and libraries dispatch on ("avx2", "avx512f"), stored with results.
std::string cpu_features();

}  // namespace rolora::kernels
