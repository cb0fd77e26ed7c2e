// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/exports/open_exported.h"

#include "core/base/error.h"
#include "core/exports/compressed_tensors.h"
#include "core/exports/gptq_layout.h"
#include "core/exports/online_transform.h"
#include "core/storage/small_json.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCompressedTensors = "compressed-tensors";
constexpr const char* kGptq = "gptq";

std::shared_ptr<const LinearFormat> format_of(const Json& settings, const std::string& method, const std::string& file) {
  if (method == kGptq) return std::make_shared<const GptqFormat>(settings, at::kFloat, file);
  return std::make_shared<const CompressedTensorsFormat>(settings, file);
}

// The head, the embedding, and every attention block.
std::vector<std::string> modules_beside(const ModelConfig& config) {
  const auto module = [](std::string tensor) { return tensor.substr(0, tensor.rfind('.')); };
  std::vector<std::string> list = {module(std::string(config.family->head)), module(std::string(config.family->embedding))};
  for (int64_t i = 0; i < config.layers; ++i) list.push_back(module(linear_name(*config.family, LayerIndex(i), LinearKind::q)));
  return list;
}

std::vector<WholeLinear> quantized_linears(const ModelConfig& config, const LinearFormat& format) {
  std::vector<WholeLinear> linears = linears_as_stored(config);
  std::set<std::string> names;
  for (WholeLinear& linear : linears) {
    names.insert(linear.name);
    linear.layout = format.layout(linear.name, linear.layout.out, linear.layout.in);
    linear.activation_bits = format.activation_bits(linear.name);
  }
  format.require_linears_alone(names, modules_beside(config));
  return linears;
}

// One value, or the list of those that there are.
template <class T>
Json distinct(const std::set<T>& values) {
  return values.size() == 1 ? Json(*values.begin()) : Json(values);
}

Json description_of(const std::vector<WholeLinear>& linears, const std::string& method) {
  std::set<int> bits, activations;
  std::set<int64_t> groups;
  std::set<bool> symmetric;
  for (const WholeLinear& linear : linears) {
    bits.insert(linear.layout.bits);
    activations.insert(linear.activation_bits);
    if (linear.layout.bits == kFullBits) continue;
    groups.insert(linear.layout.group);
    symmetric.insert(linear.layout.symmetric);
  }
  const Json weights = {{"bits", distinct(bits)}, {"group", distinct(groups)}, {"symmetric", distinct(symmetric)}};
  return {{"method", method}, {"weights", weights}, {"activations", {{"bits", distinct(activations)}}}};
}

// Null, {} and {"config_groups": {}} say nothing.
bool says_transform(const Json& settings) {
  const Json transform = settings.value("transform_config", Json());
  return !transform.empty() && transform != Json{{"config_groups", Json::object()}};
}

// R4 must stand in the settings and in the record, and be the same; no such folder holds R3. The tensor that it adds.
std::set<std::string> require_same_transform(const Json& settings, const ExportedFolder& model, const fs::path& folder) {
  const std::string file = (folder / "config.json").string(), record = (folder / "rotation.json").string();
  const char* key = "quantization_config.transform_config";
  const bool said = says_transform(settings);
  const auto& rotation = model.rotation();
  if (rotation && rotation->r3) throw InputError(record, "parts.r3", "none, which this format cannot say", "R3");
  if (!rotation || !rotation->r4) {
    if (said) throw InputError(file, key, "none without R4 in a rotation.json beside it", printable(settings["transform_config"].dump()));
    return {};
  }
  if (!said) throw InputError(file, key, "the R4 of rotation.json", "none");
  const Json& transform = settings["transform_config"];
  if (const Json expected = online_transform_config(rotation->r4, model.config()); transform != expected) {
    throw InputError(file, key, "that of rotation.json's R4, " + expected.dump(), printable(transform.dump()));
  }
  const double error = transform_error(transform, model.store(), model.config(), rotation->r4);
  if (!(error <= kTransformBound)) {
    throw InputError(file, key, "the R4 of rotation.json within " + Json(kTransformBound).dump(), Json(error).dump());
  }
  const auto tensor = online_transform_tensor(rotation->r4, model.config());
  return tensor ? std::set<std::string>{*tensor} : std::set<std::string>{};
}

// Tensors of zeros alone, which some writers add. InputError for other values.
std::set<std::string> idle_tensors(const TensorStore& store, const std::vector<WholeLinear>& linears, const LinearFormat& format) {
  std::set<std::string> found;
  for (const WholeLinear& linear : linears) {
    for (const IdleTensor& tensor : format.idle(linear)) {
      if (!store.has(tensor.name)) continue;
      const std::string file = store.file_of(tensor.name).path().string();
      const std::vector<int64_t>& shape = store.entry(tensor.name).shape;
      if (shape != tensor.shape) throw InputError(file, tensor.name, shape_text(tensor.shape), shape_text(shape));
      if (store.view(tensor.name).to(at::kDouble).ne(0).any().item<bool>()) {
        throw InputError(file, tensor.name, "zeros alone (" + tensor.why + ")", "other values");
      }
      found.insert(tensor.name);
    }
  }
  return found;
}

}  // namespace

std::string exported_format(const fs::path& folder) {
  const fs::path file = folder / "config.json";
  std::error_code unreadable;  // told where the file is read as what it should be
  if (!fs::is_regular_file(file, unreadable)) return "";
  const Json document = read_json_file(file, kSmallJson);
  if (!document.is_object() || !document.contains("quantization_config")) return "";
  if (document.contains("model_type") && document["model_type"].is_string() &&
      document["model_type"].get<std::string>().starts_with("rolora_")) {
    return "";
  }
  const Json& settings = document["quantization_config"];
  if (!settings.is_object() || !settings.contains("quant_method")) return "";
  for (const char* method : {kCompressedTensors, kGptq}) {
    if (settings["quant_method"] == method) return method;
  }
  return "";
}

OpenedExport open_exported(const fs::path& folder) {
  const std::string method = exported_format(folder), file = (folder / "config.json").string();
  const Json settings = read_quantization_config(folder);
  const auto format = format_of(settings, method, file);
  const std::vector<WholeLinear> linears = quantized_linears(exported_config(folder), *format);
  std::map<std::string, int> activations;
  bool rounds = false;
  for (const WholeLinear& linear : linears) {
    activations[linear.name] = linear.activation_bits;
    rounds = rounds || linear.activation_bits != kFullBits;
  }
  OpenedExport opened;
  opened.model = std::make_shared<const ExportedFolder>(folder, format, linears, activations);
  std::set<std::string> beside = require_same_transform(settings, *opened.model, folder);
  const std::set<std::string> idle = idle_tensors(opened.model->store(), linears, *format);
  beside.insert(idle.begin(), idle.end());
  opened.model->expect_tensors(beside);
  opened.weights_alone =
      rounds ? std::make_shared<const ExportedFolder>(folder, format, linears, std::map<std::string, int>()) : opened.model;
  opened.stored = torch_type(opened.model->store().entry(std::string(opened.model->config().family->embedding)).type);
  opened.description = description_of(linears, method);
  if (!idle.empty()) {
    opened.notes.push_back(opened.model->store().listing().string() + ": " + *idle.begin() +
                           (idle.size() == 1 ? "" : " and " + std::to_string(idle.size() - 1) + " more") +
                           ": zeros alone, which the model has no use for: passed over");
  }
  if (rounds) {
    opened.notes.push_back(
        file +
        ": inputs of linears are rounded per token on scales max|x|/((2^b-1)/2), as compressed-tensors does; sample logits are of "
        "the weights alone");
  }
  return opened;
}

}  // namespace rolora
