// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/torch_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <functional>
#include <utility>

#include "core/base/error.h"
#include "core/storage/pickle.h"
#include "core/storage/zip_directory.h"

namespace rolora {
namespace {

// A pickled integer of ten bytes, 0x1950a86a20f9469cfc6c, and the end of its pickle: torch.save wrote it first of all, behind the number
// of the pickle's protocol and, from protocol 4 on, the length of its frame.
constexpr std::array<uint8_t, 13> kOldMagic = {0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};
constexpr std::array<uint8_t, 4> kZipMagic = {'P', 'K', 3, 4};

template <size_t N>
bool begins(std::span<const std::byte> file, const std::array<uint8_t, N>& magic) {
  return file.size() >= N && std::memcmp(file.data(), magic.data(), N) == 0;
}

/// Length of the pickle with the magic number; 0: the file is of another kind.
size_t old_magic(std::span<const std::byte> file) {
  constexpr size_t kFrame = 9;
  if (file.size() < 2 || file[0] != std::byte{0x80} || file[1] < std::byte{2} || file[1] > std::byte{5}) return 0;
  size_t at = 2;
  if (file.size() > at && file[at] == std::byte{0x95}) at += kFrame;
  return at < file.size() && begins(file.subspan(at), kOldMagic) ? at + kOldMagic.size() : 0;
}

using Storages = std::map<std::string, ZipMember>;  // by key

std::map<std::string, TensorEntry> placed(const PickledWeights& weights, const Storages& storages, const std::string& file) {
  std::map<std::string, TensorEntry> out;
  for (const auto& [name, tensor] : weights.tensors) {
    const PickledStorage& storage = tensor.storage;
    const std::string key = printable(name);
    const auto found = storages.find(storage.key);
    if (found == storages.end()) throw InputError(file, key, "its bytes, called " + printable(storage.key), "none of this name");
    if (!tensor.contiguous) throw ForPytorch(file, key, "values row after row", "a view with other strides", weights.newer);
    const uint64_t bytes = *stored_bytes(storage.type, tensor.shape), size = bytes_of(storage.type), has = found->second.size;
    uint64_t begin = 0;
    const bool fits = !__builtin_mul_overflow(static_cast<uint64_t>(tensor.offset), size, &begin) && begin <= has && bytes <= has - begin;
    if (!fits) throw InputError(file, key, std::to_string(bytes) + " bytes in storage " + printable(storage.key), "fewer");
    begin += found->second.begin;
    out[name] = {storage.type, tensor.shape, begin, begin + bytes};
  }
  return out;
}

std::map<std::string, TensorEntry> read_zip(std::span<const std::byte> file, const std::string& name) {
  const std::map<std::string, ZipMember> members = read_zip_directory(file, name);
  // All lie in one folder, whose name is that of the file at its birth.
  constexpr std::string_view kPickle = "data.pkl";
  const auto pickle = std::find_if(members.begin(), members.end(), [&](const auto& m) {
    return m.first == kPickle || (m.first.ends_with("/data.pkl") && std::count(m.first.begin(), m.first.end(), '/') == 1);
  });
  if (pickle == members.end()) throw InputError(name, "zip", "an archive of torch.save, with FOLDER/data.pkl", "an archive without");
  const std::string folder = pickle->first.substr(0, pickle->first.size() - kPickle.size());
  if (const auto order = members.find(folder + "byteorder"); order != members.end()) {
    const auto* text = reinterpret_cast<const char*>(file.data()) + order->second.begin;
    const std::string_view value(text, static_cast<size_t>(std::min<uint64_t>(order->second.size, 16)));
    if (value == "big") throw ForPytorch(name, "byteorder", "little", value);
    if (value != "little") throw InputError(name, "byteorder", "little", printable(value));
  }
  const ZipMember& lies = pickle->second;
  const PickledWeights weights = read_pickled_weights(file.subspan(lies.begin, lies.size), name);
  Storages storages;
  const std::string data = folder + "data/";
  for (const auto& [member, place] : members) {
    if (member.starts_with(data)) storages[member.substr(data.size())] = place;
  }
  return placed(weights, storages, name);
}

/// Magic number, protocol, facts about the machine, the weights, the storages' keys; then for each key the number of elements and the
/// bytes.
std::map<std::string, TensorEntry> read_row_of_pickles(std::span<const std::byte> file, const std::string& name) {
  size_t at = old_magic(file);
  const auto rest = [&] { return file.subspan(at); };
  at += skip_pickle(rest(), name);  // protocol
  at += skip_pickle(rest(), name);  // the machine's facts
  const PickledWeights weights = read_pickled_weights(rest(), name);
  at += weights.bytes;
  size_t used = 0;
  const std::vector<std::string> keys = read_pickled_strings(rest(), name, used);
  at += used;
  std::map<std::string, StoredType> types;
  for (const auto& [tensor, entry] : weights.tensors) types.emplace(entry.storage.key, entry.storage.type);
  Storages storages;
  for (const std::string& key : keys) {
    const auto type = types.find(key);
    if (type == types.end()) throw InputError(name, "storage " + printable(key), "a storage that a tensor uses", "one that none does");
    uint64_t elements = 0, bytes = 0;
    if (file.size() - at < sizeof elements) throw InputError(name, "storage " + printable(key), "its length", "the end of the file");
    std::memcpy(&elements, file.data() + at, sizeof elements);
    at += sizeof elements;
    if (__builtin_mul_overflow(elements, bytes_of(type->second), &bytes) || bytes > file.size() - at) {
      throw InputError(name, "storage " + printable(key), std::to_string(elements) + " elements within the file", "the end of the file");
    }
    if (!storages.emplace(key, ZipMember{at, bytes}).second) throw InputError(name, "storage " + printable(key), "each once", "twice");
    at += bytes;
  }
  return placed(weights, storages, name);
}

// Python and shells take such a name between quotes as it stands.
bool is_plain(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("/._-+ ").find(c) != std::string_view::npos;
  });
}

