// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/hdf5.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"
#include "core/storage/hdf5_seal.h"
#include "tests/support/temporary_folder.h"

#ifdef ROLORA_HAS_HDF5
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

namespace rolora {
namespace {

using testing::get_bytes;
using testing::put_bytes;
using testing::TemporaryFolder;
using Names = std::vector<std::string>;

// Everything the writer can do, in one file.
void write_sample(const std::filesystem::path& file) {
  Hdf5Writer writer(file);
  writer.group("/plain/layers.0.down_in");
  writer.dataset("/plain/layers.0.down_in/absmax", std::vector<float>{1.5f, -2, 3, 4, 5, 6}, {2, 3});
  writer.dataset("/plain/layers.0.down_in/kurtosis", std::vector<double>{0.1, std::nan(""), std::numeric_limits<double>::infinity()}, {3});
  writer.dataset("/plain/layers.0.down_in/topk_token", std::vector<int64_t>{-1, int64_t{1} << 40}, {2});
  writer.dataset("/rotated/scalar", std::vector<double>{2.5}, {});
  writer.dataset("/rotated/empty", std::vector<float>{}, {0, 4});
  writer.dataset("/rotated/texts", std::vector<std::string>{"Zürich", "", "日本", std::string("a\0b", 3), "\xff"});
  writer.dataset("/rotated/no_texts", std::vector<std::string>{});
  writer.attribute("/", "default", std::string("plain"));
  writer.attribute("/plain", "NX_class", std::string("NXdata"));
  writer.attribute("/plain", "axes", std::vector<std::string>{"layer", "channel"});
  writer.attribute("/plain", "nothing", std::vector<std::string>{});
  writer.attribute("/rotated/scalar", "sigma", 0.1);
  writer.attribute("/rotated/scalar", "tokens", int64_t{1} << 40);
  writer.commit();
}

TEST(Hdf5, ReadsWhatItWrote) {
  const TemporaryFolder folder;
  write_sample(folder / "s.h5");
  EXPECT_EQ(folder.names(), Names{"s.h5"});
  const Hdf5Reader reader(folder / "s.h5");
  EXPECT_EQ(reader.children("/"), (Names{"plain", "rotated"}));
  EXPECT_EQ(reader.children("/plain/layers.0.down_in"), (Names{"absmax", "kurtosis", "topk_token"}));
  EXPECT_TRUE(reader.has("/plain/layers.0.down_in/absmax"));
  EXPECT_TRUE(reader.has("/"));
  EXPECT_FALSE(reader.has("/plain/none"));
  EXPECT_FALSE(reader.has("/none/of/this"));
  EXPECT_FALSE(reader.has(""));
  EXPECT_EQ(reader.shape("/plain/layers.0.down_in/absmax"), (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(reader.numbers("/plain/layers.0.down_in/absmax"), (std::vector<double>{1.5, -2, 3, 4, 5, 6}));
  const std::vector<double> kurtosis = reader.numbers("/plain/layers.0.down_in/kurtosis");
  ASSERT_EQ(kurtosis.size(), 3u);
  EXPECT_EQ(kurtosis[0], 0.1);
  EXPECT_TRUE(std::isnan(kurtosis[1]));
  EXPECT_TRUE(std::isinf(kurtosis[2]));
  EXPECT_EQ(reader.numbers("/plain/layers.0.down_in/topk_token"), (std::vector<double>{-1, 1099511627776.0}));
  EXPECT_TRUE(reader.shape("/rotated/scalar").empty());
  EXPECT_EQ(reader.numbers("/rotated/scalar"), std::vector<double>{2.5});
  EXPECT_EQ(reader.shape("/rotated/empty"), (std::vector<int64_t>{0, 4}));
  EXPECT_TRUE(reader.numbers("/rotated/empty").empty());
  EXPECT_EQ(reader.strings("/rotated/texts"), (Names{"Zürich", "", "日本", "a\u2400b", "\uFFFD"}));
  EXPECT_TRUE(reader.strings("/rotated/no_texts").empty());
  EXPECT_EQ(reader.text_attribute("/", "default"), "plain");
  EXPECT_EQ(reader.texts_attribute("/plain", "axes"), (Names{"layer", "channel"}));
  EXPECT_TRUE(reader.texts_attribute("/plain", "nothing").empty());
  EXPECT_EQ(reader.number_attribute("/rotated/scalar", "sigma"), 0.1);
  EXPECT_EQ(reader.number_attribute("/rotated/scalar", "tokens"), 1099511627776.0);
  EXPECT_EQ(reader.number_attributes("/rotated/scalar"), (std::map<std::string, double>{{"sigma", 0.1}, {"tokens", 1099511627776.0}}))
      << "texts are left out";
}

TEST(Hdf5, TheSameCallsGiveTheSameBytesInAnotherSecond) {
  const TemporaryFolder folder;
  write_sample(folder / "a.h5");
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  write_sample(folder / "b.h5");
  EXPECT_EQ(get_bytes(folder / "a.h5"), get_bytes(folder / "b.h5"));
}

TEST(Hdf5, AnAttributeSetAgainIsReplaced) {
  const TemporaryFolder folder;
  {
    Hdf5Writer writer(folder / "s.h5");
    writer.attribute("/", "x", 1.0);
    writer.attribute("/", "x", std::string("text"));
    writer.group("/g");
    writer.group("/g");
    writer.group("/");
    writer.commit();
    EXPECT_THROW(writer.group("/late"), Error) << "after commit";
  }
  EXPECT_EQ(Hdf5Reader(folder / "s.h5").text_attribute("/", "x"), "text");
}

TEST(Hdf5Writer, WithoutCommitLeavesTheOldFileAndNothingElse) {
  const TemporaryFolder folder;
  put_bytes(folder / "s.h5", "old");
  {
    Hdf5Writer writer(folder / "s.h5");
    writer.dataset("/x", std::vector<double>{1}, {1});
  }
  EXPECT_EQ(get_bytes(folder / "s.h5"), "old");
  EXPECT_EQ(folder.names(), Names{"s.h5"});
}

TEST(Hdf5Writer, RefusesWrongUse) {
  const TemporaryFolder folder;
  Hdf5Writer writer(folder / "s.h5");
  EXPECT_THROW(writer.dataset("/x", std::vector<double>{1, 2}, {3}), Error) << "shape and values differ";
  EXPECT_THROW(writer.dataset("/x", std::vector<double>{1}, {-1}), Error);
  writer.dataset("/x", std::vector<double>{1}, {1});
  EXPECT_THROW(writer.dataset("/x", std::vector<double>{1}, {1}), Error) << "there already";
  EXPECT_THROW(writer.group("/x/y"), Error) << "a dataset is no group";
  EXPECT_THROW(writer.attribute("/none", "a", 1.0), Error);
  EXPECT_THROW(Hdf5Writer(folder / "none" / "s.h5"), Error);
}

TEST(Hdf5Writer, AFullDiskIsNamedAndLeavesNothing) {
  const TemporaryFolder folder;
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100'000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  std::string message = "nothing was thrown";
  try {
    Hdf5Writer writer(folder / "s.h5");
    const std::vector<double> values(100'000, 1.0);
    writer.dataset("/x", values, {100'000});
    writer.commit();
  } catch (const DeviceError& e) {
    message = e.what();
  } catch (const Error& e) {
    message = std::string("not a DeviceError: ") + e.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  EXPECT_TRUE(message.starts_with((folder / "s.h5").string() + ": ")) << message;
  EXPECT_NE(message.find("File too large"), std::string::npos) << message;
  EXPECT_TRUE(folder.names().empty());
}

template <class Ask>
std::string refused_key(const Hdf5Reader& reader, Ask ask) {
  try {
    ask(reader);
  } catch (const InputError& e) {
    EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    return e.key();
  }
  return "nothing refused";
}

TEST(Hdf5Reader, RefusesWithTheObjectsName) {
  const TemporaryFolder folder;
  write_sample(folder / "s.h5");
  const Hdf5Reader reader(folder / "s.h5");
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.numbers("/none/x"); }), "/none/x");
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.numbers("/plain"); }), "/plain") << "a group";
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.numbers("/rotated/texts"); }), "/rotated/texts");
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.strings("/rotated/scalar"); }), "/rotated/scalar");
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.children("/rotated/scalar"); }), "/rotated/scalar");
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.children("/none"); }), "/none");
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.shape("/none"); }), "/none");
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.text_attribute("/", "none"); }), "/@none");
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.text_attribute("/none", "x"); }), "/none");
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.text_attribute("/plain", "axes"); }), "/plain@axes") << "two texts";
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.number_attribute("/", "default"); }), "/@default");
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.text_attribute("/rotated/scalar", "sigma"); }), "/rotated/scalar@sigma");
}

