// SPDX-License-Identifier: GPL-3.0-or-later
// Memory and disk of each kind of station, from what its engine holds at the same time. Sizes follow the engines' own constants; what the
// allocator keeps of freed memory is counted only where a part says so.
#include <ATen/Functions.h>
#include <c10/core/ScalarType.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <variant>

#include "core/jobs/estimate.h"
#include "core/jobs/lineage.h"
#include "core/model/checkpoint.h"
#include "core/model/passes.h"
#include "core/model/tensor_store.h"
#include "core/model/write_folder.h"
#include "core/quantization/integers.h"
#include "core/statistics/collect.h"

namespace rolora {
namespace {

constexpr double kLogitChunk = 64.0 * (1 << 20);  // core/model/forward.cpp: one chunk of logits in fp64

// 45056 → "45,056"
std::string with_commas(double number) {
  std::string text = std::to_string(static_cast<int64_t>(number));
  for (auto at = static_cast<int64_t>(text.size()) - 3; at > 0; at -= 3) text.insert(static_cast<size_t>(at), ",");
  return text;
}

class Memory {
 public:
  Memory(const Job& job, const RunInputs& inputs, const Compute& compute, StationEstimate& estimate)
      : job_(job),
        inputs_(inputs),
        config_(inputs.base.source->config()),
        size_(static_cast<double>(c10::elementSize(compute.type))),
        estimate_(estimate) {}

  void operator()(const EvaluateStation& s) const {
    add("one layer's weights", layer(), size_, Place::both);
    const auto evaluated = [&] {
      const double all = tokens(s.text, *s.context, s.windows);
      stream(all, true);
      batch(all);
      add("the head", head(), size_);
      logits(std::min(all, number(*s.context)) - 1);
    };
    if (!s.quantization) return evaluated();
    larger_of([&] { quantization(*s.quantization); }, evaluated);  // one after the other, and between them all is given back
    if (s.quantization->calibration) estimate_.temporary_bytes = integers(s.quantization->spec, config_);  // else rounded as it is loaded
  }
  void operator()(const StatisticsStation& s) const {
    const double all = tokens(s.text, *s.context, s.windows);
    add("one layer's weights", layer(), size_, Place::both);
    stream(all, true);
    batch(all);
    add("sums, histograms and extremes of every channel",
        number(config_.layers) * (5 * number(config_.hidden) + number(config_.intermediate)), 8 * 16, Place::host);
    const double states = number(static_cast<int64_t>(s.states.size()));
    leaves_statistics(s, all, states);
    if (!s.keep.empty()) {
      const double kept = s.keep_tokens > 0 ? std::min(all, number(s.keep_tokens)) : all;
      const double values = kept * channels_of(SiteSelection(s.keep, config_.layers, "keep", false));
      add("values kept whole", values, 4, Place::host);
      estimate_.disk_bytes += states * values * 4;
    }
  }
  void operator()(const RotateStation& s) const {
    add("one layer's weights, in fp64 and turned", 2 * layer(), 8, Place::host);
    add("the embedding or the head while it is turned", head(), size_, Place::both);
    ModelConfig apart = config_;
    apart.tied = false;
    leaves_model(apart, *s.store);
  }
  void operator()(const FinetuneStation& s) const {
    const TrainingSettings& t = s.training;
    add("all weights", parameters(), size_);
    const double trained = t.full ? parameters() : adapter(t.lora);
    add(t.full ? "what is trained: master copy, gradient and AdamW's two moments" : "the adapter: values, gradient and AdamW's two moments",
        4 * trained, 4);
    const double length = number(s.format == "text" ? *s.block : *s.cutoff);
    const double places = number(t.batch) * length;
    const double widths = 8 * number(config_.hidden) + 4 * number(config_.intermediate) + 4 * number(config_.heads * config_.head_dim);
    add("activations held for the gradient: " + with_commas(places) + " tokens of a micro-batch, every layer",
        places * number(config_.layers) * widths, size_);
    add_bytes("a chunk of logits, its softmax and gradient", "3 × 64 MiB at most",
              3 * std::min(kLogitChunk, 8.0 * number(config_.vocabulary) * places));
    if (t.full) {
      leaves_model(config_of(s.model), *s.store);
    } else {
      leaves(trained, 4);
    }
    leaves((s.save_every == 0 ? 3 : 6) * trained, 4);  // checkpoints: the values and both moments; a new one stands before the old one goes
  }
  void operator()(const MergeStation& s) const {
    add("one layer's weights, in fp64 and merged", 2 * layer(), 8, Place::both);
    add("the head", head(), size_);
    leaves_model(config_of(s.model), *s.store);
  }
  void operator()(const QuantizeStation& s) const {
    add("one layer's weights, as they are and quantized", 2 * layer(), size_, Place::both);
    // Behind the last layer the sample logits are computed from the folder: the allocator then still keeps what layers took.
    larger_of([&] { quantization(s.how); }, [&] { add("the head, for the sample logits stored with the model", head(), 4, Place::host); });
    const ModelConfig written = config_of(s.model);
    estimate_.disk_bytes += integers(s.how.spec, written) + companions();
    leaves(number(parameter_count(written)) - quantized_weights(s.how.spec, written), stored_size(s.model));
  }

