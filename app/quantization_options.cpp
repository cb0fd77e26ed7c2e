// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/quantization_options.h"

#include <cstdio>

#include "app/model_input.h"
#include "core/base/error.h"
#include "core/evaluation/corpus.h"
#include "core/tokenizer/tokenizer.h"

namespace rolora::app {
namespace {

void add_weight_options(CLI::App& app, QuantizationOptions& o) {
  app.add_option("--weights", o.spec.weights.bits, "Bits of the weights, 2 to 8 (default 16: not quantized; command contract)");
  app.add_option("--method", o.method,
                 "How weights are rounded: rtn (to nearest) or gptq (arXiv 2210.17323; needs a calibration text) (default rtn; own choice)")
      ->check(CLI::IsMember({"rtn", "gptq"}));
  app.add_option("--group", o.spec.weights.group,
                 "Inputs that share a weight scale; a width that it does not divide is quantized per channel (default 0: one scale per "
                 "output channel; QuaRot)");
  app.add_flag("--asymmetric", o.asymmetric, "Weights with a zero point (default symmetric; QuaRot)");
  app.add_flag("--clip-search", o.spec.weights.clip_search,
               "Search the weight range in 80 steps, as RoLoRA evaluates (default off; command contract)");
  app.add_flag("--act-order", o.spec.gptq.act_order, "GPTQ: columns by descending Hessian diagonal (default off: in order; GPTQ)");
  app.add_option("--damp", o.spec.gptq.damping, "GPTQ: share of the mean Hessian diagonal added to it (default 0.01; GPTQ)");
  app.add_option("--block", o.spec.gptq.block, "GPTQ: columns between lazy updates (default 128; GPTQ)");
  app.add_option("--down-bits", o.spec.down_bits,
                 "Bits of down_proj's weights and input; RoLoRA and QuaRot offer 8 (default as all others; own choice)");
  app.add_option("--bits", o.bits_file,
                 "JSON file {\"format\": 1, \"linears\": {NAME: {\"weights\": B, \"activations\": B}}} (default none; own choice)");
}

void add_activation_options(CLI::App& app, QuantizationOptions& o) {
  app.add_option(
      "--activations", o.spec.activations.bits,
      "Bits of the linears' inputs, per token, 2 to 8; scales and rounding are float32 whatever --dtype (default 16: not quantized; "
      "command contract)");
  app.add_option(
      "--activation-group", o.spec.activations.group,
      "Channels that share an input scale; a width that it does not divide is quantized per token (default 0: one scale per token; "
      "QuaRot)");
  app.add_flag("--activation-asymmetric", o.activation_asymmetric, "Inputs with a zero point (default symmetric; QuaRot)");
  app.add_option("--activation-clip", o.spec.activations.clip,
                 "Share of the input range that is kept, in (0, 1] (default 1; command contract)");
  app.add_option("--kv", o.spec.kv_bits,
                 "Bits of the KV cache, per token and head, asymmetric, 2 to 8 (default 16: not quantized; command contract)");
  app.add_option("--scale-convention", o.convention,
                 "Symmetric scales: quarot, max/(2^(b-1)-1), or compressed-tensors, max/((2^b-1)/2) (default quarot; QuaRot and RoLoRA)")
      ->check(CLI::IsMember({"quarot", "compressed-tensors"}));
}

void add_calibration_options(CLI::App& app, QuantizationOptions& o, bool beside_other_text) {
  const std::string prefix = beside_other_text ? "--calibration-" : "--";
  CLI::Option* text =
      app.add_option("--calibration", o.calibration,
                     "Text file for GPTQ and for output errors; GPTQ needs one (default none: no output errors; command contract)");
  o.ids_option =
      app.add_option(prefix + "ids", o.ids, "JSON file {\"ids\": [...]} in place of the calibration text (default none; command contract)")
          ->excludes(text);
  o.corpus_option = app.add_option(prefix + "corpus", o.corpus,
                                   "How the calibration file becomes one text: text, wikitext2, c4 or ptb (default text: its bytes as they "
                                   "are; command contract)")
                        ->check(CLI::IsMember({"text", "wikitext2", "c4", "ptb"}));
  o.context_option = app.add_option(prefix + "context", o.windows.context,
                                    std::string("Tokens of a calibration window (default ") +
                                        (beside_other_text ? "that of --context; own choice)" : "min(2048, the model's limit); GPTQ)"));
  const CLI::Option* samples =
      app.add_option("--samples", o.windows.samples, "Calibration windows, the first of the text (default 128; GPTQ)");
  const CLI::Option* errors =
      app.add_option("--error-samples", o.windows.error_samples,
                     "Of these, the first windows that measure output errors; 0 measures none (default 4; command contract)");
  o.calibration_only = {o.corpus_option, o.context_option, samples, errors};
}

std::string cell(const std::optional<double>& value, const char* format) {
  if (!value) return "-";
  char text[32];
  std::snprintf(text, sizeof text, format, *value);
  return text;
}

std::string row(const std::vector<std::string>& cells) {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const size_t width = i == 0 ? 38 : 11;
    const std::string space(cells[i].size() < width ? width - cells[i].size() : 1, ' ');
    line += i == 0 ? cells[i] + space : space + cells[i];
  }
  return line + "\n";
}

}  // namespace

