// SPDX-License-Identifier: GPL-3.0-or-later
// A statistics file, without the seal that would tell every change at once: the library HDF5 and our checks of what it returns.
#include "core/outliers/statistics_file.h"
#include "tests/fuzz/entry.h"

// The library forgets to free some of what it had read when it refuses a file, and looking for leaks after each would take all the time.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rolora;
  static const fuzz::Folder folder;
  const auto file = folder.write("s.h5", fuzz::as_text(data, size));
  return fuzz::expect_typed([&] {
    const StatisticsFile opened = load_statistics(file);
    (void)opened.text();
    for (const std::string& state : opened.states()) {
      (void)opened.rotation(state);
      (void)opened.linears(state);
      for (const std::string& site : opened.sites(state)) {
        (void)opened.site(state, site);
        (void)opened.tokens(state, site);
        (void)opened.top_labelled(state, site);
      }
    }
  });
}
