// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/model_input.h"

#include "core/base/error.h"
#include "core/finetune/adapter.h"
#include "core/storage/sha256.h"

namespace rolora::app {

void add_model_options(CLI::App& app, ModelOptions& options, bool with_adapter) {
  app.add_option(
         "MODEL", options.model,
         "Hugging Face folder: plain, rotated or quantized by this program, or in the format of compressed-tensors or GPTQ (required)")
      ->required();
  if (with_adapter) {
    app.add_option("--adapter", options.adapter,
                   "PEFT folder of a LoRA or DoRA adapter that stands beside the weights, unmerged (default none; own choice)");
  }
}

std::string name_for_peft(const std::string& model) { return std::filesystem::weakly_canonical(std::filesystem::absolute(model)).string(); }

void note_other_base(Session& session, const Adapter& adapter, const std::string& base_hash) {
  if (adapter.base_hash.empty() || adapter.base_hash == base_hash) return;
  session.monitor().notice("the adapter was trained on other weights of this shape (" + adapter.base_hash.substr(0, 12) + ", not " +
                           base_hash.substr(0, 12) + ")");
}

OpenedModel open_noted(Session& session, const std::string& folder) {
  OpenedModel model = open_model(folder);
  for (const std::string& note : model.notes) session.monitor().notice(note);
  return model;
}

void check_samples(Session& session, const OpenedModel& model) { require_samples(model, session.compute().device, session.monitor()); }

OpenedModel open_floating_point(Session& session, const std::string& folder, const std::string& purpose) {
  OpenedModel model = open_noted(session, folder);
  if (model.quantized) throw InputError(folder, "config.json", "a floating-point model" + purpose, "a quantized one");
  check_samples(session, model);
  return model;
}

OpenedModel open_model_input(Session& session, const ModelOptions& options, bool merge_adapter) {
  OpenedModel model = open_noted(session, options.model);
  if (options.adapter.empty()) return model;
  Adapter adapter = load_adapter(options.adapter, model.source->config());
  require_same_rotation(adapter, options.adapter, model.rotation ? model.rotation->checksum() : "");
  // The integers of a quantized folder are never what an adapter was trained on; a rotation is, and was compared.
  if (!adapter.base_hash.empty() && !model.quantized) {
    const std::string hash = model.hash();
    note_other_base(session, adapter, hash);
    model.identity = [hash] { return hash; };  // not read again for results
  }
  // What results say of the model names the adapter too.
  model.identity = [base = model.identity, folder = std::filesystem::path(options.adapter)] {
    return sha256_of_text(base() + sha256_of_file(adapter_weights(folder)) + sha256_of_file(folder / "adapter_config.json"));
  };
  model.source = std::make_shared<const AdaptedSource>(model.source, std::move(adapter), merge_adapter);
  return model;
}

void add_prompt_options(CLI::App& app, PromptOptions& options) {
  options.text_option =
      app.add_option("--text", options.text, "Text, encoded with the model's tokenizer and its special tokens (required: this or --ids)");
  options.ids_option = app.add_option(
      "--ids", options.ids, "JSON file {\"ids\": [...]}; nothing is put in front, no tokenizer is needed (required: this or --text)");
  options.text_option->excludes(options.ids_option);
}

std::vector<int64_t> read_prompt(const PromptOptions& options, const OpenedModel& model, std::optional<int64_t> start) {
  if (options.text_option->count() + options.ids_option->count() != 1) throw UsageError("expected --text or --ids, found neither");
  std::vector<int64_t> ids;
  if (options.ids_option->count() > 0) {
    ids = ids_of_file(options.ids, model.source->config().vocabulary).ids;
  } else {
    ids = open_tokenizer(model.folder)->encode(options.text, /*special=*/true);
    if (ids.empty() && start) ids.push_back(*start);
  }
  require_known_ids(ids, model, options.ids_option->count() > 0 ? options.ids : "--text");
  return ids;
}

void require_known_ids(const std::vector<int64_t>& ids, const OpenedModel& model, const std::string& where) {
  if (ids.empty()) throw InputError(where, "ids", "at least one token", "none");
  for (const int64_t id : ids) {
    if (id < model.source->config().vocabulary) continue;
    throw InputError(where, "ids", "ids below the model's vocabulary of " + std::to_string(model.source->config().vocabulary),
                     std::to_string(id));
  }
}

std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (int64_t at = static_cast<int64_t>(text.size()) - 3; at > 0; at -= 3) text.insert(static_cast<size_t>(at), " ");
  return text;
}

}  // namespace rolora::app
