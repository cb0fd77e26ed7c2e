// SPDX-License-Identifier: GPL-3.0-or-later
// rolora convert: an adapter onto the other basis.
#include "app/model_input.h"
#include "app/output_place.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/finetune/convert_folder.h"
#include "core/finetune/finetune.h"

namespace rolora::app {
namespace {

struct ConvertOptions {
  std::string base, adapter, to, out, rotated;
  bool force = false;
};

const RotationRecord& record_of(const OpenedModel& model) {
  if (!model.rotation) throw InputError(model.folder.string(), "rotation.json", "a rotated model", "one without the record of a rotation");
  return *model.rotation;
}

ConvertResult convert(const ConvertOptions& o, Session& session) {
  const OpenedModel base = open_floating_point(session, o.base, "");
  ConvertSource from{*base.source, load_adapter(o.adapter, base.source->config())};
  if (o.to == "plain") {
    if (!o.rotated.empty()) throw UsageError("--rotated: expected with --to rotated, found with --to plain (BASE is the rotated folder)");
    const RotationRecord& record = record_of(base);
    require_same_rotation(from.adapter, o.adapter, record.checksum());
    require_same_base(from.adapter, o.adapter, base.hash());
    const ConvertResult result = convert_to_plain(from, record, o.out, o.force);
    session.monitor().notice("the adapter names no base for PEFT: the plain model was not given (export --to peft --base names it)");
    return result;
  }
  if (o.rotated.empty()) throw UsageError("--rotated: expected the rotated folder, found none");
  if (base.rotation) throw InputError(o.base, "rotation.json", "the plain model that the adapter stands on", "a rotated one");
  const OpenedModel rotated = open_floating_point(session, o.rotated, "");
  const RotationRecord& record = record_of(rotated);
  if (const std::string hash = base.hash(); hash != record.base_hash) {
    throw InputError(o.rotated, "rotation.json: base_hash", "a rotation of BASE, " + hash, record.base_hash);
  }
  require_same_rotation(from.adapter, o.adapter, "");
  require_same_base(from.adapter, o.adapter, record.base_hash);
  from.onto = name_for_peft(o.rotated);
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
  a.add_option("ADAPTER", o->adapter,
               "PEFT folder of the adapter; a DoRA only of linears whose outputs are not rotated, for the others merge it (required)")
      ->required();
  a.add_option("--to", o->to, "plain or rotated (required)")->required()->check(CLI::IsMember({"plain", "rotated"}));
  a.add_option("--out", o->out, "Output folder (required)")->required();
  a.add_option("--rotated", o->rotated, "The rotated folder (required with --to rotated)");
  a.add_flag("--force", o->force, "Replace an existing output folder (default off; command contract)");
}

}  // namespace rolora::app
