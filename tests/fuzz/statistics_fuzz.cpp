// SPDX-License-Identifier: GPL-3.0-or-later
// Statistics files. Bytes of any kind must be refused by the seal, before the HDF5 library sees them (it is not ours and loops or crashes
// on damage). What the library then reads is whole as HDF5, sealed as anyone can, and may be wrong in every other way.
#include "core/outliers/statistics_file.h"
#include "core/storage/atomic_file.h"
#include "core/storage/hdf5_seal.h"
#include "tests/fuzz/entry.h"
#include "tests/fuzz/statistics_edits.h"
#include "tests/support/sample_statistics.h"

// The library allocates and frees much: less of what was freed is kept from being used again.
extern "C" const char* __asan_default_options() { return "quarantine_size_mb=16:malloc_context_size=8"; }

namespace {
using namespace rolora;

// One site with kept values, as small as it may be: what an input costs is mostly how many objects are read.
// Returns its bytes, without the seal.
std::string sound_bytes(const fuzz::Folder& folder) {
  test::SampleShape shape;
  shape.layers = shape.windows = 1;
  shape.context = 4;
  StatisticsOfState state = test::sample_state(
      "plain",
      [] {
        test::SampleShape none;
        none.layers = 0;
        return none;
      }(),
      1);
  state.result.windows = shape.windows;
  state.result.context = shape.context;
  state.result.sites.push_back(test::sample_site(shape, 0, SiteKind::down_in, 3, 1, 0, 2));
  SiteStatistics& site = state.result.sites.back();
  for (LogHistogram* bins :
       {&site.all.histogram, &site.without_first.histogram, &site.all.token_histogram, &site.without_first.token_histogram}) {
    bins->counts.resize(3);
    bins->negative.resize(bins->negative.empty() ? 0 : 3);
  }
  LinearStatistics linear;
  linear.name = "model.layers.0.mlp.down_proj";
  linear.rows = linear.columns = 2;
  linear.row = linear.column = {{1, 2}, {3, 3}, {0.5F, 0.25F}};
  state.result.linears.push_back(std::move(linear));
  const auto file = folder.path() / "sound.h5";
  write_statistics(file, test::sample_provenance(shape), {state}, test::sample_texts(shape));
  std::string bytes = read_file(file);
  bytes.resize(bytes.rfind("\nsha256"));
  return bytes;
}

// One of the two views: the other is read by the same code from the group below.
void read_all(const std::filesystem::path& path, bool without_first) {
  const StatisticsFile file = load_statistics(path);
  (void)file.text();
  for (const std::string& state : file.states()) {
    (void)file.model_hash(state);
    (void)file.rotation_checksum(state);
    (void)file.rotation(state);
    (void)file.linears(state);
    for (const std::string& site : file.sites(state)) {
      (void)file.site(state, site, without_first);
      (void)file.tokens(state, site);
      (void)file.top_labelled(state, site, without_first);
      if (file.has_full(state, site) && file.kept_tokens(state, site) > 0) (void)file.full(state, site);
    }
    if (file.has_overview(state, SiteKind::down_in)) (void)file.overview(state, SiteKind::down_in, "absmax", without_first);
  }
}

/// What the refusal says; empty when the file is read.
std::string refusal(const std::filesystem::path& path) {
  try {
    read_all(path, false);
  } catch (const InputError& e) {
    return e.what();
  }
  return {};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const fuzz::Folder folder;
  static const std::string bytes = sound_bytes(folder);
  static const fuzz::Sound sound = fuzz::read_sound(folder.write("sound.h5", bytes));
  if (refusal(folder.write("raw.h5", fuzz::as_text(data, size))).empty()) fuzz::finding("bytes without a seal that are read", "");
  fuzz::Choices choices(data, size);
  const auto file = folder.write("edited.h5", bytes);
  fuzz::edit(file, sound, choices);
  seal_hdf5(file);
  if (const std::string why = size == 0 ? refusal(file) : ""; !why.empty()) fuzz::finding("the sound file is refused", why);
  return fuzz::expect_typed([&] { read_all(file, size % 2 == 0); });
}
