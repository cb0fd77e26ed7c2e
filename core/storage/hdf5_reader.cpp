// SPDX-License-Identifier: GPL-3.0-or-later
#ifdef ROLORA_HAS_HDF5
#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "core/base/error.h"
#include "core/storage/file_map.h"
#include "core/storage/hdf5.h"
#include "core/storage/hdf5_handle.h"
#include "core/storage/hdf5_seal.h"
#include "core/storage/hdf5_structure.h"

namespace rolora {
namespace {

// Texts of an attribute may all be the same object of the heap, and the library reads them in one go.
constexpr uint64_t kMostAttributeBytes = 256ull << 20;

// Memory for the texts of one dataset, no more than the file has bytes: in a sound file each text lies there by itself. Called by the C
// library: nothing may be thrown through it.
class TextMemory {
 public:
  explicit TextMemory(uint64_t bytes) : left_(bytes) {}
  static void* take(size_t bytes, void* self) noexcept {
    auto& memory = *static_cast<TextMemory*>(self);
    if (bytes > memory.left_) return nullptr;
    try {
      memory.texts_.push_back(std::make_unique<char[]>(bytes));
    } catch (...) {
      return nullptr;
    }
    memory.left_ -= bytes;
    return memory.texts_.back().get();
  }
  static void leave(void*, void*) noexcept {}  // freed together

 private:
  uint64_t left_;
  std::vector<std::unique_ptr<char[]>> texts_;
};

// Called by the C library for each attribute: nothing may be thrown through it.
herr_t take_number(hid_t object, const char* name, const H5A_info_t*, void* list) noexcept {
  const Hdf5Id attribute(H5Aopen(object, name, H5P_DEFAULT), H5Aclose);
  const Hdf5Id type(attribute.valid() ? H5Aget_type(attribute.get()) : H5I_INVALID_HID, H5Tclose);
  const Hdf5Id space(attribute.valid() ? H5Aget_space(attribute.get()) : H5I_INVALID_HID, H5Sclose);
  if (!type.valid() || !space.valid()) return -1;
  const H5T_class_t kind = H5Tget_class(type.get());
  if ((kind != H5T_INTEGER && kind != H5T_FLOAT) || H5Sget_simple_extent_npoints(space.get()) != 1) return 0;
  double value = 0;
  if (H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, &value) < 0) return -1;
  try {
    static_cast<std::map<std::string, double>*>(list)->insert_or_assign(name, value);
  } catch (...) {
    return -1;
  }
  return 0;
}

}  // namespace

struct Hdf5Reader::State {
  std::string name;
  uint64_t most_bytes = 0;              // of one dataset or attribute, as stored: a file may declare any extent, and none is packed
  uint64_t largest_text = 0;            // of those in the heaps
  mutable std::set<std::string> there;  // paths that were looked up and found: the file does not change
  Hdf5Id file;

