// SPDX-License-Identifier: GPL-3.0-or-later
// An adapter and its base: what PEFT is told of it, and that no verb puts it beside other weights without a word.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/storage/json_file.h"
#include "tests/app/process.h"
#include "tests/core/jobs/small_run.h"
#include "tests/support/random_model.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;
using test::Outcome;
using test::rolora;
using ::testing::AllOf;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

// model and other, of one shape, each rotated by R1 and R2; tuned is model's rotated twin with an adapter merged, so that it has the same
// rotation and other weights. An adapter on each: on-model, ….
class Adapters : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<test::TempFolder>();
    test::write_ids(*folder_ / "ids.json", 200, 1);
    test::write_ids(*folder_ / "short.json", 5, 1);
    for (const std::string model : {"model", "other"}) {
      test::write_random_model(*folder_ / model, test::small_config(), model == "model" ? 5 : 6);
      done({"rotate", model, "--r2", "--r4", "none", "--out", "turned-" + model});
    }
    for (const std::string base : {"model", "other", "turned-model"}) train(base);
    done({"merge", "turned-model", "on-turned-model", "--out", "tuned"});
    train("tuned");
  }
  static void TearDownTestSuite() { folder_.reset(); }
  static fs::path at(const std::string& name) { return *folder_ / name; }
  static Outcome call(const Words& words) { return rolora(words, folder_->path()); }
  static Outcome done(const Words& words) {
    Outcome outcome = call(words);
    EXPECT_EQ(outcome.code, 0) << words[0] << "\n" << outcome.err;
    return outcome;
  }
  static void train(const std::string& base) {
    done({"finetune", "./" + base + "/", "--ids", "ids.json", "--block", "16", "--steps", "2", "--lr", "0.01", "--out", "on-" + base});
  }
  static void expect_refused(const Words& words, int code, const ::testing::Matcher<std::string>& message) {
    const Outcome outcome = call(words);
    EXPECT_EQ(outcome.code, code) << words[0] << "\n" << outcome.err;
    EXPECT_THAT(outcome.err, message) << words[0];
  }
  static Json base_name(const std::string& adapter) {
    return read_json_file(at(adapter) / "adapter_config.json").at("base_model_name_or_path");
  }
  static std::string base_hash(const std::string& adapter) { return read_json_file(at(adapter) / "rolora_adapter.json").at("base_hash"); }
  static std::unique_ptr<test::TempFolder> folder_;
};
std::unique_ptr<test::TempFolder> Adapters::folder_;

// PEFT's AutoPeftModel opens what the field names, from wherever it is started, and computes with any weights that fit.
TEST_F(Adapters, NameTheModelThatTheyStandOn) {
  EXPECT_EQ(base_name("on-model"), fs::canonical(at("model")).string());
  EXPECT_EQ(base_name("on-turned-model"), fs::canonical(at("turned-model")).string());
  done({"convert", "model", "on-model", "--to", "rotated", "--rotated", "turned-model", "--out", "to-rotated"});
  EXPECT_EQ(base_name("to-rotated"), fs::canonical(at("turned-model")).string());
  EXPECT_THAT(done({"convert", "turned-model", "to-rotated", "--to", "plain", "--out", "to-plain"}).err, HasSubstr("--base"));
  EXPECT_EQ(base_name("to-plain"), "") << "nobody said where the plain model is";
  EXPECT_EQ(base_hash("to-plain"), base_hash("on-model"));
}

TEST_F(Adapters, BesideOtherWeightsAreTold) {
  ASSERT_NE(base_hash("on-model"), base_hash("on-other"));
  const std::vector<Words> calls = {
      {"logits", "other", "--adapter", "on-model", "--ids", "short.json", "--out", "logits.safetensors"},
      {"generate", "other", "--adapter", "on-model", "--ids", "short.json", "--max-new", "1"},
      {"evaluate", "other", "--adapter", "on-model", "--ids", "ids.json", "--context", "16"},
      {"statistics", "other", "--adapter", "on-model", "--ids", "ids.json", "--context", "16", "--out", "s.h5"},
      {"merge", "other", "on-model", "--out", "merged"},
      {"finetune", "other", "--init-adapter", "on-model", "--ids", "ids.json", "--block", "16", "--steps", "1", "--out", "went-on"}};
  for (const Words& words : calls) {
    EXPECT_THAT(done(words).err, AllOf(HasSubstr("other weights"), HasSubstr(base_hash("on-model").substr(0, 12)),
                                       HasSubstr(base_hash("on-other").substr(0, 12))))
        << words[0];
  }
  EXPECT_EQ(base_hash("went-on"), base_hash("on-other"));
  EXPECT_THAT(done({"logits", "model", "--adapter", "on-model", "--ids", "short.json", "--out", "l.safetensors"}).err,
              ::testing::Not(HasSubstr("other weights")));
}

TEST_F(Adapters, AreNotConvertedFromOtherWeights) {
  ASSERT_NE(base_hash("on-turned-model"), base_hash("on-tuned"));
  expect_refused({"convert", "tuned", "on-turned-model", "--to", "plain", "--out", "new"}, 1,
                 AllOf(HasSubstr(base_hash("on-turned-model")), HasSubstr(base_hash("on-tuned"))));
  expect_refused({"convert", "other", "on-model", "--to", "rotated", "--rotated", "turned-other", "--out", "new"}, 1,
                 AllOf(HasSubstr(base_hash("on-model")), HasSubstr(base_hash("on-other"))));
  EXPECT_FALSE(fs::exists(at("new")));
}

TEST_F(Adapters, StandBesideTheQuantizedFolderOfTheirBase) {
  done({"quantize", "model", "--weights", "8", "--out", "w8"});
  done({"evaluate", "w8", "--adapter", "on-model", "--ids", "ids.json", "--context", "16"});
}

TEST_F(Adapters, OfARotatedModelAreExportedOntoItsExport) {
  EXPECT_THAT(done({"export", "on-turned-model", "--to", "peft", "--out", "without"}).err,
              AllOf(HasSubstr("--base"), HasSubstr("--to hf")));
  expect_refused({"export", "on-turned-model", "--to", "peft", "--base", "model", "--out", "peft"}, 1, HasSubstr("a plain model"));
  done({"export", "turned-model", "--to", "hf", "--out", "hf"});
  done({"export", "on-turned-model", "--to", "peft", "--base", "hf", "--out", "peft"});
  EXPECT_EQ(base_name("peft"), "hf");
  done({"export", "on-model", "--to", "peft", "--out", "peft-plain"});
  EXPECT_EQ(base_name("peft-plain"), base_name("on-model"));
}

}  // namespace
}  // namespace rolora
