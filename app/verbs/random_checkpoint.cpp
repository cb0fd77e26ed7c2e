// SPDX-License-Identifier: GPL-3.0-or-later
// rolora random-checkpoint: a plain checkpoint of a given shape with random weights, for tests of scale.
#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <cmath>
#include <sstream>

#include "app/model_input.h"
#include "app/output_place.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/base/random.h"
#include "core/model/checkpoint.h"
#include "core/storage/atomic_file.h"

namespace rolora::app {
namespace {

struct Options {
  std::string out, store = "bfloat16";
  int64_t hidden = 256, intermediate = 688, layers = 4, heads = 8, kv_heads = 0, vocabulary = 2048, context = 2048;
  bool tied = false, force = false;
};

Json config_of(const Options& o) {
  return {{"architectures", {"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"hidden_act", "silu"},
          {"hidden_size", o.hidden},
          {"intermediate_size", o.intermediate},
          {"num_hidden_layers", o.layers},
          {"num_attention_heads", o.heads},
          {"num_key_value_heads", o.kv_heads > 0 ? o.kv_heads : o.heads},
          {"vocab_size", o.vocabulary},
          {"max_position_embeddings", o.context},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 10000.0},
          {"bos_token_id", 1},
          {"eos_token_id", 2},
          {"tie_word_embeddings", o.tied},
          {"torch_dtype", o.store}};
}

// The sum of four 16-bit uniform numbers from one draw, scaled to deviation 1: close enough to normal here, and ten times as fast.
float nearly_normal(Random& random) {
  const uint64_t bits = random.bits();
  const auto sum = static_cast<double>((bits & 0xffff) + ((bits >> 16) & 0xffff) + ((bits >> 32) & 0xffff) + (bits >> 48));
  return static_cast<float>((sum - 2.0 * 65535) * (1.7320508075688772 / 65536));
}

// Matrices are nearly normal with deviation 1/sqrt(inputs), so that activations keep their size through any number of layers; gains are
// spread around 1. Every row has its own stream of random numbers: the values do not depend on the number of threads.
at::Tensor draw(const SafetensorsWriter::Declared& tensor, uint64_t seed) {
  const bool matrix = tensor.shape.size() == 2;
  const int64_t rows = matrix ? tensor.shape[0] : 1, columns = tensor.shape.back();
  const double deviation = matrix ? 1 / std::sqrt(static_cast<double>(columns)) : 0.1, centre = matrix ? 0 : 1;
  at::Tensor values = at::empty(tensor.shape, at::TensorOptions().dtype(torch_type(tensor.type)));
  at::Tensor flat = values.view({rows, columns});
  at::parallel_for(0, rows, 16, [&](int64_t begin, int64_t end) {
    at::Tensor line = at::empty({columns}, at::kFloat);
    float* to = line.mutable_data_ptr<float>();
    for (int64_t r = begin; r < end; ++r) {
      Random random(seed, tensor.name + " row " + std::to_string(r));
      for (int64_t c = 0; c < columns; ++c) to[c] = static_cast<float>(centre + deviation * nearly_normal(random));
      flat[r].copy_(line);
    }
  });
  return values;
}

void run(Session& session, const Options& o) {
  require_apart(o.out, {});
  const Json document = config_of(o);
  const ModelConfig config = parse_model_config(document, "random-checkpoint");  // refuses impossible shapes by the option's key
  PendingFolder folder(o.out, o.force);
  write_file_atomically(folder.path() / "config.json", json_text(document));
  const auto declared = expected_tensors(config, stored_type(parse_dtype(o.store, "--store")), !config.tied);
  SafetensorsWriter writer(folder.path() / "model.safetensors", declared, {{"format", "pt"}});
  int64_t done = 0;
  for (const SafetensorsWriter::Declared& tensor : declared) {
    throw_if_stopped(session.monitor());
    writer.write(tensor.name, bytes_of_tensor(draw(tensor, session.options().seed)));
    session.monitor().progress("random checkpoint: tensor", ++done, static_cast<int64_t>(declared.size()));
  }
  writer.finish();
  folder.commit();
  std::ostringstream text;
  text << "random LLaMA with " << grouped(parameter_count(config)) << " parameters (" << o.store << ") in " << o.out << "\n";
  session.result({{"out", o.out}, {"parameters", parameter_count(config)}, {"store", o.store}, {"seed", session.options().seed}},
                 text.str());
}

}  // namespace

void add_random_checkpoint(Verbs& verbs) {
  const auto o = std::make_shared<Options>();
  CLI::App& app = verbs.add("random-checkpoint", "Write a LLaMA of a given shape with random weights, for tests of scale",
                            [o](Session& session) { run(session, *o); });
  const auto size = CLI::Range(int64_t{1}, int64_t{1} << 28);
  app.add_option("--out", o->out, "Folder to write; an existing one is refused without --force (required)")->required();
  app.add_option("--hidden", o->hidden, "Width of the residual stream (default 256; own choice, as the bundled model)")->check(size);
  app.add_option("--intermediate", o->intermediate, "Width of the MLP (default 688; own choice, as the bundled model)")->check(size);
  app.add_option("--layers", o->layers, "Decoder layers (default 4; own choice, as the bundled model)")
      ->check(CLI::Range(int64_t{1}, int64_t{10000}));
  app.add_option("--heads", o->heads, "Query heads (default 8; own choice)")->check(size);
  app.add_option("--kv-heads", o->kv_heads, "Key/value heads (default 0: as many as query heads; transformers)")->check(size);
  app.add_option("--vocab", o->vocabulary, "Vocabulary (default 2048; own choice, as the bundled model)")->check(size);
  app.add_option("--context", o->context, "Longest context (default 2048; own choice)")->check(size);
  app.add_option("--store", o->store, "Stored type: float32, bfloat16 or float16 (default bfloat16; own choice)")
      ->check(CLI::IsMember({"float32", "bfloat16", "float16"}));
  app.add_flag("--tied", o->tied, "One tensor for embedding and head (default off: two; transformers)");
  app.add_flag("--force", o->force, "Replace an existing output folder (default off; command contract)");
}

}  // namespace rolora::app
