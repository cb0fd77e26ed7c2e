// SPDX-License-Identifier: GPL-3.0-or-later
// What verbs that read a model share: the MODEL folder with an adapter beside it, and token ids given as ids or as text.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/session.h"
#include "core/evaluation/corpus.h"
#include "core/finetune/adapter.h"
#include "core/jobs/open_model.h"
#include "core/tokenizer/tokenizer.h"

namespace rolora::app {

struct ModelOptions {
  std::string model, adapter;
};
/// Adds MODEL and, where the verb takes one, --adapter.
void add_model_options(CLI::App& app, ModelOptions& options, bool with_adapter);
/// The name by which PEFT finds a model from any working directory.
std::string name_for_peft(const std::string& model);
/// Tells when the adapter was trained on other weights than those of `base_hash`: adapters are tried beside other tunings of a model too.
void note_other_base(Session& session, const Adapter& adapter, const std::string& base_hash);

/// Any MODEL folder; prints its notes as notices.
OpenedModel open_noted(Session& session, const std::string& folder);
/// A folder of floating-point weights; InputError for a quantized one, with `purpose` as what was expected. Its samples are checked.
OpenedModel open_floating_point(Session& session, const std::string& folder, const std::string& purpose);
/// Where a folder carries sample tokens they must still give the logits stored with them (GateError). A pass through the whole model:
/// verbs call it behind whatever else could be refused, before they compute.
void check_samples(Session& session, const OpenedModel& model);

/// The opened folder; `source` carries the adapter when one was given: beside the linears, or merged into them. Prints the folder's notes
/// as notices.
OpenedModel open_model_input(Session& session, const ModelOptions& options, bool merge_adapter = false);

struct PromptOptions {
  std::string text, ids;
  CLI::Option *text_option = nullptr, *ids_option = nullptr;
};
/// Adds --text and --ids, of which exactly one must be given.
void add_prompt_options(CLI::App& app, PromptOptions& options);
/// The ids; a text takes what the tokenizer puts around it (BOS), ids get nothing in front. At least one: a text that gives none becomes
/// `start`, where there is one.
std::vector<int64_t> read_prompt(const PromptOptions& options, const OpenedModel& model, std::optional<int64_t> start = std::nullopt);

/// InputError (`where`) when there is no id or one is outside the model's vocabulary.
void require_known_ids(const std::vector<int64_t>& ids, const OpenedModel& model, const std::string& where);

/// "1 234 567"
std::string grouped(int64_t number);

}  // namespace rolora::app
