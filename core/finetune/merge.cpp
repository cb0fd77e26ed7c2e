// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/merge.h"

#include "core/base/error.h"
#include "core/finetune/model_folder.h"
#include "core/model/checkpoint.h"
#include "core/rotation/gate.h"
#include "core/rotation/rotated_source.h"
#include "core/rotation/samples.h"
#include "core/storage/atomic_file.h"

namespace rolora {
namespace {

constexpr double kBound = 1e-5;  // fp32: correct merges measure below 1e-6

std::unique_ptr<ModelSource> written(const std::filesystem::path& folder, bool rotated) {
  if (rotated) return std::make_unique<RotatedFolder>(folder);
  return std::make_unique<Checkpoint>(folder);
}

}  // namespace

MergeResult merge(const FinetuneBase& base, const Adapter& adapter, const std::filesystem::path& out, at::ScalarType store, bool force,
                  const Compute& compute, Monitor& monitor) {
  const Compute exact{compute.type == at::kDouble ? at::kDouble : at::kFloat, compute.device};
  PendingFolder pending(out, force);
  const AdaptedSource beside(base.source, adapter, false), merged(base.source, adapter, true);
  const std::vector<std::vector<int64_t>> tokens = {gate_tokens(base.source->config(), 0)};
  const GateResult compared = equality_gate(beside, merged, tokens, exact, {kBound}, monitor);
  if (!compared.passed) {
    throw GateError("merge: expected logits within " + Json(kBound).dump() + " of the adapter beside its base, found " +
                    Json(compared.relative_l2).dump());
  }
  const TunedMark mark{"lora", adapter_hash(adapter), base.hash, base.rotation ? base.rotation->checksum() : ""};
  write_model_folder(merged, {base.folder, base.rotation, store, mark}, pending.path(), monitor);
  const auto stored = written(pending.path(), base.rotation.has_value());
  const GateResult rounded = equality_gate(beside, *stored, tokens, exact, {kBound}, monitor);
  if (base.rotation) save_samples(*stored, pending.path(), 0, monitor);
  pending.commit();
  return {compared.relative_l2, rounded.relative_l2, kBound, compared.tokens};
}

}  // namespace rolora
