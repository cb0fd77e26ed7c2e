// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/finite.h"

#include <ATen/Parallel.h>

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>

#include "core/base/error.h"

namespace rolora {
namespace {

// IEEE formats: NaN and infinity have all exponent bits set, infinity no mantissa bits.
template <class Bits>
struct Format {
  Bits exponent, mantissa;
};

constexpr int64_t kBlock = 1 << 14;

template <class Bits>
std::optional<std::string> scan(const void* data, int64_t count, Format<Bits> format) {
  const Bits* values = static_cast<const Bits*>(data);
  std::atomic<int64_t> first{count};
  at::parallel_for(0, (count + kBlock - 1) / kBlock, 4, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t from = block * kBlock, to = std::min(count, from + kBlock);
      Bits bad = 0;
      for (int64_t i = from; i < to; ++i) bad |= static_cast<Bits>((values[i] & format.exponent) == format.exponent);
      if (!bad) continue;
      int64_t i = from;
      while ((values[i] & format.exponent) != format.exponent) ++i;
      int64_t seen = first.load();
      while (i < seen && !first.compare_exchange_weak(seen, i)) {
      }
      return;
    }
  });
  const int64_t at = first.load();
  if (at == count) return std::nullopt;
  return std::string((values[at] & format.mantissa) != 0 ? "NaN" : "infinity") + " at element " + std::to_string(at);
}

}  // namespace

std::optional<std::string> first_not_finite(const at::Tensor& values) {
  const void* data = values.const_data_ptr();
  const int64_t n = values.numel();
  switch (values.scalar_type()) {
    case at::kDouble:
      return scan<uint64_t>(data, n, {0x7ff0000000000000u, 0x000fffffffffffffu});
    case at::kFloat:
      return scan<uint32_t>(data, n, {0x7f800000u, 0x007fffffu});
    case at::kBFloat16:
      return scan<uint16_t>(data, n, {0x7f80u, 0x007fu});
    case at::kHalf:
      return scan<uint16_t>(data, n, {0x7c00u, 0x03ffu});
    default:
      throw Error("finiteness of a tensor that is not floating-point");
  }
}

}  // namespace rolora
