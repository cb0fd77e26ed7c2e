// SPDX-License-Identifier: GPL-3.0-or-later
// rolora export: files for other libraries.
#include "app/model_input.h"
#include "app/output_place.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/exports/hf_folder.h"
#include "core/exports/peft_folder.h"
#include "core/exports/quantized_export.h"
#include "core/model/tensor_store.h"

namespace rolora::app {
namespace {

struct ExportOptions {
  std::string what, to, out, base, store;
  bool force = false, accept_other_scale = false, online_transform = false, gptq_v2 = false;
};

void refuse_idle_options(const ExportOptions& o) {
  const auto refuse = [&](bool given, const char* option, const char* goes_with) {
    if (given && o.to != goes_with)
      throw UsageError(std::string(option) + ": expected with --to " + goes_with + ", found with --to " + o.to);
  };
  refuse(!o.base.empty(), "--base", "peft");
  refuse(o.accept_other_scale, "--accept-other-scale", "compressed-tensors");
  refuse(o.online_transform, "--online-transform", "compressed-tensors");
  refuse(o.gptq_v2, "--gptq-v2", "gptq");
  if (!o.store.empty() && o.to == "peft") throw UsageError("--store: expected with a model, found with --to peft");
}

void export_model(const ExportOptions& o, Session& session) {
  const OpenedModel model = open_noted(session, o.what);
  check_samples(session, model);
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

void export_quantized(const ExportOptions& o, Session& session) {
  const OpenedModel model = open_noted(session, o.what);
  const auto* quantized = dynamic_cast<const QuantizedFolder*>(model.source.get());
  if (quantized == nullptr) {
    throw InputError((model.folder / "config.json").string(), model.quantized_key(),
                     "a folder that rolora quantize wrote (--to hf exports floating-point models)",
                     model.quantized ? "one in another library's format already (" + model.stored_as + ")" : "a floating-point model");
  }
  check_samples(session, model);
  const bool gptq = o.to == "gptq";
  const at::ScalarType store = o.store.empty() ? (gptq ? at::kHalf : model.stored) : parse_dtype(o.store, "--store");
  const QuantizedExport from{*quantized, model.folder, store};
  const QuantizedCheck check = gptq ? export_gptq_layout(from, o.out, {o.gptq_v2}, o.force, session.compute(), session.monitor())
                                    : export_compressed_tensors(from, o.out, {o.accept_other_scale, o.online_transform}, o.force,
                                                                session.compute(), session.monitor());
  const ExportCheck& logits = check.logits;
  const Json object = {
      {"verified", {{"relative_l2", logits.relative_l2}, {"bound", logits.bound}, {"tokens", logits.tokens}, {"passed", true}}},
      {"to", o.to},
      {"store", dtype_name(store)},
      {"rotated", model.rotation.has_value()},
      {"other_scale", check.other_scale ? Json(*check.other_scale) : Json(nullptr)},
      {"rounding", check.rounding ? Json(*check.rounding) : Json(nullptr)},
      {"notes", check.notes}};
  std::string text = "model      " + o.out + " (" + o.to + ")\nverified   logits within " + Json(logits.relative_l2).dump() +
                     " of the model's on " + std::to_string(logits.tokens) + " tokens, read back from the folder\n";
  for (const std::string& note : check.notes) text += "note       " + note + "\n";
  session.result(object, text);
}

void export_adapter(const ExportOptions& o, Session& session) {
  const std::filesystem::path given = o.what;
  if (!std::filesystem::exists(given / "adapter_config.json") && std::filesystem::exists(given / "config.json")) {
    throw InputError(o.what, "MODEL", "the folder of an adapter (its base is exported with --to hf, and named here by --base)",
                     "a model's folder");
  }
  const int64_t tensors = export_peft(o.what, o.base, o.out, o.force);
  if (has_rotation(given) && o.base.empty()) {
    session.monitor().notice(
        "its config names the base as before; PEFT loads it onto the folder that export --to hf writes of the rotated "
        "model (--base FOLDER names that)");
  }
  const Json object = {{"verified", {{"tensors", tensors}, {"passed", true}}}, {"to", o.to}};
  session.result(object, "adapter    " + o.out + " (PEFT)\nverified   " + std::to_string(tensors) + " tensors, value for value\n");
}

void run(const ExportOptions& o, Session& session) {
  require_apart(o.out, {o.what, o.base});
  refuse_idle_options(o);
  if (o.to == "peft") return export_adapter(o, session);
  o.to == "hf" ? export_model(o, session) : export_quantized(o, session);
}

}  // namespace

void add_export(Verbs& verbs) {
  auto o = std::make_shared<ExportOptions>();
  CLI::App& a =
      verbs.add("export", "Write a model or an adapter for other libraries, opened again and verified", [o](Session& s) { run(*o, s); });
  a.add_option(
       "MODEL", o->what,
       "Model to export: with --to hf plain, merged, or rotated by R1 and R2; with --to compressed-tensors or gptq a quantized folder; "
       "with --to peft the folder of an adapter, not of its base (required)")
      ->required();
  a.add_option(
       "--to", o->to,
       "hf: a plain Hugging Face folder; compressed-tensors: integers as transformers with that library loads them (W4A16, W8A8, W4A4, "
       "mixed); gptq: weights of 2, 4 or 8 bits in GPTQ's layout; peft: an adapter for PEFT (required)")
      ->required()
      ->check(CLI::IsMember({"hf", "compressed-tensors", "gptq", "peft"}));
  a.add_option("--out", o->out, "Output folder (required)")->required();
  a.add_option(
      "--base", o->base,
      "With --to peft: the model that it belongs to, named in its config; for an adapter of a rotated model the folder that --to hf wrote "
      "of that (default as it was; own choice)");
  a.add_option(
       "--store", o->store,
       "Stored type, float32, bfloat16 or float16, of what is not quantized; with --to gptq of the scales too (default the model's, "
       "with --to gptq float16; own choice, GPTQ's packers)")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
  a.add_flag(
      "--accept-other-scale", o->accept_other_scale,
      "With --to compressed-tensors: export activations that were quantized with --scale-convention quarot; the format takes its own "
      "scales, and the difference is told (default off; own choice)");
  a.add_flag("--online-transform", o->online_transform,
             "With --to compressed-tensors: write R4 as a transform_config, which transformers does not read (default off; own choice)");
  a.add_flag("--gptq-v2", o->gptq_v2,
             "With --to gptq: zero points as they are, checkpoint_format gptq_v2, instead of less one, which fewer loaders know (default "
             "off; own choice)");
  a.add_flag("--force", o->force, "Replace an existing output folder (default off; command contract)");
}

}  // namespace rolora::app
