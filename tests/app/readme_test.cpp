// SPDX-License-Identifier: GPL-3.0-or-later
// README's path by hand runs as it is written, from a folder that has the project's resources/.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/storage/json_file.h"
#include "tests/app/process.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// The ```sh blocks of README.md.
std::vector<std::string> shell_blocks() {
  std::istringstream lines(test::read_text(test::source_folder() / "README.md"));
  std::vector<std::string> blocks;
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == "```sh") {
      blocks.emplace_back();
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

TEST(Readme, ThePathByHandRunsAsWritten) {
  std::string path;
  for (const std::string& block : shell_blocks()) {
    if (block.starts_with("R=")) path = block;
  }
  ASSERT_FALSE(path.empty()) << "README has a path by hand";
  const std::string program = "R=build/release/bin/rolora\n";
  ASSERT_TRUE(path.starts_with(program)) << path;
  path = "set -eu\nR='" + test::rolora_program() + "'\n" + path.substr(program.size());
  // The same commands on the beginning of the same texts, with less of the same work; a word that README no longer has makes this fail.
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{{"--steps 10", "--steps 1 --batch 1 --validation 0"},
                                                                                 {"--samples 16", "--samples 2"},
                                                                                 {"TEXTS=resources/texts", "TEXTS=texts"},
                                                                                 {"--windows 8", "--windows 1"}}) {
    ASSERT_NE(path.find(from), std::string::npos) << from;
    path.replace(path.find(from), from.size(), to);
  }
  const test::TempFolder folder;
  fs::create_directory_symlink(fs::absolute(test::source_folder() / "resources"), folder / "resources");
  fs::create_directory(folder / "texts");
  for (const fs::directory_entry& text : fs::directory_iterator(test::source_folder() / "resources/texts")) {
    test::write_text(folder / "texts" / text.path().filename(), test::read_text(text.path()).substr(0, 8000));
  }
  test::write_text(folder / "path.sh", path);
  const std::string command = "cd '" + folder.path().string() + "' && sh path.sh > out 2> err";
  ASSERT_EQ(std::system(command.c_str()), 0) << test::read_text(folder / "err");
  const std::string out = test::read_text(folder / "out");
  for (const char* said : {"family ", "gate on ", "token ratio", "trained ", "difference ", "SQNR", "perplexity "}) {
    EXPECT_THAT(out, HasSubstr(said));
  }
  for (const char* made :
       {"rotated/rotation.json", "outliers.h5", "adapter/adapter_config.json", "tuned/model.safetensors", "w4a4/quantization.json"}) {
    EXPECT_TRUE(fs::exists(folder / "runs/by-hand" / made)) << made;
  }
}

TEST(Readme, NamesEveryVerbThatThereIs) {
  const std::string page = test::read_text(test::source_folder() / "README.md"), help = test::rolora({"--help"}).out;
  std::istringstream lines(help.substr(help.find("Subcommands:") + 13));
  int verbs = 0;
  for (std::string line; std::getline(lines, line) && line.starts_with("  ");) {
    const std::string verb = line.substr(2, line.find(' ', 2) - 2);
    EXPECT_THAT(page, HasSubstr("`" + verb + " ")) << verb;
    ++verbs;
  }
  EXPECT_GE(verbs, 12);
}

}  // namespace
}  // namespace rolora