  [[noreturn]] void refuse(const std::string& object, const std::string& expected, const std::string& found) const {
    throw InputError(name, object, expected, found);
  }
  Hdf5Id checked(hid_t id, Hdf5Id::Close close, const std::string& object, const std::string& expected) const {
    if (id < 0) refuse(object, expected, hdf5_reason());
    return Hdf5Id(id, close);
  }
  bool has(const std::string& path) const;
  Hdf5Id dataset(const std::string& path) const;
  Hdf5Id attribute(const std::string& object, const std::string& attribute_name, const std::string& shown) const {
    if (object != "/" && !has(object)) refuse(object, "an object", "nothing of this name");
    hdf5_prepare();
    const htri_t exists = H5Aexists_by_name(file.get(), object.c_str(), attribute_name.c_str(), H5P_DEFAULT);
    if (exists <= 0) refuse(shown, "an attribute", exists < 0 ? hdf5_reason() : "none of this name");
    return checked(H5Aopen_by_name(file.get(), object.c_str(), attribute_name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose, shown,
                   "an attribute");
  }
  size_t count(const Hdf5Id& type, const Hdf5Id& space, const std::string& object) const {
    const hssize_t n = space.valid() ? H5Sget_simple_extent_npoints(space.get()) : -1;
    const size_t width = type.valid() ? H5Tget_size(type.get()) : 0;
    if (n < 0 || width == 0) refuse(object, "an extent and a type", hdf5_reason());
    if (static_cast<uint64_t>(n) > most_bytes / width) refuse(object, "values that fit the file", std::to_string(n) + " values");
    return static_cast<size_t>(n);
  }
  size_t count_texts(const Hdf5Id& type, const Hdf5Id& space, const std::string& object) const {
    if (!type.valid() || H5Tget_class(type.get()) != H5T_STRING) refuse(object, "texts", "another type");
    return count(type, space, object);
  }
  void expect_numbers(const Hdf5Id& type, const std::string& object) const {
    const H5T_class_t kind = type.valid() ? H5Tget_class(type.get()) : H5T_NO_CLASS;
    if (kind != H5T_INTEGER && kind != H5T_FLOAT) refuse(object, "numbers", "another type");
  }
  std::vector<std::string> fixed_texts(const Hdf5Id& type, const std::vector<char>& bytes) const;
};

bool Hdf5Reader::State::has(const std::string& path) const {
  hdf5_prepare();
  if (path.empty() || path == "/") return path == "/";
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {  // the library needs every level above to be there
    const std::string part = path.substr(0, end);
    if (there.contains(part)) {
      if (end == std::string::npos) return true;
      continue;
    }
    const htri_t found = H5Lexists(file.get(), part.c_str(), H5P_DEFAULT);
    if (found < 0) refuse(part, "a readable group above it", hdf5_reason());
    if (found == 0) return false;
    H5L_info_t link;
    if (H5Lget_info(file.get(), part.c_str(), &link, H5P_DEFAULT) < 0) refuse(part, "a readable link", hdf5_reason());
    if (link.type != H5L_TYPE_HARD) refuse(part, "an object of this file", "a link to another place");
    there.insert(part);
    if (end == std::string::npos) return true;
  }
}

Hdf5Id Hdf5Reader::State::dataset(const std::string& path) const {
  if (!has(path)) refuse(path, "a dataset", "nothing of this name");
  Hdf5Id data = checked(H5Dopen2(file.get(), path.c_str(), H5P_DEFAULT), H5Dclose, path, "a dataset");
  const Hdf5Id list = checked(H5Dget_create_plist(data.get()), H5Pclose, path, "a dataset");
  const H5D_layout_t layout = H5Pget_layout(list.get());
  const bool elsewhere = layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED;
  if (elsewhere || H5Pget_external_count(list.get()) != 0) refuse(path, "values in this file", "values of another file");
  if (H5Pget_nfilters(list.get()) != 0) refuse(path, "values as they are", "packed ones");
  return data;
}

std::vector<std::string> Hdf5Reader::State::fixed_texts(const Hdf5Id& type, const std::vector<char>& bytes) const {
  const size_t width = H5Tget_size(type.get());
  const bool spaces = H5Tget_strpad(type.get()) == H5T_STR_SPACEPAD;
  std::vector<std::string> list;
  for (size_t at = 0; at + width <= bytes.size(); at += width) {
    std::string text(bytes.data() + at, ::strnlen(bytes.data() + at, width));
    while (spaces && !text.empty() && text.back() == ' ') text.pop_back();
    list.push_back(std::move(text));
  }
  return list;
}

namespace {

std::vector<std::string> copied(const std::vector<char*>& texts) {
  std::vector<std::string> list;
  list.reserve(texts.size());
  for (const char* text : texts) list.emplace_back(text == nullptr ? "" : text);
  return list;
}

}  // namespace

Hdf5Reader::Hdf5Reader(const std::filesystem::path& file) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.name = file.string();
  {
    std::error_code none;
    if (const auto size = std::filesystem::file_size(file, none); !none && size < 8)
      s.refuse("file", "an HDF5 file", std::to_string(size) + " bytes");
    const std::shared_ptr<const FileMap> map = map_file(file);
    check_hdf5_superblock(map->bytes(), s.name);
    check_hdf5_seal(map->bytes(), s.name);
    s.largest_text = check_hdf5_heaps(map->bytes(), s.name);
    s.most_bytes = map->size;
  }
  hdf5_prepare();
  Hdf5Id access = s.checked(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "file", "an HDF5 file");
  // No lock: a viewer may have the file open, and some network file systems know no locks. Results never change in place.
  if (H5Pset_file_locking(access.get(), false, true) < 0) s.refuse("file", "an HDF5 file", hdf5_reason());
  s.file = s.checked(H5Fopen(file.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose, "file", "an HDF5 file");
}

Hdf5Reader::~Hdf5Reader() = default;

bool Hdf5Reader::has(const std::string& path) const { return state_->has(path); }

std::vector<std::string> Hdf5Reader::children(const std::string& path) const {
  const State& s = *state_;
  if (!s.has(path)) s.refuse(path, "a group", "nothing of this name");
  const Hdf5Id group = s.checked(H5Gopen2(s.file.get(), path.c_str(), H5P_DEFAULT), H5Gclose, path, "a group");
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return 0;
  };
  if (H5Literate(group.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &names) < 0) s.refuse(path, "a readable group", hdf5_reason());
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<int64_t> Hdf5Reader::shape(const std::string& path) const {
  const State& s = *state_;
  const Hdf5Id data = s.dataset(path);
  const Hdf5Id space = s.checked(H5Dget_space(data.get()), H5Sclose, path, "an extent");
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0) s.refuse(path, "an extent", hdf5_reason());
  std::vector<hsize_t> sides(static_cast<size_t>(rank));
  if (rank > 0 && H5Sget_simple_extent_dims(space.get(), sides.data(), nullptr) < 0) s.refuse(path, "an extent", hdf5_reason());
  return {sides.begin(), sides.end()};
}