 private:
  static double number(int64_t n) { return static_cast<double>(n); }
  void add_bytes(std::string what, std::string arithmetic, double bytes, Place place = Place::device) const {
    estimate_.memory.push_back({std::move(what), std::move(arithmetic), bytes, place});
  }
  void add(std::string what, double numbers, double size, Place place = Place::device) const {
    add_bytes(std::move(what), with_commas(numbers) + " × " + with_commas(size) + " bytes", numbers * size, place);
  }
  // Of two phases, one after the other, the one that holds more.
  template <class First, class Second>
  void larger_of(const First& first, const Second& second) const {
    std::vector<MemoryPart>& parts = estimate_.memory;
    const auto begin = static_cast<std::ptrdiff_t>(parts.size());
    const auto taken = [&] {
      double sum = 0;
      for (auto part = parts.begin() + begin; part != parts.end(); ++part) sum += part->bytes;
      return sum;
    };
    first();
    const double bytes = taken();
    std::vector<MemoryPart> kept(parts.begin() + begin, parts.end());
    parts.resize(static_cast<size_t>(begin));
    second();
    if (taken() >= bytes) return;
    parts.resize(static_cast<size_t>(begin));
    std::move(kept.begin(), kept.end(), std::back_inserter(parts));
  }
  // Channels of these sites, all together.
  double channels_of(const SiteSelection& chosen) const {
    double all = 0;
    for (const auto& [layer, site] : chosen.sites()) {
      switch (site) {
        case SiteKind::down_in:
          all += number(config_.intermediate);
          break;
        case SiteKind::o_in:
          all += number(config_.heads * config_.head_dim);
          break;
        case SiteKind::k_out:
        case SiteKind::v_out:
          all += number(config_.kv_heads * config_.head_dim);
          break;
        default:
          all += number(config_.hidden);
      }
    }
    return all;
  }
  // The HDF5 file (core/outliers/statistics_write.cpp). A site, with and without first tokens: nine figures of a channel and its index, in
  // the overview the figures again; five figures of each of the first 16384 tokens, with their index; histograms of some 1600 bins; the 64
  // largest values. Of a weight three figures a row and a column, with the column's index. Every dataset and group has a head of 0.6 kB.
  void leaves_statistics(const StatisticsStation& s, double all, double states) const {
    const SiteSelection chosen(s.sites, config_.layers, "sites", true);
    const double sites = number(static_cast<int64_t>(chosen.sites().size()));
    const double shown = std::min(all, 16384.0), object = 625, histograms = 2 * (24 * 1600.0 + 16 * 90.0), largest = 2 * 64 * 44;
    const double of_site = 28 * shown + histograms + largest + 51 * object, of_channel = 2 * (9 * 4 + 8) + 2 * 9 * 4;
    double of_layer = 0;
    for (const LinearKind kind : kAllLinears) {
      const LinearShape shape = linear_shape(config_, kind);
      of_layer += 12 * number(shape.in + shape.out) + 8 * number(shape.in) + 8 * object;
    }
    const double kinds = std::min(sites, number(static_cast<int64_t>(kReportedSites.size()))) * 66 * object;
    estimate_.disk_bytes +=
        24 * shown + states * (sites * of_site + of_channel * channels_of(chosen) + kinds + number(config_.layers) * of_layer);
  }
  void leaves(double numbers, double size) const { estimate_.disk_bytes += numbers * size; }

