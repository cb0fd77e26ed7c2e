// SPDX-License-Identifier: GPL-3.0-or-later
// rolora rotate: fold and rotate a plain model into a new folder, checked by the equality gate.
#include <cstdio>
#include <sstream>

#include "app/model_input.h"
#include "app/output_place.h"
#include "app/rotation_text.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/evaluation/corpus.h"
#include "core/model/tensor_store.h"
#include "core/rotation/rotate_folder.h"

namespace rolora::app {
namespace {

struct Options {
  std::string model, out, store, text_file, r1 = "hadamard", r4 = "hadamard";
  RotateOptions rotate;
  CLI::App* app = nullptr;
};

void settle_settings(const Options& o, uint64_t seed, RotationSettings& s) {
  s.r1 = parse_orthogonal_kind(o.r1, "--r1", "value");
  s.r4 = parse_orthogonal_kind(o.r4, "--r4", "value");
  s.seed = seed;
  if (s.r4_signs && s.r4 == OrthogonalKind::none) throw UsageError("--r4-signs: expected an R4 rotation, found --r4 none");
  if (s.r4_signs && s.r4 != OrthogonalKind::hadamard) throw UsageError("--r4-signs: expected --r4 hadamard, found " + o.r4);
  if (s.fold_only) {
    for (const char* option : {"--r1", "--r2", "--r3", "--r4", "--r4-signs"}) {
      if (o.app->count(option) > 0) throw UsageError(std::string("--fold-only: expected no rotation beside it, found ") + option);
    }
    s.r1 = s.r4 = OrthogonalKind::none;
  }
  if (!s.fold_only && s.r1 == OrthogonalKind::none && s.r4 == OrthogonalKind::none && !s.r2 && !s.r3) {
    throw UsageError("rotate: expected at least one of R1 to R4 or --fold-only, found none");
  }
}

// At most 512 tokens of the text, and no more than the model's context.
std::vector<int64_t> gate_text(const Options& o) {
  const ModelConfig config = read_model_config(o.model);
  std::vector<int64_t> ids = ids_of_text(o.text_file, Corpus::text, *open_tokenizer(o.model)).ids;
  if (ids.size() < 2) throw InputError(o.text_file, "text", "at least two tokens", std::to_string(ids.size()));
  ids.resize(std::min<size_t>(ids.size(), static_cast<size_t>(std::min<int64_t>(512, config.context))));
  for (const int64_t id : ids) {
    if (id >= config.vocabulary) {
      throw InputError(o.text_file, "text", "ids below the model's vocabulary of " + std::to_string(config.vocabulary), std::to_string(id));
    }
  }
  return ids;
}

std::string table(const RotateResult& result, const Json& rotation, const std::string& out_folder) {
  std::ostringstream out;
  char line[200];
  out << "rotated into " << out_folder << " (" << dtype_name(result.stored) << "), gains "
      << (result.record.gains_folded ? "folded" : "left in the norms") << ", seed " << result.record.settings.seed << "\n";
  out << rotation_text(rotation);
  const GateResult& g = result.gate;
  std::snprintf(line, sizeof line, "gate on %lld tokens: relative L2 of the logits %.2e (bound %.0e), arg-max agreement %.2f %%\n",
                static_cast<long long>(g.tokens), g.relative_l2, g.bounds.relative_l2, 100 * g.argmax_agreement);
  out << line;
  std::snprintf(line, sizeof line, "perplexity of these tokens %.6g, rotated %.6g\n", g.perplexity_original, g.perplexity_rotated);
  out << line;
  return out.str();
}

void run(Session& session, Options o) {
  settle_settings(o, session.options().seed, o.rotate.rotation);
  require_apart(o.out, {o.model, o.text_file});
  o.rotate.compute = session.compute();
  if (!o.store.empty()) o.rotate.store = parse_dtype(o.store, "--store");
  if (!o.text_file.empty()) o.rotate.texts.push_back(gate_text(o));
  const RotateResult result = rotate_folder(o.model, o.out, o.rotate, session.monitor());
  const Json rotation = rotation_json(result.record);
  session.result({{"out", o.out}, {"store", dtype_name(result.stored)}, {"rotation", rotation}, {"gate", gate_json(result.gate)}},
                 table(result, rotation, o.out));
}

}  // namespace

void add_rotate(Verbs& verbs) {
  const auto o = std::make_shared<Options>();
  CLI::App& app = verbs.add("rotate", "Rotate a model so that outliers vanish; refused unless it computes the same",
                            [o](Session& session) { run(session, *o); });
  o->app = &app;
  RotationSettings& s = o->rotate.rotation;
  const auto kinds = CLI::IsMember({"hadamard", "orthogonal", "none"});
  app.add_option("MODEL", o->model, "Plain Hugging Face folder (required)")->required();
  app.add_option("--out", o->out, "Folder to write; an existing one is refused without --force (required)")->required();
  app.add_option("--r1", o->r1,
                 "Rotation of the residual stream, folded: hadamard (random signs), orthogonal (Haar) or none (default "
                 "hadamard; RoLoRA's between-block rotation)")
      ->check(kinds);
  app.add_flag("--r2", s.r2, "Rotate values per head between V and O, folded; SpinQuant's R2 (default off; RoLoRA)");
  app.add_flag("--r3", s.r3,
               "Rotate queries and keys per head online; only useful with a quantized KV cache; SpinQuant's R3 (default off; RoLoRA)");
  app.add_option("--r4", o->r4,
                 "Rotation in front of down_proj, online: hadamard, orthogonal, none, or blocks (Sylvester's matrix on blocks of the "
                 "largest power of two in the width: mixes less, and export --to compressed-tensors can say it by name) (default hadamard; "
                 "RoLoRA's in-block rotation)")
      ->check(CLI::IsMember({"hadamard", "orthogonal", "blocks", "none"}));
  app.add_flag("--r4-signs", s.r4_signs, "Random signs on R4's Hadamard matrix (default off; QuaRot and RoLoRA)");
  app.add_flag("--fold-only", s.fold_only, "Only fold the norms' gains into the weights, rotate nothing (default off; own choice)");
  app.add_option("--store", o->store, "Type of the written weights: float32, bfloat16 or float16 (default the input's; command contract)")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
  app.add_option("--text-file", o->text_file,
                 "Text whose first 512 tokens the equality gate runs on too (default none: 64 seeded random ids alone; own choice)");
  app.add_flag("--force", o->rotate.force, "Replace an existing output folder (default off; command contract)");
}

}  // namespace rolora::app
