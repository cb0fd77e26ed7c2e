// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/safetensors.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "tests/core/storage/safetensors_bytes.h"
#include "tests/support/temporary_folder.h"

namespace rolora {
namespace {

using testing::container;
using testing::get_bytes;
using testing::little_endian;
using testing::put_bytes;
using testing::TemporaryFolder;
using Declared = SafetensorsWriter::Declared;
using Names = std::vector<std::string>;

template <class Value>
std::vector<Value> values_of(const SafetensorsFile& file, const std::string& name) {
  const std::span<const std::byte> bytes = file.bytes(name);
  std::vector<Value> values(bytes.size() / sizeof(Value));
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

std::span<const std::byte> bytes_in(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(StoredType, HasTheContainersNamesAndSizes) {
  const std::vector<std::pair<const char*, size_t>> all = {{"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},
                                                           {"I32", 4}, {"I16", 2}, {"I8", 1},  {"U8", 1},   {"BOOL", 1}};
  for (const auto& [name, bytes] : all) {
    ASSERT_TRUE(stored_type(name)) << name;
    EXPECT_EQ(name_of(*stored_type(name)), name);
    EXPECT_EQ(bytes_of(*stored_type(name)), bytes) << name;
  }
  EXPECT_FALSE(stored_type("f32"));
  EXPECT_FALSE(stored_type("F8_E4M3"));
}

TEST(StoredBytes, AreCheckedForOverflow) {
  EXPECT_EQ(stored_bytes(StoredType::F32, {}), 4u);
  EXPECT_EQ(stored_bytes(StoredType::BF16, {3, 5}), 30u);
  EXPECT_EQ(stored_bytes(StoredType::F64, {3, 0}), 0u);
  EXPECT_FALSE(stored_bytes(StoredType::F32, {-1}));
  EXPECT_FALSE(stored_bytes(StoredType::U8, {int64_t{1} << 32, int64_t{1} << 32})) << "2^64 wraps to 0";
  EXPECT_FALSE(stored_bytes(StoredType::F64, {(int64_t{1} << 61) + 1})) << "wraps to 8";
  EXPECT_FALSE(stored_bytes(StoredType::U8, {int64_t{1} << 40, 0, int64_t{1} << 40})) << "a zero hides nothing";
}

TEST(SafetensorsFile, ReadsAFileLaidOutByHand) {
  const TemporaryFolder folder;
  // Not in the order of names, an odd header length, no metadata.
  const std::string header =
      R"({"b":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}, "a":{"dtype":"I16","shape":[1,2],"data_offsets":[3,7]}})";
  put_bytes(folder / "x", container(header, "xyz" + little_endian(0xFFFE, 2) + little_endian(513, 2)));
  const SafetensorsFile file = SafetensorsFile::open(folder / "x");
  EXPECT_EQ(file.path(), folder / "x");
  EXPECT_TRUE(file.metadata().empty());
  ASSERT_EQ(file.tensors().size(), 2u);
  EXPECT_EQ(file.entry("a").shape, (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(file.entry("a").elements(), 2);
  EXPECT_EQ(file.entry("a").type, StoredType::I16);
  EXPECT_EQ(values_of<int16_t>(file, "a"), (std::vector<int16_t>{-2, 513}));
  EXPECT_EQ(values_of<char>(file, "b"), (std::vector<char>{'x', 'y', 'z'}));
  try {
    file.bytes("c");
    FAIL();
  } catch (const InputError& e) {
    EXPECT_EQ(e.file(), (folder / "x").string());
    EXPECT_EQ(e.key(), "c");
  }
}

TEST(SafetensorsFile, ReadsWhatThePythonLibraryWrote) {  // make_fixture.py
  const char* root = std::getenv("ROLORA_SOURCE");
  if (root == nullptr) GTEST_SKIP() << "ROLORA_SOURCE does not name the checkout";
  const auto file = SafetensorsFile::open(std::filesystem::path(root) / "tests/core/storage/made_by_python.safetensors");
  EXPECT_EQ(file.tensors().size(), 11u);
  EXPECT_EQ(file.metadata().at("format"), "pt");
  EXPECT_EQ(file.metadata().at("made with"), "Füllung");
  EXPECT_EQ(file.entry("f32").shape, (std::vector<int64_t>{2, 3}));
  const auto f32 = values_of<float>(file, "f32");
  EXPECT_EQ(f32, (std::vector<float>{1.5f, -2.25f, 0.0f, 3.4028235e38f, -0.0f, std::numeric_limits<float>::denorm_min()}));
  EXPECT_TRUE(std::signbit(f32[4]));
  EXPECT_EQ(values_of<double>(file, "f64"), (std::vector<double>{0.1, -1e300}));
  EXPECT_EQ(values_of<uint16_t>(file, "f16"), (std::vector<uint16_t>{0x7BFF, 0xB800}));
  EXPECT_EQ(values_of<int64_t>(file, "i64"), (std::vector<int64_t>{INT64_MIN, INT64_MAX}));
  EXPECT_EQ(values_of<int32_t>(file, "i32"), (std::vector<int32_t>{-7, 11}));
  EXPECT_EQ(values_of<int16_t>(file, "i16"), (std::vector<int16_t>{-300}));
  EXPECT_EQ(values_of<int8_t>(file, "i8"), (std::vector<int8_t>{-128, 127, 5}));
  EXPECT_EQ(values_of<uint8_t>(file, "u8"), (std::vector<uint8_t>{0, 255, 17}));
  EXPECT_EQ(file.entry("bool").type, StoredType::BOOL);
  EXPECT_EQ(values_of<uint8_t>(file, "bool"), (std::vector<uint8_t>{1, 0, 1}));
  EXPECT_TRUE(file.entry("scalar").shape.empty());
  EXPECT_EQ(file.entry("scalar").elements(), 1);
  EXPECT_EQ(values_of<float>(file, "scalar"), std::vector<float>{2.5f});
  EXPECT_EQ(file.entry("empty").shape, (std::vector<int64_t>{0, 4}));
  EXPECT_TRUE(file.bytes("empty").empty());
}

TEST(SafetensorsFile, OfNoTensorsIsAFile) {
  const TemporaryFolder folder;
  put_bytes(folder / "x", container(R"({"__metadata__":{"a":"b"}})", ""));
  EXPECT_TRUE(SafetensorsFile::open(folder / "x").tensors().empty());
  put_bytes(folder / "x", container("{}      ", ""));
  EXPECT_TRUE(SafetensorsFile::open(folder / "x").tensors().empty()) << "padding behind the header is part of the format";
}

TEST(SafetensorsFile, CopiesAndTheirBytesOutliveTheFirst) {
  const TemporaryFolder folder;
  put_bytes(folder / "x", container(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", "ok"));
  std::shared_ptr<const void> alive;
  std::span<const std::byte> bytes;
  {
    const SafetensorsFile first = SafetensorsFile::open(folder / "x"), copy = first;
    alive = copy.keep_alive();
    bytes = copy.bytes("a");
  }
  std::filesystem::remove(folder / "x");
  EXPECT_EQ(std::memcmp(bytes.data(), "ok", 2), 0);
}

// Resident kB of this process that come from files (RssFile of /proc/self/status).
long resident_file_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    long kb = 0;
    if (word == "RssFile:" && status >> kb) return kb;
  }
  return -1;
}

TEST(SafetensorsFile, ReleaseGivesThePagesBackAndTheyReadTheSameAgain) {
  const TemporaryFolder folder;
  constexpr size_t kBytes = size_t{64} << 20;
  std::string large(kBytes, '\1');
  large.back() = '\7';
  {
    SafetensorsWriter writer(folder / "x", {{"small", StoredType::U8, {3}}, {"large", StoredType::U8, {int64_t{kBytes}}}});
    writer.write("small", bytes_in("abc"));
    writer.write("large", bytes_in(large));
    writer.finish();
  }
  const SafetensorsFile file = SafetensorsFile::open(folder / "x");
  const auto sum = [&] {
    uint64_t total = 0;
    for (const std::byte b : file.bytes("large")) total += static_cast<uint64_t>(b);
    return total;
  };
  EXPECT_EQ(sum(), kBytes + 6);
  const long before = resident_file_kb();
  if (before < 0) GTEST_SKIP() << "the system does not say how much is resident";
  ASSERT_GT(before, 60 * 1024);
  file.release("large");
  EXPECT_LT(resident_file_kb(), before - 60 * 1024);
  file.release("small");  // less than a page: nothing happens
  EXPECT_EQ(sum(), kBytes + 6);
  EXPECT_EQ(values_of<char>(file, "small"), (std::vector<char>{'a', 'b', 'c'}));
}

TEST(SafetensorsWriter, WritesTheBytesOfTheFormat) {
  const TemporaryFolder folder;
  SafetensorsWriter writer(folder / "x", {{"b", StoredType::BF16, {2, 1}}, {"a", StoredType::F32, {1}}, {"c", StoredType::I16, {}}},
                           {{"format", "pt"}, {"by", "me"}});
  EXPECT_FALSE(std::filesystem::exists(folder / "x"));
  writer.write("b", bytes_in("1234"));
  writer.write("a", bytes_in("abcd"));
  writer.write("c", bytes_in("!?"));
  EXPECT_FALSE(std::filesystem::exists(folder / "x"));
  writer.finish();
  std::string header = R"({"__metadata__":{"by":"me","format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                       R"("b":{"dtype":"BF16","shape":[2,1],"data_offsets":[4,8]},"c":{"dtype":"I16","shape":[],"data_offsets":[8,10]}})";
  header.append((8 - header.size() % 8) % 8, ' ');
  EXPECT_EQ(get_bytes(folder / "x"), container(header, "abcd1234!?"));
  EXPECT_EQ(folder.names(), Names{"x"});
}

TEST(SafetensorsWriter, AlignsEveryTensorToItsType) {
  const TemporaryFolder folder;
  const std::vector<Declared> declared = {
      {"flag", StoredType::BOOL, {3}}, {"half", StoredType::F16, {3}}, {"double", StoredType::F64, {1}}, {"float", StoredType::F32, {1}}};
  SafetensorsWriter writer(folder / "x", declared);
  for (const Declared& d : declared) writer.write(d.name, bytes_in(std::string(*stored_bytes(d.type, d.shape), d.name[0])));
  writer.finish();
  const SafetensorsFile file = SafetensorsFile::open(folder / "x");
  for (const Declared& d : declared) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(file.bytes(d.name).data()) % bytes_of(d.type), 0u) << d.name;
    for (const char c : values_of<char>(file, d.name)) EXPECT_EQ(c, d.name[0]);
  }
}

TEST(SafetensorsWriter, SameCallsSameBytesAndTheyReadBack) {
  const TemporaryFolder folder;
  std::string data;
  for (int i = 0; i < 24; ++i) data += static_cast<char>(i * 37);
  for (const char* name : {"x", "y"}) {
    SafetensorsWriter writer(folder / name, {{"w", StoredType::F32, {2, 3}}, {"e", StoredType::I64, {0}}}, {{"k", "v\"\n"}});
    writer.write("w", bytes_in(data));
    writer.write("e", {});
    writer.finish();
  }
  EXPECT_EQ(get_bytes(folder / "x"), get_bytes(folder / "y"));
  const SafetensorsFile file = SafetensorsFile::open(folder / "x");
  EXPECT_EQ(file.metadata().at("k"), "v\"\n");
  EXPECT_EQ(values_of<char>(file, "w"), std::vector<char>(data.begin(), data.end()));
}

TEST(SafetensorsWriter, RefusesWrongUseAndLeavesNothing) {
  const TemporaryFolder folder;
  const std::vector<Declared> two = {{"a", StoredType::U8, {2}}, {"b", StoredType::U8, {1}}};
  {
    SafetensorsWriter writer(folder / "x", two);
    EXPECT_THROW(writer.write("b", bytes_in("1")), Error) << "not its turn";
    EXPECT_THROW(writer.write("a", bytes_in("1")), Error) << "too short";
    EXPECT_THROW(writer.write("a", bytes_in("123")), Error) << "too long";
    writer.write("a", bytes_in("12"));
    EXPECT_THROW(writer.finish(), Error) << "b is missing";
    writer.write("b", bytes_in("3"));
    EXPECT_THROW(writer.write("c", bytes_in("4")), Error);
  }
  EXPECT_THROW(SafetensorsWriter(folder / "x", {two[0], two[0]}), Error) << "a name twice";
  EXPECT_THROW(SafetensorsWriter(folder / "x", {{"__metadata__", StoredType::U8, {1}}}), Error);
  EXPECT_THROW(SafetensorsWriter(folder / "x", {{"a", StoredType::U8, {-1}}}), Error);
  EXPECT_THROW(SafetensorsWriter(folder / "x", {{"a\xff", StoredType::U8, {1}}}), Error) << "not UTF-8";
  EXPECT_TRUE(folder.names().empty());
}

TEST(SafetensorsWriter, AFullDiskIsNamedAndLeavesTheOldFile) {
  const TemporaryFolder folder;
  put_bytes(folder / "x", "old");
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string message = "nothing was thrown";
  try {
    SafetensorsWriter writer(folder / "x", {{"a", StoredType::U8, {100'000}}});
    writer.write("a", bytes_in(std::string(100'000, 'x')));
    writer.finish();
  } catch (const DeviceError& e) {
    message = e.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  EXPECT_TRUE(message.starts_with((folder / "x").string() + ": cannot ")) << message;
  EXPECT_TRUE(message.ends_with(": File too large")) << message;
  EXPECT_EQ(get_bytes(folder / "x"), "old");
  EXPECT_EQ(folder.names(), Names{"x"});
}

}  // namespace
}  // namespace rolora
