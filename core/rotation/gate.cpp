// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/gate.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/model/passes.h"
#include "core/model/tensor_store.h"
#include "core/rotation/diagnosis.h"

namespace rolora {
namespace {

// Sums over positions and texts.
struct Sums {
  double difference = 0, size = 0;  // squared norms
  double nll_original = 0, nll_rotated = 0;
  int64_t agreeing = 0, positions = 0, predicted = 0;
  double relative() const { return std::sqrt(difference / size); }
};

// a, b [T, V]; in rows, so that fp64 copies stay small.
void add_comparison(Sums& sums, const at::Tensor& a, const at::Tensor& b, const std::vector<int64_t>& ids) {
  constexpr int64_t rows = 64;
  const int64_t count = a.size(0);
  const at::Tensor targets = at::tensor(ids, at::kLong);
  for (int64_t first = 0; first < count; first += rows) {
    const int64_t end = std::min(count, first + rows), predicted = std::min(end, count - 1) - first;
    const at::Tensor x = a.slice(0, first, end).to(at::kDouble), y = b.slice(0, first, end).to(at::kDouble);
    sums.difference += (x - y).pow(2).sum().item<double>();
    sums.size += x.pow(2).sum().item<double>();
    sums.agreeing += x.argmax(1).eq(y.argmax(1)).sum().item<int64_t>();
    if (predicted <= 0) continue;
    const at::Tensor next = targets.slice(0, first + 1, first + 1 + predicted).unsqueeze(1);
    const auto nll = [&](const at::Tensor& logits) {
      const at::Tensor part = logits.slice(0, 0, predicted);
      return (part.logsumexp(1) - part.gather(1, next).squeeze(1)).sum().item<double>();
    };
    sums.nll_original += nll(x);
    sums.nll_rotated += nll(y);
    sums.predicted += predicted;
  }
  sums.positions += count;
}

bool is_half(at::ScalarType type) { return type == at::kHalf || type == at::kBFloat16; }

// What models are compared in; half types are too coarse for it.
Compute wide_of(const Compute& compute) { return {is_half(compute.type) ? at::kFloat : compute.type, compute.device}; }

using Texts = std::vector<std::vector<int64_t>>;

void compare(const ModelSource& original, const ModelSource& rotated, const Texts& texts, const Compute& compute, Monitor& monitor,
             GateResult& result) {
  const Compute wide = wide_of(compute);
  Sums sums, own_original, own_rotated;
  for (const std::vector<int64_t>& ids : texts) {
    const at::Tensor expected = logits_of_text(original, ids, wide, monitor, "gate: original");
    add_comparison(sums, expected, logits_of_text(rotated, ids, wide, monitor, "gate: rotated"), ids);
    if (!is_half(compute.type)) continue;
    const at::Tensor exact = logits_of_text(original, ids, {at::kDouble, compute.device}, monitor, "gate: fp64");
    add_comparison(own_original, exact, logits_of_text(original, ids, compute, monitor, "gate: original"), ids);
    add_comparison(own_rotated, exact, logits_of_text(rotated, ids, compute, monitor, "gate: rotated"), ids);
  }
  result.relative_l2 = sums.relative();
  result.argmax_agreement = static_cast<double>(sums.agreeing) / static_cast<double>(sums.positions);
  result.perplexity_original = std::exp(sums.nll_original / static_cast<double>(sums.predicted));
  result.perplexity_rotated = std::exp(sums.nll_rotated / static_cast<double>(sums.predicted));
  result.tokens = sums.positions;
  result.passed = result.relative_l2 <= result.bounds.relative_l2;  // false for NaN
  if (is_half(compute.type)) {
    result.half_arithmetic = true;
    result.own_error_original = own_original.relative();
    result.own_error_rotated = own_rotated.relative();
    if (const auto ratio = result.bounds.own_error_ratio) {
      result.passed = result.passed && result.own_error_rotated <= *ratio * result.own_error_original;
    }
  }
}

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2e", value);
  return text;
}

// Every part is right, so rounding it is: of the arithmetic where fp64 agrees, else of what is stored.
std::string rounding_cause(const ModelSource& original, const ModelSource& rotated, const Texts& texts, const Compute& compute,
                           Monitor& monitor, const GateResult& result) {
  const std::string agree = "dtype: every part agrees within rounding, ", used = dtype_name(wide_of(compute).type);
  if (result.relative_l2 <= result.bounds.relative_l2) {  // only the half type's own errors are too far apart
    return agree + "and in " + used + " arithmetic so do the logits: " + dtype_name(compute.type) +
           " arithmetic rounds more in the rotated model; --dtype float32 avoids it";
  }
  double exact = result.relative_l2;
  if (wide_of(compute).type != at::kDouble) {
    const Compute fp64{at::kDouble, compute.device};
    Sums sums;
    for (const std::vector<int64_t>& ids : texts) {
      const at::Tensor expected = logits_of_text(original, ids, fp64, monitor, "gate: original in fp64");
      add_comparison(sums, expected, logits_of_text(rotated, ids, fp64, monitor, "gate: rotated in fp64"), ids);
    }
    exact = sums.relative();
    if (exact <= result.bounds.relative_l2) {
      const bool finite = std::isfinite(result.relative_l2);
      return agree + "and in float64 arithmetic the logits agree to " + short_number(exact) + ": " +
             (finite ? "this model amplifies the rounding of " + used + " arithmetic" : used + " arithmetic overflows in it") +
             "; --dtype float64 avoids it";
    }
  }
  const bool half_stored = result.bounds.relative_l2 > gate_bounds(at::kFloat).relative_l2;
  return agree + "but the logits do not, in float64 arithmetic neither (" + short_number(exact) +
         "): this model amplifies the rounding of the stored type, or overflows in it" +
         (half_stored ? "; --store float32 rounds finer (with --dtype float64 where its bound of 1e-05 is missed too)" : "");
}

}  // namespace

