// SPDX-License-Identifier: GPL-3.0-or-later
// rolora quantize: a model folder with integer weights and its own activation bits, and what that costs every linear.
#include "app/model_input.h"
#include "app/output_place.h"
#include "app/quantization_options.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/model/llama2c.h"

namespace rolora::app {
namespace {

struct QuantizeOptions {
  ModelOptions model;
  QuantizationOptions quantization;
  std::string out;
  bool force = false;
};

void run(Session& session, const QuantizeOptions& o) {
  require_apart(o.out, {o.model.model, o.quantization.calibration, o.quantization.ids, o.quantization.bits_file});
  QuantizeFolderOptions options;
  options.pipeline = pipeline_options(session, o.quantization);
  options.seed = session.options().seed;
  options.force = o.force;
  const OpenedModel model = open_model_input(session, o.model);
  if (model.quantized) {
    throw InputError(o.model.model + "/config.json", model.quantized_key(), "a floating-point model", "one that is quantized already");
  }
  const QuantizationSpec spec = read_spec(o.quantization, model.source->config());
  if (!quantizes(spec, model.source->config())) {
    throw UsageError("nothing to quantize: expected bits below 16 by --weights, --activations, --kv, --down-bits or --bits");
  }
  Notices notices(session);
  notices.add_told(model.notes);
  Json fallbacks = Json::object();
  tell_idle_options(o.quantization, notices);
  tell_fallbacks(spec, model.source->config(), notices, fallbacks);
  const CalibrationText calibration = read_calibration(o.quantization, model, notices);
  require_model_folder(o.model.model);
  check_samples(session, model);
  const QuantizeSource from{*model.source, model.folder, model.hash(), model.rotation ? model.rotation->checksum() : ""};
  const QuantizationRecord record = quantize_folder(from, o.out, spec, calibration, options, session.monitor());
  Json result = record_json(record);
  result.update(fallbacks);
  result["notices"] = notices.lines();
  result["out"] = o.out;
  session.result(result, linears_table(record.linears));
}

}  // namespace

void add_quantize(Verbs& verbs) {
  const auto o = std::make_shared<QuantizeOptions>();
  CLI::App& app = verbs.add("quantize", "Quantize weights and activations by RTN or GPTQ, with the error of every linear",
                            [o](Session& session) { run(session, *o); });
  add_model_options(app, o->model, false);
  app.add_option("--out", o->out, "Folder of the quantized model (required)")->required();
  app.add_flag("--force", o->force, "Replace an existing output folder (default off; command contract)");
  add_quantization_options(app, o->quantization, /*beside_other_text=*/false);
}

}  // namespace rolora::app
