// SPDX-License-Identifier: GPL-3.0-or-later
// Each file attacks one thing that a loader could believe; each is refused with the file, the tensor (or "header") and what is wrong.
#include <gtest/gtest.h>

#include <filesystem>
#include <ostream>
#include <string>

#include "core/base/error.h"
#include "core/storage/safetensors.h"
#include "tests/core/storage/safetensors_bytes.h"
#include "tests/support/temporary_folder.h"

namespace rolora {
namespace {

using testing::container;
using testing::little_endian;
using testing::put_bytes;
using testing::TemporaryFolder;

struct Broken {
  const char* attack;
  std::string bytes;
  const char* key;   // exact
  const char* says;  // a part of "expected …, found …"
};

std::string one(const std::string& dtype, const std::string& shape, const std::string& offsets, const std::string& data) {
  return container(R"({"a":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}", data);
}

std::string two(const std::string& first, const std::string& second, const std::string& data) {
  return container(R"({"a":{"dtype":"U8","shape":)" + first + R"(},"b":{"dtype":"U8","shape":)" + second + "}}", data);
}

void PrintTo(const Broken& broken, std::ostream* out) { *out << broken.attack; }

class BrokenSafetensors : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenSafetensors, IsRefused) {
  const Broken& broken = GetParam();
  const TemporaryFolder folder;
  put_bytes(folder / "x.safetensors", broken.bytes);
  try {
    SafetensorsFile::open(folder / "x.safetensors");
    FAIL() << broken.attack << " was accepted";
  } catch (const InputError& e) {
    EXPECT_EQ(e.file(), (folder / "x.safetensors").string());
    EXPECT_EQ(e.key(), broken.key) << broken.attack << ": " << e.what();
    const std::string says = "expected " + e.expected() + ", found " + e.found();
    EXPECT_NE(says.find(broken.says), std::string::npos) << broken.attack << ": " << says;
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Lengths, BrokenSafetensors,
    ::testing::Values(
        Broken{"an empty file", "", "header", "found 0 bytes"},
        Broken{"shorter than the length field", "\x02\0\0", "header", "at least 8 bytes"},
        Broken{"a header that is not there", little_endian(2, 8), "header", "truncated"},
        Broken{"a header longer than the file", little_endian(100, 8) + "{}", "header", "truncated"},
        Broken{"a header length above the format's limit", little_endian(100'000'001, 8) + "{}", "header", "at most 100000000"},
        Broken{"a header length that wraps when 8 is added", little_endian(UINT64_MAX, 8) + "{}", "header", "at most 100000000"},
        Broken{"a header of no bytes", little_endian(0, 8) + "{}", "header", "a JSON object"},
        Broken{"data cut off", one("\"F32\"", "[2]", "[0,8]", "1234567"), "a", "truncated"},
        Broken{"data cut off altogether", one("\"F32\"", "[2]", "[0,8]", ""), "a", "truncated"},
        Broken{"a byte too many", one("\"F32\"", "[2]", "[0,8]", "123456789"), "header", "all 9 data bytes, found 8"},
        Broken{"data without a tensor", container("{}", "x"), "header", "all 1 data bytes, found 0"},
        Broken{"a Python pickle", std::string("PK\x03\x04\0\0\0\0\0\0archive/data.pkl", 26), "header", "truncated"},
        Broken{"a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\n", "header", "at most 100000000"}));

INSTANTIATE_TEST_SUITE_P(
    Header, BrokenSafetensors,
    ::testing::Values(
        Broken{"a list for a header", container("[]", ""), "header", "a JSON object"},
        Broken{"a header that begins with a space", container(" {}", ""), "header", "a JSON object"},
        Broken{"a header cut off", container(R"({"a":{"dtype":"U8")", ""), "header", "end of input"},
        Broken{"something behind the object", container("{}{}", ""), "header", "unexpected '{'"},
        Broken{"NUL for padding", container(std::string("{}\0\0", 4), ""), "header", "a NUL byte"},
        Broken{"bytes that are not UTF-8 in a name", container("{\"\xff\":1}", ""), "header", "ill-formed UTF-8"},
        Broken{"nesting without end", container("{\"a\":" + std::string(100'000, '['), ""), "a[0][0][0][0][0][0][0]", "at most 8 levels"},
        Broken{
            "a tensor twice",
            container(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})", "xy"),
            "a", "a second time"},
        Broken{"a type twice", container(R"({"a":{"dtype":"U8","dtype":"F64","shape":[1],"data_offsets":[0,1]}})", "x"), "a.dtype",
               "a second time"},
        Broken{"metadata that is a list", container(R"({"__metadata__":[]})", ""), "__metadata__", "an object"},
        Broken{"metadata that is no text", container(R"({"__metadata__":{"n":1}})", ""), "__metadata__.n", "a text, found 1"},
        Broken{"metadata inside metadata", container(R"({"__metadata__":{"n":{}}})", ""), "__metadata__.n", "a text"}));

INSTANTIATE_TEST_SUITE_P(
    Entry, BrokenSafetensors,
    ::testing::Values(
        Broken{"an entry that is a list", container(R"({"a":[]})", ""), "a", "an object"},
        Broken{"no type", container(R"({"a":{"shape":[1],"data_offsets":[0,1]}})", "x"), "a", "dtype as a value, found no such key"},
        Broken{"no shape", container(R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", "x"), "a", "shape as a value"},
        Broken{"no offsets", container(R"({"a":{"dtype":"U8","shape":[1]}})", "x"), "a", "data_offsets as a value"},
        Broken{"a type that does not exist", one("\"F33\"", "[1]", "[0,4]", "1234"), "a", "\"F33\""},
        Broken{"a type of the format that is not read here", one("\"F8_E4M3\"", "[1]", "[0,1]", "x"), "a",
               "F8_E4M3, which this program does not read"},
        Broken{"a number for a type", one("3", "[1]", "[0,4]", "1234"), "a", "dtype as a text"},
        Broken{"a terminal escape for a type", one("\"\\u001b[31m\"", "[1]", "[0,1]", "x"), "a", "?[31m"},
        Broken{"a negative side", one("\"U8\"", "[-1]", "[0,1]", "x"), "a", "found -1"},
        Broken{"two negative sides with a positive product", one("\"U8\"", "[-1,-1]", "[0,1]", "x"), "a", "found -1"},
        Broken{"a side that is no integer", one("\"U8\"", "[1.0]", "[0,1]", "x"), "a", "shape[0] as an integer, found 1.0"},
        Broken{"a text for a side", one("\"U8\"", "[\"1\"]", "[0,1]", "x"), "a", "shape[0]"},
        Broken{"a side beyond 63 bits", one("\"U8\"", "[9223372036854775808]", "[0,1]", "x"), "a", "shape[0]"},
        Broken{"a side beyond 64 bits", one("\"U8\"", "[1e30]", "[0,1]", "x"), "a", "shape[0]"},
        Broken{"a product of 2^64, which wraps to 0", one("\"U8\"", "[4294967296,4294967296]", "[0,0]", ""), "a", "63 bits"},
        Broken{"a product that wraps to the right size", one("\"F64\"", "[2305843009213693953]", "[0,8]", "12345678"), "a", "63 bits"},
        Broken{"a huge product hidden by a zero", one("\"U8\"", "[4294967296,4294967296,0]", "[0,0]", ""), "a", "63 bits"},
        Broken{"a shape that is a number", one("\"U8\"", "1", "[0,1]", "x"), "a", "shape as a list"},
        Broken{"more data than the shape needs", one("\"U8\"", "[1]", "[0,2]", "xy"), "a", "1 bytes for its shape and type, found 2"},
        Broken{"less data than the shape needs", one("\"F32\"", "[1]", "[0,2]", "xy"), "a", "4 bytes for its shape and type, found 2"},
        Broken{"data for a tensor without elements", one("\"F32\"", "[0,5]", "[0,4]", "1234"), "a",
               "0 bytes for its shape and type, found 4"}));

INSTANTIATE_TEST_SUITE_P(
    Offsets, BrokenSafetensors,
    ::testing::Values(
        Broken{"one offset", one("\"U8\"", "[1]", "[0]", "x"), "a", "two numbers, found 1"},
        Broken{"three offsets", one("\"U8\"", "[1]", "[0,1,2]", "x"), "a", "two numbers, found 3"},
        Broken{"an end before the begin", one("\"U8\"", "[1]", "[1,0]", "x"), "a", "found [1, 0]"},
        Broken{"a negative begin", one("\"U8\"", "[2]", "[-1,1]", "x"), "a", "found [-1, 1]"},
        Broken{"offsets that are no integers", one("\"U8\"", "[1]", "[0,1.0]", "x"), "a", "data_offsets[1]"},
        Broken{"an end beyond 63 bits", one("\"U8\"", "[1]", "[0,18446744073709551615]", "x"), "a", "data_offsets[1]"},
        Broken{"both offsets far outside", one("\"U8\"", "[1]", "[9223372036854775806,9223372036854775807]", "x"), "a", "truncated"},
        Broken{"the same bytes for two tensors", two(R"([2],"data_offsets":[0,2])", R"([2],"data_offsets":[0,2])", "xy"), "b",
               "overlapping"},
        Broken{"a byte shared by two tensors", two(R"([2],"data_offsets":[0,2])", R"([2],"data_offsets":[1,3])", "xyz"), "b",
               "overlapping"},
        Broken{"a tensor inside another", two(R"([3],"data_offsets":[0,3])", R"([1],"data_offsets":[1,2])", "xyz"), "b", "overlapping"},
        Broken{"an empty tensor inside another", two(R"([3],"data_offsets":[0,3])", R"([0],"data_offsets":[1,1])", "xyz"), "b",
               "overlapping"},
        Broken{"a hole between tensors", two(R"([1],"data_offsets":[0,1])", R"([1],"data_offsets":[2,3])", "xyz"), "b", "leaving a hole"},
        Broken{"a hole before the first", one("\"U8\"", "[1]", "[1,2]", "xy"), "a", "from byte 0 on, found 1"},
        Broken{"a hole behind the last", two(R"([1],"data_offsets":[0,1])", R"([1],"data_offsets":[1,2])", "xyz"), "header",
               "all 3 data bytes"}));

TEST(BrokenSafetensorsFile, ThatIsNoFileIsRefused) {
  const TemporaryFolder folder;
  const auto found = [](const std::filesystem::path& file) -> std::string {
    try {
      SafetensorsFile::open(file);
    } catch (const InputError& e) {
      EXPECT_EQ(e.file(), file.string());
      return e.found();
    }
    return "nothing wrong";
  };
  EXPECT_EQ(found(folder / "none.safetensors"), "No such file or directory");
  EXPECT_EQ(found(folder.path()), "Is a directory");
  EXPECT_EQ(found("/dev/null"), "a device, pipe or socket");
}

// Every prefix of a sound file, and every file with one byte of its header changed, is refused or read as something consistent.
TEST(BrokenSafetensorsFile, NeverReadsBeyondItsEnd) {
  const TemporaryFolder folder;
  const std::string whole = container(
      R"({"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})", "12345678xyz");
  const auto check = [&](const std::string& bytes) {
    put_bytes(folder / "x", bytes);
    try {
      const SafetensorsFile file = SafetensorsFile::open(folder / "x");
      uint64_t covered = 0;
      for (const auto& [name, entry] : file.tensors()) {
        covered += file.bytes(name).size();
        EXPECT_EQ(file.bytes(name).size(), static_cast<uint64_t>(entry.elements()) * bytes_of(entry.type));
        for (const std::byte b : file.bytes(name)) EXPECT_NE(b, std::byte{0});  // touches every byte
      }
      EXPECT_EQ(covered, 11u);
      return true;
    } catch (const InputError&) {
      return false;
    }
  };
  EXPECT_TRUE(check(whole));
  for (size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(check(whole.substr(0, n))) << n;
  for (size_t i = 0; i < whole.size() - 11; ++i) {
    for (const char c : {'\0', '9', '{', '"', ',', '\xff'}) {
      std::string changed = whole;
      changed[i] = c;
      check(changed);
    }
  }
}

}  // namespace
}  // namespace rolora
