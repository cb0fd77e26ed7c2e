// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/stations/stations.h"
#include "core/kernels/device.h"
#include "core/model/checkpoint.h"
#include "core/statistics/states.h"
#include "core/tokenizer/tokenizer.h"

namespace rolora {
namespace {

StatisticsOfState look_at(const StationContext& context, const StatisticsState& state, const at::Tensor& windows,
                          const StatisticsOptions& options) {
  const OpenedModel model = job_model(context, state.model);
  StatisticsOfState found;
  found.state = state.label;
  found.model_hash = model.hash();
  if (model.rotation) {
    found.rotation_checksum = model.rotation->checksum();
    found.rotation = rotation_json(*model.rotation);
  }
  found.result = collect_statistics(*model.source, windows, options, context.monitor, "statistics: " + state.label);
  return found;
}

StatisticsProvenance provenance(const StationContext& context, const Station& station, const StatisticsStation& s, const Windows& windows) {
  const JobText& text = context.job.texts.at(s.text);
  StatisticsProvenance p;
  p.text = text.input.path.filename().string();
  p.text_hash = text.input.sha256;
  p.corpus = text.corpus;
  p.windows = windows.full.size(0);
  p.context = windows.context;
  p.dtype = context.job.dtype;
  p.device = context.compute.device.is_cuda() ? "cuda" : "cpu";
  p.cpu_features = kernels::cpu_features();
  p.threads = kernels::threads();
  p.seed = station.seed;
  return p;
}

}  // namespace

Json run(const StationContext& context, const Station& station, const StatisticsStation& s) {
  const Windows windows = whole_windows(stream_of(context.job, context.inputs, s.text), *s.context, s.windows);
  StatisticsOptions options;
  options.pass.compute = context.compute;
  options.sites = s.sites;
  options.keep = s.keep;
  if (s.keep_tokens > 0) options.accumulator.tokens_of_full = s.keep_tokens;
  std::vector<StatisticsOfState> states;
  Json numbers = Json::object();
  for (size_t i = 0; i < s.states.size(); ++i) {
    context.monitor.part(static_cast<int64_t>(i), static_cast<int64_t>(s.states.size()));
    states.push_back(look_at(context, s.states[i], windows.full, options));
    numbers[s.states[i].label] = {{"model", s.states[i].model}, {"sites", sites_json(states.back().result)}};
  }
  TokenTexts texts = token_texts(windows.full, nullptr);
  std::shared_ptr<const Tokenizer> tokenizer;
  if (context.job.texts.at(s.text).corpus != "ids") {
    tokenizer = open_tokenizer(context.inputs.base.folder);
    texts.piece = [tokenizer](int64_t id) { return tokenizer->piece(id); };
  }
  write_statistics(context.folder.station(station.id) / "statistics.h5", provenance(context, station, s, windows), states, texts);
  return {
      {"tokens", windows.full.numel()}, {"context", windows.context}, {"windows", windows.full.size(0)}, {"states", std::move(numbers)}};
}

}  // namespace rolora
