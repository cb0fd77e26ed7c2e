// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tensor_store.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_select.h>

#include <array>
#include <cstring>

#include "core/base/error.h"
#include "core/model/finite.h"
#include "core/model/llama2c.h"
#include "core/storage/json_file.h"
#include "core/storage/small_json.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

/// Names of the files that hold weights in one container.
struct Naming {
  const char *single, *index, *ending;
};
constexpr std::array<Naming, 2> kNamings = {
    {{"model.safetensors", "model.safetensors.index.json", ".safetensors"}, {"pytorch_model.bin", "pytorch_model.bin.index.json", ".bin"}}};

// What other formats of weights may lie in a folder, to say what would make it readable.
[[noreturn]] void refuse_without_weights(const fs::path& folder) {
  const std::string wanted = std::string(kNamings[0].single) + " or " + kNamings[1].single + ", or the index of one's shards";
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (entry.path().filename().string().starts_with("consolidated.") && extension == ".pth") {
      throw InputError(entry.path().string(), "weights",
                       wanted + " (transformers 4's convert_llama_weights_to_hf.py makes them of Meta's files)",
                       "Meta's original checkpoint");
    }
    if (extension == ".pth" || extension == ".pt" || extension == ".bin") {
      throw InputError(entry.path().string(), "weights", wanted + " (transformers' save_pretrained writes them from a loaded model)",
                       "a file with another name");
    }
    if (extension == ".gguf") refuse_gguf(entry.path(), "weights");
  }
  throw InputError(folder.string(), "weights", wanted, "none of these");
}

void expect_plain_name(const JsonObject& map, const std::string& tensor, const std::string& shard, const std::string& ending) {
  const bool plain = shard.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos && shard.ends_with(ending);
  if (!plain) map.refuse(tensor, "a plain file name ending in " + ending, printable(shard));
}

bool is_floating(StoredType type) {
  return type == StoredType::F32 || type == StoredType::F16 || type == StoredType::BF16 || type == StoredType::F64;
}

bool is_aligned(const void* data, size_t size) { return reinterpret_cast<uintptr_t>(data) % size == 0; }

// A finite stored value may leave the range of a narrower type of the arithmetic.
void expect_in_range(const at::Tensor& converted, const at::Tensor& stored, const std::string& file, const std::string& name) {
  if (const auto found = first_not_finite(stored)) throw InputError(file, name, "finite values", *found);
  if (converted.scalar_type() == stored.scalar_type() || converted.scalar_type() == at::kDouble) return;
  if (const auto found = first_not_finite(converted)) {
    throw InputError(file, name, "values in the range of " + dtype_name(converted.scalar_type()), *found + " after conversion");
  }
}

}  // namespace

TensorStore TensorStore::open_file(const fs::path& file) { return of_one(TensorFile::open(file)); }

TensorStore TensorStore::of_one(const TensorFile& opened) {
  TensorStore store;
  store.listing_ = opened.path();
  const std::string only = opened.path().filename().string();
  for (const auto& [name, entry] : opened.tensors()) {
    store.where_[name] = only;
    store.names_.push_back(name);
  }
  store.shards_.emplace(only, opened);
  return store;
}

TensorStore TensorStore::open_shards(const fs::path& listing, const std::string& ending) {
  TensorStore store;
  store.listing_ = listing;
  const Json document = read_json_file(listing, kSmallJson);
  const JsonObject index(document, listing.string());
  const JsonObject map = index.object("weight_map");
  for (const auto& item : index.raw("weight_map").items()) {
    const std::string shard = map.string(item.key());
    expect_plain_name(map, item.key(), shard, ending);
    if (!store.shards_.contains(shard)) store.shards_.emplace(shard, TensorFile::open(listing.parent_path() / shard));
    if (!store.shards_.at(shard).tensors().contains(item.key())) map.refuse(item.key(), "the tensor in " + shard, "a shard without it");
    store.where_[item.key()] = shard;
  }
  for (const auto& [shard, file] : store.shards_) {
    for (const auto& [name, entry] : file.tensors()) {
      const auto listed = store.where_.find(name);
      if (listed != store.where_.end() && listed->second == shard) continue;
      throw InputError(file.path().string(), name, "only tensors that " + listing.filename().string() + " places in this shard",
                       "this one too");
    }
  }
  for (const auto& [name, shard] : store.where_) store.names_.push_back(name);
  return store;
}

