// SPDX-License-Identifier: GPL-3.0-or-later
// rolora merge: an adapter folded into its base.
#include "core/finetune/merge.h"

#include "app/model_input.h"
#include "app/output_place.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/model/checkpoint.h"

namespace rolora::app {
namespace {

struct MergeOptions {
  std::string model, adapter, out, store;
  bool force = false;
};

void run(const MergeOptions& o, Session& session) {
  require_apart(o.out, {o.model, o.adapter});
  OpenedModel opened = open_floating_point(session, o.model, " to merge into");
  const FinetuneBase base{opened.source, opened.folder, std::move(opened.rotation), opened.hash(), opened.stored};
  const Adapter adapter = load_adapter(o.adapter, base.source->config());
  require_same_rotation(adapter, o.adapter, base.rotation ? base.rotation->checksum() : "");
  note_other_base(session, adapter, base.hash);
  const at::ScalarType store = o.store.empty() ? base.stored : parse_dtype(o.store, "--store");
  const MergeResult result = merge(base, adapter, o.out, store, o.force, session.compute(), session.monitor());
  const Json object = {{"difference", result.difference},
                       {"difference_stored", result.difference_stored},
                       {"bound", result.bound},
                       {"tokens", result.tokens},
                       {"store", dtype_name(store)}};
  session.result(object, "model      " + o.out + " (" + dtype_name(store) + ")\ndifference " + Json(result.difference).dump() +
                             " before storing, " + Json(result.difference_stored).dump() + " as stored (relative L2 of the logits)\n");
}

}  // namespace

void add_merge(Verbs& verbs) {
  auto o = std::make_shared<MergeOptions>();
  CLI::App& a = verbs.add("merge", "Put an adapter into the weights of its base, checked against the two side by side",
                          [o](Session& s) { run(*o, s); });
  a.add_option("MODEL", o->model, "The base the adapter stands on, plain or rotated (required)")->required();
  a.add_option("ADAPTER", o->adapter, "PEFT folder of the adapter (required)")->required();
  a.add_option("--out", o->out, "Output folder, of the base's kind (required)")->required();
  a.add_option("--store", o->store, "Stored type: float32, bfloat16 or float16 (default the base's; own choice)")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
  a.add_flag("--force", o->force, "Replace an existing output folder (default off; command contract)");
}

}  // namespace rolora::app
