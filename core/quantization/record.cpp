// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/quantization/record.h"

#include "core/base/error.h"
#include "core/model/tensor_store.h"
#include "core/quantization/weights.h"
#include "core/storage/small_json.h"

namespace rolora {
namespace {

constexpr int64_t kFormat = 2;               // 1 knew nothing of the group of activations and of the chain
constexpr int64_t kMost = int64_t{1} << 53;  // what a JSON number carries exactly

std::optional<double> number_or_none(const JsonObject& object, std::string_view key) {
  if (object.raw(key).is_null()) return std::nullopt;
  return object.number(key);
}

void parse_chain(const JsonObject& json, LinearReport& r) {
  r.activation_group = json.integer("activation_group", 0, INT32_MAX);
  r.activation_group_fell_back = json.boolean("activation_group_fell_back");
  r.chain_inherited = number_or_none(json, "chain_inherited");
  r.chain_added_weights = number_or_none(json, "chain_added_weights");
  r.chain_added_activations = number_or_none(json, "chain_added_activations");
  r.chain_error = number_or_none(json, "chain_error");
}

LinearReport parse_report(const JsonObject& json, const std::string& name, int64_t format) {
  LinearReport r;
  r.name = name;
  r.bits = static_cast<int>(json.integer("bits", 2, kFullBits));
  r.activation_bits = static_cast<int>(json.integer("activation_bits", 2, kFullBits));
  r.group = json.integer("group", 0, INT32_MAX);
  r.group_fell_back = json.boolean("group_fell_back");
  r.weight_mse = json.number("weight_mse");
  r.weight_relative_error = json.number("weight_relative_error");
  r.input_mse = number_or_none(json, "input_mse");
  r.input_relative_error = number_or_none(json, "input_relative_error");
  r.output_error_weights = number_or_none(json, "output_error_weights");
  r.output_error_activations = number_or_none(json, "output_error_activations");
  r.output_error_both = number_or_none(json, "output_error_both");
  r.sqnr_weights_db = number_or_none(json, "sqnr_weights_db");
  r.sqnr_activations_db = number_or_none(json, "sqnr_activations_db");
  r.sqnr_db = number_or_none(json, "sqnr_db");
  r.gptq_loss = number_or_none(json, "gptq_loss");
  r.gptq_loss_relative = number_or_none(json, "gptq_loss_relative");
  r.rtn_loss = number_or_none(json, "rtn_loss");
  if (format >= 2) parse_chain(json, r);
  if (json.has("trail")) r.trail = json.strings("trail");
  json.refuse_unknown();
  return r;
}

// Every linear of the model, no other, with the bits and groups that the settings say.
std::vector<LinearReport> parse_linears(const JsonObject& root, const QuantizationSpec& spec, const ModelConfig& config, int64_t format) {
  const JsonObject linears = root.object("linears");
  std::vector<LinearReport> reports;
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    for (const LinearKind kind : kAllLinears) {
      const std::string name = linear_name(*config.family, LayerIndex(layer), kind);
      const JsonObject entry = linears.object(name);
      LinearReport report = parse_report(entry, name, format);
      const LinearBits bits = bits_of(spec, config, LayerIndex(layer), kind);
      const int64_t width = linear_shape(config, kind).in;
      const int64_t group = bits.weights == kFullBits ? 0 : effective_group(width, spec.weights.group);
      const int64_t inputs = bits.activations == kFullBits ? 0 : effective_group(width, spec.activations.group);
      if (format == 1) {
        report.activation_group = inputs;
        report.activation_group_fell_back = bits.activations != kFullBits && group_falls_back(width, spec.activations.group);
      }
      if (report.bits != bits.weights) entry.refuse("bits", std::to_string(bits.weights) + " as settings say", std::to_string(report.bits));
      if (report.activation_bits != bits.activations) {
        entry.refuse("activation_bits", std::to_string(bits.activations) + " as settings say", std::to_string(report.activation_bits));
      }
      if (report.group != group) entry.refuse("group", std::to_string(group) + " as settings say", std::to_string(report.group));
      if (report.activation_group != inputs) {
        entry.refuse("activation_group", std::to_string(inputs) + " as settings say", std::to_string(report.activation_group));
      }
      reports.push_back(std::move(report));
    }
  }
  linears.refuse_unknown();
  return reports;
}

QuantizationSpec parse_valid_spec(const JsonObject& root, const ModelConfig& config) {
  const JsonObject object = root.object("settings");
  try {
    QuantizationSpec spec = parse_spec(object);
    object.refuse_unknown();
    validate(spec, config);
    return spec;
  } catch (const UsageError& e) {  // in a file it is bad input, not bad usage
    root.refuse("settings", "settings that can be", e.what());
  }
}

}  // namespace

Json record_json(const QuantizationRecord& record) {
  Json json;
  json["format"] = kFormat;
  json["tool_version"] = record.tool_version;
  json["settings"] = spec_json(record.spec);
  json["source"] = {{"hash", record.source_hash}, {"dtype", dtype_name(record.source_type)}};
  json["rotation"] = record.rotation_checksum.empty() ? Json(nullptr) : Json(record.rotation_checksum);
  json["calibration"] = nullptr;
  if (const auto& c = record.calibration) {
    json["calibration"] = {{"text_hash", c->text_hash},
                           {"corpus", c->corpus},
                           {"windows", c->windows},
                           {"context", c->context},
                           {"error_samples", c->error_samples}};
  }
  json["arithmetic"] = {{"dtype", record.dtype},
                        {"device", record.device},
                        {"threads", record.threads},
                        {"cpu_features", record.cpu_features},
                        {"seed", record.seed}};
  json["linears"] = Json::object();
  for (const LinearReport& report : record.linears) json["linears"][report.name] = report_json(report);
  return json;
}

QuantizationRecord read_record(const std::filesystem::path& folder, const ModelConfig& config) {
  const std::filesystem::path file = folder / kQuantizationFile;
  const Json document = read_json_file(file, kSmallJson);
  const JsonObject root(document, file.string());
  const int64_t format = root.integer("format", 1, kFormat);
  QuantizationRecord record;
  record.tool_version = root.string("tool_version");
  record.spec = parse_valid_spec(root, config);
  const JsonObject source = root.object("source");
  record.source_hash = source.string("hash");
  try {
    record.source_type = parse_dtype(source.string("dtype"), source.key_path("dtype"));
  } catch (const InputError& e) {
    source.refuse("dtype", e.expected(), e.found());
  }
  source.refuse_unknown();
  if (root.has("rotation")) record.rotation_checksum = root.string("rotation");
  if (root.has("calibration")) {
    const JsonObject c = root.object("calibration");
    record.calibration = {c.string("text_hash"), c.string("corpus"), c.integer("windows", 1, kMost), c.integer("context", 1, kMost),
                          c.integer("error_samples", 0, kMost)};
    c.refuse_unknown();
  }
  const JsonObject arithmetic = root.object("arithmetic");
  record.dtype = arithmetic.string("dtype");
  record.device = arithmetic.string("device");
  record.threads = arithmetic.integer("threads", 0, kMost);
  record.cpu_features = arithmetic.string("cpu_features");
  const Json& seed = arithmetic.raw("seed");
  if (!seed.is_number_unsigned()) arithmetic.refuse("seed", "an integer of at least 0", seed.dump());
  record.seed = seed.get<uint64_t>();
  arithmetic.refuse_unknown();
  record.linears = parse_linears(root, record.spec, config, format);
  root.refuse_unknown();
  return record;
}

}  // namespace rolora
