// SPDX-License-Identifier: GPL-3.0-or-later
// Where a look that is not saved keeps its integers: in a file without a name, in the folder that TMPDIR names, told to the user.
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/quantization/fake_quantized.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

class TemporaryPlace {
 public:
  explicit TemporaryPlace(const fs::path& folder) {
    if (const char* before = std::getenv("TMPDIR")) before_ = before;
    ::setenv("TMPDIR", folder.c_str(), 1);
  }
  ~TemporaryPlace() {
    if (before_) ::setenv("TMPDIR", before_->c_str(), 1);
    if (!before_) ::unsetenv("TMPDIR");
  }

 private:
  std::optional<std::string> before_;
};

// Nameless files of this process that lie below the folder.
int open_below(const fs::path& folder) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = fs::read_symlink(entry.path(), gone).string();
    if (!gone && target.starts_with(fs::canonical(folder).string() + "/") && target.ends_with("(deleted)")) ++count;
  }
  return count;
}

// Looks at the folder whenever it is told of progress.
class Watcher final : public Monitor {
 public:
  explicit Watcher(fs::path folder, bool stop = false) : folder_(std::move(folder)), stop_(stop) {}
  void progress(std::string_view stage, int64_t done, int64_t total) override {
    if (stage.find(folder_.string()) != std::string_view::npos) named.emplace_back(done, total);
    if (done < total) most_open = std::max(most_open, open_below(folder_));
    empty = empty && fs::is_empty(folder_);
    ++calls_;
  }
  void metric(std::string_view, int64_t, double) override {}
  void notice(std::string_view) override {}
  bool stop_requested() const override { return stop_ && calls_ > 3; }

  std::vector<std::pair<int64_t, int64_t>> named;  ///< progress of the stage that names the folder
  int most_open = 0;
  bool empty = true;

 private:
  fs::path folder_;
  bool stop_;
  int calls_ = 0;
};

class Look : public ::testing::Test {
 protected:
  void SetUp() override {
    test::write_random_model(folder_ / "model", test::small_config());
    model_ = std::make_shared<const Checkpoint>(folder_ / "model");
    spec_.method = WeightMethod::gptq;
    spec_.weights.bits = 4;
    fs::create_directory(place_);
  }
  std::shared_ptr<const FakeQuantizedSource> prepare(Monitor& monitor) const {
    return FakeQuantizedSource::prepare(model_, spec_, test::random_ids(4, 16, 50), {}, monitor);
  }
  test::TempFolder folder_;
  fs::path place_ = folder_ / "place";
  std::shared_ptr<const Checkpoint> model_;
  QuantizationSpec spec_;
};

TEST_F(Look, LiesNamelessInTheFolderThatTheEnvironmentNames) {
  const TemporaryPlace place(place_);
  Watcher watcher(place_);
  const auto look = prepare(watcher);
  EXPECT_GE(watcher.most_open, 1) << "the file is in the named folder";
  EXPECT_TRUE(watcher.empty) << "at no moment could an end of the process leave something there";
  EXPECT_EQ(watcher.named, (std::vector<std::pair<int64_t, int64_t>>{{0, 2}, {2, 2}}));
  EXPECT_EQ(open_below(place_), 0) << "only the map is left";
  EXPECT_FALSE(
      at::equal(look->layer(LayerIndex(1), {})[LinearKind::down].weight, model_->layer(LayerIndex(1), {})[LinearKind::down].weight));
}

TEST_F(Look, StoppedWorkLeavesNothing) {
  const TemporaryPlace place(place_);
  Watcher watcher(place_, /*stop=*/true);
  EXPECT_THROW(prepare(watcher), Cancelled);
  EXPECT_TRUE(fs::is_empty(place_));
  EXPECT_EQ(open_below(place_), 0);
}

TEST_F(Look, APlaceThatIsNotThereIsNamed) {
  const TemporaryPlace place(place_ / "nowhere");
  SilentMonitor monitor;
  try {
    prepare(monitor);
    FAIL() << "accepted";
  } catch (const InputError& e) {
    EXPECT_EQ(std::string(e.what()), "TMPDIR: folder: expected an existing folder, found " + printable((place_ / "nowhere").string()));
  }
}

TEST_F(Look, NothingIsWrittenWhereNoWeightIsQuantized) {
  const TemporaryPlace place(place_ / "nowhere");
  spec_ = {};
  spec_.activations.bits = 4;
  SilentMonitor monitor;
  EXPECT_EQ(prepare(monitor)->reports().size(), 14u);
}

}  // namespace
}  // namespace rolora
