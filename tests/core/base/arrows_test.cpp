// SPDX-License-Identifier: GPL-3.0-or-later
// ARCHITECTURE.md draws which room of core stands on which: every #include follows an arrow, or several in a row; none points back.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace rolora {
namespace {

namespace fs = std::filesystem;
using Arrows = std::map<std::string, std::set<std::string>>;

std::vector<std::string> words_of(const std::string& list) {
  static const std::regex kWord(R"([a-z]+)");
  return {std::sregex_token_iterator(list.begin(), list.end(), kWord), {}};
}

// Lines "a, b ──> c, d   (remark)" of the drawing below core.
Arrows drawn(std::istream& page) {
  static const std::regex kLine(R"(^ +([a-z]+(, [a-z]+)*) ──> ([a-z]+(, [a-z]+)*)( *\(.*)?$)");
  Arrows arrows;
  for (std::string line; std::getline(page, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, kLine)) continue;
    for (const std::string& from : words_of(match[1])) {
      for (const std::string& to : words_of(match[3])) arrows[from].insert(to);
    }
  }
  return arrows;
}

// Every room that can be reached, base always.
std::set<std::string> reached(const Arrows& arrows, const std::string& room) {
  std::set<std::string> rooms = {"base"};
  std::vector<std::string> open = {room};
  while (!open.empty()) {
    const std::string at = open.back();
    open.pop_back();
    const auto found = arrows.find(at);
    if (found == arrows.end()) continue;
    for (const std::string& next : found->second) {
      if (rooms.insert(next).second) open.push_back(next);
    }
  }
  return rooms;
}

// "file includes what": the rooms of core that a source's includes name.
std::set<std::string> included_rooms(const fs::path& file) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*"core/([a-z]+)/)");
  std::set<std::string> rooms;
  std::ifstream in(file);
  std::smatch match;
  for (std::string line; std::getline(in, line);) {
    if (std::regex_search(line, match, kInclude)) rooms.insert(match[1]);
  }
  return rooms;
}

TEST(Arrows, DrawingIsReadWithItsRemarksAndRows) {
  std::istringstream page(
      "app\n  └─> core   no Qt\n        jobs ──> model, storage\n        a, b ──> storage   (no tensors)\n  storage ──> base\n");
  const Arrows arrows = drawn(page);
  EXPECT_EQ(arrows, (Arrows{{"jobs", {"model", "storage"}}, {"a", {"storage"}}, {"b", {"storage"}}, {"storage", {"base"}}}));
  EXPECT_EQ(reached(arrows, "jobs"), (std::set<std::string>{"base", "model", "storage"}));
  EXPECT_EQ(reached(arrows, "base"), (std::set<std::string>{"base"}));
}

TEST(Arrows, EveryIncludeOfCoreFollowsThem) {
  const char* root = std::getenv("ROLORA_SOURCE");
  ASSERT_NE(root, nullptr) << "ROLORA_SOURCE names the checkout";
  std::ifstream page(fs::path(root) / "ARCHITECTURE.md");
  const Arrows arrows = drawn(page);
  ASSERT_GE(arrows.size(), 8u) << "ARCHITECTURE.md draws the rooms";
  size_t files = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(fs::path(root) / "core")) {
    if (!entry.is_regular_file()) continue;
    const std::string name = fs::relative(entry.path(), fs::path(root) / "core").generic_string();
    if (name.find('/') == std::string::npos) continue;
    const std::string room = name.substr(0, name.find('/'));
    std::set<std::string> may = reached(arrows, room);
    EXPECT_FALSE(may.contains(room) && room != "base") << room << " stands on itself";
    may.insert(room);
    for (const std::string& used : included_rooms(entry.path())) {
      EXPECT_TRUE(may.contains(used)) << "core/" << name << " includes core/" << used << ", which ARCHITECTURE.md does not draw";
    }
    ++files;
  }
  EXPECT_GT(files, 100u) << "the walk found nothing";
}

}  // namespace
}  // namespace rolora
