// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/json_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "tests/support/temporary_folder.h"

namespace rolora {
namespace {

using testing::put_bytes;
using testing::TemporaryFolder;

TEST(Json, ReadsWhatItWroteExactly) {
  const double awkward = 0.1f;
  Json value = {{"b", 1}, {"a", {1, 2.5, -0.0, awkward, 1e-310, std::numeric_limits<double>::max()}}, {"t", "Zürich\n日"}, {"n", nullptr}};
  value["i"] = std::numeric_limits<int64_t>::min();
  value["u"] = std::numeric_limits<uint64_t>::max();
  const Json again = parse_json(json_text(value), "memory");
  EXPECT_EQ(again, value);
  EXPECT_TRUE(std::signbit(again["a"][2].get<double>()));
  EXPECT_EQ(again["a"][3].get<double>(), awkward);
  EXPECT_EQ(again["i"].get<int64_t>(), std::numeric_limits<int64_t>::min());
}

TEST(Json, WritesOneForm) {
  EXPECT_EQ(json_text(Json::parse(R"({"b":[1,2],"a":{}})")), "{\n  \"a\": {},\n  \"b\": [\n    1,\n    2\n  ]\n}\n");
  EXPECT_EQ(json_text(Json("\xff")), "\"\uFFFD\"\n") << "bytes that are not UTF-8 do not stop a save";
}

TEST(Json, ReadsEveryKindOfValue) {
  const Json v = parse_json("\xEF\xBB\xBF [null, true, -3, 4, 2.5e-3, \"\\u00e4\\ud83d\\ude42\", {}, {\"a\":{\"b\":[]}}] \n", "memory");
  EXPECT_EQ(v[1], true);
  EXPECT_EQ(v[2], -3);
  EXPECT_EQ(v[4], 0.0025);
  EXPECT_EQ(v[5], "ä🙂");
  EXPECT_TRUE(v[7]["a"]["b"].is_array());
}

TEST(Json, ReadsFilesAndNamesThem) {
  const TemporaryFolder folder;
  put_bytes(folder / "a.json", R"({"x": 1})");
  EXPECT_EQ(read_json_file(folder / "a.json")["x"], 1);
  EXPECT_THROW(read_json_file(folder / "none.json"), InputError);
  EXPECT_THROW(read_json_file(folder / "a.json", {.bytes = 7}), InputError);
}

struct Broken {
  const char* attack;
  std::string text;
  const char* key;    // exact
  const char* found;  // a part of what the error says it found
};

void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.attack; }

class BrokenJson : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenJson, IsRefusedWhereItBreaks) {
  const Broken& broken = GetParam();
  const TemporaryFolder folder;
  put_bytes(folder / "x.json", broken.text);
  try {
    read_json_file(folder / "x.json", {.bytes = 4096, .depth = 8, .values = 100});
    FAIL() << broken.attack << " was accepted";
  } catch (const InputError& e) {
    EXPECT_EQ(e.file(), (folder / "x.json").string());
    EXPECT_EQ(e.key(), broken.key) << broken.attack << ": " << e.what();
    EXPECT_NE(e.found().find(broken.found), std::string::npos) << broken.attack << ": " << e.what();
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    EXPECT_LT(std::string(e.what()).size(), 500u);
  }
}