TEST(Hdf5Reader, RefusesFilesThatAreNotHdf5OrBroken) {
  const TemporaryFolder folder;
  write_sample(folder / "s.h5");
  const std::string whole = get_bytes(folder / "s.h5");
  put_bytes(folder / "empty.h5", "");
  put_bytes(folder / "text.h5", "this is no HDF5 file, although it is long enough to hold its signature somewhere");
  put_bytes(folder / "signature.h5", whole.substr(0, 8));
  put_bytes(folder / "half.h5", whole.substr(0, whole.size() / 2));
  put_bytes(folder / "short.h5", whole.substr(0, whole.size() - 100));  // without the line behind the end and some of the content
  for (const char* name : {"empty.h5", "text.h5", "signature.h5", "half.h5", "short.h5", "none.h5"}) {
    try {
      Hdf5Reader reader(folder / name);
      FAIL() << name << " was opened";
    } catch (const InputError& e) {
      EXPECT_EQ(e.file(), (folder / name).string());
      EXPECT_EQ(e.key(), "file");
      EXPECT_EQ(std::string(e.what()).find('\n'), std::string::npos);
    }
  }
  EXPECT_THROW(Hdf5Reader(folder.path()), InputError);
}

TEST(Hdf5Reader, RefusesAFileWithOneByteChanged) {
  const TemporaryFolder folder;
  write_sample(folder / "s.h5");
  const std::string whole = get_bytes(folder / "s.h5");
  ASSERT_NE(whole.find("GCOL"), std::string::npos) << "the heap of texts, which the format does not protect";
  for (size_t at = 0; at + 100 < whole.size(); at += 61) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    put_bytes(folder / "x.h5", changed);
    EXPECT_THROW(Hdf5Reader(folder / "x.h5"), InputError) << "byte " << at;
  }
}

