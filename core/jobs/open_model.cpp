// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/open_model.h"

#include "core/base/error.h"
#include "core/exports/open_exported.h"
#include "core/model/checkpoint.h"
#include "core/quantization/quantized_folder.h"
#include "core/rotation/rotated_source.h"
#include "core/storage/json_file.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

void open_plain(const std::filesystem::path& folder, OpenedModel& model) {
  auto checkpoint = std::make_shared<const Checkpoint>(folder);
  model.stored = torch_type(checkpoint->stored());
  model.notes = checkpoint->notes();
  model.stored_as = std::filesystem::is_regular_file(folder) ? "llama2.c" : "hf";
  model.identity = [checkpoint] { return checkpoint->hash(); };
  model.source = checkpoint;
}

void open_rotated(const std::filesystem::path& folder, OpenedModel& model) {
  auto rotated = std::make_shared<const RotatedFolder>(folder);
  model.rotation = rotated->record();
  model.stored = torch_type(rotated->checkpoint().stored());
  model.notes = rotated->checkpoint().notes();
  if (rotated->config().own_kind.empty()) model.stored_as = "hf";
  model.identity = [rotated] { return sha256_of_text(rotated->checkpoint().hash() + rotated->record().checksum()); };
  model.source = rotated;
}

void open_quantized(const std::filesystem::path& folder, OpenedModel& model) {
  auto quantized = std::make_shared<const QuantizedFolder>(folder);
  model.rotation = quantized->rotation();
  model.stored = quantized->stored();
  model.quantized = true;
  model.sampled = std::make_shared<const UnroundedActivations>(quantized);
  model.identity = [quantized] { return quantized->hash(); };
  model.source = quantized;
}

void open_other_format(const std::filesystem::path& folder, OpenedModel& model) {
  const OpenedExport opened = open_exported(folder);
  model.rotation = opened.model->rotation();
  model.stored = opened.stored;
  model.quantized = true;
  model.quantization = opened.description;
  model.stored_as = opened.description["method"];
  model.notes = opened.notes;
  model.sampled = opened.weights_alone;
  model.identity = [exported = opened.model] { return exported->hash(); };
  model.source = opened.model;
}

}  // namespace

OpenedModel open_model(const std::filesystem::path& folder) {
  OpenedModel model;
  model.folder = folder_of_model(folder);
  if (!exported_format(folder).empty()) {
    open_other_format(folder, model);
    return model;
  }
  const ModelConfig config = read_model_config(folder);
  const bool rotated = config.own_kind == "rotated" || (config.own_kind.empty() && has_rotation(folder));  // the latter by `export --to hf`
  if (config.own_kind.empty() && !rotated) {
    open_plain(folder, model);
  } else if (rotated) {
    open_rotated(folder, model);
  } else {
    open_quantized(folder, model);
  }
  if (!model.sampled) model.sampled = model.source;
  require_samples_of_rotation(model.folder, model.rotation ? model.rotation->checksum() : "",
                              model.rotation && model.stored_as != "rolora");
  return model;
}

std::optional<SampleCheck> require_samples(const OpenedModel& model, at::Device device, Monitor& monitor) {
  return require_samples(*model.sampled, model.folder, device, monitor);
}

}  // namespace rolora
