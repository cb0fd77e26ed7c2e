// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/stations/stations.h"

#include "core/base/error.h"
#include "core/finetune/adapter.h"
#include "core/finetune/finetune.h"
#include "core/storage/sha256.h"

namespace rolora {
namespace {

const char* output_name(const Station& station) {
  const auto* finetune = std::get_if<FinetuneStation>(&station.settings);
  return finetune != nullptr && !finetune->training.full ? "adapter" : "model";
}

// The adapter unmerged, on the model that it was trained on.
OpenedModel adapted(const StationContext& context, const Station& station, const FinetuneStation& settings) {
  OpenedModel model = job_model(context, settings.model);
  const std::filesystem::path folder = output_of(context, station);
  Adapter adapter = load_adapter(folder, model.source->config());
  require_same_rotation(adapter, folder.string(), model.rotation ? model.rotation->checksum() : "");
  const std::string of_adapter = adapter_hash(adapter);
  model.identity = [of_base = model.identity, of_adapter] { return sha256_of_text(of_base() + of_adapter); };
  model.source = std::make_shared<const AdaptedSource>(model.source, std::move(adapter), false);
  return model;
}

}  // namespace

std::filesystem::path output_of(const StationContext& context, const Station& station) {
  return context.folder.station(station.id) / output_name(station);
}

OpenedModel job_model(const StationContext& context, const std::string& id) {
  if (id == kBaseModel) return context.inputs.base;
  const Station& station = context.job.station(id);
  const auto* finetune = std::get_if<FinetuneStation>(&station.settings);
  if (finetune != nullptr && !finetune->training.full) return adapted(context, station, *finetune);
  return open_model(output_of(context, station));
}

std::vector<std::string> kept_for_resume(const Station& station) {
  if (!std::holds_alternative<FinetuneStation>(station.settings)) return {};
  return {output_name(station), checkpoint_folder(output_name(station)).filename().string()};
}

Json run_station(const StationContext& context, const Station& station) {
  Json result;
  try {
    result = std::visit([&](const auto& settings) { return run(context, station, settings); }, station.settings);
  } catch (const UsageError& e) {  // the engine speaks of options; the call was right, the job file is not
    throw InputError(context.job.file, station_key(station), "settings that its engine takes", e.what());
  }
  result["id"] = station.id;
  result["kind"] = station.kind();
  return result;
}

}  // namespace rolora
