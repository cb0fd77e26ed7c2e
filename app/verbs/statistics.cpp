// SPDX-License-Identifier: GPL-3.0-or-later
// rolora statistics: outlier statistics of every site, before and after a rotation on the same tokens, as HDF5.
#include <cmath>
#include <iomanip>
#include <sstream>

#include "app/model_input.h"
#include "app/output_place.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/evaluation/corpus.h"
#include "core/kernels/device.h"
#include "core/model/tensor_store.h"
#include "core/statistics/states.h"

namespace rolora::app {
namespace {

struct StatisticsVerbOptions {
  ModelOptions model;
  std::string text_file, corpus = "text", ids, out, against;
  std::optional<int64_t> context;
  int64_t windows = 0;
  std::vector<std::string> sites, keep;
  int64_t keep_tokens = 0;
  bool weights = true;
  CLI::Option* corpus_option = nullptr;
};

IdStream read_stream(const StatisticsVerbOptions& o, const OpenedModel& model) {
  if (o.text_file.empty() && o.ids.empty()) throw UsageError("statistics: expected --text-file or --ids, found neither");
  if (!o.ids.empty()) {
    if (o.corpus_option->count() > 0) throw UsageError("--corpus: expected together with --text-file, found with --ids");
    return ids_of_file(o.ids, model.source->config().vocabulary);
  }
  return ids_of_text(o.text_file, parse_corpus(o.corpus), *open_tokenizer(model.folder));
}

std::string label_of(const StatisticsVerbOptions& o, const OpenedModel& model) {
  return o.model.adapter.empty() ? state_label(model.source->config(), model.rotation) : "tuned";
}

std::vector<ModelState> states_to_collect(Session& session, const StatisticsVerbOptions& o, const OpenedModel& model) {
  const std::string hash = model.hash();
  std::vector<ModelState> states = {{label_of(o, model), model.source, hash, model.rotation}};
  if (o.against.empty()) return states;
  if (model.rotation || model.quantized || !o.model.adapter.empty()) {
    throw UsageError("--against: expected a plain MODEL beside it, found a " + states.front().label + " one");
  }
  const OpenedModel rotated = open_model_input(session, {o.against, ""});
  require_rotation_of(o.model.model, hash, o.against, rotated.source->config(), rotated.rotation);
  check_samples(session, rotated);
  const ModelState after = {label_of({}, rotated), rotated.source, rotated.hash(), rotated.rotation};
  if (after.label != "folded") {
    if (rotated.rotation->gains_folded) {
      states.push_back(folded_state(model.source, hash));
    } else {
      session.monitor().notice("no folded state: the rotation left the gains in place");
    }
  }
  states.push_back(after);
  return states;
}

StatisticsProvenance provenance_of(Session& session, const StatisticsVerbOptions& o, const IdStream& stream, const Windows& windows) {
  StatisticsProvenance p;
  const Compute compute = session.compute();
  p.text = std::filesystem::path(o.ids.empty() ? o.text_file : o.ids).filename().string();
  p.text_hash = stream.text_hash;
  p.corpus = o.ids.empty() ? o.corpus : "ids";
  p.windows = windows.full.size(0);
  p.context = windows.context;
  p.dtype = dtype_name(compute.type);
  p.device = compute.device.is_cpu() ? "cpu" : "cuda";
  p.cpu_features = kernels::cpu_features();
  p.threads = kernels::threads();
  p.seed = session.options().seed;
  return p;
}

// Ids alone need no tokenizer; with one beside the model the outliers' tokens get their texts.
TokenTexts texts_of(Session& session, const OpenedModel& model, const Windows& windows) {
  TokenTexts texts = token_texts(windows.full, nullptr);
  if (!has_tokenizer(model.folder)) return texts;
  try {
    const std::shared_ptr<const Tokenizer> tokenizer = open_tokenizer(model.folder);
    texts.piece = [tokenizer](int64_t id) { return id < tokenizer->vocabulary() ? tokenizer->piece(id) : std::string(); };
  } catch (const InputError& e) {
    session.monitor().notice(std::string("no token texts: ") + e.what());
  }
  return texts;
}

struct Worst {
  double kurtosis = std::nan(""), absmax = 0, ratio = std::nan("");
};

// Over the layers of one kind of site.
Worst worst_of(const StatisticsResult& result, SiteKind kind) {
  Worst w;
  for (const SiteStatistics& site : result.sites) {
    if (site.site != kind) continue;
    w.kurtosis = std::fmax(w.kurtosis, site.all.tensor.kurtosis);
    w.absmax = std::fmax(w.absmax, site.all.tensor.absmax);
    w.ratio = std::fmax(w.ratio, site.all.tensor.token_ratio());
  }
  return w;
}

std::string table(const std::vector<StatisticsOfState>& states) {
  std::ostringstream out;
  out << "largest over the layers; kurtosis over all elements (3 = Gaussian), token ratio = max / median of the tokens' max |x|\n"
      << std::left << std::setw(12) << "site" << std::setw(11) << "state" << std::right << std::setw(12) << "kurtosis" << std::setw(14)
      << "max |x|" << std::setw(13) << "token ratio"
      << "\n";
  for (const SiteKind kind : kReportedSites) {
    for (const StatisticsOfState& s : states) {
      const Worst w = worst_of(s.result, kind);
      if (w.absmax == 0 && std::isnan(w.kurtosis)) continue;
      out << std::left << std::setw(12) << name_of(kind) << std::setw(11) << s.state << std::right << std::setprecision(5) << std::setw(12)
          << w.kurtosis << std::setw(14) << w.absmax << std::setw(13) << w.ratio << "\n";
    }
  }
  return out.str();
}

void run(Session& session, const StatisticsVerbOptions& o) {
  require_apart(o.out, {o.model.model, o.model.adapter, o.text_file, o.ids, o.against});
  require_writable_file(o.out);
  if (o.keep_tokens > 0 && o.keep.empty()) throw UsageError("--keep-tokens: expected --keep SITES whose tokens it counts, found none");
  StatisticsOptions options;
  options.pass.compute = session.compute();
  options.sites = o.sites;
  options.keep = o.keep;
  if (o.keep_tokens > 0) options.accumulator.tokens_of_full = o.keep_tokens;
  options.weights = o.weights;
  const OpenedModel model = open_model_input(session, o.model);
  const IdStream stream = read_stream(o, model);
  const Windows windows = whole_windows(stream, default_context(model.source->config(), o.context), o.windows);
  check_samples(session, model);
  const std::vector<ModelState> inputs = states_to_collect(session, o, model);
  const std::vector<StatisticsOfState> states = collect_states(inputs, windows.full, options, session.monitor());
  const StatisticsProvenance provenance = provenance_of(session, o, stream, windows);
  write_statistics(o.out, provenance, states, texts_of(session, model, windows));

  Json json = {{"tokens", provenance.windows * provenance.context},
               {"windows", provenance.windows},
               {"context", provenance.context},
               {"sites", sites_json(states.front().result)},
               {"states", Json::object()}};
  for (const StatisticsOfState& s : states) {
    json["states"][s.state] = {{"model_hash", s.model_hash}, {"rotation_checksum", s.rotation_checksum}, {"sites", sites_json(s.result)}};
  }
  std::ostringstream text;
  text << grouped(provenance.windows * provenance.context) << " tokens in " << provenance.windows << " windows of " << provenance.context
       << ", written to " << o.out << "\n"
       << table(states);
  session.result(json, text.str());
}

}  // namespace

void add_statistics(Verbs& verbs) {
  const auto o = std::make_shared<StatisticsVerbOptions>();
  CLI::App& app = verbs.add("statistics", "Measure activation outliers at every site of the model, into one HDF5 file",
                            [o](Session& session) { run(session, *o); });
  add_model_options(app, o->model, true);
  CLI::Option* text =
      app.add_option("--text-file", o->text_file, "Text that runs through the model, read by --corpus (required: this or --ids)");
  o->corpus_option =
      app.add_option("--corpus", o->corpus,
                     "How the file becomes one text: text, wikitext2, c4 or ptb (default text: its bytes as they are; command contract)")
          ->check(CLI::IsMember({"text", "wikitext2", "c4", "ptb"}));
  app.add_option("--ids", o->ids, "JSON file {\"ids\": [...]} in place of a text; nothing is put in front (required: this or --text-file)")
      ->excludes(text);
  app.add_option("--out", o->out, "HDF5 file to write; an existing one is replaced (required)")->required();
  app.add_option("--context", o->context, "Tokens of a window (default min(2048, the model's limit); GPTQ)")
      ->check(CLI::Range(int64_t{2}, int64_t{1} << 30));
  app.add_option("--windows", o->windows, "Only the first N windows (default 0: all; own choice)")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40));
  app.add_option(
      "--against", o->against,
      "Rotated folder made from MODEL and not tuned since: plain, folded and rotated go into one file (default none; own choice)");
  app.add_option("--sites", o->sites,
                 "Sites with commas: residual_in, qkv_in, k_out, v_out, o_in, gate_up_in, down_in, of all layers, or layers.0.down_in "
                 "(default all; own choice)")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--keep", o->keep, "Sites whose values are stored, token by token, named as in --sites (default none; own choice)")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--keep-tokens", o->keep_tokens, "Of the sites of --keep only the text's first N tokens (default 0: all; own choice)")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40));
  app.add_flag("--weights,!--no-weights", o->weights, "Also the weights of every linear (default on; own choice)");
}

}  // namespace rolora::app
