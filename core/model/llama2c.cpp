// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/llama2c.h"

#include <array>
#include <cstring>
#include <fstream>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/storage/torch_file.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr uint32_t kMagic = 0x616b3432;  // "ak42"
constexpr uint64_t kOldHeader = 28, kNewHeader = 256;

struct Sizes {
  int64_t hidden = 0, intermediate = 0, layers = 0, heads = 0, kv_heads = 0, vocabulary = 0, context = 0;
  bool tied = true, named_version = false;  // named_version: 1, with a magic number
};

Sizes read_sizes(const std::vector<std::byte>& head, const std::string& file) {
  uint32_t magic = 0;
  std::memcpy(&magic, head.data(), sizeof magic);
  Sizes s;
  s.named_version = magic == kMagic;
  if (s.named_version) {
    int32_t version = 0;
    std::memcpy(&version, head.data() + 4, sizeof version);
    if (version != 1) throw InputError(file, "version", "llama2.c's version 1 (fp32)", std::to_string(version));
  }
  std::array<int32_t, 7> raw{};
  std::memcpy(raw.data(), head.data() + (s.named_version ? 8 : 0), sizeof raw);
  s.tied = s.named_version ? head[36] != std::byte{0} : raw[5] > 0;
  if (!s.named_version && raw[5] < 0) raw[5] = raw[5] == INT32_MIN ? 0 : -raw[5];  // the sign says that the head is stored
  constexpr std::array<const char*, 7> names = {"dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "max_seq_len"};
  const std::array<int64_t*, 7> into = {&s.hidden, &s.intermediate, &s.layers, &s.heads, &s.kv_heads, &s.vocabulary, &s.context};
  constexpr int32_t kMost = 1 << 24, kMostLayers = 4096;
  for (size_t i = 0; i < raw.size(); ++i) {
    const int32_t most = i == 2 ? kMostLayers : kMost;
    if (raw[i] < 1 || raw[i] > most) {
      throw InputError(file, names[i], "the folder of a checkpoint, or a llama2.c file with 1 … " + std::to_string(most) + " here",
                       std::to_string(raw[i]));
    }
    *into[i] = raw[i];
  }
  if (s.hidden % s.heads != 0 || (s.hidden / s.heads) % 2 != 0) {
    throw InputError(file, "n_heads", "heads of an even width that divide dim " + std::to_string(s.hidden), std::to_string(s.heads));
  }
  if (s.heads % s.kv_heads != 0) {
    throw InputError(file, "n_kv_heads", "a divisor of n_heads " + std::to_string(s.heads), std::to_string(s.kv_heads));
  }
  return s;
}

/// Lays tensors one behind the other.
class Layout {
 public:
  Layout(uint64_t begin, const std::string& file) : at_(begin), file_(file) {}
  void add(const std::string& name, std::vector<int64_t> shape) {
    const auto bytes = stored_bytes(StoredType::F32, shape);
    uint64_t end = 0;
    if (!bytes || __builtin_add_overflow(at_, *bytes, &end)) throw InputError(file_, name, "sizes that 64 bits hold", "larger ones");
    tensors[name] = {StoredType::F32, std::move(shape), at_, end};
    at_ = end;
  }
  void skip(int64_t elements) { at_ += static_cast<uint64_t>(elements) * sizeof(float); }
  uint64_t end() const { return at_; }
  std::map<std::string, TensorEntry> tensors;

 private:
  uint64_t at_;
  std::string file_;
};

void add_of_layers(Layout& layout, const Sizes& s, const std::string& tail, const std::vector<int64_t>& shape) {
  for (int64_t layer = 0; layer < s.layers; ++layer) layout.add("model.layers." + std::to_string(layer) + "." + tail + ".weight", shape);
}

void add_linears(Layout& layout, const Sizes& s, bool attention) {
  const int64_t keys = s.hidden / s.heads * s.kv_heads;
  if (attention) {
    add_of_layers(layout, s, "self_attn.q_proj", {s.hidden, s.hidden});
    add_of_layers(layout, s, "self_attn.k_proj", {keys, s.hidden});
    add_of_layers(layout, s, "self_attn.v_proj", {keys, s.hidden});
    add_of_layers(layout, s, "self_attn.o_proj", {s.hidden, s.hidden});
  } else {
    add_of_layers(layout, s, "mlp.gate_proj", {s.intermediate, s.hidden});
    add_of_layers(layout, s, "mlp.down_proj", {s.hidden, s.intermediate});
    add_of_layers(layout, s, "mlp.up_proj", {s.intermediate, s.hidden});
  }
}

Layout lay_out(const Sizes& s, const std::string& file) {
  Layout layout(s.named_version ? kNewHeader : kOldHeader, file);
  const auto embedding = [&] { layout.add("model.embed_tokens.weight", {s.vocabulary, s.hidden}); };
  const auto norms = [&](const char* tail) { add_of_layers(layout, s, tail, {s.hidden}); };
  if (s.named_version) {
    norms("input_layernorm");
    norms("post_attention_layernorm");
    layout.add("model.norm.weight", {s.hidden});
    embedding();
    add_linears(layout, s, true);
    add_linears(layout, s, false);
  } else {
    embedding();
    norms("input_layernorm");
    add_linears(layout, s, true);
    norms("post_attention_layernorm");
    add_linears(layout, s, false);
    layout.add("model.norm.weight", {s.hidden});
    layout.skip(s.context * (s.hidden / s.heads));  // cosines and sines of RoPE, which follow from the sizes
  }
  if (!s.tied) layout.add("lm_head.weight", {s.vocabulary, s.hidden});
  return layout;
}

bool begins_as_gguf(const std::vector<std::byte>& head) {
  constexpr std::string_view kGguf = "GGUF";
  return head.size() >= kGguf.size() && std::memcmp(head.data(), kGguf.data(), kGguf.size()) == 0;
}

Json config_of(const Sizes& s) {
  return {{"architectures", {"LlamaForCausalLM"}},
          {"model_type", "llama"},
          {"hidden_size", s.hidden},
          {"intermediate_size", s.intermediate},
          {"num_hidden_layers", s.layers},
          {"num_attention_heads", s.heads},
          {"num_key_value_heads", s.kv_heads},
          {"vocab_size", s.vocabulary},
          {"max_position_embeddings", s.context},
          {"tie_word_embeddings", s.tied},
          {"hidden_act", "silu"},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 10000.0},
          {"bos_token_id", 1},
          {"eos_token_id", 2},
          {"torch_dtype", "float32"}};
}

}  // namespace

