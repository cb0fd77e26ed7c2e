// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tensor_store.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_select.h>

#include <cstring>
#include <set>

#include "core/base/error.h"
#include "core/model/finite.h"
#include "core/storage/json_file.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

// What other formats of weights may lie in a folder, to say what would make it readable.
[[noreturn]] void refuse_without_safetensors(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".bin" || extension == ".pth" || extension == ".pt") {
      throw InputError(entry.path().string(), "weights", "safetensors (transformers' save_pretrained writes them from a loaded model)",
                       "pickled PyTorch weights");
    }
    if (extension == ".gguf") throw InputError(entry.path().string(), "weights", "safetensors of the original checkpoint", "a GGUF file");
  }
  throw InputError(folder.string(), "weights", std::string(kSingle) + " or " + kIndex, "neither");
}

void expect_plain_name(const JsonObject& map, const std::string& tensor, const std::string& shard) {
  const bool plain = shard.find_first_of(std::string_view("/\\\0", 3)) == std::string::npos && shard.ends_with(".safetensors");
  if (!plain) map.refuse(tensor, "a plain file name ending in .safetensors", printable(shard));
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

TensorStore TensorStore::open_file(const fs::path& file) {
  TensorStore store;
  store.listing_ = file;
  const SafetensorsFile opened = SafetensorsFile::open(file);
  for (const auto& [name, entry] : opened.tensors()) {
    store.where_[name] = kSingle;
    store.names_.push_back(name);
  }
  store.shards_.emplace(kSingle, opened);
  return store;
}

TensorStore TensorStore::open(const fs::path& folder) {
  if (fs::exists(folder / kSingle)) return open_file(folder / kSingle);
  TensorStore store;
  if (fs::exists(folder / kIndex)) {
    store.listing_ = folder / kIndex;
    const Json document = read_json_file(store.listing_);
    const JsonObject index(document, store.listing_.string());
    const JsonObject map = index.object("weight_map");
    for (const auto& item : index.raw("weight_map").items()) {
      const std::string shard = map.string(item.key());
      expect_plain_name(map, item.key(), shard);
      if (!store.shards_.contains(shard)) store.shards_.emplace(shard, SafetensorsFile::open(folder / shard));
      if (!store.shards_.at(shard).tensors().contains(item.key())) {
        map.refuse(item.key(), "the tensor in " + shard, "a shard without it");
      }
      store.where_[item.key()] = shard;
    }
    for (const auto& [shard, file] : store.shards_) {
      for (const auto& [name, entry] : file.tensors()) {
        const auto listed = store.where_.find(name);
        if (listed == store.where_.end() || listed->second != shard) {
          throw InputError(file.path().string(), name, std::string("only tensors that ") + kIndex + " places in this shard",
                           "this one too");
        }
      }
    }
  } else {
    refuse_without_safetensors(folder);
  }
  for (const auto& [name, shard] : store.where_) store.names_.push_back(name);
  return store;
}

bool TensorStore::has(const std::string& name) const { return where_.contains(name); }

const SafetensorsFile& TensorStore::file_of(const std::string& name) const {
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
  const SafetensorsFile& file = file_of(name);
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
