// SPDX-License-Identifier: GPL-3.0-or-later
// Runs the built command as a user would: its own process, exit code, what it printed.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/folders.h"

namespace rolora::test {

/// The program under test: ROLORA_BIN names it.
inline std::string rolora_program() {
  const char* program = std::getenv("ROLORA_BIN");
  if (program == nullptr) throw std::runtime_error("ROLORA_BIN does not name the program rolora");
  return program;
}

struct Outcome {
  int code = -1;  ///< exit code, or 128 + signal
  std::string out, err;
  /// Lines of stderr.
  std::vector<std::string> err_lines() const {
    std::vector<std::string> lines;
    std::istringstream text(err);
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
  }
};

/// `rolora ARGUMENTS…`, started in a folder; stdout and stderr go to files.
class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments, const std::filesystem::path& where = "/") {
    const std::string program = rolora_program(), out = folder_ / "out", err = folder_ / "err";
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ > 0) return;
    std::vector<char*> argv = {const_cast<char*>(program.c_str())};
    for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
    argv.push_back(nullptr);
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
    if (::chdir(where.c_str()) == 0) ::execv(program.c_str(), argv.data());
    ::_exit(127);
  }
  ~Process() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }
  bool ended() {
    int status = 0;
    if (pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) note(status);
    return pid_ <= 0;
  }
  /// What stderr has so far.
  std::string err_so_far() const { return read_text(folder_ / "err"); }
  Outcome wait() {
    int status = 0;
    if (pid_ > 0 && ::waitpid(pid_, &status, 0) == pid_) note(status);
    return {code_, read_text(folder_ / "out"), read_text(folder_ / "err")};
  }

 private:
  void note(int status) {
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
  }
  TempFolder folder_;
  pid_t pid_ = -1;
  int code_ = -1;
};

inline Outcome rolora(const std::vector<std::string>& arguments, const std::filesystem::path& where = "/") {
  return Process(arguments, where).wait();
}

inline void pause_for(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

}  // namespace rolora::test
