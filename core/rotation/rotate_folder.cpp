// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/rotation/rotate_folder.h"

#include "core/base/error.h"
#include "core/model/checkpoint.h"
#include "core/model/write_folder.h"
#include "core/rotation/rotated_source.h"
#include "core/rotation/samples.h"
#include "core/storage/atomic_file.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<const Checkpoint> open_plain(const fs::path& model) {
  const ModelConfig config = read_model_config(model);
  if (!config.own_kind.empty()) {
    throw InputError((model / "config.json").string(), "rolora.kind", "a plain model", "a model that is " + config.own_kind + " already");
  }
  if (has_rotation(model)) {
    throw InputError((model / "rotation.json").string(), "rotation",
                     "no record of one: a plain model (rotate the one that it was made from again for other rotations)",
                     "rotation " + load_rotation(model).checksum() + ", which the weights carry already");
  }
  return std::make_shared<const Checkpoint>(model);
}

// The bound of fp64 holds only where the arithmetic is fp64 too, and the half types' own errors compare only in the stored type.
GateBounds bounds_for(at::ScalarType stored, at::ScalarType arithmetic) {
  GateBounds bounds = gate_bounds(stored == at::kDouble && arithmetic != at::kDouble ? at::kFloat : stored);
  if (arithmetic != stored) bounds.own_error_ratio.reset();
  return bounds;
}

}  // namespace

RotateResult rotate_folder(const fs::path& model, const fs::path& out, const RotateOptions& options, Monitor& monitor) {
  const auto plain = open_plain(model);
  if (fs::exists(out) && fs::equivalent(model, out)) throw UsageError("--out: expected another folder than MODEL, found the same");
  require_samples(*plain, folder_of_model(model), options.compute.device, monitor);
  PendingFolder pending(out, options.force);
  RotateResult result;
  result.stored = options.store.value_or(torch_type(plain->stored()));
  result.record = make_rotation(*plain, plain->hash(), options.rotation);
  for (const OrthogonalMap* map : {&result.record.r1, &result.record.r2, &result.record.r3, &result.record.r4}) {
    if (map->construction.find("no construction here") != std::string::npos) monitor.notice("rotate: " + map->construction);
  }
  write_file_atomically(pending.path() / "config.json",
                        json_text(derived_config(plain->config(), "rotated", dtype_name(result.stored), /*tied=*/false)));
  write_weights(RotatedSource(plain, result.record), pending.path(), {result.stored, options.shard_bytes, "rotate: layer"}, monitor);
  save_rotation(result.record, pending.path());
  copy_companions(folder_of_model(model), pending.path());

  const RotatedFolder rotated(pending.path());  // as anyone else will open it
  std::vector<std::vector<int64_t>> texts = {gate_tokens(plain->config(), options.rotation.seed)};
  texts.insert(texts.end(), options.texts.begin(), options.texts.end());
  result.gate = equality_gate(*plain, rotated, texts, options.compute, bounds_for(result.stored, options.compute.type), monitor);
  if (!result.gate.passed) throw GateError(gate_failure_text(result.gate));
  save_samples(rotated, pending.path(), options.rotation.seed, monitor);
  pending.commit();
  return result;
}

}  // namespace rolora
