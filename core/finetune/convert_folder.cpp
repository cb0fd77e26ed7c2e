// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/convert_folder.h"

#include <memory>
#include <utility>

#include "core/base/error.h"
#include "core/rotation/gate.h"
#include "core/storage/atomic_file.h"

namespace rolora {
namespace {

constexpr double kUpdates = 1e-5;  // fp32: right conversions measure below 1e-6

void expect_small(double found, double bound, const char* what) {
  if (found <= bound) return;
  throw GateError(std::string("convert: expected ") + what + " within " + Json(bound).dump() + " of those that were given, found " +
                  Json(found).dump());
}

/// A source that somebody else owns.
std::shared_ptr<const ModelSource> borrowed(const ModelSource& source) { return {std::shared_ptr<const ModelSource>(), &source}; }

}  // namespace

ConvertResult convert_to_plain(const ConvertSource& from, const RotationRecord& record, const std::filesystem::path& out, bool force) {
  const ModelConfig& config = from.base.config();
  PendingFolder pending(out, force);
  Adapter plain = adapter_to_plain(from.adapter, record, from.base);
  plain.base_model = from.onto;  // on the model that it came from, PEFT would compute something else
  ConvertResult result;
  result.bound = kUpdates;
  result.difference = result.difference_updates = update_difference(plain, from.adapter, record, from.base, true);
  expect_small(result.difference_updates, kUpdates, "updates");
  save_adapter(plain, config, pending.path());
  pending.commit();
  return result;
}

ConvertResult convert_to_rotated(const ConvertSource& from, const ModelSource& rotated, const RotationRecord& record,
                                 const std::string& rotated_hash, at::ScalarType rotated_stored, const std::filesystem::path& out,
                                 bool force, const Compute& compute, Monitor& monitor) {
  const ModelConfig& config = from.base.config();
  PendingFolder pending(out, force);
  Adapter turned = adapter_to_rotated(from.adapter, record, from.base, rotated_hash);
  turned.base_model = from.onto;
  ConvertResult result;
  result.difference_updates = update_difference(from.adapter, turned, record, from.base, false);
  expect_small(result.difference_updates, kUpdates, "updates");
  const Compute exact{compute.type == at::kDouble ? at::kDouble : at::kFloat, compute.device};
  const AdaptedSource here(borrowed(from.base), from.adapter, false), there(borrowed(rotated), turned, false);
  const GateResult compared =
      equality_gate(here, there, {gate_tokens(config, record.settings.seed)}, exact, {gate_bounds(rotated_stored).relative_l2}, monitor);
  result.bound = compared.bounds.relative_l2;
  result.difference = compared.relative_l2;
  result.compared_logits = true;
  expect_small(result.difference, result.bound, "logits");
  save_adapter(turned, config, pending.path());
  save_rotation(record, pending.path());
  pending.commit();
  return result;
}

}  // namespace rolora
