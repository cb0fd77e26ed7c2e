// SPDX-License-Identifier: GPL-3.0-or-later
// rolora info: every field against the folder itself, read here without the program's own readers of models.
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

Json info(const fs::path& model) {
  const Outcome outcome = rolora({"info", model, "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  return Json::parse(outcome.out);
}

// Number of values in model.safetensors by its header (8 bytes of length, then JSON); a tied head that is stored beside the embedding
// counts once.
int64_t stored_values(const fs::path& model, std::string& dtype) {
  std::ifstream in(model / "model.safetensors", std::ios::binary);
  uint64_t length = 0;
  in.read(reinterpret_cast<char*>(&length), sizeof length);
  std::string text(length, ' ');
  in.read(text.data(), static_cast<std::streamsize>(length));
  int64_t values = 0;
  const Json header = Json::parse(text);
  for (const auto& [name, tensor] : header.items()) {
    if (name == "__metadata__") continue;
    int64_t size = 1;
    for (const Json& n : tensor["shape"]) size *= n.get<int64_t>();
    const bool tied = read_json_file(model / "config.json")["tie_word_embeddings"].get<bool>();
    if (name == "lm_head.weight" && tied && header.contains("model.embed_tokens.weight")) continue;
    values += size;
    dtype = tensor["dtype"];
  }
  return values;
}

void expect_agrees_with_folder(const fs::path& model, const std::string& tokenizer) {
  const Json found = info(model), config = read_json_file(model / "config.json");
  std::string dtype;
  EXPECT_EQ(found["parameters"], stored_values(model, dtype)) << "a tied head counts once";
  EXPECT_EQ(found["dtype"], dtype == "F32" ? "float32" : dtype == "BF16" ? "bfloat16" : dtype);
  EXPECT_EQ(found["family"], "LLaMA");
  EXPECT_EQ(found["kind"], "plain");
  const std::vector<std::pair<const char*, const char*>> same = {{"model_type", "model_type"},     {"layers", "num_hidden_layers"},
                                                                 {"hidden", "hidden_size"},        {"intermediate", "intermediate_size"},
                                                                 {"heads", "num_attention_heads"}, {"kv_heads", "num_key_value_heads"},
                                                                 {"vocab", "vocab_size"},          {"context", "max_position_embeddings"},
                                                                 {"tied", "tie_word_embeddings"},  {"bos", "bos_token_id"}};
  for (const auto& [key, of_config] : same) EXPECT_EQ(found[key], config[of_config]) << key;
  EXPECT_EQ(found["eos"], Json::array({config["eos_token_id"]}));
  EXPECT_EQ(found["generation"], Json({{"bos", config["bos_token_id"]}, {"eos", {config["eos_token_id"]}}}));
  const int64_t head_dim = config.value("head_dim", config["hidden_size"].get<int64_t>() / config["num_attention_heads"].get<int64_t>());
  EXPECT_EQ(found["head_dim"], head_dim);
  EXPECT_EQ(found["rope"]["theta"], config["rope_theta"]);
  EXPECT_EQ(found["tokenizer"], tokenizer);
  EXPECT_TRUE(found["rotation"].is_null());
  for (const char* width : {"hidden", "intermediate", "head_dim"}) {
    const Json& w = found["widths"][width];
    EXPECT_EQ(w["width"], found[width]);
    EXPECT_EQ(w["factor_order"].get<int64_t>() * w["sylvester"].get<int64_t>(), w["width"]) << "the factors make the width";
    EXPECT_FALSE(w["construction"].get<std::string>().empty());
  }
  const std::map<std::string, std::string> width_of = {{"r1", "hidden"}, {"r2", "head_dim"}, {"r3", "head_dim"}, {"r4", "intermediate"}};
  ASSERT_EQ(found["rotatable"].size(), 4u);
  for (const auto& [rotation, width] : width_of) {
    EXPECT_EQ(found["rotatable"][rotation]["width"], found[width]) << rotation;
    EXPECT_EQ(found["rotatable"][rotation]["construction"], found["widths"][width]["construction"]) << rotation;
    EXPECT_EQ(found["rotatable"][rotation]["how"], rotation == "r1" || rotation == "r2" ? "folded" : "online") << rotation;
  }
  EXPECT_EQ(found["forecasts"]["resident_bytes"], 4 * found["parameters"].get<int64_t>()) << "arithmetic is float32";
  EXPECT_EQ(found["forecasts"]["kv_cache_bytes_per_token"],
            4 * 2 * found["layers"].get<int64_t>() * found["kv_heads"].get<int64_t>() * head_dim);

  const std::string human = rolora({"info", model}).out;
  for (const char* key : {"layers", "hidden", "intermediate", "context"}) EXPECT_THAT(human, HasSubstr(found[key].dump())) << key;
  EXPECT_THAT(human, HasSubstr("tokenizer     " + tokenizer));
  EXPECT_THAT(human, HasSubstr("can be rotated\n"));
}

TEST(Info, BundledModel) { expect_agrees_with_folder(test::source_folder() / "resources/bundled", "sentencepiece bpe"); }

TEST(Info, SharedModels) {
  ROLORA_NEEDS_SHARED("models/story/config.json");
  expect_agrees_with_folder(test::shared_folder() / "models/story", "tokenizer.json bpe");
  expect_agrees_with_folder(test::shared_folder() / "models/stories260K", "sentencepiece bpe");
}

TEST(Info, ARotatedFolderShowsItsRotationAndNothingToRotate) {
  const test::TempFolder folder;
  test::write_random_model(folder / "model", test::small_config(), 5);
  const Outcome rotated = rolora({"rotate", folder / "model", "--out", folder / "rotated", "--seed", "3", "--json"});
  ASSERT_EQ(rotated.code, 0) << rotated.err;
  const Json found = info(folder / "rotated");
  EXPECT_EQ(found["kind"], "rotated");
  EXPECT_EQ(found["rotation"], Json::parse(rotated.out)["rotation"]);
  EXPECT_TRUE(found["rotatable"].is_null());
  ASSERT_EQ(found["unrotatable"].size(), 1u);
  EXPECT_THAT(found["unrotatable"][0]["why"].get<std::string>(), HasSubstr("rotated already"));
  EXPECT_EQ(found["tied"], false);
  EXPECT_TRUE(found["tokenizer"].is_null()) << "none there";
  const std::string human = rolora({"info", folder / "rotated"}).out;
  EXPECT_THAT(human, HasSubstr("r4  hadamard of order 40, "));
  EXPECT_EQ(human.find("can be rotated"), std::string::npos);
}

// Widths beyond powers of two: 688 = 43 · 16 by Williamson, or Paley over GF(7³); 107 has no construction here.
TEST(Info, WidthsTellTheirCostAndWhatElseWouldFit) {
  const Json found = info(test::source_folder() / "resources/bundled");
  const Json& wide = found["widths"]["intermediate"];
  EXPECT_EQ(wide["construction"], "Williamson(43) x Sylvester(4)");
  EXPECT_EQ(wide["factor_bytes"], 172 * 172 * 4);
  EXPECT_EQ(wide["adds_per_row"], 172.0 * 688 + 688 * 2);
  ASSERT_EQ(wide["alternatives"].size(), 3u);
  EXPECT_EQ(wide["alternatives"][0]["construction"], "PaleyI(7^3) x Sylvester(2)");
  EXPECT_EQ(wide["alternatives"][1]["construction"], "43 blocks of Sylvester(16)") << "--r4 blocks";
  EXPECT_EQ(wide["alternatives"][2]["construction"], "Haar(688)");
  EXPECT_EQ(wide["alternatives"][2]["adds_per_row"], 688.0 * 688);
  const test::TempFolder folder;
  Json config = test::small_config();
  config.update({{"intermediate_size", 214}, {"tie_word_embeddings", true}});
  test::write_random_model(folder / "model", config, 5);
  const Json odd = info(folder / "model");
  EXPECT_TRUE(odd["widths"]["intermediate"]["construction"].is_null());
  EXPECT_EQ(odd["widths"]["intermediate"]["fallback"]["construction"], "Haar(107) x Sylvester(2)");
  EXPECT_EQ(odd["widths"]["intermediate"]["fallback"]["adds_per_row"], 107.0 * 214 + 214);
  EXPECT_THAT(odd["rotatable"]["r1"]["note"].get<std::string>(), HasSubstr("unties the head, which adds 1200 weights"));
  EXPECT_THAT(odd["unrotatable"].dump(), HasSubstr("RoPE"));
}

TEST(Info, TheRecipeIsForecastWithTimesWhereItIsAskedFor) {
  const fs::path model = test::source_folder() / "resources/bundled";
  const Json quick = info(model)["forecasts"]["recipe"];
  EXPECT_EQ(quick["recipe"], "rolora");
  EXPECT_TRUE(quick["seconds"].is_null());
  EXPECT_GT(quick["vram_bytes"], 0);
  const Outcome timed = rolora({"info", model, "--recipe", "ptq", "--json"});
  ASSERT_EQ(timed.code, 0) << timed.err;
  const Json ptq = Json::parse(timed.out)["forecasts"]["recipe"];
  EXPECT_EQ(ptq["recipe"], "ptq");
  EXPECT_GT(ptq["seconds_low"], 0);
  EXPECT_GT(ptq["seconds_high"], ptq["seconds_low"]);
  const Outcome job = rolora({"info", model, "--recipe", test::source_folder() / "resources/jobs/story.json", "--json"});
  ASSERT_EQ(job.code, 0) << job.err;
  EXPECT_EQ(Json::parse(job.out)["forecasts"]["recipe"]["recipe"], "story");
  EXPECT_EQ(rolora({"info", model, "--recipe", "none.json"}).code, 2);
}

TEST(Info, TheIdentityIsTheOneThatJobsAndRecordsGive) {
  const test::TempFolder folder;
  test::write_random_model(folder / "model", test::small_config(), 5);
  const Outcome outcome = rolora({"info", folder / "model", "--hash", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(rolora({"quantize", folder / "model", "--weights", "4", "--out", folder / "quantized"}).code, 0);
  const Json record = read_json_file(folder.path() / "quantized/quantization.json");
  EXPECT_EQ(Json::parse(outcome.out)["sha256"], record["source"]["hash"]) << record.dump();
  EXPECT_EQ(info(folder / "quantized")["quantization"]["weights"]["bits"], 4);
  EXPECT_THAT(rolora({"info", folder / "quantized"}).out, HasSubstr("weights 4 bits by rtn, activations 16 bits"));
  EXPECT_FALSE(info(folder / "model").contains("sha256")) << "reading all bytes is asked for";
}

}  // namespace
}  // namespace rolora
