// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors: NIST, FIPS 180-2 appendix B and the SHA-256 short-message examples.
#include "core/storage/sha256.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.h"
#include "tests/support/temporary_folder.h"

namespace rolora {
namespace {

using testing::put_bytes;
using testing::TemporaryFolder;

constexpr const char* kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr const char* kAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* kMillionA = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

TEST(Sha256, EqualsThePublishedVectors) {
  EXPECT_EQ(sha256_of_text(""), kEmpty);
  EXPECT_EQ(sha256_of_text("abc"), kAbc);
  EXPECT_EQ(sha256_of_text("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_of_text(std::string(1'000'000, 'a')), kMillionA);
}

TEST(Sha256, PartsMakeTheSameAsTheWhole) {
  Sha256 hash;
  hash.add("a");
  hash.add("");
  hash.add("bc");
  EXPECT_EQ(hash.hex(), kAbc);
  EXPECT_THROW(hash.hex(), Error) << "hex() ends it";
  EXPECT_THROW(hash.add("x"), Error);
}

TEST(Sha256, OfFiles) {
  const TemporaryFolder folder;
  put_bytes(folder / "empty", "");
  put_bytes(folder / "large", std::string(1'000'000, 'a') + std::string(1'500'000, 'b'));
  EXPECT_EQ(sha256_of_file(folder / "empty"), kEmpty);
  EXPECT_EQ(sha256_of_file(folder / "large"), sha256_of_text(std::string(1'000'000, 'a') + std::string(1'500'000, 'b')));
  try {
    sha256_of_file(folder / "none");
    FAIL() << "a missing file has no hash";
  } catch (const InputError& e) {
    EXPECT_EQ(e.file(), (folder / "none").string());
    EXPECT_EQ(e.found(), "No such file or directory");
  }
  EXPECT_THROW(sha256_of_file(folder.path()), InputError) << "a folder";
}

}  // namespace
}  // namespace rolora
