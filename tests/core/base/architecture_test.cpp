// SPDX-License-Identifier: GPL-3.0-or-later
// The house's rules as a test: which floor may know which, how long a file may be, how a header begins. ROLORA_SOURCE names the checkout.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "core/base/version.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

struct Source {
  std::string name;  // relative to the checkout, with '/'
  std::vector<std::string> lines;
  bool header() const { return name.ends_with(".h"); }
  bool in(std::string_view folder) const { return name.starts_with(std::string(folder) + "/"); }
};

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

std::vector<Source> sources_under(const fs::path& root) {
  std::vector<Source> sources;
  for (const char* floor : {"core", "app", "widgets", "tests"}) {
    if (!fs::is_directory(root / floor)) continue;  // widgets comes with the window
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / floor)) {
      const std::string ending = entry.path().extension().string();
      if (!entry.is_regular_file() || (ending != ".h" && ending != ".cpp" && ending != ".cu" && ending != ".cuh")) continue;
      sources.push_back({fs::relative(entry.path(), root).generic_string(), lines_of(entry.path())});
    }
  }
  std::sort(sources.begin(), sources.end(), [](const Source& a, const Source& b) { return a.name < b.name; });
  return sources;
}

/// What an #include line names, without its brackets; nothing for another line.
std::optional<std::string> included(const std::string& line) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])");
  std::smatch match;
  return std::regex_search(line, match, kInclude) ? std::optional(match[1].str()) : std::nullopt;
}

bool qt(const std::string& name) {
  static const std::regex kQt(R"(^(Q[A-Z]\w*(/|$)|Qt\w*/|q[a-z]+\.h$|qcustomplot))");
  return std::regex_search(name, kQt);
}

