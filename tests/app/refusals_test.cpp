// SPDX-License-Identifier: GPL-3.0-or-later
// Every verb with something wrong: the exit code of the command's contract (1 bad input, 2 wrong usage), one `error:` line, nothing on
// stdout, and the folder as it was before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/app/process.h"
#include "tests/core/jobs/small_run.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::rolora;
using ::testing::HasSubstr;

using Words = std::vector<std::string>;

// A verb as it is called rightly in the test's folder. MODEL stands for the model, OUT for the output.
struct Verb {
  const char* name;
  Words arguments;
  bool writes_folder = false;
};

const std::vector<Verb> kVerbs = {
    {"info", {"MODEL"}},
    {"tokenize", {"MODEL", "--text", "a"}},
    {"statistics", {"MODEL", "--ids", "ids.json", "--context", "16", "--out", "OUT"}},
    {"rotate", {"MODEL", "--out", "OUT"}, true},
    {"finetune", {"MODEL", "--ids", "ids.json", "--format", "text", "--block", "16", "--steps", "1", "--rank", "2", "--out", "OUT"}, true},
    {"merge", {"MODEL", "adapter", "--out", "OUT"}, true},
    {"convert", {"MODEL", "adapter", "--to", "rotated", "--rotated", "turned", "--out", "OUT"}, true},
    {"export", {"MODEL", "--to", "hf", "--out", "OUT"}, true},
    {"quantize", {"MODEL", "--weights", "4", "--out", "OUT"}, true},
    {"evaluate", {"MODEL", "--ids", "ids.json", "--context", "16"}},
    {"generate", {"MODEL", "--ids", "short.json", "--max-new", "2"}},
    {"logits", {"MODEL", "--ids", "short.json", "--out", "OUT"}},
    {"run", {"job.json", "--model", "MODEL", "--out", "OUT"}, true},
    {"random-checkpoint", {"--hidden", "24", "--intermediate", "40", "--heads", "4", "--layers", "1", "--out", "OUT"}, true},
};

bool takes(const Verb& verb, const std::string& word) {
  return std::find(verb.arguments.begin(), verb.arguments.end(), word) != verb.arguments.end();
}

class Refusals : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TempFolder>();
    Json config = test::small_config();
    config["vocab_size"] = 2048;  // the tokenizer's
    test::write_random_model(*folder_ / "model", config, 5);
    fs::copy_file(test::source_folder() / "resources/bundled/tokenizer.model", *folder_ / "model/tokenizer.model");
    test::write_ids(*folder_ / "ids.json", 200, 1);
    test::write_ids(*folder_ / "short.json", 5, 1);
    test::write_text(*folder_ / "file", "not a model");
    test::write_text(*folder_ / "empty.txt", "");
    test::write_text(*folder_ / "bytes.txt", [] {
      std::string text;
      for (int i = 0; i < 100; ++i) text += "word \xff\xfe\xc3 ";
      return text;
    }());
    test::put(*folder_ / "empty/keep", "a folder without config.json");
    test::put(*folder_ / "existing/keep", "of somebody");
    test::put(*folder_ / "job.json", R"({"format": 1, "name": "one", "model": {"path": "model"},
      "texts": {"text": {"file": "ids.json", "corpus": "ids"}},
      "stations": [{"id": "ppl", "kind": "evaluate", "model": "base", "text": "text", "context": 16}]})");
    ASSERT_EQ(
        call({"finetune", "model", "--ids", "ids.json", "--format", "text", "--block", "16", "--steps", "1", "--out", "adapter"}).code, 0);
    ASSERT_EQ(call({"rotate", "model", "--out", "turned"}).code, 0);
    before_ = test::bytes_of_tree(folder_->path());
  }
  static void TearDownTestSuite() { folder_.reset(); }

  static Outcome call(Words arguments) { return rolora(arguments, folder_->path()); }
  static Words words(const Verb& verb, const std::string& model, const std::string& out, const Words& more = {}) {
    Words all = {verb.name};
    for (const std::string& word : verb.arguments) all.push_back(word == "MODEL" ? model : word == "OUT" ? out : word);
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static void expect_refused(const Words& arguments, int code, const std::string& message) {
    std::string shown = "rolora";
    for (const std::string& word : arguments) shown += " " + word;
    const Outcome outcome = call(arguments);
    EXPECT_EQ(outcome.code, code) << shown << "\n" << outcome.err;
    EXPECT_EQ(outcome.out, "") << shown;
    size_t errors = 0;
    for (const std::string& line : outcome.err_lines()) {
      EXPECT_TRUE(line.starts_with("error: ") || line.starts_with("note: ")) << shown << "\n" << line;
      errors += line.starts_with("error: ") ? 1 : 0;
    }
    EXPECT_EQ(errors, 1u) << shown << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(message)) << shown;
    const auto after = test::bytes_of_tree(folder_->path());
    EXPECT_EQ(test::tree_difference(before_, after), "") << shown;
    if (before_ != after) restore(after);
  }
  // One refusal that left something must not hide the next.
  static void restore(const std::map<std::string, std::string>& after) {
    for (const auto& [name, bytes] : after) {
      if (!before_.contains(name)) fs::remove_all(*folder_ / name);
    }
    for (const auto& [name, bytes] : before_) {
      if (!name.ends_with("/")) test::put(*folder_ / name, bytes);
    }
  }

  static std::unique_ptr<test::TempFolder> folder_;
  static std::map<std::string, std::string> before_;
};
std::unique_ptr<test::TempFolder> Refusals::folder_;
std::map<std::string, std::string> Refusals::before_;

