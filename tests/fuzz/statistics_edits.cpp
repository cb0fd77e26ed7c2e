// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/statistics_edits.h"

namespace rolora::fuzz {
namespace {

constexpr int kMostEdits = 8;

Hdf5Id open_for_edits(const std::filesystem::path& file) {
  hdf5_prepare();
  const Hdf5Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18);  // as the writer
  Hdf5Id opened(H5Fopen(file.c_str(), H5F_ACC_RDWR, access.get()), H5Fclose);
  if (!opened.valid()) finding("the sound file does not open", hdf5_reason());
  return opened;
}

herr_t note_attribute(hid_t, const char* name, const H5A_info_t*, void* list) {
  static_cast<std::vector<std::string>*>(list)->emplace_back(name);
  return 0;
}
herr_t note_object(hid_t, const char* name, const H5O_info_t*, void* list) {
  static_cast<std::vector<std::string>*>(list)->emplace_back(name[0] == '.' ? "/" : "/" + std::string(name));
  return 0;
}

// One file under edit.
class Edits {
 public:
  Edits(const Sound& sound, hid_t file, Choices& choices) : sound_(sound), file_(file), choices_(choices) {}
  void one();

 private:
  const std::string& object() { return choices_.one_of(sound_.objects); }
  std::string place() {  // of a name that is there, or of a new one
    return choices_.byte() % 2 == 0 ? object() : object() + "/" + choices_.text().substr(0, 20);
  }
  Hdf5Id type();
  Hdf5Id space();
  void dataset(const std::string& path);
  void values(const std::string& path);
  void number_attribute(const std::string& object, const std::string& name);
  void text_attribute(const std::string& object, const std::string& name);
  void texts(const std::string& path);
  void link();

