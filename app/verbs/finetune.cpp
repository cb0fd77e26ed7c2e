// SPDX-License-Identifier: GPL-3.0-or-later
// rolora finetune: LoRA or full-parameter training on a plain or rotated model.
#include "core/finetune/finetune.h"

#include <algorithm>
#include <iomanip>
#include <sstream>

#include "app/model_input.h"
#include "app/output_place.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/evaluation/corpus.h"
#include "core/finetune/conversation.h"
#include "core/finetune/random_source.h"
#include "core/model/checkpoint.h"

namespace rolora::app {
namespace {

struct FinetuneOptions {
  std::string model, out, data, ids, schedule = "cosine", targets = "q_proj,v_proj", variant = "lora";
  std::string format = "alpaca", prompt = "stanford", init_adapter, store;
  std::optional<int64_t> block, cutoff, rank, steps, warmup;
  std::optional<double> alpha, dropout, validation;
  std::optional<uint64_t> init_random;
  TrainingSettings training;
  std::optional<int64_t> save_every;
  bool resume = false, force = false;
  CLI::App* app = nullptr;
  bool given(const char* option) const { return app->count(option) > 0; }
};

void add_data_options(CLI::App& a, FinetuneOptions& o) {
  a.add_option("--data", o.data, "Training file, read by --format (required: this or --ids)");
  a.add_option("--ids", o.ids,
               "Token ids in place of a text: {\"ids\": [...]}, packed like a text; needs no tokenizer (required: this or --data)");
  a.add_option(
       "--format", o.format,
       "What --data is: alpaca (JSON list of {instruction, input, output}, {messages} or ShareGPT's {conversations}) or text (default "
       "alpaca; RoLoRA)")
      ->check(CLI::IsMember({"alpaca", "text"}));
  std::vector<std::string> templates;
  for (const PromptTemplate& t : prompt_templates()) templates.emplace_back(t.name);
  a.add_option("--template", o.prompt,
               "How records become text: " + template_names() +
                   "; the first three ask for one response (Stanford Alpaca's wording; rolora: \"Human: ... Assistant: \"), the others are "
                   "chat templates with system messages and turns (default stanford; Stanford Alpaca)")
      ->check(CLI::IsMember(templates));
  a.add_option("--block", o.block, "Tokens of a packed block of text (default min(2048, the model's limit); GPTQ's evaluation windows)")
      ->check(CLI::Range(int64_t{2}, int64_t{1} << 30));
  a.add_option("--cutoff", o.cutoff, "Tokens kept of a record, from the left (default min(1024, the model's limit); RoLoRA)")
      ->check(CLI::Range(int64_t{2}, int64_t{1} << 30));
  a.add_option("--validation", o.validation,
               "Share kept out for the evaluation loss, seeded random choice (default 0.1 for shuffled alpaca records, else 0; RoLoRA)")
      ->check(CLI::Range(0.0, 0.99));
  a.add_flag("--shuffle,!--no-shuffle", o.training.shuffle, "A new seeded order every epoch (default shuffle; transformers)");
}

void add_adapter_options(CLI::App& a, FinetuneOptions& o) {
  a.add_option("--rank", o.rank, "Rank r of the adapter (default 16; RoLoRA)")->check(CLI::Range(int64_t{1}, int64_t{1} << 20));
  a.add_option("--alpha", o.alpha, "Scaling is alpha/r, with rslora alpha/sqrt(r) (default 16; RoLoRA)")->check(above_zero());
  a.add_option("--dropout", o.dropout, "Dropout in front of A while training (default 0; RoLoRA)")->check(CLI::Range(0.0, 0.99));
  a.add_option("--targets", o.targets, "Linears that get an adapter, with commas, or all (default q_proj,v_proj; RoLoRA)");
  a.add_option("--variant", o.variant,
               "lora; rslora: scaling alpha/sqrt(r) (arXiv 2312.03732); dora: the rows' magnitudes are trained too (arXiv 2402.09353); "
               "rsdora: both (default lora; RoLoRA)")
      ->check(CLI::IsMember(std::vector<std::string>(kVariants.begin(), kVariants.end())));
  a.add_option(
      "--init-adapter", o.init_adapter,
      "PEFT folder to start from; rank, alpha, targets and variant come from it; --variant dora makes a DoRA of a LoRA (default none: A "
      "random, B zero; LoRA, arXiv 2106.09685)");
}

void add_recipe_options(CLI::App& a, FinetuneOptions& o) {
  TrainingSettings& t = o.training;
  a.add_option("--lr", t.learning_rate, "Peak learning rate (default 1e-4; RoLoRA)")->check(above_zero());
  a.add_option("--epochs", t.epochs, "Passes over the training data (default 3; RoLoRA)")->check(above_zero());
  a.add_option("--steps", o.steps, "Optimizer steps in place of epochs (default none: as --epochs says; transformers)")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  a.add_option("--batch", t.batch, "Examples of a micro-batch (default 8; RoLoRA)")->check(CLI::Range(int64_t{1}, int64_t{1} << 30));
  a.add_option("--accumulate", t.accumulate, "Micro-batches of a step (default 1; RoLoRA)")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 30));
  auto* ratio = a.add_option("--warmup-ratio", t.warmup_ratio, "Share of the steps with rising rate (default 0.01; RoLoRA)")
                    ->check(CLI::Range(0.0, 1.0));
  a.add_option("--warmup-steps", o.warmup, "The same in steps (default none: as --warmup-ratio says; transformers)")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40))
      ->excludes(ratio);
  a.add_option("--schedule", o.schedule, "cosine, linear or constant after the warm-up (default cosine; RoLoRA)")
      ->check(CLI::IsMember({"cosine", "linear", "constant"}));
  a.add_option("--clip-grad", t.clip, "Bound of the gradient's norm, 0 for none (default 1; RoLoRA)")->check(zero_or_more());
  a.add_option("--weight-decay", t.weight_decay, "AdamW's decoupled decay, on every trained value, gains too (default 0; RoLoRA)")
      ->check(zero_or_more());
  a.add_option("--evaluate-every", t.evaluate_every,
               "Steps between evaluation losses, always one at the end (default 0: at every epoch's end; own choice)")
      ->check(zero_or_more());
  a.add_option("--site-statistics-every", t.site_statistics_every,
               "Steps between kurtosis and maximum of every linear's input in the log (default 0: never; own choice)")
      ->check(zero_or_more());
}

