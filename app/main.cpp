// SPDX-License-Identifier: GPL-3.0-or-later
// rolora: the command line of RoLoRA Workbench. Exit codes: 0 done, 1 failed (one line on stderr), 2 wrong usage, 130 stopped on request.
#include <filesystem>
#include <iostream>

#include "app/session.h"
#include "app/sleeping_threads.h"
#include "app/verbs.h"
#include "core/base/error.h"
#include "core/base/version.h"

namespace {

constexpr const char* kOverview =
    R"(One path through it, on a Hugging Face folder of a LLaMA and texts of your own:
  rolora info llama                                                        what is it, and what can be rotated?
  rolora rotate llama --out rotated                                        rotate; refused unless it computes the same
  rolora statistics llama --against rotated --text-file c.txt --out s.h5   outliers before and after, on the same tokens
  rolora finetune rotated --data alpaca.json --out adapter                 LoRA on the rotated model
  rolora merge rotated adapter --out tuned --store float32                 the adapter into the weights
  rolora quantize tuned --out w4a4 --weights 4 --activations 4 --method gptq --calibration c.txt
  rolora evaluate w4a4 --text-file e.txt                                   perplexity
or all of it, resumable and with a report: rolora run JOB.json --out DIR (resources/jobs has a job and its schema))"
#ifdef ROLORA_HAS_WINDOW
    R"(;
its figures for a paper: rolora figures DIR --out FIGURES)"
#endif
    R"(

rolora VERB --help gives every option with its default and where that comes from: a paper (RoLoRA, QuaRot, GPTQ, LoRA), a library
(transformers), the command contract (what scripts rely on: it never changes silently), or our own choice.
Exit codes: 0 done, 1 failed (one error line on stderr), 2 wrong usage, 130 stopped by Ctrl-C or SIGTERM after saving
(a second one, a second or more later, ends at once without saving).)";

// LibTorch's messages carry stack traces; the first line says what happened.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

int run_verb(rolora::app::Verbs& verbs) {
  try {
    verbs.run();
    return 0;
  } catch (const rolora::Cancelled& e) {
    if (!rolora::app::reports_json(verbs.general())) std::cerr << "stopped: " << e.what() << '\n';
    return 130;
  } catch (const rolora::app::ToldElsewhere& e) {
    return e.code();
  } catch (const rolora::UsageError& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 2;
  } catch (const std::filesystem::filesystem_error& e) {  // a link to itself, say
    std::cerr << "error: " << rolora::InputError(e.path1().string(), "file", "a path that can be used", e.code().message()).what() << '\n';
    return 1;
  } catch (const std::bad_alloc&) {
    std::cerr << "error: memory: expected enough for this model, found none left\n";
    return 1;
  } catch (const std::exception& e) {
    std::cerr << "error: " << first_line(e.what()) << '\n';
    return 1;
  }
}

int wrong_usage(const std::string& what, const std::string& verb = "") {
  std::cerr << "error: " << rolora::printable(what, 400) << " (see rolora " << (verb.empty() ? "" : verb + " ") << "--help)\n";
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace rolora::app;
  CLI::App root{"RoLoRA Workbench: rotate, fine-tune, quantize and evaluate LLaMA-family models", "rolora"};
  root.set_version_flag("--version", std::string("rolora ") + rolora::kToolVersion, "Print the version and exit");
  root.require_subcommand(0, 1);  // none at all is refused below, after other mistakes
  Verbs verbs(root);
  add_all_verbs(verbs);
  root.footer(kOverview);  // after the verbs, which would take it over
  if (argc > 1 && argv[1][0] != '-' && root.get_subcommands([&](const CLI::App* verb) { return verb->check_name(argv[1]); }).empty()) {
    return wrong_usage(rolora::printable(argv[1]) + ": expected a verb, found none of that name");
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return root.exit(e);  // --help, --version
    return wrong_usage(e.what(), root.get_subcommands().empty() ? "" : root.get_subcommands().front()->get_name());
  }
  if (root.get_subcommands().empty()) return wrong_usage("expected a verb, found none");
  if (root.got_subcommand("run")) let_waiting_threads_sleep();  // before a signal could be heard and forgotten
  install_signal_handlers();
  return run_verb(verbs);
}
