// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/statistics/collect.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/error.h"
#include "core/base/memory.h"

namespace rolora {
namespace {

using SiteKey = std::pair<int64_t, SiteKind>;

size_t position(SiteKind site) {
  return static_cast<size_t>(std::find(kReportedSites.begin(), kReportedSites.end(), site) - kReportedSites.begin());
}

// Observes: hands every tensor of a chosen site to its accumulator and returns it untouched.
class StatisticsListener final : public SiteListener {
 public:
  StatisticsListener(const SiteSelection& sites, const SiteSelection& keep, const at::Tensor& windows, const StatisticsOptions& options)
      : sites_(sites), keep_(keep), options_(options), windows_(windows.size(0)), context_(windows.size(1)) {}

  at::Tensor visit(const SiteVisit& where, const at::Tensor& x) override {
    if (!sites_.has(where.layer, where.site)) return x;
    const SiteKey key{where.layer.value, where.site};
    auto found = running_.find(key);
    if (found == running_.end()) {
      const bool keep = keep_.has(where.layer, where.site);
      found = running_.emplace(key, SiteAccumulator(where.layer, where.site, context_, options_.accumulator, keep)).first;
    }
    if (where.first_window.value != options_.pass.first_window.value + found->second.tokens() / context_) {
      throw Error(site_name(where.layer, where.site) + ": windows did not arrive in order");
    }
    found->second.add(x);
    if (found->second.tokens() == windows_ * context_) {
      done_.push_back(found->second.finish());
      running_.erase(found);
      if (running_.empty()) return_free_memory();
    }
    return x;
  }

  std::vector<SiteStatistics> take() {
    std::sort(done_.begin(), done_.end(), [](const SiteStatistics& a, const SiteStatistics& b) {
      return std::pair(a.layer, position(a.site)) < std::pair(b.layer, position(b.site));
    });
    return std::move(done_);
  }

 private:
  const SiteSelection& sites_;
  const SiteSelection& keep_;
  const StatisticsOptions& options_;
  int64_t windows_, context_;
  std::map<SiteKey, SiteAccumulator> running_;
  std::vector<SiteStatistics> done_;
};

int64_t channels_of(const ModelConfig& config, SiteKind site) {
  switch (site) {
    case SiteKind::down_in:
      return config.intermediate;
    case SiteKind::o_in:
    case SiteKind::q_out:
      return config.heads * config.head_dim;
    case SiteKind::k_out:
    case SiteKind::v_out:
      return config.kv_heads * config.head_dim;
    default:
      return config.hidden;
  }
}

void require_room(const ModelConfig& config, const SiteSelection& keep, int64_t tokens, uint64_t most) {
  uint64_t bytes = 0;
  for (const auto& [layer, site] : keep.sites()) bytes += sizeof(float) * static_cast<uint64_t>(tokens * channels_of(config, site));
  if (bytes <= most) return;
  throw UsageError("--keep: the sites asked for hold " + std::to_string(bytes >> 20) + " MiB over " + std::to_string(tokens) +
                   " tokens, at most " + std::to_string(most >> 20) + " MiB are kept; take fewer sites, windows or --keep-tokens");
}

std::vector<LinearStatistics> weights_of(const ModelSource& source, Monitor& monitor, const std::string& stage) {
  std::vector<LinearStatistics> out;
  const ModelConfig& config = source.config();
  for (int64_t layer = 0; layer < config.layers; ++layer) {
    throw_if_stopped(monitor);
    const LayerWeights weights = source.layer(LayerIndex(layer), Compute{});
    for (const LinearKind kind : kAllLinears) {
      out.push_back(weight_statistics(linear_name(*config.family, LayerIndex(layer), kind), weights[kind].merged_weight()));
    }
    return_free_memory();
    monitor.progress(stage, layer + 1, config.layers);
  }
  return out;
}

}  // namespace

SiteSelection::SiteSelection(const std::vector<std::string>& names, int64_t layers, const std::string& option, bool empty_is_all)
    : layers_(layers), chosen_(static_cast<size_t>(layers) * kReportedSites.size(), names.empty() && empty_is_all) {
  for (const std::string& name : names) {
    bool known = false;
    for (int64_t layer = 0; layer < layers; ++layer) {
      for (size_t s = 0; s < kReportedSites.size(); ++s) {
        if (name != name_of(kReportedSites[s]) && name != site_name(LayerIndex(layer), kReportedSites[s])) continue;
        chosen_[static_cast<size_t>(layer) * kReportedSites.size() + s] = true;
        known = true;
      }
    }
    if (known) continue;
    std::string all;
    for (const SiteKind site : kReportedSites) all += (all.empty() ? "" : ", ") + std::string(name_of(site));
    throw UsageError(option + ": expected one of " + all + " or such a name after layers.0. to layers." + std::to_string(layers - 1) +
                     "., found " + printable(name));
  }
}

bool SiteSelection::has(LayerIndex layer, SiteKind site) const {
  const size_t s = position(site);
  return s < kReportedSites.size() && chosen_[static_cast<size_t>(layer.value) * kReportedSites.size() + s];
}

std::vector<std::pair<LayerIndex, SiteKind>> SiteSelection::sites() const {
  std::vector<std::pair<LayerIndex, SiteKind>> out;
  for (int64_t layer = 0; layer < layers_; ++layer) {
    for (const SiteKind site : kReportedSites) {
      if (has(LayerIndex(layer), site)) out.emplace_back(LayerIndex(layer), site);
    }
  }
  return out;
}

StatisticsResult collect_statistics(const ModelSource& source, const at::Tensor& windows, const StatisticsOptions& options,
                                    Monitor& monitor, std::string_view stage) {
  const ModelConfig& config = source.config();
  const SiteSelection sites(options.sites, config.layers, "--sites", true), keep(options.keep, config.layers, "--keep", false);
  for (const auto& [layer, site] : keep.sites()) {
    if (!sites.has(layer, site)) throw UsageError("--keep: " + site_name(layer, site) + " is not among --sites");
  }
  StatisticsResult result;
  result.windows = windows.size(0);
  result.context = windows.size(1);
  if (result.windows < 1 || result.context < 2) throw UsageError("statistics: expected windows of at least 2 tokens");
  require_room(config, keep, std::min(result.tokens(), options.accumulator.tokens_of_full), options.keep_bytes);
  auto listener = std::make_shared<StatisticsListener>(sites, keep, windows, options);
  Listeners listeners;
  listeners.add(ListenerStage::observation, listener);
  run_layerwise(source, windows, listeners, options.pass, monitor, stage);
  result.sites = listener->take();
  if (options.weights) result.linears = weights_of(source, monitor, std::string(stage) + ": weights");
  return result;
}

}  // namespace rolora
