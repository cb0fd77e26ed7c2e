// SPDX-License-Identifier: GPL-3.0-or-later
// The pictures of README: all are there, small, and made by packaging/gallery.sh, which says what it lacks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>
#include <set>

#include "tests/app/process.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const char kGallery[] = "resources/pictures/gallery";

std::set<std::string> found_in(const std::string& text, const std::regex& pattern) {
  std::set<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) found.insert((*at)[1]);
  return found;
}

std::string script() { return test::read_text(test::source_folder() / "packaging/gallery.sh"); }

/// Runs packaging/gallery.sh; PATH may be one in which no tool is found.
test::Outcome gallery(const std::string& arguments, const std::string& path = "$PATH") {
  const test::TempFolder folder;
  const std::string where = fs::absolute(test::source_folder()).string();
  const std::string command = "cd '" + folder.path().string() + "' && PATH=" + path + " /bin/bash '" + where + "/packaging/gallery.sh' " +
                              arguments + " > out 2> err";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, test::read_text(folder / "out"), test::read_text(folder / "err")};
}

TEST(Gallery, EveryPictureThatReadmeShowsIsThere) {
  const std::string page = test::read_text(test::source_folder() / "README.md");
  const std::set<std::string> named = found_in(page, std::regex(R"((resources/pictures/[\w/.-]+))"));
  EXPECT_GE(named.size(), 8u);
  uintmax_t together = 0;
  for (const std::string& picture : named) {
    const fs::path file = test::source_folder() / picture;
    ASSERT_TRUE(fs::is_regular_file(file)) << picture;
    EXPECT_EQ(test::read_text(file).substr(0, 8), "\x89PNG\r\n\x1a\n") << picture;
    EXPECT_LT(fs::file_size(file), 150'000u) << picture;
    together += fs::file_size(file);
  }
  EXPECT_LT(together, 1'200'000u) << "a clone should not be slow for pictures";
}

TEST(Gallery, EveryPictureIsShownAndMadeByTheScript) {
  const std::string page = test::read_text(test::source_folder() / "README.md");
  const std::set<std::string> made = found_in(script(), std::regex(R"((?:^|[\s;&])look ([a-z0-9-]+))"));
  EXPECT_GE(made.size(), 12u) << "the whole story is looked at";
  int pictures = 0;
  for (const fs::directory_entry& picture : fs::directory_iterator(test::source_folder() / kGallery)) {
    EXPECT_THAT(page, HasSubstr(std::string(kGallery) + "/" + picture.path().filename().string())) << "README does not show it";
    EXPECT_THAT(made, Contains(picture.path().stem().string())) << "packaging/gallery.sh does not make it";
    ++pictures;
  }
  EXPECT_GE(pictures, 8);
}

TEST(Gallery, HelpNamesEveryOption) {
  const test::Outcome help = gallery("--help");
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.err, IsEmpty());
  const std::set<std::string> options = found_in(script(), std::regex(R"(\n    (--[a-z]+)\))"));
  EXPECT_GE(options.size(), 4u);
  for (const std::string& option : options) EXPECT_THAT(help.out, HasSubstr(option));
}

TEST(Gallery, SaysInOneLineWhichToolsAreMissing) {
  const test::Outcome refused = gallery("", "/nowhere");
  EXPECT_EQ(refused.code, 1);
  ASSERT_EQ(refused.err_lines().size(), 1u) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("error: gallery.sh: expected the tools Xvfb xdotool import"));
  EXPECT_THAT(refused.err, HasSubstr("(Debian packages: xvfb xdotool imagemagick procps)")) << "each package once";
}

TEST(Gallery, WrongOptionIsWrongUsage) {
  const test::Outcome refused = gallery("--frames 3");
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.err, "error: gallery.sh: --frames: expected an option (see --help), found none\n");
}

}  // namespace
}  // namespace rolora