GateBounds gate_bounds(at::ScalarType stored) {
  switch (stored) {
    case at::kDouble:
      return {1e-12};
    case at::kBFloat16:
      return {2e-2};
    case at::kHalf:
      return {3e-3};
    default:
      return {1e-5};
  }
}

at::Tensor logits_of_text(const ModelSource& source, const std::vector<int64_t>& ids, const Compute& compute, Monitor& monitor,
                          std::string_view stage) {
  const at::Tensor window = at::tensor(ids, at::kLong).unsqueeze(0);
  at::Tensor hidden;
  PassOptions options;
  options.compute = compute;
  run_layerwise(source, window, {}, options, monitor, stage, [&](WindowIndex, const at::Tensor& h) { hidden = h.squeeze(0); });
  const at::Tensor logits = logits_of(hidden, source.final_norm(compute), source.head(compute), source.config().rms_epsilon);
  return logits.to(at::kCPU, compute.type == at::kDouble ? at::kDouble : at::kFloat);
}

GateResult equality_gate(const ModelSource& original, const ModelSource& rotated, const std::vector<std::vector<int64_t>>& texts,
                         const Compute& compute, const GateBounds& bounds, Monitor& monitor) {
  for (const std::vector<int64_t>& ids : texts) {
    if (ids.size() < 2) throw Error("equality gate: expected texts of at least two tokens, found one of " + std::to_string(ids.size()));
  }
  GateResult result;
  result.bounds = bounds;
  try {
    compare(original, rotated, texts, compute, monitor, result);
    if (!result.passed) result.cause = likely_cause(original, rotated, bounds.relative_l2);
    if (!result.passed && result.cause.empty()) result.cause = rounding_cause(original, rotated, texts, compute, monitor, result);
  } catch (const Cancelled&) {
    throw;
  } catch (const InputError&) {  // unreadable or damaged weights are not the rotation's fault
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::exception& e) {  // the rotated model does not even run
    const std::string reason = e.what();
    result.passed = false;
    result.relative_l2 = std::numeric_limits<double>::infinity();
    result.cause = "width: " + printable(reason.substr(0, reason.find('\n')), 200);
  }
  return result;
}

std::vector<int64_t> gate_tokens(const ModelConfig& config, uint64_t seed) {
  Random random(seed, "gate tokens");
  std::vector<int64_t> ids(static_cast<size_t>(std::max<int64_t>(2, std::min<int64_t>(64, config.context))));
  for (int64_t& id : ids) id = static_cast<int64_t>(random.below(static_cast<uint64_t>(config.vocabulary)));
  return ids;
}

Json gate_json(const GateResult& r) {
  Json json = {{"relative_l2", r.relative_l2},
               {"argmax_agreement", r.argmax_agreement},
               {"perplexity_original", r.perplexity_original},
               {"perplexity_rotated", r.perplexity_rotated},
               {"perplexity_difference", r.perplexity_rotated - r.perplexity_original},
               {"tokens", r.tokens},
               {"bounds", {{"relative_l2", r.bounds.relative_l2}}},
               {"passed", r.passed}};
  if (r.half_arithmetic) {
    json["own_error_original"] = r.own_error_original;
    json["own_error_rotated"] = r.own_error_rotated;
    if (r.bounds.own_error_ratio) json["bounds"]["own_error_ratio"] = *r.bounds.own_error_ratio;
  }
  if (!r.cause.empty()) json["cause"] = r.cause;
  return json;
}

std::string gate_failure_text(const GateResult& r) {
  const std::string cause = "; likely cause: " + r.cause;
  if (r.half_arithmetic && r.bounds.own_error_ratio && r.relative_l2 <= r.bounds.relative_l2) {
    return "equality gate: relative L2 of the logits against fp64 in the stored type: expected at most " +
           short_number(*r.bounds.own_error_ratio) + " times the original's " + short_number(r.own_error_original) + ", found " +
           short_number(r.own_error_rotated) + cause;
  }
  return "equality gate: relative L2 of the logits: expected at most " + short_number(r.bounds.relative_l2) + ", found " +
         short_number(r.relative_l2) + cause;
}

}  // namespace rolora
