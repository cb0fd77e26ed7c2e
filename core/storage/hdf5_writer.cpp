// SPDX-License-Identifier: GPL-3.0-or-later
#ifdef ROLORA_HAS_HDF5
#include <cerrno>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/storage/atomic_file.h"
#include "core/storage/hdf5.h"
#include "core/storage/hdf5_handle.h"
#include "core/storage/hdf5_seal.h"

namespace rolora {

struct Hdf5Writer::State {
  std::filesystem::path target;
  std::optional<PendingFile> pending;
  Hdf5Id file;

  [[noreturn]] void fail(const std::string& object, const char* action) const {
    const int code = errno;  // before anything below changes it; the library's stack does not keep it
    const std::string message = target.string() + ": " + object + ": cannot " + action + ": " + hdf5_reason();
    if (code == ENOSPC || code == EDQUOT || code == EFBIG) throw DeviceError(message);
    throw Error(message);
  }
  void check(herr_t result, const std::string& object, const char* action) const {
    if (result < 0) fail(object, action);
  }
  Hdf5Id checked(hid_t id, Hdf5Id::Close close, const std::string& object, const char* action) const {
    if (id < 0) fail(object, action);
    return Hdf5Id(id, close);
  }
  void close(Hdf5Id& id, const std::string& object) const {
    if (!id.reset()) fail(object, "close");
  }
  hid_t open_file(const std::string& object) const {
    if (!file.valid()) throw Error(target.string() + ": " + object + ": written after commit");
    hdf5_prepare();
    errno = 0;  // so that fail() reads the reason of this call, not of an earlier one
    return file.get();
  }

  // A creation list without object times: they would make the same job give other bytes.
  Hdf5Id creation(hid_t kind, const std::string& object) const {
    Hdf5Id list = checked(H5Pcreate(kind), H5Pclose, object, "prepare");
    check(H5Pset_obj_track_times(list.get(), false), object, "prepare");
    return list;
  }
  void make_group(const std::string& path) const;
  void make_parents(const std::string& path) const {
    if (const size_t slash = path.find_last_of('/'); slash != std::string::npos && slash > 0) make_group(path.substr(0, slash));
  }
  Hdf5Id text_type(const std::string& object) const {
    Hdf5Id type = hdf5_text_type();
    if (!type.valid()) fail(object, "make a text type");
    return type;
  }
  Hdf5Id space(const std::string& object, const std::vector<int64_t>& shape, size_t values) const;
  void write_dataset(const std::string& path, hid_t stored, hid_t memory, const void* values, size_t count,
                     const std::vector<int64_t>& shape);
  void write_attribute(const std::string& object, const std::string& name, hid_t stored, hid_t memory, const void* values, Hdf5Id space);
};

void Hdf5Writer::State::make_group(const std::string& path) const {
  // One level at a time: groups that the library makes on the way to another would not get this creation list.
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (part != "/" && !part.empty()) {
      const htri_t there = H5Lexists(open_file(part), part.c_str(), H5P_DEFAULT);
      check(there, part, "look up");
      if (there == 0) {
        const Hdf5Id list = creation(H5P_GROUP_CREATE, part);
        Hdf5Id group = checked(H5Gcreate2(file.get(), part.c_str(), H5P_DEFAULT, list.get(), H5P_DEFAULT), H5Gclose, part, "create");
        close(group, part);
      }
    }
    if (end == std::string::npos) return;
  }
}

Hdf5Id Hdf5Writer::State::space(const std::string& object, const std::vector<int64_t>& shape, size_t values) const {
  std::vector<hsize_t> sides;
  uint64_t product = 1;
  for (const int64_t side : shape) {
    if (side < 0 || __builtin_mul_overflow(product, static_cast<uint64_t>(side), &product)) {
      throw Error(target.string() + ": " + object + ": its shape is negative or too large");
    }
    sides.push_back(static_cast<hsize_t>(side));
  }
  if (product != values) {
    throw Error(target.string() + ": " + object + ": shape of " + std::to_string(product) + " values, given " + std::to_string(values));
  }
  if (sides.empty()) return checked(H5Screate(H5S_SCALAR), H5Sclose, object, "prepare");
  return checked(H5Screate_simple(static_cast<int>(sides.size()), sides.data(), nullptr), H5Sclose, object, "prepare");
}

void Hdf5Writer::State::write_dataset(const std::string& path, hid_t stored, hid_t memory, const void* values, size_t count,
                                      const std::vector<int64_t>& shape) {
  make_parents(path);
  const Hdf5Id where = space(path, shape, count), list = creation(H5P_DATASET_CREATE, path);
  Hdf5Id dataset = checked(H5Dcreate2(open_file(path), path.c_str(), stored, where.get(), H5P_DEFAULT, list.get(), H5P_DEFAULT), H5Dclose,
                           path, "create");
  if (count > 0) check(H5Dwrite(dataset.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), path, "write");
  close(dataset, path);
}

