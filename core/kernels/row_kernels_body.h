// SPDX-License-Identifier: GPL-3.0-or-later
// The loops of row_kernels.h, included once by each row_kernels_*.cpp, which are compiled with different instruction sets. Everything is in
// an unnamed namespace and calls nothing inline from a library: code for a wide instruction set must not be picked up elsewhere.
#pragma once

#include "core/kernels/row_kernels.h"

namespace rolora::kernels {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif

template <class T>
struct Lanes;
template <>
struct Lanes<float> {
  static constexpr int count = kVectorBytes / 4;
  static constexpr float round_magic = 12582912.0F;  // 1.5 · 2^23: adding and subtracting it rounds |v| < 2^22 half to even
  typedef float Vector __attribute__((vector_size(kVectorBytes), aligned(4), may_alias));
  typedef int32_t Mask __attribute__((vector_size(kVectorBytes)));
};
template <>
struct Lanes<double> {
  static constexpr int count = kVectorBytes / 8;
  static constexpr double round_magic = 6755399441055744.0;  // 1.5 · 2^52
  typedef double Vector __attribute__((vector_size(kVectorBytes), aligned(8), may_alias));
  typedef int64_t Mask __attribute__((vector_size(kVectorBytes)));
};

// Butterflies of distance h inside one vector: lane i becomes x[i] + x[i^h], or x[i^h] − x[i] where bit h of i is set.
template <class T, int h>
inline void butterfly_in_vector(typename Lanes<T>::Vector& v, int64_t run) {
  if constexpr (h < Lanes<T>::count) {
    if (run > h) {
      typename Lanes<T>::Mask partner;
      typename Lanes<T>::Vector sign;
      for (int i = 0; i < Lanes<T>::count; ++i) {
        partner[i] = i ^ h;
        sign[i] = (i & h) != 0 ? T(-1) : T(1);
      }
#ifdef __clang__  // knows no such function; only the fuzz entries are built with it
      typename Lanes<T>::Vector shuffled;
      for (int i = 0; i < Lanes<T>::count; ++i) shuffled[i] = v[partner[i]];
      v = shuffled + v * sign;
#else
      v = __builtin_shuffle(v, partner) + v * sign;
#endif
      butterfly_in_vector<T, 2 * h>(v, run);
    }
  }
}

template <class T>
void hadamard_short_distances(T* x, int64_t count, int64_t m) {
  constexpr int lanes = Lanes<T>::count;
  using Vector = typename Lanes<T>::Vector;
  int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    Vector v = *reinterpret_cast<const Vector*>(x + i);
    butterfly_in_vector<T, 1>(v, m);
    *reinterpret_cast<Vector*>(x + i) = v;
  }
  for (int64_t h = 1; h < m && h < lanes; h *= 2) {  // what is left has runs shorter than a vector
    for (int64_t b = i; b < count; b += 2 * h) {
      for (int64_t j = b; j < b + h; ++j) {
        const T a0 = x[j], a1 = x[j + h];
        x[j] = a0 + a1;
        x[j + h] = a0 - a1;
      }
    }
  }
}

template <class T>
void hadamard_pass4(T* x, int64_t m, int64_t h) {  // distances h and 2h at once
  using Vector = typename Lanes<T>::Vector;
  for (int64_t b = 0; b < m; b += 4 * h) {
    for (int64_t j = b; j < b + h; j += Lanes<T>::count) {
      Vector& p0 = *reinterpret_cast<Vector*>(x + j);
      Vector& p1 = *reinterpret_cast<Vector*>(x + j + h);
      Vector& p2 = *reinterpret_cast<Vector*>(x + j + 2 * h);
      Vector& p3 = *reinterpret_cast<Vector*>(x + j + 3 * h);
      const Vector s0 = p0 + p1, s1 = p0 - p1, s2 = p2 + p3, s3 = p2 - p3;
      p0 = s0 + s2;
      p1 = s1 + s3;
      p2 = s0 - s2;
      p3 = s1 - s3;
    }
  }
}

template <class T>
void hadamard_pass2(T* x, int64_t m, int64_t h) {
  using Vector = typename Lanes<T>::Vector;
  for (int64_t b = 0; b < m; b += 2 * h) {
    for (int64_t j = b; j < b + h; j += Lanes<T>::count) {
      Vector& p0 = *reinterpret_cast<Vector*>(x + j);
      Vector& p1 = *reinterpret_cast<Vector*>(x + j + h);
      const Vector a0 = p0, a1 = p1;
      p0 = a0 + a1;
      p1 = a0 - a1;
    }
  }
}

template <class T>
void hadamard_runs(T* x, int64_t count, int64_t m) {
  hadamard_short_distances(x, count, m);
  for (int64_t b = 0; b < count; b += m) {
    int64_t h = Lanes<T>::count;
    for (; 2 * h < m; h *= 4) hadamard_pass4(x + b, m, h);
    if (h < m) hadamard_pass2(x + b, m, h);
  }
}

// Smallest and largest value, both with 0 among them.
template <class T>
void range_with_zero(const T* x, int64_t n, T& lowest, T& highest) {
  constexpr int lanes = Lanes<T>::count;
  using Vector = typename Lanes<T>::Vector;
  Vector low = {}, high = {};
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const Vector v = *reinterpret_cast<const Vector*>(x + i);
    low = v < low ? v : low;
    high = v > high ? v : high;
  }
  lowest = 0;
  highest = 0;
  for (int l = 0; l < lanes; ++l) {
    lowest = low[l] < lowest ? low[l] : lowest;
    highest = high[l] > highest ? high[l] : highest;
  }
  for (; i < n; ++i) {
    lowest = x[i] < lowest ? x[i] : lowest;
    highest = x[i] > highest ? x[i] : highest;
  }
}

// y = scale · clamp(round(x / scale), lowest, highest). The bounds are integers, so clamping before rounding is the same, and it keeps the
// value inside what the magic number rounds. A NaN stays one.
template <class T>
void round_to_grid(const T* x, T* y, int64_t n, T scale, T lowest, T highest) {
  const T magic = Lanes<T>::round_magic;
  for (int64_t i = 0; i < n; ++i) {
    T v = x[i] / scale;
    v = v < lowest ? lowest : v;
    v = v > highest ? highest : v;
    v = (v + magic) - magic;
    y[i] = scale * v;
  }
}

template <class T>
void quantize_run(const T* x, T* y, int64_t n, const QuantizeRule& rule) {
  T low, high;
  range_with_zero(x, n, low, high);
  const T clip = static_cast<T>(rule.clip), divisor = static_cast<T>(rule.divisor);
  if (rule.symmetric) {
    const T largest = -low > high ? -low : high;
    T scale = clip * largest / divisor;
    if (scale == 0) scale = 1;
    round_to_grid(x, y, n, scale, static_cast<T>(rule.lowest), static_cast<T>(rule.highest));
    return;
  }
  low = clip * low;
  high = clip * high;
  T scale = (high - low) / divisor;
  if (scale == 0) {  // a row of zeros: the range (−1, 1)
    low = -1;
    scale = T(2) / divisor;
  }
  const T magic = Lanes<T>::round_magic;
  const T zero = (-low / scale + magic) - magic;
  // clamp(round(v) + z, 0, 2^b−1) − z = clamp(round(v), −z, 2^b−1−z)
  round_to_grid(x, y, n, scale, -zero, divisor - zero);
}

const RowKernels kTable = {hadamard_runs<float>, hadamard_runs<double>, quantize_run<float>, quantize_run<double>};

}  // namespace
}  // namespace rolora::kernels
