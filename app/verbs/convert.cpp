// SPDX-License-Identifier: GPL-3.0-or-later
// rolora convert: an adapter onto the other basis.
#include "app/output_place.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/finetune/convert_folder.h"
#include "core/jobs/open_model.h"

namespace rolora::app {
namespace {

struct ConvertOptions {
  std::string base, adapter, to, out, rotated;
  bool force = false;
};

OpenedModel open_unquantized(const std::string& folder, Session& session) {
  OpenedModel opened = open_model(folder);
  for (const std::string& note : opened.notes) session.monitor().notice(note);
  if (opened.quantized) throw InputError(folder, "config.json", "a floating-point model", "a quantized one");
  return opened;
}

const RotationRecord& record_of(const OpenedModel& model) {
  if (!model.rotation) throw InputError(model.folder.string(), "rotation.json", "a rotated model", "one without the record of a rotation");
  return *model.rotation;
}

ConvertResult convert(const ConvertOptions& o, Session& session) {
  const OpenedModel base = open_unquantized(o.base, session);
  ConvertSource from{*base.source, load_adapter(o.adapter, base.source->config())};
  if (o.to == "plain") {
    if (!o.rotated.empty()) throw UsageError("--rotated: expected with --to rotated, found with --to plain (BASE is the rotated folder)");
    return convert_to_plain(from, record_of(base), o.out, o.force);
  }
  if (o.rotated.empty()) throw UsageError("--rotated: expected the rotated folder, found none");
  if (base.rotation) throw InputError(o.base, "rotation.json", "the plain model that the adapter stands on", "a rotated one");
  const OpenedModel rotated = open_unquantized(o.rotated, session);
  const RotationRecord& record = record_of(rotated);
  if (const std::string hash = base.hash(); hash != record.base_hash) {
    throw InputError(o.rotated, "rotation.json: base_hash", "a rotation of BASE, " + hash, record.base_hash);
  }
  return convert_to_rotated(from, *rotated.source, record, rotated.hash(), rotated.stored, o.out, o.force, session.compute(),
                            session.monitor());
}

void run(const ConvertOptions& o, Session& session) {
  require_apart(o.out, {o.base, o.adapter, o.rotated});
  const ConvertResult result = convert(o, session);
  const Json object = {{"difference", result.difference},
                       {"difference_updates", result.difference_updates},
                       {"compared", result.compared_logits ? "logits" : "updates"},
                       {"bound", result.bound},
                       {"to", o.to}};
  session.result(object, "adapter    " + o.out + " (" + o.to + ")\ndifference " + Json(result.difference).dump() + " (relative L2 of the " +
                             (result.compared_logits ? "logits" : "updates") + "), updates " + Json(result.difference_updates).dump() +
                             "\n");
}

}  // namespace

void add_convert(Verbs& verbs) {
  auto o = std::make_shared<ConvertOptions>();
  CLI::App& a =
      verbs.add("convert", "Carry an adapter over between a plain model and its rotated twin, exactly", [o](Session& s) { run(*o, s); });
  a.add_option("BASE", o->base,
               "The model the adapter stands on: the rotated folder with --to plain, the plain one with --to rotated (required)")
      ->required();
  a.add_option("ADAPTER", o->adapter, "PEFT folder of the adapter (required)")->required();
  a.add_option("--to", o->to, "plain or rotated (required)")->required()->check(CLI::IsMember({"plain", "rotated"}));
  a.add_option("--out", o->out, "Output folder (required)")->required();
  a.add_option("--rotated", o->rotated, "The rotated folder (required with --to rotated)");
  a.add_flag("--force", o->force, "Replace an existing output folder (default off; command contract)");
}

}  // namespace rolora::app
