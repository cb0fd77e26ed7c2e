// SPDX-License-Identifier: GPL-3.0-or-later
// rolora evaluate: perplexity of a text.
#include <iomanip>
#include <sstream>

#include "app/model_input.h"
#include "app/quantization_options.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/evaluation/perplexity.h"
#include "core/quantization/fake_quantized.h"

namespace rolora::app {
namespace {

struct EvaluateOptions {
  ModelOptions model;
  std::string text_file, corpus = "text", ids;
  std::optional<int64_t> context;
  bool keep_tail = false;
  CLI::Option* corpus_option = nullptr;
  QuantizationOptions quantization;
};

IdStream read_stream(const EvaluateOptions& o, const OpenedModel& model) {
  if (o.text_file.empty() == o.ids.empty()) throw UsageError("expected --text-file or --ids, found neither");
  if (!o.ids.empty()) {
    if (o.corpus_option->count() > 0) throw UsageError("--corpus: expected together with --text-file, found with --ids");
    return ids_of_file(o.ids, model.source->config().vocabulary);
  }
  return ids_of_text(o.text_file, parse_corpus(o.corpus), *open_tokenizer(model.folder));
}

// The model as if it were quantized; errors of its linears join the result where a calibration text was given.
std::shared_ptr<const ModelSource> quantized_look(Session& session, const EvaluateOptions& o, const OpenedModel& model, Notices& notices,
                                                  Json& result) {
  tell_idle_options(o.quantization, notices);
  const QuantizationSpec spec = read_spec(o.quantization, model.source->config());
  if (!quantizes(spec, model.source->config())) {
    if (has_calibration(o.quantization)) throw UsageError("--calibration: expected bits below 16 to calibrate for, found none");
    return model.source;
  }
  if (model.quantized) {
    throw InputError(o.model.model + "/config.json", model.quantized_key(), "a floating-point model to quantize",
                     "one that is quantized already");
  }
  result["quantization"] = spec_json(spec);
  tell_fallbacks(spec, model.source->config(), notices, result);
  QuantizationOptions how = o.quantization;
  if (!how.windows.context) how.windows.context = o.context;  // the text's windows and the calibration's are alike unless said otherwise
  const CalibrationText calibration = read_calibration(how, model, notices);
  if (!calibration.windows.defined()) return std::make_shared<const FakeQuantizedSource>(model.source, spec);
  const auto look =
      FakeQuantizedSource::prepare(model.source, spec, calibration.windows, pipeline_options(session, o.quantization), session.monitor());
  result["linears"] = linears_json(look->reports());
  return look;
}

void run(Session& session, const EvaluateOptions& o) {
  const Compute compute = session.compute();
  // A look at the quantized model is a look at what `merge` and `quantize` would make: the paper quantizes merged weights.
  const OpenedModel model = open_model_input(session, o.model, /*merge_adapter=*/asks_for_bits(o.quantization));
  const IdStream stream = read_stream(o, model);
  const Windows windows = cut_windows(stream, default_context(model.source->config(), o.context), o.keep_tail);
  check_samples(session, model);
  Json json = Json::object();
  Notices notices(session);
  notices.add_told(model.notes);
  const std::shared_ptr<const ModelSource> source = quantized_look(session, o, model, notices, json);
  const PerplexityResult result = perplexity(*source, windows, {compute}, session.monitor());
  std::ostringstream text;
  text << std::setprecision(10) << "nll         " << result.nll << " per predicted token\nperplexity  " << result.perplexity
       << "\ntokens      " << grouped(result.tokens) << " predicted, in " << result.window_nll.size() << " windows of " << windows.context
       << "\n";
  json.update({{"nll", result.nll},
               {"perplexity", result.perplexity},
               {"tokens", result.tokens},
               {"tasks", Json::object()},  // zero-shot results by task; none was asked for
               {"notices", notices.lines()},
               {"context", windows.context},
               {"windows", result.window_nll.size()}});
  session.result(json, text.str());
}

}  // namespace

void add_evaluate(Verbs& verbs) {
  const auto o = std::make_shared<EvaluateOptions>();
  CLI::App& app =
      verbs.add("evaluate", "Perplexity of a text, also as if the model were quantized", [o](Session& session) { run(session, *o); });
  add_model_options(app, o->model, true);
  CLI::Option* text = app.add_option("--text-file", o->text_file, "Text to evaluate on, read by --corpus (required: this or --ids)");
  o->corpus_option =
      app.add_option("--corpus", o->corpus,
                     "How the file becomes one text: text, wikitext2, c4 or ptb (default text: its bytes as they are; command contract)")
          ->check(CLI::IsMember({"text", "wikitext2", "c4", "ptb"}));
  app.add_option("--ids", o->ids, "JSON file {\"ids\": [...]} in place of a text; nothing is put in front (required: this or --text-file)")
      ->excludes(text);
  app.add_option("--context", o->context, "Tokens of a window (default min(2048, the model's limit); GPTQ)")
      ->check(CLI::Range(int64_t{2}, int64_t{1} << 30));
  app.add_flag("--keep-tail", o->keep_tail, "Keep the last, shorter window (default off: dropped; GPTQ)");
  add_quantization_options(app, o->quantization, /*beside_other_text=*/true);
}

}  // namespace rolora::app