TensorStore TensorStore::open(const fs::path& folder) {
  if (fs::is_regular_file(folder)) return of_one(TensorFile::open(folder, read_llama2c(folder).tensors));
  for (const Naming& naming : kNamings) {
    if (fs::exists(folder / naming.single)) return open_file(folder / naming.single);
    if (fs::exists(folder / naming.index)) return open_shards(folder / naming.index, naming.ending);
  }
  refuse_without_weights(folder);
}

bool TensorStore::has(const std::string& name) const { return where_.contains(name); }

const TensorFile& TensorStore::file_of(const std::string& name) const {
  const auto found = where_.find(name);
  if (found == where_.end()) throw InputError(listing_.string(), name, "a tensor of this name", "none");
  return shards_.at(found->second);
}

const TensorEntry& TensorStore::entry(const std::string& name) const { return file_of(name).entry(name); }

void TensorStore::expect(const std::string& name, const std::vector<int64_t>& shape) const {
  if (!has(name)) throw InputError(listing_.string(), name, "a tensor " + shape_text(shape), "none");
  const TensorEntry& stored = entry(name);
  const std::string file = file_of(name).path().string();
  if (!is_floating(stored.type)) throw InputError(file, name, "type F32, BF16, F16 or F64", std::string(name_of(stored.type)));
  if (stored.shape != shape) throw InputError(file, name, "shape " + shape_text(shape), "shape " + shape_text(stored.shape));
}

at::Tensor TensorStore::view(const std::string& name) const {
  const TensorFile& file = file_of(name);
  const TensorEntry& stored = file.entry(name);
  const std::span<const std::byte> bytes = file.bytes(name);
  const at::TensorOptions options = at::TensorOptions().dtype(torch_type(stored.type));
  if (bytes.empty() || !is_aligned(bytes.data(), bytes_of(stored.type))) {
    at::Tensor copy = at::empty(stored.shape, options);
    if (!bytes.empty()) std::memcpy(copy.mutable_data_ptr(), bytes.data(), bytes.size());
    return copy;
  }
  // LibTorch has no read-only tensors; the map itself is read-only, so a write would fault rather than change the file.
  return at::from_blob(
      const_cast<std::byte*>(bytes.data()), stored.shape, [alive = file.keep_alive()](void*) {}, options);
}

at::Tensor TensorStore::load(const std::string& name, const Compute& compute) const {
  const at::Tensor stored = view(name);
  at::Tensor converted = stored.to(compute.type, /*non_blocking=*/false, /*copy=*/true);
  expect_in_range(converted, stored, file_of(name).path().string(), name);
  release(name);
  return converted.to(compute.device);
}

at::Tensor TensorStore::view(const StoredPart& part) const {
  const at::Tensor all = view(part.name);
  return part.whole ? all : all.narrow(0, part.first, part.rows);
}

at::Tensor TensorStore::load(const StoredPart& part, const Compute& compute) const {
  if (part.whole) return load(part.name, compute);
  const at::Tensor stored = view(part);
  at::Tensor converted = stored.to(compute.type, /*non_blocking=*/false, /*copy=*/true);
  expect_in_range(converted, stored, file_of(part.name).path().string(),
                  part.name + " rows " + std::to_string(part.first) + " … " + std::to_string(part.first + part.rows - 1));
  release(part.name);
  return converted.to(compute.device);
}

std::span<const std::byte> TensorStore::bytes(const StoredPart& part) const {
  const auto all = file_of(part.name).bytes(part.name);
  if (part.whole) return all;
  const size_t row = all.size() / static_cast<size_t>(entry(part.name).shape.front());
  return all.subspan(row * static_cast<size_t>(part.first), row * static_cast<size_t>(part.rows));
}

at::Tensor TensorStore::rows(const std::string& name, const at::Tensor& ids, const Compute& compute) const {
  const at::Tensor matrix = view(name);
  const at::Tensor wanted = ids.to(at::kCPU).reshape({-1});
  if (wanted.numel() > 0) {
    const int64_t least = wanted.min().item<int64_t>(), most = wanted.max().item<int64_t>();
    if (least < 0 || most >= matrix.size(0)) {
      throw InputError("ids", "token id", "0 … " + std::to_string(matrix.size(0) - 1), std::to_string(least < 0 ? least : most));
    }
  }
  const at::Tensor stored = at::index_select(matrix, 0, wanted);
  at::Tensor converted = stored.to(compute.type);
  expect_in_range(converted, stored, file_of(name).path().string(), name);
  release(name);
  std::vector<int64_t> shape = ids.sizes().vec();
  shape.push_back(matrix.size(1));
  return converted.reshape(shape).to(compute.device);
}

void TensorStore::release(const std::string& name) const { file_of(name).release(name); }

}  // namespace rolora