  double tokens(const std::string& text, int64_t context, int64_t windows) const {
    const auto all = static_cast<double>(inputs_.streams.at(text).ids.size());
    return windows > 0 ? std::min(all, number(windows * context)) : all;
  }
  double layer() const {
    double count = 2 * number(config_.hidden);
    for (const LinearKind kind : kAllLinears) {
      const LinearShape shape = linear_shape(config_, kind);
      count += number(shape.in * shape.out);
    }
    return count;
  }
  double head() const { return number(config_.vocabulary * config_.hidden); }
  double parameters() const { return number(parameter_count(config_)); }
  double adapter(const LoraSettings& lora) const {
    double count = 0;
    for (const LinearKind kind : lora.targets) {
      const LinearShape shape = linear_shape(config_, kind);
      count += number(config_.layers) * (number(lora.rank) * number(shape.in + shape.out) + (lora.dora ? number(shape.out) : 0));
    }
    return count;
  }
  // The residual stream of all windows at once; a plain pass caps it and goes group by group.
  void stream(double all, bool capped) const {
    const double most = capped ? static_cast<double>(PassOptions().group_bytes) : 1e18;
    const double bytes = all * number(config_.hidden) * size_;
    add_bytes("residual stream of " + with_commas(all) + " tokens",
              with_commas(all) + " × " + with_commas(number(config_.hidden)) + " × " + with_commas(size_) + " bytes" +
                  (bytes > most ? ", at most 1 GiB at a time" : ""),
              std::min(bytes, most));
  }
  // What a layer makes of the tokens that go through it at a time.
  void batch(double all) const {
    const double at_once = std::min(all, number(PassOptions().batch_tokens));
    const double widths = 4 * number(config_.hidden) + 3 * number(config_.intermediate) + 3 * number(config_.heads * config_.head_dim);
    add("activations of " + with_commas(at_once) + " tokens in a layer", at_once * widths, size_);
  }
  // In fp64, and beside them what their softmax makes; window by window, in chunks.
  void logits(double most) const {
    const double rows = std::max(1.0, std::min(most, std::floor(kLogitChunk / (8 * number(config_.vocabulary)))));
    add_bytes("a chunk of logits and its softmax",
              "2 × " + with_commas(rows) + " × " + with_commas(number(config_.vocabulary)) + " × 8 bytes",
              2 * rows * number(config_.vocabulary) * 8);
  }
  // Beside a pass that holds one layer: Hessians and the calibration stream. Quantized weights go to a file layer by layer.
  void quantization(const QuantizeSettings& how) const {
    if (!how.calibration) return;
    const bool gptq = how.spec.method == WeightMethod::gptq;
    const int64_t samples = how.windows.samples, measured = std::min(how.windows.error_samples, samples);
    const double all = tokens(*how.calibration, *how.windows.context, samples);
    const double seen = measured > 0 ? tokens(*how.calibration, *how.windows.context, measured) : 0;
    if (gptq) stream(2 * all, false);
    if (gptq || seen > 0) batch(gptq ? all : std::min(all, number(*how.windows.context)));  // error samples go window by window
    const double width = number(std::max(config_.hidden, config_.intermediate));
    if (gptq) add("Hessian of the widest linear, its factors and inverse", 3 * width * width, 8);
    if (seen > 0) error_samples(how.spec, seen);
    // They lie between a batch's tensors, which then find no room where those of the inputs before were.
    if (gptq && seen > 0) {
      const double at_once = std::min(all, number(PassOptions().batch_tokens));
      add("what the allocator keeps between error samples: two tensors of a batch", 2 * at_once * number(config_.intermediate), size_);
    }
  }
  // core/quantization/error_samples.h, chain_samples.h: what linears read in the layer at work, each kept until they are quantized; and in
  // the quantized model what those at work read, before and after it is rounded.
  void error_samples(const QuantizationSpec& spec, double seen) const {
    add("residual streams of " + with_commas(seen) + " tokens of error samples, in the model as it is and quantized",
        2 * seen * number(config_.hidden), size_);
    const std::array<int64_t, 4> read = {config_.hidden, config_.heads * config_.head_dim, config_.hidden, config_.intermediate};
    const int64_t looks = spec.activations.bits < kFullBits ? 2 : 1;
    int64_t waiting = read[0] + read[1] + read[2] + read[3], most = 0;
    for (const int64_t width : read) {
      most = std::max(most, waiting + looks * width);
      waiting -= width;
    }
    add("what linears read of them", seen * number(most), size_);
  }
  static double size_of(const std::string& store) { return static_cast<double>(c10::elementSize(parse_dtype(store, "store"))); }
  // Of the numbers in the folder of "base" or of a station.
  double stored_size(const std::string& model) const {
    if (model == kBaseModel) return static_cast<double>(c10::elementSize(inputs_.base.stored));
    const StationSettings& settings = job_.station(model).settings;
    if (const auto* rotate = std::get_if<RotateStation>(&settings)) return size_of(*rotate->store);
    if (const auto* merge = std::get_if<MergeStation>(&settings)) return size_of(*merge->store);
    return size_of(std::get<FinetuneStation>(settings).store.value());  // full: no adapter is quantized
  }
  // Folding takes embedding and head apart.
  ModelConfig config_of(const std::string& model) const {
    ModelConfig config = config_;
    config.tied = config.tied && !state_of(job_, model).rotated;
    return config;
  }
  double companions() const { return static_cast<double>(companion_bytes(inputs_.base.folder)); }
  // The model folder of a station with these settings.
  void leaves_model(const ModelConfig& config, const std::string& store) const {
    leaves(number(parameter_count(config)), size_of(store));
    estimate_.disk_bytes += companions();
  }
  static double integers(const QuantizationSpec& spec, const ModelConfig& config) {
    double sum = 0;
    for (const auto& tensor : declared_linears(spec, config)) sum += static_cast<double>(*stored_bytes(tensor.type, tensor.shape));
    return sum;
  }
  static double quantized_weights(const QuantizationSpec& spec, const ModelConfig& config) {
    double count = 0;
    for (int64_t i = 0; i < config.layers; ++i) {
      for (const LinearKind kind : kAllLinears) {
        const WeightLayout layout = weight_layout(spec, config, LayerIndex(i), kind);
        if (layout.bits != kFullBits) count += number(layout.out * layout.in);
      }
    }
    return count;
  }

  const Job& job_;
  const RunInputs& inputs_;
  const ModelConfig& config_;
  double size_;
  StationEstimate& estimate_;
};

}  // namespace

void estimate_memory(const Job& job, const RunInputs& inputs, const Station& station, const Compute& compute, StationEstimate& estimate) {
  std::visit(Memory(job, inputs, compute, estimate), station.settings);
}

}  // namespace rolora