std::string repeated(const std::string& part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

INSTANTIATE_TEST_SUITE_P(
    Json, BrokenJson,
    ::testing::Values(Broken{"an empty file", "", "line 1 column 1", "end of input"},
                      Broken{"spaces only", "  \n ", "line 2 column 2", "end of input"},
                      Broken{"cut off inside an object", "{\"a\": 1,\n \"b\": ", "line 2 column 7", "end of input"},
                      Broken{"cut off inside a text", "{\"a\": \"xy", "line 1 column 10", "missing closing quote"},
                      Broken{"something after the end", "{} {}", "line 1 column 4", "unexpected '{'"},
                      Broken{"a comma too many", "[1,]", "line 1 column 4", "unexpected ']'"},
                      Broken{"a comment", "{} // x", "line 1 column 4", "invalid literal"},
                      Broken{"single quotes", "{'a': 1}", "line 1 column 2", "invalid literal"},
                      Broken{"Python's True", "[True]", "line 1 column 2", "invalid literal"},
                      Broken{"NaN", "[NaN]", "line 1 column 2", "invalid literal"},
                      Broken{"Infinity", "[-Infinity]", "line 1 column 3", "invalid number"},
                      Broken{"a number beyond double", "{\"eps\": 1e999}", "line 1 column 13", "outside the range of double, 1e999"},
                      Broken{"an integer beyond double", "[" + std::string(400, '9') + "]", "line 1 column 401",
                             "outside the range of double"},
                      Broken{"a leading zero", "[01]", "line 1 column 3", "unexpected number literal"},
                      Broken{"a plus sign", "[+1]", "line 1 column 2", "invalid literal"},
                      Broken{"bytes that are not UTF-8", "{\"a\": \"\xff\"}", "line 1 column 8", "ill-formed UTF-8"},
                      Broken{"an overlong encoding", "[\"\xC0\xAF\"]", "line 1 column 3", "ill-formed UTF-8"},
                      Broken{"half a surrogate pair", "[\"\\ud83d\"]", "line 1 column 9", "surrogate"},
                      Broken{"a control character in a text", "[\"a\nb\"]", "line 1 column 4", "control character"},
                      Broken{"an escape that does not exist", "[\"\\x41\"]", "line 1 column 4", "forbidden character"},
                      Broken{"a NUL and more behind it", std::string("{}\0{\"a\":1}", 10), "line 1 column 3", "a NUL byte"},
                      Broken{"columns counted in characters", "[\"äöü日🙂\", x]", "line 1 column 11", "invalid literal"},
                      Broken{"UTF-16", std::string("\xff\xfe{\0}\0", 6), "line 1 column 4", "a NUL byte"},
                      Broken{"a key twice", R"({"a": 1, "b": 2, "a": 3})", "a", "a second time"},
                      Broken{"a key twice, deep inside", R"({"m": [0, {"k": {"x": 1, "x": 1}}]})", "m[1].k.x", "a second time"},
                      Broken{"a key twice, written in two ways", R"({"a": 1, "\u0061": 2})", "a", "a second time"},
                      Broken{"nesting without end", repeated("[", 2000), "[0][0][0][0][0][0][0][0]", "more"},
                      Broken{"objects nested too deep", repeated("{\"a\":", 9) + "1" + repeated("}", 9), "a.a.a.a.a.a.a.a", "more"},
                      Broken{"more values than allowed", "[" + repeated("[],", 200) + "1]", "[99]", "more"},
                      Broken{"a file above the limit", "[\"" + std::string(5000, 'x') + "\"]", "file", "5004"}));

TEST(Json, DepthAtTheLimitIsFine) {
  EXPECT_NO_THROW(parse_json(repeated("[", 8) + repeated("]", 8), "memory", {.depth = 8}));
  EXPECT_THROW(parse_json(repeated("[", 9) + repeated("]", 9), "memory", {.depth = 8}), InputError);
  EXPECT_THROW(parse_json(repeated("[", 1'000'000), "memory"), InputError) << "no stack grows with the text";
}

// One object with everything that getters are asked for.
const Json& sample() {
  static const Json value =
      Json::parse(R"({"text": "x", "int": 7, "float": 2.5, "whole": 1.0, "big": 9223372036854775808, "yes": true, "none": null,
    "ints": [1, -2], "mixed": [1, 2.0], "texts": ["a", "b"], "sub": {"deep": {"n": -1}}, "subs": [{"n": 1}, {"n": 2}], "no_objects": [{}, 3]})");
  return value;
}

