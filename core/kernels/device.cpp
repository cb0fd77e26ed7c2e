// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/kernels/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <sched.h>

#include <thread>

#include "core/base/error.h"

namespace rolora::kernels {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTorchCuda = "libtorch_cuda.so";
constexpr const char* kPlugin = "librolora_cuda.so";

// The folder of the LibTorch that this process runs with.
fs::path libtorch_folder() {
  Dl_info info = {};
  const void* address = reinterpret_cast<const void*>(&at::get_num_threads);
  return dladdr(address, &info) != 0 && info.dli_fname ? fs::path(info.dli_fname).parent_path() : fs::path();
}

// Loads for good: operators that a library registers stay registered.
void load_library(const fs::path& file, const std::string& name, const std::string& where) {
  if (!fs::exists(file)) throw DeviceError("cuda: " + name + ": expected it in " + where + ", found none");
  if (!dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL)) {
    const char* reason = dlerror();
    throw DeviceError("cuda: " + name +
                      ": expected it to load with the CUDA libraries it needs (packaging/fetch-libtorch.sh --cuda fetches them), found: " +
                      printable(reason ? reason : "no reason given", 300));
  }
}

void load_plugin(const fs::path& folder) {
  const fs::path beside = folder / kPlugin, in_lib = folder.parent_path() / "lib" / kPlugin;
  load_library(fs::exists(beside) ? beside : in_lib, kPlugin, folder.string() + " (it is built where nvcc is)");
}

void expect_gpu() {
  if (!at::hasCUDA()) throw DeviceError("cuda: GPU: expected a driver with at least one CUDA device, found none");
  if (at::detail::getCUDAHooks().deviceCount() < 1) throw DeviceError("cuda: GPU: expected at least one CUDA device, found 0");
}

// fp32 means fp32 (method: numerics), and sums of half-precision products stay in fp32.
void make_arithmetic_exact() {
  at::Context& context = at::globalContext();
  context.setAllowTF32CuBLAS(false);
  context.setAllowTF32CuDNN(false);
  context.setAllowFP16ReductionCuBLAS(false);
  context.setAllowBF16ReductionCuBLAS(false);
}

}  // namespace

at::Device open_device(const std::string& name, const std::filesystem::path& plugin_folder) {
  if (name == "cpu") return at::kCPU;
  if (name != "cuda") throw UsageError("--device: expected cpu or cuda, found " + printable(name));
  load_library(libtorch_folder() / kTorchCuda, kTorchCuda, libtorch_folder().string() + " (LibTorch's CUDA build)");
  expect_gpu();
  load_plugin(plugin_folder);
  make_arithmetic_exact();
  return at::Device(at::kCUDA, 0);
}

void set_threads(int threads) {
  if (threads <= 0) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    // More than 1024 processors do not fit the fixed set; then all that the machine has are taken.
    threads =
        sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : static_cast<int>(std::thread::hardware_concurrency());
  }
  at::set_num_threads(threads > 0 ? threads : 1);
}

int threads() { return at::get_num_threads(); }

std::string cpu_features() {
  std::string list;
  [[maybe_unused]] const auto add = [&list](bool has, const char* name) {
    if (has) list += (list.empty() ? "" : " ") + std::string(name);
  };
#if defined(__x86_64__)
  add(__builtin_cpu_supports("avx2"), "avx2");
  add(__builtin_cpu_supports("fma"), "fma");
  add(__builtin_cpu_supports("avx512f"), "avx512f");
  add(__builtin_cpu_supports("avx512bw"), "avx512bw");
  add(__builtin_cpu_supports("avx512vnni"), "avx512vnni");
  add(__builtin_cpu_supports("avx512bf16"), "avx512bf16");
#endif
  return list;
}

}  // namespace rolora::kernels