Llama2c read_llama2c(const fs::path& path) {
  const std::string file = path.string();
  std::vector<std::byte> head(kNewHeader);
  std::ifstream in(path, std::ios::binary);
  if (!in) throw InputError(file, "file", "a readable file", "one that cannot be opened");
  in.read(reinterpret_cast<char*>(head.data()), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<size_t>(in.gcount()));
  constexpr const char* kWanted = "the folder of a checkpoint, or a llama2.c file";
  if (begins_as_gguf(head)) refuse_gguf(path, "file");
  if (is_torch_file(head)) throw InputError(file, "file", kWanted, "weights of torch.save");
  if (head.size() < kNewHeader) throw InputError(file, "file", kWanted, std::to_string(head.size()) + " bytes");
  if (head[8] == std::byte{'{'}) throw InputError(file, "file", kWanted, "a safetensors file (give its folder)");
  const Sizes sizes = read_sizes(head, file);
  Layout layout = lay_out(sizes, file);
  if (const uint64_t found = fs::file_size(path); found != layout.end()) {
    throw InputError(file, "file", "the " + std::to_string(layout.end()) + " bytes that a llama2.c file of these sizes has",
                     std::to_string(found) + " bytes");
  }
  return {config_of(sizes), std::move(layout.tensors)};
}

void refuse_gguf(const fs::path& file, const char* key) {
  throw InputError(file.string(), key, "a Hugging Face folder (the original checkpoint, with config.json and safetensors)",
                   "a GGUF file, which is not read (yet)");
}

void require_model_folder(const fs::path& model) {
  if (!fs::is_regular_file(model)) return;
  throw InputError(model.string(), "MODEL", "a folder here (rolora export FILE --to hf --out DIR makes one of a llama2.c file)", "a file");
}

at::Tensor halves_apart(const at::Tensor& weight, int64_t head_dim) {
  const int64_t heads = weight.size(0) / head_dim;
  return weight.view({heads, head_dim / 2, 2, weight.size(1)}).transpose(1, 2).reshape(weight.sizes());  // [H, 2, dh/2, d]
}

}  // namespace rolora