TEST(JsonObject, GivesTypedValues) {
  const JsonObject o(sample(), "f.json");
  EXPECT_EQ(o.string("text"), "x");
  EXPECT_EQ(o.integer("int", 0, 7), 7);
  EXPECT_EQ(o.number("float"), 2.5);
  EXPECT_EQ(o.number("int"), 7.0) << "number() takes integers";
  EXPECT_EQ(o.number("float", 2.5, 3), 2.5);
  EXPECT_TRUE(o.boolean("yes"));
  EXPECT_EQ(o.integers("ints"), (std::vector<int64_t>{1, -2}));
  EXPECT_EQ(o.strings("texts"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(o.objects("subs")[1].integer("n", 0, 9), 2);
  EXPECT_EQ(o.object("sub").object("deep").key_path("n"), "sub.deep.n");
  EXPECT_TRUE(o.has("text"));
  EXPECT_FALSE(o.has("none")) << "null is as good as missing";
  EXPECT_FALSE(o.has("other"));
  EXPECT_EQ(o.string_or("none", "fallback"), "fallback");
  EXPECT_EQ(o.integer_or("other", 5, 0, 9), 5);
  EXPECT_EQ(o.integer_or("int", 5, 0, 9), 7);
  EXPECT_EQ(o.number_or("other", 0.5), 0.5);
  EXPECT_EQ(o.boolean_or("other", true), true);
  EXPECT_TRUE(o.raw("none").is_null());
}

struct Refusal {
  const char* what;
  void (*ask)(const JsonObject&);
  const char* message;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.what; }

class JsonObjectRefuses : public ::testing::TestWithParam<Refusal> {};

TEST_P(JsonObjectRefuses, InOneLineWithFileAndKey) {
  try {
    GetParam().ask(JsonObject(sample(), "f.json"));
    FAIL() << GetParam().what << " was accepted";
  } catch (const InputError& e) {
    EXPECT_EQ(std::string(e.what()), std::string("f.json: ") + GetParam().message);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Json, JsonObjectRefuses,
    ::testing::Values(
        Refusal{"a missing key", [](const JsonObject& o) { o.string("other"); }, "other: expected a value, found no such key"},
        Refusal{"a number as a text", [](const JsonObject& o) { o.string("int"); }, "int: expected a text, found 7"},
        Refusal{"a text as an integer", [](const JsonObject& o) { o.integer("text", 0, 9); },
                "text: expected an integer from 0 to 9, found the text \"x\""},
        Refusal{"an integer below its range", [](const JsonObject& o) { o.integer("int", 8, 9); },
                "int: expected an integer from 8 to 9, found 7"},
        Refusal{"an integer above its range", [](const JsonObject& o) { o.integer("int", INT64_MIN, 6); },
                "int: expected an integer of at most 6, found 7"},
        Refusal{"a whole float as an integer", [](const JsonObject& o) { o.integer("whole", 0, INT64_MAX); },
                "whole: expected an integer of at least 0, found 1.0"},
        Refusal{"2^63 as an integer", [](const JsonObject& o) { o.integer("big", INT64_MIN, INT64_MAX); },
                "big: expected an integer, found 9223372036854775808"},
        Refusal{"null as an integer", [](const JsonObject& o) { o.integer("none", 0, 1); },
                "none: expected an integer from 0 to 1, found null"},
        Refusal{"a text as a number", [](const JsonObject& o) { o.number("text"); },
                "text: expected a finite number, found the text \"x\""},
        Refusal{"a number out of range", [](const JsonObject& o) { o.number("float", 0, 1); },
                "float: expected a number from 0.0 to 1.0, found 2.5"},
        Refusal{"1 as a boolean", [](const JsonObject& o) { o.boolean("int"); }, "int: expected true or false, found 7"},
        Refusal{"a list as an object", [](const JsonObject& o) { o.object("ints"); }, "ints: expected an object, found a list of 2"},
        Refusal{"an object as a list", [](const JsonObject& o) { o.integers("sub"); }, "sub: expected a list of integers, found an object"},
        Refusal{"a float in a list of integers", [](const JsonObject& o) { o.integers("mixed"); },
                "mixed[1]: expected an integer, found 2.0"},
        Refusal{"numbers as texts", [](const JsonObject& o) { o.strings("ints"); }, "ints[0]: expected a text, found 1"},
        Refusal{"a number among objects", [](const JsonObject& o) { o.objects("no_objects"); },
                "no_objects[1]: expected an object, found 3"},
        Refusal{"a value deep inside", [](const JsonObject& o) { o.object("sub").object("deep").integer("n", 0, 9); },
                "sub.deep.n: expected an integer from 0 to 9, found -1"},
        Refusal{"a wrong value where a fallback exists", [](const JsonObject& o) { o.boolean_or("text", false); },
                "text: expected true or false, found the text \"x\""}));

TEST(JsonObject, RefusesWhatIsNoObjectAndKeysNobodyAskedFor) {
  EXPECT_THROW(JsonObject(Json::array(), "f.json"), InputError);
  const Json value = {{"a", 1}, {"b", 2}, {"c", 3}};
  const JsonObject o(value, "f.json", "top");
  o.integer("a", 0, 9);
  EXPECT_TRUE(o.has("c"));
  try {
    o.refuse_unknown();
    FAIL() << "b was never asked for";
  } catch (const InputError& e) {
    EXPECT_EQ(std::string(e.what()), "f.json: top.b: expected no such key, found 2");
  }
  EXPECT_EQ(o.integer_or("b", 0, 0, 9), 2);
  EXPECT_NO_THROW(o.refuse_unknown());
}

TEST(JsonObject, RefusesNumbersThatAreNotFinite) {
  const Json value = {{"nan", std::nan("")}, {"inf", HUGE_VAL}};
  const JsonObject o(value, "memory");
  EXPECT_THROW(o.number("nan"), InputError);
  EXPECT_THROW(o.number("inf"), InputError);
  EXPECT_THROW(o.number("nan", 0, 1), InputError);
}

}  // namespace
}  // namespace rolora