TEST_F(Refusals, AModelThatIsNone) {
  for (const Verb& verb : kVerbs) {
    if (!takes(verb, "MODEL")) continue;
    const bool tokenizer = std::string(verb.name) == "tokenize";
    expect_refused(words(verb, "nowhere", "new"), 1, "nowhere: ");
    expect_refused(words(verb, "file", "new"), 1, "file: ");
    expect_refused(words(verb, "empty", "new"), 1, tokenizer ? "empty: tokenizer: expected " : "empty/config.json: file: expected ");
  }
}

TEST_F(Refusals, AnOutputThatCannotBeWritten) {
  for (const Verb& verb : kVerbs) {
    if (!takes(verb, "OUT")) continue;
    expect_refused(words(verb, "model", "file/new"), 1, "file");
    expect_refused(words(verb, "model", "/proc/rolora/new"), 1, "/proc/rolora");
    expect_refused(words(verb, "model", ""), 2, "--out: expected a name, found none");
  }
}

TEST_F(Refusals, AnOutputThatExists) {
  for (const Verb& verb : kVerbs) {
    if (!takes(verb, "OUT")) continue;
    expect_refused(words(verb, "model", "existing"), 1,
                   verb.writes_folder ? "existing: --out: expected a new folder" : "existing: --out: expected a file");
    if (verb.writes_folder) expect_refused(words(verb, "model", "file"), 1, "file: --out: expected ");
  }
}

// Neither inside the model, which is only read, nor around it, where --force would remove it.
TEST_F(Refusals, AnOutputThatMeetsAnInput) {
  for (const Verb& verb : kVerbs) {
    if (!takes(verb, "OUT") || !takes(verb, "MODEL")) continue;
    const Words force = verb.writes_folder ? Words{"--force"} : Words{};
    expect_refused(words(verb, "model", "model", force), 2, "model: --out: expected a place apart from model, found the same");
    expect_refused(words(verb, "model", "./existing/../model/inner", force), 2, "found one inside it");
    expect_refused(words(verb, "model", "model/config.json", force), 2, "found one inside it");
    expect_refused(words(verb, "model", folder_->path().string(), force), 2, "found one that holds it");
  }
  expect_refused({"merge", "model", "adapter", "--out", "adapter", "--force"}, 2, "apart from adapter, found the same");
  expect_refused({"quantize", "model", "--weights", "4", "--ids", "ids.json", "--out", "ids.json", "--force"}, 2, "found the same");
}

