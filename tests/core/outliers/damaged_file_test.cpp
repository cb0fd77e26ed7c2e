// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics files whose structure is whole but whose extents and counts are not: written by the HDF5 library itself, which stores any
// extent of a dataset that no chunk was ever allocated for.
#ifdef ROLORA_HAS_HDF5
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <functional>

#include "core/base/error.h"
#include "core/outliers/statistics_file.h"
#include "core/storage/hdf5_seal.h"
#include "tests/support/folders.h"
#include "tests/support/sample_statistics.h"

namespace rolora {
namespace {

using testing::HasSubstr;

// A statistics file opened for damage. The library cuts the seal off when it closes the file; a new one is put there, as anyone can.
class Forged {
 public:
  explicit Forged(const std::filesystem::path& file) : path_(file), file_(H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT)) {
    EXPECT_GE(file_, 0);
  }
  ~Forged() {
    EXPECT_GE(H5Fclose(file_), 0);
    seal_hdf5(path_);
  }
  void extent(const char* path, const std::vector<hsize_t>& sides) const {
    const std::vector<hsize_t> chunk(sides.size(), 1);
    const hid_t space = H5Screate_simple(static_cast<int>(sides.size()), sides.data(), nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    EXPECT_GE(H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data()), 0);
    EXPECT_GE(H5Ldelete(file_, path, H5P_DEFAULT), 0) << path;
    const hid_t data = H5Dcreate2(file_, path, H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    EXPECT_GE(data, 0) << path;
    H5Dclose(data);
    H5Pclose(creation);
    H5Sclose(space);
  }
  void integers(const char* path, const std::vector<int64_t>& values) const {
    const hsize_t count = values.size();
    const hid_t space = H5Screate_simple(1, &count, nullptr);
    EXPECT_GE(H5Ldelete(file_, path, H5P_DEFAULT), 0) << path;
    const hid_t data = H5Dcreate2(file_, path, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    EXPECT_GE(H5Dwrite(data, H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
    H5Dclose(data);
    H5Sclose(space);
  }
  void attribute(const char* object, const char* name, int64_t value) const {
    const hid_t space = H5Screate(H5S_SCALAR);
    EXPECT_GE(H5Adelete_by_name(file_, object, name, H5P_DEFAULT), 0) << object << "@" << name;
    const hid_t at = H5Acreate_by_name(file_, object, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    EXPECT_GE(H5Awrite(at, H5T_NATIVE_INT64, &value), 0) << object << "@" << name;
    H5Sclose(space);
    H5Aclose(at);
  }

  hid_t file() const { return file_; }
  /// The same extent, values and name, but as the creation list says.
  void stored_as(const char* path, const std::function<void(hid_t)>& choose) const {
    const hsize_t count = 24;
    const std::vector<float> values(count, 1.0F);
    const hid_t space = H5Screate_simple(1, &count, nullptr), creation = H5Pcreate(H5P_DATASET_CREATE);
    choose(creation);
    EXPECT_GE(H5Ldelete(file_, path, H5P_DEFAULT), 0) << path;
    const hid_t data = H5Dcreate2(file_, path, H5T_IEEE_F32LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    EXPECT_GE(data, 0) << path;
    if (H5Pget_external_count(creation) == 0) {  // nothing is written there
      EXPECT_GE(H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
    }
    H5Dclose(data);
    H5Pclose(creation);
    H5Sclose(space);
  }

 private:
  std::filesystem::path path_;
  hid_t file_;
};

struct Damage {
  const char* what;
  std::function<void(const Forged&)> forge;
  std::function<void(const StatisticsFile&)> read;
  const char* message;
};

constexpr const char* kSite = "/plain/layers.1.down_in";
constexpr hsize_t kHuge = hsize_t{1} << 62;

const std::vector<Damage>& damages() {
  const auto site = [](const StatisticsFile& file) { file.site("plain", "layers.1.down_in"); };
  const auto full = [](const StatisticsFile& file) { file.full("plain", "layers.1.down_in"); };
  const auto overview = [](const StatisticsFile& file) { file.overview("plain", SiteKind::down_in, "absmax"); };
  const auto text = [](const StatisticsFile& file) { file.text(); };
  const auto nothing = [](const StatisticsFile&) {};
  static const std::vector<Damage> list = {
      {"sides whose product is 2^64, which is 0",
       [](const Forged& f) {
         f.integers("/plain/overview/down_in/layer", {0, 1, 2, 3});
         f.extent("/plain/overview/down_in/absmax", {4, kHuge});
       },
       overview, "/plain/overview/down_in/absmax: expected at most 1099511627776 values, found more"},
      {"sides whose product is 2^63",
       [](const Forged& f) {
         f.extent("/plain/overview/down_in/absmax", {2, kHuge});
       },
       overview, "/plain/overview/down_in/absmax: expected at most"},
      {"more values than the file can hold",
       [](const Forged& f) {
         f.extent("/plain/overview/down_in/absmax", {2, 1 << 30});
       },
       overview, "/plain/overview/down_in/absmax: expected values that fit the file"},
      {"channels far beyond the file", [](const Forged& f) { f.extent("/plain/layers.1.down_in/absmax", {kHuge}); }, site,
       "/plain/layers.1.down_in/absmax: expected at most"},
      {"bins far beyond the file", [](const Forged& f) { f.extent("/plain/layers.1.down_in/hist_counts", {kHuge}); }, site,
       "/plain/layers.1.down_in/hist_counts: expected at most 17728 bins"},
      {"outliers far beyond the file", [](const Forged& f) { f.extent("/plain/layers.1.down_in/topk_value", {kHuge}); }, site,
       "/plain/layers.1.down_in/topk_value: expected at most"},
      {"tokens far beyond the file", [](const Forged& f) { f.extent("/plain/layers.1.down_in/tokens/absmax", {kHuge}); },
       [](const StatisticsFile& file) { file.tokens("plain", "layers.1.down_in"); },
       "/plain/layers.1.down_in/tokens/absmax: expected at most"},
      {"rows far beyond the file", [](const Forged& f) { f.extent("/plain/weights/model.layers.0.mlp.down_proj/row_absmax", {kHuge}); },
       [](const StatisticsFile& file) { file.linears("plain"); }, "row_absmax: expected at most"},
      {"tokens times channels is 2^64",
       [](const Forged& f) {
         f.attribute((std::string(kSite) + "/tensor").c_str(), "tokens", int64_t{1} << 32);
         f.attribute((std::string(kSite) + "/tensor").c_str(), "channels", int64_t{1} << 32);
         f.extent("/plain/layers.1.down_in/full/values", {hsize_t{1} << 32, hsize_t{1} << 32});
       },
       full, "/plain/layers.1.down_in/full/values: expected at most"},
      {"more kept tokens than the site has",
       [](const Forged& f) {
         f.extent("/plain/layers.1.down_in/full/values", {61, 24});
       },
       full, "/plain/layers.1.down_in/full/values: expected at most 60 tokens of 24 channels"},
      {"kept values of another number of channels",
       [](const Forged& f) {
         f.extent("/plain/layers.1.down_in/full/values", {10, 23});
       },
       full, "/plain/layers.1.down_in/full/values: expected at most 60 tokens of 24 channels"},
      {"more ids than the text has", [](const Forged& f) { f.extent("/text/id", {kHuge}); }, text, "/text/id: expected at most 60 ids"},
      {"fewer ids than pieces",
       [](const Forged& f) {
         f.integers("/text/id", {1, 2});
       },
       text, "/text/piece: expected 2 texts, found 60"},
      {"an id below 0",
       [](const Forged& f) {
         f.integers("/text/id", {1, -2});
       },
       text, "/text/id: expected integers from 0"},
      {"a first bin that is no int",
       [](const Forged& f) { f.attribute("/plain/layers.1.down_in/hist_counts", "first_bin", (int64_t{1} << 32) + 1); }, site,
       "/plain/layers.1.down_in/hist_counts: expected bins of finite numbers"},
      {"figures of another file",
       [](const Forged& f) {
         EXPECT_GE(H5Ldelete(f.file(), "/plain/layers.1.down_in/absmax", H5P_DEFAULT), 0);
         EXPECT_GE(H5Lcreate_external("other.h5", "/x", f.file(), "/plain/layers.1.down_in/absmax", H5P_DEFAULT, H5P_DEFAULT), 0);
       },
       site, "/plain/layers.1.down_in/absmax: expected an object of this file, found a link to another place"},
      {"figures that are the bytes of another file",
       [](const Forged& f) {
         f.stored_as("/plain/layers.1.down_in/absmax", [](hid_t creation) { H5Pset_external(creation, "other.bin", 0, 96); });
       },
       site, "/plain/layers.1.down_in/absmax: expected values in this file"},
      {"packed figures, which may unpack to any size",
       [](const Forged& f) {
         f.stored_as("/plain/layers.1.down_in/absmax", [](hid_t creation) {
           const hsize_t chunk = 24;
           H5Pset_chunk(creation, 1, &chunk);
           H5Pset_fletcher32(creation);
         });
       },
       site, "/plain/layers.1.down_in/absmax: expected values as they are, found packed ones"},
      {"windows times context is 2^64",
       [](const Forged& f) {
         f.attribute("/", "windows", int64_t{1} << 32);
         f.attribute("/", "context", int64_t{1} << 32);
       },
       nothing, "/@windows: expected windows of together at most"},
  };
  return list;
}

TEST(DamagedStatisticsFile, ExtentsAreCheckedBeforeTheyAreMultiplied) {
  const test::TempFolder scratch;
  const std::filesystem::path path = scratch / "forged.h5";
  for (const Damage& damage : damages()) {
    SCOPED_TRACE(damage.what);
    test::write_sample(path);
    ASSERT_NO_THROW(damage.read(load_statistics(path)));
    { damage.forge(Forged(path)); }
    try {
      damage.read(load_statistics(path));
      ADD_FAILURE() << "accepted";
    } catch (const InputError& e) {
      EXPECT_THAT(e.what(), HasSubstr(damage.message));
      EXPECT_THAT(e.what(), HasSubstr("forged.h5: "));
    }
  }
}

}  // namespace
}  // namespace rolora
#endif