void add_output_options(CLI::App& a, FinetuneOptions& o) {
  a.add_option("--out", o.out, "Output folder: a PEFT adapter, or a model with --full (required)")->required();
  a.add_option("--save-every", o.save_every,
               "Steps between checkpoints in OUT.checkpoints; 0: only when stopped (default a tenth of the steps, at most 100; own choice)")
      ->check(zero_or_more());
  a.add_flag("--resume", o.resume,
             "Go on from the newest checkpoint; the result is that of an uninterrupted run (default off; own choice)");
  a.add_flag("--full", o.training.full, "Train every weight of the model in place of an adapter (default off; RoLoRA)");
  a.add_option("--init-random", o.init_random,
               "With --full: start from weights drawn with this seed; MODEL needs config.json and a tokenizer only (default none: MODEL's "
               "weights; own choice)");
  a.add_option("--store", o.store, "With --full: stored type of the model (default the input's, float32 with --init-random; own choice)")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
  a.add_flag("--force", o.force, "Replace an existing output and forget an unfinished training (default off; command contract)");
}

void refuse_combinations(const FinetuneOptions& o) {
  if (o.data.empty() == o.ids.empty()) throw UsageError("finetune: give either --data or --ids");
  if (!o.ids.empty() && (o.given("--format") && o.format != "text")) throw UsageError("finetune: --ids are packed as --format text");
  const bool text = !o.ids.empty() || o.format == "text";
  if (text && (o.given("--template") || o.cutoff)) throw UsageError("finetune: --template and --cutoff belong to --format alpaca");
  if (!text && o.block) throw UsageError("finetune: --block belongs to --format text");
  if (o.steps && o.given("--epochs")) throw UsageError("finetune: give either --steps or --epochs");
  if (!o.training.full && (o.init_random || !o.store.empty())) throw UsageError("finetune: --init-random and --store belong to --full");
  if (!o.training.full) return;
  for (const char* option : {"--rank", "--alpha", "--dropout", "--targets", "--variant", "--init-adapter"}) {
    if (o.given(option)) throw UsageError(std::string("finetune: ") + option + " does not apply to --full, which trains no adapter");
  }
}

FinetuneBase open_base(const FinetuneOptions& o, Session& session) {
  if (o.init_random) {
    const ModelConfig config = read_model_config(o.model);
    if (!config.own_kind.empty()) {
      throw InputError(o.model + "/config.json", "rolora.kind", "a plain model whose shape is taken", "one that is " + config.own_kind);
    }
    if (has_rotation(o.model)) {
      throw InputError(o.model + "/rotation.json", "rotation", "a plain model whose shape is taken", "one that is rotated");
    }
    const auto source = std::make_shared<RandomSource>(config, *o.init_random);
    return {source, folder_of_model(o.model), std::nullopt, source->hash(), at::kFloat, /*from_scratch=*/true};
  }
  OpenedModel opened = open_floating_point(session, o.model, " to train");
  return {opened.source, opened.folder, std::move(opened.rotation), opened.hash(), opened.stored};
}