TEST_F(Refusals, UnknownOptionsAndValuesOutOfRange) {
  for (const Verb& verb : kVerbs) {
    expect_refused(words(verb, "model", "new", {"--nonsense"}), 2, "--nonsense");
    expect_refused(words(verb, "model", "new", {"--threads", "-1"}), 2, "--threads");
  }
  const std::vector<std::pair<std::string, Words>> options = {{"quantize", {"--weights", "9"}},
                                                              {"quantize", {"--activations", "1"}},
                                                              {"quantize", {"--kv", "0"}},
                                                              {"quantize", {"--group", "-1"}},
                                                              {"quantize", {"--damp", "-1"}},
                                                              {"quantize", {"--activation-clip", "0"}},
                                                              {"quantize", {"--block", "0"}},
                                                              {"quantize", {"--method", "gptq"}},
                                                              {"quantize", {"--samples", "0"}},
                                                              {"evaluate", {"--context", "1"}},
                                                              {"evaluate", {"--corpus", "c4"}},
                                                              {"evaluate", {"--weights", "1"}},
                                                              {"generate", {"--max-new", "0"}},
                                                              {"generate", {"--temperature", "-1"}},
                                                              {"generate", {"--top-p", "0"}},
                                                              {"generate", {"--top-p", "0.5"}},
                                                              {"generate", {"--text", "a"}},
                                                              {"statistics", {"--windows", "-1"}},
                                                              {"statistics", {"--sites", "nose"}},
                                                              {"statistics", {"--keep-tokens", "5"}},
                                                              {"rotate", {"--r1", "sideways"}},
                                                              {"rotate", {"--fold-only", "--r2"}},
                                                              {"rotate", {"--r4", "none", "--r4-signs"}},
                                                              {"finetune", {"--lr", "0"}},
                                                              {"finetune", {"--rank", "0"}},
                                                              {"finetune", {"--targets", "nose"}},
                                                              {"finetune", {"--epochs", "1"}},
                                                              {"finetune", {"--full"}},
                                                              {"finetune", {"--validation", "1"}},
                                                              {"finetune", {"--dropout", "1"}},
                                                              {"merge", {"--store", "int8"}},
                                                              {"random-checkpoint", {"--vocab", "0"}},
                                                              {"run", {"--resume", "--force"}},
                                                              {"run", {"--text", "nothing"}},
                                                              {"tokenize", {"--decode", "ids.json"}},
                                                              {"evaluate", {"--dtype", "int3"}},
                                                              {"rotate", {"--seed", "-1"}},
                                                              {"info", {"--device", "abacus"}}};
  for (const auto& [name, more] : options) {
    for (const Verb& verb : kVerbs) {
      if (verb.name != name) continue;
      Words all = words(verb, "model", "new", more);
      // An option of the right call that is given again here is meant to be replaced.
      for (size_t i = 1; i + more.size() < all.size(); ++i) {
        if (all[i] == more[0]) all.erase(all.begin() + static_cast<std::ptrdiff_t>(i), all.begin() + static_cast<std::ptrdiff_t>(i) + 2);
      }
      expect_refused(all, 2, more[0] == "--method" ? "calibration" : more[0].substr(more[0].find_first_not_of('-'), 3));
    }
  }
}