/// The command that makes safetensors of the file, of all shards where it is one. `runs_code`: of a file that names code of its own.
std::string conversion(const std::string& name, bool runs_code) {
  std::filesystem::path path(is_plain(name) ? name : "FILE.bin");
  std::string stem = path.stem().string(), list = "['" + path.string() + "']";
  if (const size_t of = stem.rfind("-of-"); of != std::string::npos) {  // NAME-00001-of-00002
    const size_t number = stem.substr(0, of).rfind('-');
    if (number != std::string::npos) {
      list = "glob.glob('" + (path.parent_path() / (stem.substr(0, number) + "-*" + stem.substr(of))).string() + path.extension().string() +
             "')";
      stem.resize(number);
    }
  }
  const std::string to = path.replace_filename((stem == "pytorch_model" ? "model" : stem) + ".safetensors").string();
  const std::string states = "for d in [next((d[k] for k in ('state_dict', 'model_state_dict', 'model', 'module') if k in d), d)]";
  return std::string(" (") +
         (runs_code ? "where you trust its source, as this runs any code in the file: " : "this makes safetensors of it: ") +
         "python3 -c \"import glob, torch, safetensors.torch as s; s.save_file({k: v.clone().contiguous() for f in " + list +
         " for d in [torch.load(f, 'cpu', weights_only=" + (runs_code ? "False" : "True") + ")] " +
         (runs_code ? "for d in [d if isinstance(d, dict) else d.state_dict()] " : "") + states +
         " for k, v in d.items() if torch.is_tensor(v)}, '" + to + "')\")";
}

}  // namespace

bool is_torch_file(std::span<const std::byte> file) { return begins(file, kZipMagic) || old_magic(file) > 0; }

std::map<std::string, TensorEntry> read_torch_file(std::span<const std::byte> file, const std::string& name) {
  try {
    if (begins(file, kZipMagic)) return read_zip(file, name);
    if (old_magic(file) > 0) return read_row_of_pickles(file, name);
  } catch (const ForPytorch& e) {
    throw InputError(e.file(), e.key(), e.expected() + conversion(name, e.runs_code()), e.found());
  }
  throw InputError(name, "file", "weights of torch.save", "other bytes");
}

}  // namespace rolora
