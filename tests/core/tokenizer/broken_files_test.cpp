// SPDX-License-Identifier: GPL-3.0-or-later
// Damaged and unsupported tokenizers: each refused with one line that names file, key, what was expected and what was found.
#include <functional>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/storage/atomic_file.h"
#include "tests/core/tokenizer/support.h"

namespace rolora::test {
namespace {

struct Broken {
  const char* name;
  const char* key;    ///< what the message must name
  const char* found;  ///< and what it must show
  std::function<void(Json&)> damage;
};

Json added(const char* content, int64_t id) {
  return {{"id", id},        {"content", content}, {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", true}, {"special", true}};
}

Json unigram(Json vocabulary, int64_t unknown = 0) { return {{"type", "Unigram"}, {"unk_id", unknown}, {"vocab", std::move(vocabulary)}}; }

Json character_map(const char* base64) { return {{"type", "Precompiled"}, {"precompiled_charsmap", base64}}; }

const std::vector<Broken>& model_cases() {
  static const std::vector<Broken> cases = {
      {"no model", "model", "", [](Json& d) { d.erase("model"); }},
      {"model is a list", "model", "", [](Json& d) { d["model"] = Json::array(); }},
      {"other model", "model.type", "WordPiece", [](Json& d) { d["model"]["type"] = "WordPiece"; }},
      {"no vocabulary", "model.vocab", "", [](Json& d) { d["model"].erase("vocab"); }},
      {"empty vocabulary", "model.vocab", "object", [](Json& d) { d["model"]["vocab"] = Json::object(); }},
      {"vocabulary is a list", "model.vocab", "array",
       [](Json& d) {
         d["model"]["vocab"] = {"a", "b"};
       }},
      {"id is a text", "model.vocab.b", "\"2\"", [](Json& d) { d["model"]["vocab"]["b"] = "2"; }},
      {"id is negative", "model.vocab.b", "-1", [](Json& d) { d["model"]["vocab"]["b"] = -1; }},
      {"id is a fraction", "model.vocab.b", "1.5", [](Json& d) { d["model"]["vocab"]["b"] = 1.5; }},
      {"id is too large", "model.vocab.b", "4294967296", [](Json& d) { d["model"]["vocab"]["b"] = 4294967296; }},
      {"id beyond 63 bits", "model.vocab.b", "18446744073709551615", [](Json& d) { d["model"]["vocab"]["b"] = 18446744073709551615u; }},
      {"id twice", "model.vocab", "1, which another piece has", [](Json& d) { d["model"]["vocab"]["b"] = 1; }},
      {"no merges", "model.merges", "", [](Json& d) { d["model"].erase("merges"); }},
      {"merges are an object", "model.merges", "object", [](Json& d) { d["model"]["merges"] = Json::object(); }},
      {"merge of three", "model.merges[1]", "ab c d", [](Json& d) { d["model"]["merges"][1] = "ab c d"; }},
      {"merge of one", "model.merges[0]", "ab", [](Json& d) { d["model"]["merges"][0] = "ab"; }},
      {"merge is a number", "model.merges[0]", "number", [](Json& d) { d["model"]["merges"] = {1}; }},
      {"merge of a triple", "model.merges[0]", "array",
       [](Json& d) {
         d["model"]["merges"] = {{"a", "b", "c"}};
       }},
      {"merges of two forms", "model.merges[1]", "array",
       [](Json& d) {
         d["model"]["merges"][1] = {"ab", "c"};
       }},
      {"merge of a stranger", "model.merges[1]", "x", [](Json& d) { d["model"]["merges"][1] = "ab x"; }},
      {"merge into a stranger", "model.merges[1]", "abb", [](Json& d) { d["model"]["merges"][1] = "ab b"; }},
      {"dropout", "model.dropout", "probability", [](Json& d) { d["model"]["dropout"] = 0.1; }},
      {"fuse_unk is a number", "model.fuse_unk", "1", [](Json& d) { d["model"]["fuse_unk"] = 1; }},
      {"unigram without a list", "model.vocab", "object", [](Json& d) { d["model"]["type"] = "Unigram"; }},
      {"unigram without a score", "model.vocab[1]", "a", [](Json& d) { d["model"] = unigram(Json::parse(R"([["?", 0], ["a"]])")); }},
      {"unigram of a text for a score", "model.vocab[0]", "x", [](Json& d) { d["model"] = unigram(Json::parse(R"([["?", "x"]])")); }},
      {"unigram's unknown piece outside", "model.unk_id", "2",
       [](Json& d) { d["model"] = unigram(Json::parse(R"([["?", 0], ["a", -1]])"), 2); }},
      {"unigram of nothing", "model.vocab", "array", [](Json& d) { d["model"] = unigram(Json::array()); }},
      {"other version", "version", "2.0", [](Json& d) { d["version"] = "2.0"; }},
      {"truncation is a text", "truncation", "yes", [](Json& d) { d["truncation"] = "yes"; }},
  };
  return cases;
}

Json sequence(const char* key, Json part) { return {{"type", "Sequence"}, {key, Json::array({std::move(part)})}}; }

const std::vector<Broken>& component_cases() {
  static const std::vector<Broken> cases = {
      {"other normalizer", "normalizer.type", "StripAccents",
       [](Json& d) {
         d["normalizer"] = {{"type", "StripAccents"}};
       }},
      {"no character map", "normalizer.precompiled_charsmap", "none", [](Json& d) { d["normalizer"] = character_map(""); }},
      {"character map not in base64", "normalizer.precompiled_charsmap", "something else",
       [](Json& d) { d["normalizer"] = character_map("A?=="); }},
      {"character map cut off", "normalizer.precompiled_charsmap", "sizes", [](Json& d) { d["normalizer"] = character_map("////"); }},
      {"character map that leads outside", "normalizer.precompiled_charsmap", "outside",
       [](Json& d) { d["normalizer"] = character_map("BAAAAP////8A"); }},
      {"nested normalizer", "normalizer.normalizers[0].type", "BertNormalizer",
       [](Json& d) {
         d["normalizer"] = sequence("normalizers", {{"type", "BertNormalizer"}});
       }},
      {"normalizer without type", "normalizer.type", "", [](Json& d) { d["normalizer"] = Json::object(); }},
      {"normalizer is a text", "normalizer", "NFC", [](Json& d) { d["normalizer"] = "NFC"; }},
      {"Replace without content", "normalizer.content", "",
       [](Json& d) {
         d["normalizer"] = {{"type", "Replace"}, {"pattern", {{"String", "a"}}}};
       }},
      {"broken expression", "normalizer.pattern.Regex", "not closed",
       [](Json& d) {
         d["normalizer"] = {{"type", "Replace"}, {"pattern", {{"Regex", "(a"}}}, {"content", ""}};
       }},
      {"unsupported expression", "pre_tokenizer.pattern.Regex", "&&",
       [](Json& d) {
         d["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"Regex", "[a&&b]"}}}, {"behavior", "Isolated"}, {"invert", false}};
       }},
      {"other behavior", "pre_tokenizer.behavior", "Sideways",
       [](Json& d) {
         d["pre_tokenizer"] = {{"type", "Split"}, {"pattern", {{"String", "a"}}}, {"behavior", "Sideways"}, {"invert", false}};
       }},
      {"other pre-tokenizer", "pre_tokenizer.type", "UnicodeScripts",
       [](Json& d) {
         d["pre_tokenizer"] = {{"type", "UnicodeScripts"}};
       }},
      {"replacement of two", "pre_tokenizer.replacement", "ab",
       [](Json& d) {
         d["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "ab"}};
       }},
      {"other scheme", "pre_tokenizer.prepend_scheme", "sometimes",
       [](Json& d) {
         d["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "sometimes"}};
       }},
      {"schemes that differ", "pre_tokenizer.prepend_scheme", "always",
       [](Json& d) {
         d["pre_tokenizer"] = {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "always"}, {"add_prefix_space", false}};
       }},
      {"other decoder", "decoder.type", "WordPiece",
       [](Json& d) {
         d["decoder"] = {{"type", "WordPiece"}};
       }},
      {"Strip of two", "decoder.content", "ab",
       [](Json& d) {
         d["decoder"] = {{"type", "Strip"}, {"content", "ab"}, {"start", 1}, {"stop", 0}};
       }},
      {"Strip of a negative count", "decoder.start", "-1",
       [](Json& d) {
         d["decoder"] = {{"type", "Strip"}, {"content", "a"}, {"start", -1}, {"stop", 0}};
       }},
      {"other post-processor", "post_processor.type", "Nothing",
       [](Json& d) {
         d["post_processor"] = {{"type", "Nothing"}};
       }},
      {"template names a stranger", "post_processor.single[0].SpecialToken.id", "<s>",
       [](Json& d) {
         d["post_processor"] = Json::parse(
             R"({"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}}],"pair":[],"special_tokens":{}})");
       }},
      {"template of a second text", "post_processor.single[0].Sequence.id", "B",
       [](Json& d) {
         d["post_processor"] =
             Json::parse(R"({"type":"TemplateProcessing","single":[{"Sequence":{"id":"B","type_id":0}}],"pair":[],"special_tokens":{}})");
       }},
      {"special id outside", "post_processor", "99",
       [](Json& d) {
         d["post_processor"] = {{"type", "BertProcessing"}, {"cls", {"x", 99}}, {"sep", {"y", 0}}};
       }},
      {"added token without flags", "added_tokens[0].single_word", "",
       [](Json& d) {
         d["added_tokens"] = {{{"id", 6}, {"content", "x"}}};
       }},
      {"added id beside the vocabulary", "added_tokens[0].id", "9", [](Json& d) { d["added_tokens"] = {added("<x>", 9)}; }},
      {"added id of another piece", "added_tokens[0].id", "2", [](Json& d) { d["added_tokens"] = {added("a", 2)}; }},
      {"added id twice", "added_tokens[1].id", "6",
       [](Json& d) {
         d["added_tokens"] = {added("<x>", 6), added("<y>", 6)};
       }},
      {"added tokens that become one", "added_tokens", "X",
       [](Json& d) {
         d["normalizer"] = {{"type", "Lowercase"}}, d["added_tokens"] = {added("x", 6), added("X", 7)};
       }},
      {"added token that becomes nothing", "added_tokens", "",
       [](Json& d) {
         d["normalizer"] = {{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}};
         d["added_tokens"] = {added("  ", 6)};
       }},
      {"added tokens are an object", "added_tokens", "", [](Json& d) { d["added_tokens"] = Json::object(); }},
  };
  return cases;
}

void expect_refused(const Broken& broken) {
  SCOPED_TRACE(broken.name);
  const Scratch scratch;
  Json document = small_document();
  broken.damage(document);
  try {
    open_document(scratch, document);
    ADD_FAILURE() << "opened";
  } catch (const InputError& e) {
    const std::string message = e.what();
    EXPECT_EQ(e.file(), (scratch.path() / "tokenizer.json").string());
    EXPECT_NE(e.key().find(broken.key), std::string::npos) << message;
    EXPECT_NE(message.substr(message.find(", found ")).find(broken.found), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(BrokenTokenizer, Model) {
  for (const Broken& broken : model_cases()) expect_refused(broken);
}

TEST(BrokenTokenizer, Components) {
  for (const Broken& broken : component_cases()) expect_refused(broken);
}

TEST(BrokenTokenizer, TheUndamagedOneOpens) {
  const Scratch scratch;
  const auto tokenizer = open_document(scratch, small_document());
  EXPECT_EQ(tokenizer->encode("abcab", false), (std::vector<int64_t>{5, 4}));
  EXPECT_EQ(tokenizer->vocabulary(), 6);
  EXPECT_EQ(tokenizer->piece(4), "ab");
  for (const int64_t id : {int64_t{-1}, int64_t{6}, int64_t{1} << 40}) {
    EXPECT_THROW(tokenizer->decode({id}), InputError);
    EXPECT_THROW(tokenizer->piece(id), InputError);
  }
}

TEST(BrokenTokenizer, Text) {
  const Scratch scratch;
  const std::string good = small_document().dump();
  std::string nested = "null";
  for (int i = 0; i < 5000; ++i) nested = R"({"type":"Sequence","normalizers":[)" + nested + "]}";
  for (const std::string& text :
       {std::string(), std::string("[]"), good.substr(0, good.size() / 2), good + "}", "\xFF" + good,
        good.substr(0, good.size() - 1) + R"(,"added_tokens":[]})", R"({"normalizer":)" + nested + "," + good.substr(1),
        std::string("{\"model\":{\"type\":\"BPE\",\"vocab\":{\"\xC3\":0},\"merges\":[]}}")}) {
    EXPECT_THROW(open_tokenizer(scratch.write("tokenizer.json", text)), InputError) << text.substr(0, 60);
  }
  EXPECT_THROW(open_tokenizer(scratch.path() / "missing.json"), InputError);
  const Scratch empty;
  EXPECT_FALSE(has_tokenizer(empty.path()));
  EXPECT_THROW(open_tokenizer(empty.path()), InputError);
}

TEST(BrokenTokenizer, DamagedBytesNeverCrash) {
  const Scratch scratch;
  const std::string good = small_document().dump();
  Random random(5, "damaged tokenizer.json");
  for (int round = 0; round < 600; ++round) {
    std::string bytes = good;
    for (uint64_t i = 0, count = 1 + random.below(3); i < count; ++i)
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    try {
      open_tokenizer(scratch.write("tokenizer.json", bytes))->encode("abc ?x", true);
    } catch (const InputError&) {  // the only error there may be
    }
  }
}

TEST(BrokenSentencePiece, EveryTruncationIsRefused) {
  const Scratch scratch;
  for (const char* name : {"bpe.model", "unigram.model"}) {
    const std::string good = read_file(fixture(name));
    EXPECT_NO_THROW(open_tokenizer(scratch.write("tokenizer.model", good)));
    // The last message may be a denormalizer, without which a model is whole; so the cut goes to the end of the normalizer at most.
    for (size_t size = 0; size + 16 < good.size(); size += size < 64 ? 1 : 29) {
      EXPECT_THROW(open_tokenizer(scratch.write("tokenizer.model", good.substr(0, size))), InputError) << name << " cut to " << size;
    }
  }
}

TEST(BrokenSentencePiece, DamagedBytesNeverCrash) {
  const Scratch scratch;
  Random random(6, "damaged model");
  for (const char* name : {"bpe.model", "unigram.model"}) {
    const std::string good = read_file(fixture(name));
    for (int round = 0; round < 500; ++round) {
      std::string bytes = good;
      for (uint64_t i = 0, count = 1 + random.below(3); i < count; ++i)
        bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
      try {
        const auto tokenizer = open_tokenizer(scratch.write("tokenizer.model", bytes));
        tokenizer->decode(tokenizer->encode("Ä word ﬁts <mask> \xF0\x9F\x9A\xB2 ①", true));
      } catch (const Error&) {
      }
    }
  }
  for (int round = 0; round < 200; ++round) {
    std::string noise;
    for (uint64_t i = 0, size = random.below(400); i < size; ++i) noise += static_cast<char>(random.below(256));
    EXPECT_THROW(open_tokenizer(scratch.write("tokenizer.model", noise)), InputError);
  }
}

TEST(BrokenTiktoken, IsRefusedByLine) {
  const Scratch scratch;
  const std::string good = read_file(fixture("tiktoken.model"));
  const struct {
    const char* name;
    std::string bytes;
    const char *key, *found;
  } table[] = {
      {"bytes without rank", "IQ== 0\nIg== 1\n", "ranks", "none for byte 0"},
      {"not base64", good + "I?== 900\n", "line", "I?== 900"},
      {"half a group", good + "IQ= 900\n", "line", "IQ= 900"},
      {"no rank", good + "eHh4\n", "line", "eHh4"},
      {"rank too large", good + "eHh4 99999999999\n", "line", "99999999999"},
      {"negative rank", good + "eHh4 -1\n", "line", "-1"},
      {"rank with a tail", good + "eHh4 900x\n", "line", "900x"},
      {"gap", good + "eHh4 100000\n", "ranks", "100000"},
      {"rank twice", good + "eHh4 5\n", "ranks", "5 twice"},
      {"piece twice", good + "IQ== 900\n", "line", "came before"},
  };
  for (const auto& row : table) {
    try {
      open_tokenizer(scratch.write("tokenizer.model", row.bytes));
      ADD_FAILURE() << row.name << ": opened";
    } catch (const InputError& e) {
      const std::string message = e.what();
      EXPECT_TRUE(e.key().starts_with(row.key)) << message;
      EXPECT_NE(message.find(row.found), std::string::npos) << message;
    }
  }
}

// Ranks 0 … n − 1: all bytes, then three bytes each, which are four digits of base64.
std::string rank_file(size_t count) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string file;
  for (size_t i = 0; i < count; ++i) {
    if (i < 256) {
      file += std::string{digits[i >> 2], digits[(i & 3) << 4]} + "==";
    } else {
      file += std::string{digits[i >> 18], digits[(i >> 12) & 63], digits[(i >> 6) & 63], digits[i & 63]};
    }
    file += " " + std::to_string(i) + "\n";
  }
  return file;
}

TEST(BrokenTiktoken, RanksOfOtherModelsAreRefusedByName) {
  const Scratch scratch;
  try {
    open_tokenizer(scratch.write("tokenizer.model", rank_file(151643)));
    ADD_FAILURE() << "opened";
  } catch (const InputError& e) {
    EXPECT_EQ(e.key(), "ranks");
    EXPECT_EQ(e.found(), "151643, as Qwen's");
  }
  EXPECT_EQ(open_tokenizer(scratch.write("tokenizer.model", rank_file(128000)))->vocabulary(), 128256);
}

TEST(BrokenTiktoken, DamagedBytesNeverCrash) {
  const Scratch scratch;
  const std::string good = read_file(fixture("tiktoken.model"));
  Random random(8, "damaged ranks");
  for (int round = 0; round < 300; ++round) {
    std::string bytes = good.substr(0, round % 3 == 0 ? random.below(good.size()) : good.size());
    for (uint64_t i = 0, count = random.below(3); i < count && !bytes.empty(); ++i)
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    try {
      const auto tokenizer = open_tokenizer(scratch.write("tokenizer.model", bytes));
      tokenizer->decode(tokenizer->encode("abc ?x 車", true));
    } catch (const InputError&) {
    }
  }
}

}  // namespace
}  // namespace rolora::test