TEST_F(Refusals, TextsWithoutATokenToLearnFrom) {
  expect_refused({"evaluate", "model", "--context", "16", "--text-file", "empty.txt"}, 1,
                 "(--keep-tail takes a shorter text), found 1 token");
  expect_refused({"statistics", "model", "--context", "16", "--text-file", "empty.txt", "--out", "new"}, 1, "empty.txt: text: expected ");
  expect_refused({"quantize", "model", "--weights", "4", "--context", "16", "--calibration", "empty.txt", "--out", "new"}, 1,
                 "empty.txt: text: expected at least one window of --context 16 tokens, found 1 token");
  expect_refused({"finetune", "model", "--format", "text", "--block", "16", "--data", "empty.txt", "--out", "new"}, 1,
                 "empty.txt: tokens: ");
  expect_refused({"finetune", "model", "--data", "empty.txt", "--out", "new"}, 1, "empty.txt: line 1 column 1: ");
  expect_refused({"rotate", "model", "--text-file", "empty.txt", "--out", "new"}, 1, "empty.txt: text: expected at least two tokens");
  for (const Words& verb : std::vector<Words>{{"evaluate", "model", "--text-file"},
                                              {"statistics", "model", "--out", "new", "--text-file"},
                                              {"quantize", "model", "--weights", "4", "--out", "new", "--calibration"},
                                              {"finetune", "model", "--format", "text", "--out", "new", "--data"},
                                              {"rotate", "model", "--out", "new", "--text-file"},
                                              {"tokenize", "model", "--text-file"}}) {
    for (const char* file : {"nowhere.txt", "existing"}) {
      Words all = verb;
      all.push_back(file);
      expect_refused(all, 1, std::string(file) + ": file: expected a readable file");
    }
  }
}

// Text conventions take a file's bytes as they are; JSON must be UTF-8.
TEST_F(Refusals, BytesThatAreNoUtf8) {
  const Words json = {"--threads", "1", "--json"};
  for (Words verb : std::vector<Words>{{"evaluate", "model", "--context", "16", "--text-file", "bytes.txt"},
                                       {"tokenize", "model", "--text-file", "bytes.txt"},
                                       {"tokenize", "model", "--text", "a\xff"},
                                       {"generate", "model", "--max-new", "2", "--text", "a\xff"}}) {
    verb.insert(verb.end(), json.begin(), json.end());
    const Outcome outcome = call(verb);
    EXPECT_EQ(outcome.code, 0) << verb[0] << ": " << outcome.err;
    EXPECT_TRUE(Json::parse(outcome.out).is_object()) << verb[0];
  }
  expect_refused(
      {"finetune", "model", "--data", "bytes.txt", "--out", "new"}, 1,
      "bytes.txt: document: expected a JSON list of records {instruction, input, output} (--format text reads plain text), found ");
  expect_refused({"tokenize", "model", "--texts", "bytes.txt"}, 1, "bytes.txt: line 1 column ");
  expect_refused({"evaluate", "model", "--ids", "bytes.txt"}, 1, "bytes.txt: line 1 column ");
  expect_refused({"generate", "no\xffmodel", "--ids", "short.json"}, 1, "no?model: ");
}

// A folder's content is bad input, not wrong usage.
TEST_F(Refusals, AModelOfTheWrongKind) {
  ASSERT_EQ(call({"quantize", "model", "--weights", "4", "--out", "quantized"}).code, 0);
  ASSERT_EQ(call({"rotate", "model", "--out", "rotated"}).code, 0);
  const auto kept = before_;
  before_ = test::bytes_of_tree(folder_->path());
  const char* found = "quantized/config.json: rolora.kind: expected a floating-point model";
  expect_refused({"quantize", "quantized", "--weights", "4", "--out", "new"}, 1, found);
  expect_refused({"evaluate", "quantized", "--ids", "ids.json", "--context", "16", "--weights", "4"}, 1, found);
  for (const char* kind : {"quantized", "rotated"}) {
    expect_refused({"finetune", kind, "--full", "--init-random", "1", "--ids", "ids.json", "--format", "text", "--block", "16", "--steps",
                    "1", "--out", "new"},
                   1,
                   std::string(kind) + "/config.json: rolora.kind: expected a plain model whose shape is taken, found one that is " + kind);
  }
  before_ = kept;
  restore(test::bytes_of_tree(folder_->path()));
}

TEST_F(Refusals, TheCallsThemselvesAreRight) {
  for (const Verb& verb : kVerbs) {
    const Outcome outcome = call(words(verb, "model", "new", {"--threads", "1"}));
    EXPECT_EQ(outcome.code, 0) << verb.name << "\n" << outcome.err;
    restore(test::bytes_of_tree(folder_->path()));
  }
}

}  // namespace
}  // namespace rolora
