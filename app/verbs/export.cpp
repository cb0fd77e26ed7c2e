// SPDX-License-Identifier: GPL-3.0-or-later
// rolora export: files for other libraries.
#include "app/output_place.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/exports/hf_folder.h"
#include "core/exports/peft_folder.h"
#include "core/jobs/open_model.h"
#include "core/model/tensor_store.h"

namespace rolora::app {
namespace {

struct ExportOptions {
  std::string what, to, out, base, store;
  bool force = false;
};

void export_model(const ExportOptions& o, Session& session) {
  if (!o.base.empty()) throw UsageError("--base: expected with --to peft, found with --to " + o.to);
  const OpenedModel model = open_model(o.what);
  for (const std::string& note : model.notes) session.monitor().notice(note);
  const at::ScalarType store = o.store.empty() ? model.stored : parse_dtype(o.store, "--store");
  const ExportCheck check = export_hf({*model.source, model.folder, model.rotation, model.quantized, store}, o.out, o.force,
                                      session.compute(), session.monitor());
  const Json object = {
      {"verified", {{"relative_l2", check.relative_l2}, {"bound", check.bound}, {"tokens", check.tokens}, {"passed", true}}},
      {"to", o.to},
      {"store", dtype_name(store)},
      {"rotated", model.rotation.has_value()}};
  session.result(object, "model      " + o.out + " (Hugging Face, " + dtype_name(store) + ")\nverified   logits within " +
                             Json(check.relative_l2).dump() + " of the model's on " + std::to_string(check.tokens) + " tokens\n");
}

void export_adapter(const ExportOptions& o, Session& session) {
  if (!o.store.empty()) throw UsageError("--store: expected with --to hf, found with --to peft");
  const int64_t tensors = export_peft(o.what, o.base, o.out, o.force);
  const Json object = {{"verified", {{"tensors", tensors}, {"passed", true}}}, {"to", o.to}};
  session.result(object, "adapter    " + o.out + " (PEFT)\nverified   " + std::to_string(tensors) + " tensors, value for value\n");
}

void run(const ExportOptions& o, Session& session) {
  require_apart(o.out, {o.what, o.base});
  o.to == "peft" ? export_adapter(o, session) : export_model(o, session);
}

}  // namespace

void add_export(Verbs& verbs) {
  auto o = std::make_shared<ExportOptions>();
  CLI::App& a =
      verbs.add("export", "Write a model or an adapter for other libraries, opened again and verified", [o](Session& s) { run(*o, s); });
  a.add_option("MODEL", o->what,
               "Model to export: plain, merged, or rotated by R1 and R2; with --to peft the folder of an adapter (required)")
      ->required();
  a.add_option("--to", o->to, "hf: a plain Hugging Face folder; peft: an adapter for PEFT (required)")
      ->required()
      ->check(CLI::IsMember({"hf", "peft"}));
  a.add_option("--out", o->out, "Output folder (required)")->required();
  a.add_option("--base", o->base,
               "With --to peft: the exported model that it belongs to, named in its config (default as it was; own choice)");
  a.add_option("--store", o->store, "With --to hf: stored type, float32, bfloat16 or float16 (default the model's; own choice)")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
  a.add_flag("--force", o->force, "Replace an existing output folder (default off; command contract)");
}

}  // namespace rolora::app