std::vector<double> Hdf5Reader::numbers(const std::string& path) const {
  const State& s = *state_;
  const Hdf5Id data = s.dataset(path);
  const Hdf5Id type(H5Dget_type(data.get()), H5Tclose), space(H5Dget_space(data.get()), H5Sclose);
  s.expect_numbers(type, path);
  std::vector<double> values(s.count(type, space, path));
  if (values.empty()) return values;
  if (H5Dget_storage_size(data.get()) == 0) s.refuse(path, std::to_string(values.size()) + " stored values", "none");
  if (H5Dread(data.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
    s.refuse(path, "readable numbers", hdf5_reason());
  return values;
}

std::vector<std::string> Hdf5Reader::strings(const std::string& path) const {
  const State& s = *state_;
  const Hdf5Id data = s.dataset(path);
  const Hdf5Id type(H5Dget_type(data.get()), H5Tclose), space(H5Dget_space(data.get()), H5Sclose);
  const size_t n = s.count_texts(type, space, path);
  if (n == 0) return {};
  if (H5Tis_variable_str(type.get()) <= 0) {
    std::vector<char> bytes(n * H5Tget_size(type.get()));
    if (H5Dread(data.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0) s.refuse(path, "readable texts", hdf5_reason());
    return s.fixed_texts(type, bytes);
  }
  TextMemory memory(s.most_bytes + n);  // the library ends each by a zero
  const Hdf5Id transfer = s.checked(H5Pcreate(H5P_DATASET_XFER), H5Pclose, path, "readable texts");
  std::vector<char*> texts(n, nullptr);
  if (H5Pset_vlen_mem_manager(transfer.get(), TextMemory::take, &memory, TextMemory::leave, &memory) < 0 ||
      H5Dread(data.get(), type.get(), H5S_ALL, H5S_ALL, transfer.get(), texts.data()) < 0) {
    s.refuse(path, "readable texts", hdf5_reason());
  }
  return copied(texts);
}

std::vector<std::string> Hdf5Reader::texts_attribute(const std::string& object, const std::string& name) const {
  const State& s = *state_;
  const std::string shown = object + "@" + name;
  const Hdf5Id attribute = s.attribute(object, name, shown);
  const Hdf5Id type(H5Aget_type(attribute.get()), H5Tclose), space(H5Aget_space(attribute.get()), H5Sclose);
  const size_t n = s.count_texts(type, space, shown);
  if (n == 0) return {};
  if (H5Tis_variable_str(type.get()) <= 0) {
    std::vector<char> bytes(n * H5Tget_size(type.get()));
    if (H5Aread(attribute.get(), type.get(), bytes.data()) < 0) s.refuse(shown, "readable texts", hdf5_reason());
    return s.fixed_texts(type, bytes);
  }
  if (s.largest_text > kMostAttributeBytes / n) {
    s.refuse(shown, "texts of at most " + std::to_string(kMostAttributeBytes >> 20) + " MiB",
             std::to_string(n) + " of up to " + std::to_string(s.largest_text) + " bytes");
  }
  std::vector<char*> texts(n, nullptr);
  if (H5Aread(attribute.get(), type.get(), texts.data()) < 0) s.refuse(shown, "readable texts", hdf5_reason());
  std::vector<std::string> list = copied(texts);
  if (H5Dvlen_reclaim(type.get(), space.get(), H5P_DEFAULT, texts.data()) < 0) s.refuse(shown, "readable texts", hdf5_reason());
  return list;
}

std::string Hdf5Reader::text_attribute(const std::string& object, const std::string& name) const {
  const std::vector<std::string> texts = texts_attribute(object, name);
  if (texts.size() != 1) state_->refuse(object + "@" + name, "one text", std::to_string(texts.size()));
  return texts.front();
}

std::map<std::string, double> Hdf5Reader::number_attributes(const std::string& object) const {
  const State& s = *state_;
  if (object != "/" && !s.has(object)) s.refuse(object, "an object", "nothing of this name");
  hdf5_prepare();
  const Hdf5Id opened = s.checked(H5Oopen(s.file.get(), object.c_str(), H5P_DEFAULT), H5Oclose, object, "an object");
  std::map<std::string, double> list;
  if (H5Aiterate2(opened.get(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, take_number, &list) < 0) {
    s.refuse(object, "readable attributes", hdf5_reason());
  }
  return list;
}

double Hdf5Reader::number_attribute(const std::string& object, const std::string& name) const {
  const State& s = *state_;
  const std::string shown = object + "@" + name;
  const Hdf5Id attribute = s.attribute(object, name, shown);
  const Hdf5Id type(H5Aget_type(attribute.get()), H5Tclose), space(H5Aget_space(attribute.get()), H5Sclose);
  s.expect_numbers(type, shown);
  if (const size_t n = s.count(type, space, shown); n != 1) s.refuse(shown, "one number", std::to_string(n));
  double value = 0;
  if (H5Aread(attribute.get(), H5T_NATIVE_DOUBLE, &value) < 0) s.refuse(shown, "a readable number", hdf5_reason());
  return value;
}

}  // namespace rolora
#endif