void Hdf5Writer::State::write_attribute(const std::string& object, const std::string& name, hid_t stored, hid_t memory, const void* values,
                                        Hdf5Id space) {
  const std::string shown = object + "@" + name;
  const htri_t there = H5Aexists_by_name(open_file(shown), object.c_str(), name.c_str(), H5P_DEFAULT);
  check(there, shown, "look up");
  if (there > 0) check(H5Adelete_by_name(file.get(), object.c_str(), name.c_str(), H5P_DEFAULT), shown, "replace");
  Hdf5Id attribute =
      checked(H5Acreate_by_name(file.get(), object.c_str(), name.c_str(), stored, space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
              H5Aclose, shown, "create");
  if (values != nullptr) check(H5Awrite(attribute.get(), memory, values), shown, "write");
  close(attribute, shown);
}

namespace {

std::string storable_text(const std::string& text) {
  std::string out;
  for (const char c : well_formed_utf8(text)) out += c == '\0' ? std::string("\u2400") : std::string(1, c);
  return out;
}

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> list;
  list.reserve(texts.size());
  for (const std::string& text : texts) list.push_back(text.c_str());
  return list;
}

template <class Texts>
std::vector<std::string> storable(const Texts& texts) {
  std::vector<std::string> list;
  list.reserve(texts.size());
  for (const std::string& text : texts) list.push_back(storable_text(text));
  return list;
}

}  // namespace

Hdf5Writer::Hdf5Writer(std::filesystem::path target) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.target = std::move(target);
  s.pending.emplace(s.target);
  hdf5_prepare();
  errno = 0;
  const Hdf5Id list = s.creation(H5P_FILE_CREATE, "file");
  const Hdf5Id access = s.checked(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "file", "prepare");
  // The format of HDF5 1.8 (2008) carries checksums of all structure: a damaged file is refused, where the older default can crash a
  // reader.
  s.check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18), "file", "prepare");
  s.file = s.checked(H5Fcreate(s.pending->path().c_str(), H5F_ACC_TRUNC, list.get(), access.get()), H5Fclose, "file", "create");
}

Hdf5Writer::~Hdf5Writer() = default;

void Hdf5Writer::group(const std::string& path) { state_->make_group(path); }

// Stored little-endian whatever the machine, so that the bytes are the same everywhere.
void Hdf5Writer::dataset(const std::string& path, std::span<const float> values, const std::vector<int64_t>& shape) {
  state_->write_dataset(path, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values.data(), values.size(), shape);
}
void Hdf5Writer::dataset(const std::string& path, std::span<const double> values, const std::vector<int64_t>& shape) {
  state_->write_dataset(path, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values.data(), values.size(), shape);
}
void Hdf5Writer::dataset(const std::string& path, std::span<const int64_t> values, const std::vector<int64_t>& shape) {
  state_->write_dataset(path, H5T_STD_I64LE, H5T_NATIVE_INT64, values.data(), values.size(), shape);
}
void Hdf5Writer::dataset(const std::string& path, std::span<const std::string> values) {
  const std::vector<std::string> texts = storable(values);
  const std::vector<const char*> list = pointers(texts);
  const Hdf5Id type = state_->text_type(path);
  state_->write_dataset(path, type.get(), type.get(), list.data(), list.size(), {static_cast<int64_t>(list.size())});
}

void Hdf5Writer::attribute(const std::string& object, const std::string& name, const std::string& value) {
  const std::string text = storable_text(value);
  const char* pointer = text.c_str();
  const Hdf5Id type = state_->text_type(object);
  state_->write_attribute(object, name, type.get(), type.get(), &pointer, state_->space(object, {}, 1));
}
void Hdf5Writer::attribute(const std::string& object, const std::string& name, double value) {
  state_->write_attribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value, state_->space(object, {}, 1));
}
void Hdf5Writer::attribute(const std::string& object, const std::string& name, int64_t value) {
  state_->write_attribute(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value, state_->space(object, {}, 1));
}
void Hdf5Writer::attribute(const std::string& object, const std::string& name, const std::vector<std::string>& values) {
  const std::vector<std::string> texts = storable(values);
  const std::vector<const char*> list = pointers(texts);
  const Hdf5Id type = state_->text_type(object);
  state_->write_attribute(object, name, type.get(), type.get(), list.empty() ? nullptr : list.data(),
                          state_->space(object, {static_cast<int64_t>(list.size())}, list.size()));
}

void Hdf5Writer::commit() {
  State& s = *state_;
  s.check(H5Fflush(s.open_file("file"), H5F_SCOPE_LOCAL), "file", "write");
  s.close(s.file, "file");
  seal_hdf5(s.pending->path());
  s.pending->commit();
}

}  // namespace rolora
#endif