TrainingData read_data(const FinetuneOptions& o, const FinetuneBase& base, Monitor& monitor) {
  const ModelConfig& config = base.source->config();
  if (!o.ids.empty()) return packed_blocks(ids_of_file(o.ids, config.vocabulary), default_context(config, o.block));
  const auto tokenizer = open_tokenizer(base.folder);
  if (o.format == "text") return packed_blocks(ids_of_text(o.data, Corpus::text, *tokenizer), default_context(config, o.block));
  const int64_t cutoff = o.cutoff ? *o.cutoff : std::min<int64_t>(1024, config.context);
  if (cutoff > config.context) {
    monitor.notice("--cutoff " + std::to_string(cutoff) + " is beyond the model's context of " + std::to_string(config.context) +
                   " tokens");
  }
  const PromptTemplate& prompt = find_template(o.prompt);
  if (prompt.chat != nullptr) {
    for (const std::string& token : missing_special_tokens(*prompt.chat, *tokenizer))
      monitor.notice("--template " + o.prompt + ": the tokenizer has no special token " + token + "; it is read as plain text");
  }
  TrainingData data = alpaca_records(o.data, *tokenizer, {&prompt, cutoff, end_of_sequence(config, *tokenizer, base.folder)});
  if (data.cut > 0)
    monitor.notice(std::to_string(data.cut) + " of " + std::to_string(data.examples.size()) + " records cut at " + std::to_string(cutoff) +
                   " tokens");
  if (data.without_label > 0) monitor.notice(std::to_string(data.without_label) + " records have nothing left to learn after the cut");
  return data;
}

// An adapter to start from brings its settings; options may repeat them but not differ.
void take_start(const FinetuneOptions& o, const FinetuneBase& base, FinetuneJob& job, Session& session) {
  LoraSettings& lora = job.settings.lora;
  try {
    lora.targets = parse_targets(o.targets);
  } catch (const InputError& e) {
    throw UsageError(e.what());
  }
  set_variant(lora, o.variant);
  if (!o.init_adapter.empty()) {
    job.start = load_adapter(o.init_adapter, base.source->config());
    require_same_rotation(*job.start, o.init_adapter, base.rotation ? base.rotation->checksum() : "");
    note_other_base(session, *job.start, base.hash);
    const LoraSettings& start = job.start->settings;
    const bool differs = (o.rank && *o.rank != start.rank) || (o.alpha && *o.alpha != start.alpha) ||
                         (o.given("--targets") && lora.targets != start.targets) ||
                         (o.given("--variant") && (lora.rslora != start.rslora || (start.dora && !lora.dora)));
    if (differs) throw UsageError("finetune: --rank, --alpha, --targets and --variant must be those of --init-adapter " + o.init_adapter);
    const bool dora = start.dora || (o.given("--variant") && lora.dora);
    lora = start;
    lora.dora = dora;
    lora.dropout = o.dropout.value_or(start.dropout);
    return;
  }
  lora.rank = o.rank.value_or(lora.rank);
  lora.alpha = o.alpha.value_or(lora.alpha);
  lora.dropout = o.dropout.value_or(lora.dropout);
}

std::string summary(const FinetuneOptions& o, const FinetuneResult& result) {
  std::ostringstream text;
  const StepRecord &first = result.log.front(), &last = result.log.back();
  text << std::fixed << std::setprecision(4);
  text << (o.training.full ? "model    " : "adapter  ") << o.out << "\n"
       << "trained  " << result.trained_values << " values on " << result.training_examples << " examples, " << result.log.size()
       << " steps\n"
       << "loss     " << first.loss << " at step 1, " << last.loss << " at step " << last.step << "\n";
  if (result.evaluation) text << "held out " << *result.evaluation << " on " << result.validation_examples << " examples\n";
  return text.str();
}

void run(const FinetuneOptions& o, Session& session) {
  refuse_combinations(o);
  require_apart(o.out, {o.model, o.data, o.ids, o.init_adapter});
  const FinetuneBase base = open_base(o, session);
  FinetuneJob job;
  job.settings = o.training;
  job.settings.seed = session.options().seed;
  job.settings.schedule = parse_schedule(o.schedule);
  job.settings.steps = o.steps;
  job.settings.warmup = o.warmup;
  const bool recipe_split = o.ids.empty() && o.format == "alpaca" && o.training.shuffle;
  job.settings.validation = o.validation.value_or(recipe_split ? 0.1 : 0.0);
  if (!job.settings.full) take_start(o, base, job, session);
  job.data = read_data(o, base, session.monitor());
  job.out = o.out;
  job.base_name = name_for_peft(o.model);
  job.force = o.force;
  job.resume = o.resume;
  job.save_every = o.save_every;
  if (!o.store.empty()) job.store = parse_dtype(o.store, "--store");
  const FinetuneResult result = finetune(base, std::move(job), session.compute(), session.monitor());
  session.result(result.json(), summary(o, result));
}

}  // namespace

void add_finetune(Verbs& verbs) {
  auto o = std::make_shared<FinetuneOptions>();
  CLI::App& a = verbs.add("finetune", "Train a LoRA adapter, or all weights, on a plain or rotated model", [o](Session& s) { run(*o, s); });
  o->app = &a;
  a.add_option("MODEL", o->model, "Model folder, plain or rotated (required)")->required();
  add_data_options(a, *o);
  add_adapter_options(a, *o);
  add_recipe_options(a, *o);
  add_output_options(a, *o);
}

}  // namespace rolora::app
