// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/generation_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "tests/support/folders.h"

namespace rolora {
namespace {

using Ids = std::vector<int64_t>;

class GenerationConfig : public ::testing::Test {
 protected:
  GenerationConfig() {
    config_.bos = 1;
    config_.eos = {2, 3};
  }
  GenerationTokens read() const { return read_generation_tokens(folder_.path(), config_); }
  GenerationTokens read(const std::string& text) const {
    test::write_text(folder_ / "generation_config.json", text);
    return read();
  }
  ModelConfig config_;
  test::TempFolder folder_;
};

TEST_F(GenerationConfig, WithoutTheFileTheConfigHolds) {
  EXPECT_EQ(read().bos, 1);
  EXPECT_EQ(read().eos, (Ids{2, 3}));
}

TEST_F(GenerationConfig, NumberOrList) {
  EXPECT_EQ(read(R"({"eos_token_id": 7, "bos_token_id": 5})").eos, Ids{7});
  EXPECT_EQ(read().bos, 5);
  EXPECT_EQ(read(R"({"eos_token_id": [7, 128009]})").eos, (Ids{7, 128009}));
}

// transformers 5.23 (generation/utils.py, adjust_generation_fn): config.json is looked at only where the file is not there.
TEST_F(GenerationConfig, TheFileAloneCountsWhereItIs) {
  for (const char* text : {"{}", R"({"eos_token_id": null, "bos_token_id": null})", R"({"eos_token_id": -1, "bos_token_id": -1})",
                           R"({"eos_token_id": []})"}) {
    EXPECT_EQ(read(text).eos, Ids{}) << text;
    EXPECT_EQ(read().bos, std::nullopt) << text;
  }
}

// A llama2.c file lies among other models' files.
TEST_F(GenerationConfig, BesideASingleFileItIsAnothers) {
  config_.single_file = true;
  EXPECT_EQ(read(R"({"eos_token_id": 7, "bos_token_id": 5})").eos, (Ids{2, 3}));
  EXPECT_EQ(read().bos, 1);
}

TEST_F(GenerationConfig, WrongTypesAreRefusedByName) {
  const std::vector<std::pair<std::string, std::string>> wrong = {{R"({"eos_token_id": "2"})", "eos_token_id"},
                                                                  {R"({"eos_token_id": 2.5})", "eos_token_id"},
                                                                  {R"({"eos_token_id": true})", "eos_token_id"},
                                                                  {R"({"eos_token_id": [2, "3"]})", "eos_token_id"},
                                                                  {R"({"eos_token_id": [null]})", "eos_token_id"},
                                                                  {R"({"eos_token_id": {"id": 2}})", "eos_token_id"},
                                                                  {R"({"eos_token_id": 1e3})", "eos_token_id"},
                                                                  {R"({"eos_token_id": 99999999999999999999})", "eos_token_id"},
                                                                  {R"({"bos_token_id": "1"})", "bos_token_id"},
                                                                  {R"({"bos_token_id": [1]})", "bos_token_id"},
                                                                  {"[]", "document"},
                                                                  {"{", "line 1 column 2"}};
  for (const auto& [text, key] : wrong) {
    try {
      read(text);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const InputError& e) {
      EXPECT_EQ(e.key(), key) << e.what();
      EXPECT_EQ(e.file(), (folder_ / "generation_config.json").string());
    }
  }
}

}  // namespace
}  // namespace rolora