TEST(Hdf5Reader, RefusesAFileWhoseLastLineIsGone) {  // as a program leaves it that writes into it
  const TemporaryFolder folder;
  write_sample(folder / "s.h5");
  const std::string whole = get_bytes(folder / "s.h5");
  put_bytes(folder / "x.h5", whole.substr(0, whole.rfind("\nsha256")));
  try {
    Hdf5Reader reader(folder / "x.h5");
    FAIL() << "opened";
  } catch (const InputError& e) {
    EXPECT_EQ(e.file(), (folder / "x.h5").string());
    EXPECT_NE(std::string(e.what()).find("expected the line with its checksum that rolora writes at the end, found none"),
              std::string::npos);
    EXPECT_NE(std::string(e.what()).find("h5py's mode r+"), std::string::npos);
  }
  seal_hdf5(folder / "x.h5");
  EXPECT_EQ(Hdf5Reader(folder / "x.h5").numbers("/rotated/scalar"), std::vector<double>{2.5});
}

// What the library would walk for ever; sealed again, since anyone can.
TEST(Hdf5Reader, RefusesAHeapOfTextsThatDoesNotEnd) {
  const TemporaryFolder folder;
  write_sample(folder / "s.h5");
  std::string bytes = get_bytes(folder / "s.h5");
  bytes.resize(bytes.rfind("\nsha256"));
  const size_t heap = bytes.find("GCOL\1");
  ASSERT_NE(heap, std::string::npos);
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(heap) + 16, 16, '\0');  // the first object becomes a free one of no bytes
  put_bytes(folder / "x.h5", bytes);
  seal_hdf5(folder / "x.h5");
  try {
    Hdf5Reader reader(folder / "x.h5");
    FAIL() << "opened";
  } catch (const InputError& e) {
    EXPECT_EQ(e.key(), "heap of texts at byte " + std::to_string(heap));
    EXPECT_NE(std::string(e.what()).find("found a free one of 0 bytes at its byte 16"), std::string::npos) << e.what();
  }
}

// Ten thousand times the same text of the heap: the file is small, its texts are not.
TEST(Hdf5Reader, ReadsNoMoreTextThanTheFileHas) {
  const TemporaryFolder folder;
  {
    Hdf5Writer writer(folder / "s.h5");
    std::vector<std::string> texts(10'000);
    texts.front() = std::string(100'000, 'x');
    writer.dataset("/texts", texts);
    writer.commit();
  }
  std::string bytes = get_bytes(folder / "s.h5");
  bytes.resize(bytes.rfind("\nsha256"));
  const std::string length("\xa0\x86\1\0", 4);  // 100,000, in front of where the text lies
  size_t at = bytes.find(length);
  while (at != std::string::npos && bytes.substr(at + 16, 4) != std::string(4, '\0')) at = bytes.find(length, at + 1);
  ASSERT_NE(at, std::string::npos) << "the first of the list, empty ones behind it";
  for (size_t i = 1; i < 10'000; ++i) bytes.replace(at + 16 * i, 16, bytes, at, 16);
  put_bytes(folder / "x.h5", bytes);
  seal_hdf5(folder / "x.h5");
  EXPECT_EQ(Hdf5Reader(folder / "s.h5").strings("/texts").front().size(), 100'000u);
  const Hdf5Reader reader(folder / "x.h5");
  EXPECT_EQ(refused_key(reader, [](const Hdf5Reader& r) { r.strings("/texts"); }), "/texts");
}

}  // namespace
}  // namespace rolora

#else

namespace rolora {
namespace {

TEST(Hdf5, ABuildWithoutItSaysSo) {
  const testing::TemporaryFolder folder;
  EXPECT_THROW(Hdf5Writer(folder / "s.h5"), DeviceError);
  EXPECT_THROW(Hdf5Reader(folder / "s.h5"), DeviceError);
}

}  // namespace
}  // namespace rolora
#endif