void add_quantization_options(CLI::App& app, QuantizationOptions& options, bool beside_other_text) {
  add_weight_options(app, options);
  add_activation_options(app, options);
  add_calibration_options(app, options, beside_other_text);
}

void Notices::add(const std::string& line) {
  session_.monitor().notice(line);
  lines_.push_back(line);
}

QuantizationSpec read_spec(const QuantizationOptions& options, const ModelConfig& config) {
  std::optional<SpecProblem> problem = first_problem(options.windows);
  if (problem && problem->key == "context") problem->key = options.context_option->get_name().substr(2);
  refuse_problem(problem);
  QuantizationSpec spec = options.spec;
  spec.method = parse_method(options.method);
  spec.weights.symmetric = !options.asymmetric;
  spec.activations.symmetric = !options.activation_asymmetric;
  spec.weights.convention = spec.activations.convention = parse_convention(options.convention);
  if (!options.bits_file.empty()) spec.per_linear = read_bits_file(options.bits_file, spec, config);
  validate(spec, config);
  return spec;
}

bool asks_for_bits(const QuantizationOptions& options) {
  const QuantizationSpec& spec = options.spec;
  return spec.weights.bits != kFullBits || spec.activations.bits != kFullBits || spec.kv_bits != kFullBits || spec.down_bits ||
         !options.bits_file.empty();
}

void tell_idle_options(const QuantizationOptions& options, Notices& notices) {
  if (has_calibration(options)) return;
  for (const CLI::Option* option : options.calibration_only) {
    if (option->count() > 0) notices.add(option->get_name() + " is ignored: it is about a calibration text, and none is given");
  }
}

void tell_fallbacks(const QuantizationSpec& spec, const ModelConfig& config, Notices& notices, Json& result) {
  GroupFallbacks found = group_fallbacks(spec, config);
  for (const std::string& line : found.notices) notices.add(line);
  result["per_channel"] = std::move(found.linears);
  result["per_token"] = std::move(found.sites);
}

bool has_calibration(const QuantizationOptions& options) { return !options.calibration.empty() || !options.ids.empty(); }

CalibrationText read_calibration(const QuantizationOptions& options, const OpenedModel& model, Notices& notices) {
  if (!has_calibration(options)) {
    if (options.method == "gptq") throw UsageError("GPTQ needs a calibration text: expected --calibration FILE or ids, found none");
    return {};
  }
  const ModelConfig& config = model.source->config();
  const bool ids = !options.ids.empty();
  if (ids && options.corpus_option->count() > 0) {
    throw UsageError(options.corpus_option->get_name() + ": expected together with --calibration, found with " +
                     options.ids_option->get_name());
  }
  const IdStream stream = ids ? ids_of_file(options.ids, config.vocabulary)
                              : ids_of_text(options.calibration, parse_corpus(options.corpus), *open_tokenizer(model.folder));
  const int64_t context = default_context(config, options.windows.context), asked = options.windows.samples;
  const Windows windows = whole_windows(stream, context, asked);
  if (windows.full.size(0) < asked) {
    notices.add("calibration: " + std::to_string(asked) + " windows of " + std::to_string(context) +
                " tokens were asked for, the text has " + std::to_string(windows.full.size(0)));
  }
  return {windows.full, stream.text_hash, ids ? "ids" : options.corpus};
}

PipelineOptions pipeline_options(Session& session, const QuantizationOptions& options) {
  PipelineOptions pipeline;
  pipeline.compute = session.compute();
  pipeline.error_samples = options.windows.error_samples;
  return pipeline;
}

Json linears_json(const std::vector<LinearReport>& reports) {
  Json json = Json::object();
  for (const LinearReport& report : reports) json[report.name] = report_json(report);
  return json;
}

std::string linears_table(const std::vector<LinearReport>& reports) {
  std::string text = row({"linear", "bits", "weight mse", "weight rel", "out weights", "out inputs", "out both", "SQNR dB", "GPTQ loss"});
  bool weights = false, inputs = false;
  for (const LinearReport& r : reports) {
    weights = weights || r.group_fell_back;
    inputs = inputs || r.activation_group_fell_back;
    text += row({r.name,
                 "W" + std::to_string(r.bits) + (r.group_fell_back ? "*" : "") + "A" + std::to_string(r.activation_bits) +
                     (r.activation_group_fell_back ? "*" : ""),
                 cell(r.weight_mse, "%.3e"), cell(r.weight_relative_error, "%.4f"), cell(r.output_error_weights, "%.4f"),
                 cell(r.output_error_activations, "%.4f"), cell(r.output_error_both, "%.4f"), cell(r.sqnr_db, "%.2f"),
                 cell(r.gptq_loss, "%.5g")});
  }
  if (weights) text += "W* the group does not divide this width: quantized per channel\n";
  if (inputs) text += "A* the activation group does not divide this width: quantized per token\n";
  return text;
}

}  // namespace rolora::app
