// SPDX-License-Identifier: GPL-3.0-or-later
// rolora: the command line of RoLoRA Workbench. Exit codes: 0 done, 1 failed (one line on stderr), 2 wrong usage, 130 stopped on request.
#include <iostream>

#include "app/session.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/base/version.h"

namespace {

// LibTorch's messages carry stack traces; the first line says what happened.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

int run_verb(rolora::app::Verbs& verbs) {
  try {
    verbs.run();
    return 0;
  } catch (const rolora::Cancelled& e) {
    std::cerr << "stopped: " << e.what() << '\n';
    return 130;
  } catch (const rolora::UsageError& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 2;
  } catch (const std::bad_alloc&) {
    std::cerr << "error: memory: expected enough for this model, found none left\n";
    return 1;
  } catch (const std::exception& e) {
    std::cerr << "error: " << first_line(e.what()) << '\n';
    return 1;
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace rolora::app;
  CLI::App root{"RoLoRA Workbench: rotate, fine-tune, quantize and evaluate LLaMA-family models"};
  root.set_version_flag("--version", rolora::kToolVersion);
  root.require_subcommand(1);
  Verbs verbs(root);
  add_all_verbs(verbs);
  if (argc > 1 && argv[1][0] != '-' && root.get_subcommands([&](const CLI::App* verb) { return verb->check_name(argv[1]); }).empty()) {
    std::cerr << "error: " << rolora::printable(argv[1]) << ": expected a verb of rolora --help, found none of that name\n";
    return 2;
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return root.exit(e) == 0 ? 0 : 2;
  }
  install_signal_handlers();
  return run_verb(verbs);
}
