// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/sleeping_threads.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace rolora::app {

void let_waiting_threads_sleep() {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  std::ifstream line("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(line, word, '\0');) words.push_back(word);
  if (words.empty()) return;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  // By its own path, so that the process keeps its name; both return only where that cannot be, and then it goes on as it is.
  std::error_code none;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", none);
  if (!none) ::execv(program.c_str(), arguments.data());
  ::execv("/proc/self/exe", arguments.data());
  ::unsetenv("OMP_WAIT_POLICY");
}

}  // namespace rolora::app