  const Sound& sound_;
  hid_t file_;
  Choices& choices_;
};

Hdf5Id Edits::type() {
  const hid_t kTypes[] = {H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_I64LE, H5T_STD_U64LE, H5T_STD_I8LE, H5T_STD_B8LE, H5T_IEEE_F32BE};
  const size_t kind = choices_.below(12);
  if (kind < std::size(kTypes)) return {H5Tcopy(kTypes[kind]), H5Tclose};
  if (kind == 7) return hdf5_text_type();
  if (kind == 8) return {H5Tvlen_create(H5T_IEEE_F32LE), H5Tclose};
  if (kind == 9) {
    const hsize_t sides[] = {3};
    return {H5Tarray_create2(H5T_IEEE_F32LE, 1, sides), H5Tclose};
  }
  Hdf5Id text(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(text.get(), kind == 10 ? 4 : 1000);
  H5Tset_strpad(text.get(), kind == 10 ? H5T_STR_SPACEPAD : H5T_STR_NULLPAD);
  return text;
}

Hdf5Id Edits::space() {
  std::vector<hsize_t> sides(choices_.byte() % 4);
  for (hsize_t& side : sides) side = choices_.side();
  if (sides.empty()) return {H5Screate(choices_.byte() % 4 == 1 ? H5S_NULL : H5S_SCALAR), H5Sclose};
  return {H5Screate_simple(static_cast<int>(sides.size()), sides.data(), nullptr), H5Sclose};
}

void Edits::dataset(const std::string& path) {
  const Hdf5Id stored = type(), extent = space(), creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  const int layout = choices_.byte() % 4, rank = H5Sget_simple_extent_ndims(extent.get());
  if (layout == 1) H5Pset_layout(creation.get(), H5D_COMPACT);
  if (layout >= 2 && rank > 0) {
    H5Pset_chunk(creation.get(), rank, std::vector<hsize_t>(static_cast<size_t>(rank), 1).data());
    if (layout == 3) H5Pset_deflate(creation.get(), 9);
  }
  if (path != "/") H5Ldelete(file_, path.c_str(), H5P_DEFAULT);
  const Hdf5Id made(H5Dcreate2(file_, path.c_str(), stored.get(), extent.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Dclose);
  if (made.valid() && choices_.byte() % 2 == 0) values(path);
}

void Edits::values(const std::string& path) {
  const Hdf5Id data(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose);
  const Hdf5Id extent(data.valid() ? H5Dget_space(data.get()) : H5I_INVALID_HID, H5Sclose);
  const hssize_t count = extent.valid() ? H5Sget_simple_extent_npoints(extent.get()) : -1;
  if (count <= 0 || count > 5000) return;
  std::vector<double> list(static_cast<size_t>(count), choices_.number());
  for (int changes = choices_.byte() % 4; changes > 0; --changes) {
    double& value = list[choices_.below(list.size())];
    value = choices_.number();
  }
  H5Dwrite(data.get(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, list.data());
}

void Edits::number_attribute(const std::string& object, const std::string& name) {
  H5Adelete_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT);
  const Hdf5Id stored = type(), extent = space();
  const hssize_t count = H5Sget_simple_extent_npoints(extent.get());
  if (count > 1000) return;  // attributes have their storage at once
  const Hdf5Id made(
      H5Acreate_by_name(file_, object.c_str(), name.c_str(), stored.get(), extent.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  const std::vector<double> list(count > 0 ? static_cast<size_t>(count) : 1, choices_.number());
  if (made.valid()) H5Awrite(made.get(), H5T_NATIVE_DOUBLE, list.data());
}

void Edits::text_attribute(const std::string& object, const std::string& name) {
  H5Adelete_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT);
  const Hdf5Id stored = hdf5_text_type();
  const hsize_t count = choices_.byte() % 5;
  const Hdf5Id extent(count == 1 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &count, nullptr), H5Sclose);
  const Hdf5Id made(
      H5Acreate_by_name(file_, object.c_str(), name.c_str(), stored.get(), extent.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  std::vector<std::string> list(count);
  std::vector<const char*> pointers;
  for (std::string& text : list) pointers.push_back((text = choices_.text()).c_str());
  if (made.valid() && count > 0) H5Awrite(made.get(), stored.get(), pointers.data());
}

void Edits::texts(const std::string& path) {
  const Hdf5Id stored = hdf5_text_type();
  const hsize_t count = choices_.byte();
  const Hdf5Id extent(H5Screate_simple(1, &count, nullptr), H5Sclose);
  if (path != "/") H5Ldelete(file_, path.c_str(), H5P_DEFAULT);
  const Hdf5Id made(H5Dcreate2(file_, path.c_str(), stored.get(), extent.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Dclose);
  const std::string text = choices_.text();
  const std::vector<const char*> list(count, text.c_str());
  if (made.valid() && count > 0) H5Dwrite(made.get(), stored.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, list.data());
}

void Edits::link() {
  const std::string from = object(), to = place();
  const int kind = choices_.byte() % 4;
  if (kind != 3 && to != "/") H5Ldelete(file_, to.c_str(), H5P_DEFAULT);
  if (kind == 0) H5Lcreate_hard(file_, from.c_str(), file_, to.c_str(), H5P_DEFAULT, H5P_DEFAULT);  // also to a group above: a cycle
  if (kind == 1) H5Lcreate_soft(from.c_str(), file_, to.c_str(), H5P_DEFAULT, H5P_DEFAULT);
  if (kind == 2) H5Lcreate_external("other.h5", from.c_str(), file_, to.c_str(), H5P_DEFAULT, H5P_DEFAULT);
  if (kind == 3) H5Lmove(file_, from.c_str(), file_, to.c_str(), H5P_DEFAULT, H5P_DEFAULT);
}

void Edits::one() {
  const auto attribute = [&] { return choices_.one_of(sound_.attributes); };
  switch (choices_.byte() % 10) {
    case 0:
      H5Ldelete(file_, object().c_str(), H5P_DEFAULT);
      break;
    case 1: {
      const auto [of, name] = attribute();
      H5Adelete_by_name(file_, of.c_str(), name.c_str(), H5P_DEFAULT);
      break;
    }
    case 2:
      dataset(place());
      break;
    case 3:
      values(object());
      break;
    case 4: {
      const auto [of, name] = attribute();
      number_attribute(of, name);
      break;
    }
    case 5: {
      const auto [of, name] = attribute();
      text_attribute(of, name);
      break;
    }
    case 6:
      texts(place());
      break;
    case 7:
      link();
      break;
    case 8: {
      const Hdf5Id made(H5Gcreate2(file_, place().c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose);
      break;
    }
    default: {  // another object's attribute, or a new one
      const auto [of, name] = attribute();
      number_attribute(object(), choices_.byte() % 2 == 0 ? name : choices_.text().substr(0, 20));
    }
  }
}

}  // namespace

Sound read_sound(const std::filesystem::path& path) {
  Sound sound;
  const Hdf5Id file = open_for_edits(path);
  H5Ovisit2(file.get(), H5_INDEX_NAME, H5_ITER_INC, note_object, &sound.objects, H5O_INFO_BASIC);
  for (const std::string& object : sound.objects) {
    std::vector<std::string> names;
    H5Aiterate_by_name(file.get(), object.c_str(), H5_INDEX_NAME, H5_ITER_INC, nullptr, note_attribute, &names, H5P_DEFAULT);
    for (const std::string& name : names) sound.attributes.emplace_back(object, name);
  }
  return sound;
}

void edit(const std::filesystem::path& path, const Sound& sound, Choices& choices) {
  const Hdf5Id file = open_for_edits(path);
  Edits edits(sound, file.get(), choices);
  for (int i = 0; i < kMostEdits && choices.more(); ++i) edits.one();
}

}  // namespace rolora::fuzz
