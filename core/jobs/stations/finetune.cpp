// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/finetune.h"

#include "core/finetune/conversation.h"
#include "core/finetune/merge.h"
#include "core/finetune/templates.h"
#include "core/jobs/stations/stations.h"
#include "core/model/checkpoint.h"
#include "core/tokenizer/tokenizer.h"

namespace rolora {
namespace {

FinetuneBase trainable(const StationContext& context, const std::string& id) {
  OpenedModel opened = job_model(context, id);
  return {opened.source, opened.folder, std::move(opened.rotation), opened.hash(), opened.stored};
}

TrainingData training_data(const StationContext& context, const Station& station, const FinetuneStation& s) {
  if (s.format == "text") return packed_blocks(context.inputs.streams.at(s.data), *s.block);
  TrainingData data = *context.inputs.records.at(station.id);
  if (const ChatTemplate* chat = find_template(s.prompt_template).chat) {
    const auto tokenizer = open_tokenizer(job_model(context, s.model).folder);
    for (const std::string& token : missing_special_tokens(*chat, *tokenizer))
      context.monitor.notice(s.prompt_template + ": the tokenizer has no special token " + token + "; it is read as plain text");
  }
  if (data.cut > 0) context.monitor.notice(std::to_string(data.cut) + " records cut at " + std::to_string(*s.cutoff) + " tokens");
  if (data.without_label > 0) {
    context.monitor.notice(std::to_string(data.without_label) + " records have nothing left to learn after the cut");
  }
  return data;
}

}  // namespace

Json run(const StationContext& context, const Station& station, const FinetuneStation& s) {
  const FinetuneBase base = trainable(context, s.model);
  FinetuneJob job;
  job.settings = s.training;
  job.data = training_data(context, station, s);
  job.data.source =
      job.data.source.empty() ? "" : std::filesystem::path(job.data.source).filename().string();  // no machine paths in results
  job.out = output_of(context, station);
  job.take_finished = true;  // killed before the station was marked done
  job.resume = std::filesystem::exists(checkpoint_folder(job.out));
  job.save_every = s.save_every;
  if (s.store) job.store = parse_dtype(*s.store, "store");
  const FinetuneResult result = finetune(base, std::move(job), context.compute, context.monitor);
  return result.json();
}

Json run(const StationContext& context, const Station& station, const MergeStation& s) {
  const Station& trained = context.job.station(s.model);
  const FinetuneBase base = trainable(context, std::get<FinetuneStation>(trained.settings).model);
  const std::filesystem::path folder = output_of(context, trained);
  const Adapter adapter = load_adapter(folder, base.source->config());
  require_same_rotation(adapter, folder.string(), base.rotation ? base.rotation->checksum() : "");
  require_same_base(adapter, folder, base.hash);
  const MergeResult result =
      merge(base, adapter, output_of(context, station), parse_dtype(*s.store, "store"), false, context.compute, context.monitor);
  return {{"difference", result.difference},
          {"difference_stored", result.difference_stored},
          {"bound", result.bound},
          {"tokens", result.tokens},
          {"store", *s.store}};
}

}  // namespace rolora