/// A line's code without comments to the end of the line and without texts in quotes.
std::string code_of(const std::string& line) {
  static const std::regex kTexts(R"re("(\\.|[^"\\])*")re");
  const std::string without = std::regex_replace(line, kTexts, "\"\"");
  return without.substr(0, without.find("//"));
}

/// Whether the line ends the program or, in core, prints by itself.
bool ends_program(const std::string& line) {
  static const std::regex kEnds(R"((^|[^\w.>])(std::|::)?(exit|_exit|_Exit|quick_exit|abort|terminate)\s*\()");
  return std::regex_search(code_of(line), kEnds);
}

bool prints(const std::string& line) {
  static const std::regex kPrints(
      R"(\bstd::(cout|cerr|clog)\b|(^|[^\w.>])(std::|::)?(printf|puts|putchar)\s*\(|\bf(printf|puts)\s*\(\s*std(out|err))");
  return std::regex_search(code_of(line), kPrints);
}

/// The rules that one line of a source breaks, in words; empty when none.
std::vector<std::string> broken_by_line(const Source& source, const std::string& line) {
  std::vector<std::string> broken;
  const bool core = source.in("core"), widgets = source.in("widgets");
  if (const auto name = included(line)) {
    if (core && qt(*name)) broken.push_back("core includes Qt");
    if (core && name->starts_with("widgets/")) broken.push_back("core includes widgets");
    if ((core || widgets) && name->starts_with("app/")) broken.push_back("core or widgets include app");
    if (name->starts_with("tests/") && !source.in("tests")) broken.push_back("the product includes tests");
    if (source.header() && *name == "torch/torch.h") broken.push_back("a header includes torch/torch.h");
  }
  if (core && ends_program(line)) broken.push_back("core ends the program");
  if (core && prints(line)) broken.push_back("core prints");
  return broken;
}

std::vector<std::string> broken_by(const Source& source) {
  constexpr size_t kMostLines = 500;
  std::vector<std::string> broken;
  const auto add = [&](size_t line, const std::string& rule) { broken.push_back(source.name + ":" + std::to_string(line) + ": " + rule); };
  if (source.lines.size() > kMostLines) add(source.lines.size(), "more than 500 lines");
  if (source.lines.empty() || source.lines[0] != "// SPDX-License-Identifier: GPL-3.0-or-later") add(1, "no SPDX line first");
  if (source.header() && std::find(source.lines.begin(), source.lines.end(), "#pragma once") == source.lines.end())
    add(1, "no #pragma once");
  for (size_t i = 0; i < source.lines.size(); ++i) {
    for (const std::string& rule : broken_by_line(source, source.lines[i])) add(i + 1, rule);
  }
  return broken;
}

TEST(Architecture, EverySourceKeepsTheRules) {
  const char* root = std::getenv("ROLORA_SOURCE");
  if (root == nullptr) GTEST_SKIP() << "ROLORA_SOURCE does not name the checkout";
  const std::vector<Source> sources = sources_under(root);
  ASSERT_GT(sources.size(), 30u) << "the walk found nothing";
  for (const Source& source : sources) {
    for (const std::string& broken : broken_by(source)) ADD_FAILURE() << broken;
  }
}

TEST(Architecture, VersionIsTheProjects) {
  const char* root = std::getenv("ROLORA_SOURCE");
  if (root == nullptr) GTEST_SKIP() << "ROLORA_SOURCE does not name the checkout";
  const std::regex version(R"(^project\(rolora-workbench VERSION ([0-9.]+))");
  std::string found;
  for (const std::string& line : lines_of(fs::path(root) / "CMakeLists.txt")) {
    std::smatch match;
    if (std::regex_search(line, match, version)) found = match[1].str();
  }
  EXPECT_EQ(found, kToolVersion);
}

// The rules are only worth something when they find what they are for.
struct Planted {
  const char* file;
  const char* line;
  const char* rule;  // empty: allowed
};

class PlantedLine : public ::testing::TestWithParam<Planted> {};

TEST_P(PlantedLine, IsFoundOrAllowed) {
  const Planted& planted = GetParam();
  const std::vector<std::string> broken = broken_by_line({planted.file, {}}, planted.line);
  const std::string first = broken.empty() ? "" : broken.front();
  EXPECT_EQ(first, planted.rule) << planted.file << ": " << planted.line;
}

INSTANTIATE_TEST_SUITE_P(
    Architecture, PlantedLine,
    ::testing::Values(Planted{"core/a.cpp", "#include <QString>", "core includes Qt"},
                      Planted{"core/a.cpp", "# include <QtCore/QString>", "core includes Qt"},
                      Planted{"core/a.cpp", "#include <qcustomplot.h>", "core includes Qt"},
                      Planted{"core/a.cpp", "#include <qstring.h>", "core includes Qt"}, Planted{"widgets/a.cpp", "#include <QString>", ""},
                      Planted{"core/a.h", "#include \"widgets/plot.h\"", "core includes widgets"},
                      Planted{"core/a.h", "#include \"app/session.h\"", "core or widgets include app"},
                      Planted{"widgets/a.h", "#include \"app/session.h\"", "core or widgets include app"},
                      Planted{"app/a.cpp", "#include \"app/session.h\"", ""},
                      Planted{"app/a.cpp", "#include \"tests/support/x.h\"", "the product includes tests"},
                      Planted{"core/a.h", "#include <torch/torch.h>", "a header includes torch/torch.h"},
                      Planted{"core/a.cpp", "#include \"core/quantization/spec.h\"", ""},
                      Planted{"core/a.cpp", "  std::exit(1);", "core ends the program"},
                      Planted{"core/a.cpp", "  abort();", "core ends the program"},
                      Planted{"core/a.cpp", "if (x) _exit(1);", "core ends the program"},
                      Planted{"core/a.cpp", "  scope_exit(1);  // then exit(2)", ""}, Planted{"core/a.cpp", "  say(\"exit(1)\");", ""},
                      Planted{"core/a.cpp", "  guard.exit(1);", ""}, Planted{"app/a.cpp", "  std::exit(1);", ""},
                      Planted{"core/a.cpp", "  std::cout << 1;", "core prints"}, Planted{"core/a.cpp", "  printf(\"x\");", "core prints"},
                      Planted{"core/a.cpp", "  snprintf(buffer, 3, \"x\");", ""}));

TEST(Architecture, WholeFileRulesFindWhatTheyAreFor) {
  const std::string licence = "// SPDX-License-Identifier: GPL-3.0-or-later";
  EXPECT_EQ(broken_by({"core/a.h", {licence, "#pragma once"}}).size(), 0u);
  EXPECT_EQ(broken_by({"core/a.h", {licence}}).size(), 1u) << "no #pragma once";
  EXPECT_EQ(broken_by({"core/a.cpp", {"", licence}}).size(), 1u) << "SPDX not first";
  EXPECT_EQ(broken_by({"core/a.cpp", {}}).size(), 1u);
  std::vector<std::string> lines(500, "");
  lines[0] = licence;
  EXPECT_EQ(broken_by({"core/a.cpp", lines}).size(), 0u);
  lines.emplace_back();
  EXPECT_EQ(broken_by({"core/a.cpp", lines}).size(), 1u);
}

}  // namespace
}  // namespace rolora
