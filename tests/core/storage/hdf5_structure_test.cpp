// SPDX-License-Identifier: GPL-3.0-or-later
// Bytes made by hand from the HDF5 File Format Specification 3.0 (II.A superblock, III.E global heap).
#include "core/storage/hdf5_structure.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "core/base/error.h"

namespace rolora {
namespace {

std::string number(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i);
  return out;
}

std::string object(uint16_t index, uint64_t size, uint64_t stored) {
  return number(index, 2) + number(1, 2) + number(0, 4) + number(size, 8) + std::string(stored, 'x');
}

std::string collection(const std::string& objects, uint64_t size = 4096) {
  std::string out = "GCOL" + number(1, 1) + number(0, 3) + number(size, 8) + objects;
  out.resize(std::max<uint64_t>(size, out.size()), '\xee');
  return out;
}

// Two texts of 5 and 16 bytes and the free rest.
std::string sound() { return object(1, 5, 8) + object(2, 16, 16) + object(0, 4096 - 16 - 24 - 32, 0); }

uint64_t check(const std::string& bytes) { return check_hdf5_heaps(std::as_bytes(std::span(bytes)), "s.h5"); }

std::string refused(const std::function<void()>& ask) {
  try {
    ask();
  } catch (const InputError& e) {
    EXPECT_EQ(e.file(), "s.h5");
    return std::string(e.what()).substr(6);
  }
  return "nothing";
}

TEST(Hdf5Heaps, SoundOnesPassWhereverTheyLie) {
  EXPECT_EQ(check(""), 0u);
  EXPECT_EQ(check(std::string(10'000, 'G')), 0u);
  EXPECT_EQ(check(collection(sound())), 16u);
  EXPECT_EQ(check("abc" + collection(sound()) + "GCOL" + collection(object(1, 4064, 4064)) + "GCOL\1"), 4064u)
      << "at odd bytes; a full one";
  EXPECT_EQ(check(collection(object(1, 4056, 4056), 4096)), 4056u) << "a rest of 8 bytes is too short for a header, and free";
  EXPECT_EQ(check(collection(object(1, 0, 0) + object(0, 4096 - 32, 0))), 0u) << "an empty text";
}

TEST(Hdf5Heaps, WordsThatAreNoHeapPass) {
  EXPECT_EQ(check("GCOL is a word" + std::string(5000, '\0')), 0u);
  EXPECT_EQ(check("GCOL" + number(2, 1) + number(0, 3) + number(4096, 8) + std::string(5000, '\0')), 0u) << "the library refuses version 2";
  EXPECT_EQ(check("GCOL" + number(1, 1) + number(0, 3) + number(8192, 8) + std::string(5000, '\0')), 0u) << "more bytes than follow";
}

TEST(Hdf5Heaps, WhatWouldNotEndOrLeaveTheHeapIsRefused) {
  const auto found = [](const std::string& objects) {
    const std::string text = refused([&] { check("12" + collection(objects)); });
    const std::string front = "heap of texts at byte 2: expected objects one behind the other in its 4096 bytes, found ";
    EXPECT_EQ(text.substr(0, front.size()), front) << text;
    return text.substr(std::min(front.size(), text.size()));
  };
  EXPECT_EQ(found(object(0, 0, 8)), "a free one of 0 bytes at its byte 16") << "HDF5 1.10 stays there for ever";
  EXPECT_EQ(found(object(1, 5, 8) + object(0, 0, 0)), "a free one of 0 bytes at its byte 40");
  EXPECT_EQ(found(object(0, 8, 8)), "a free one of 8 bytes at its byte 16") << "less than its own header";
  EXPECT_EQ(found(object(0, 4081, 0)), "a free one of 4081 bytes at its byte 16");
  EXPECT_EQ(found(object(1, 4065, 0)), "one of 4065 bytes at its byte 16");
  EXPECT_EQ(found(object(1, ~uint64_t{0}, 0)), "one of 18446744073709551615 bytes at its byte 16") << "rounded up it is 0";
  EXPECT_EQ(found(object(1, ~uint64_t{0} - 15, 0)), "one of 18446744073709551600 bytes at its byte 16") << "with its header it is 0";
}

TEST(Hdf5Heaps, ReservedBytesHideNothing) {
  std::string bytes = collection(object(0, 0, 0));
  bytes[6] = 7;  // the library does not look at them
  EXPECT_NE(refused([&] { check(bytes); }).find("a free one of 0 bytes"), std::string::npos);
}

TEST(Hdf5Heaps, SmallOnesAndThoseInOthersAreRefused) {
  EXPECT_EQ(refused([] { check(collection("", 64) + std::string(100, '\0')); }),
            "heap of texts at byte 0: expected at least 4096 bytes, found 64");
  std::string outer = collection(object(1, 8000, 8000) + object(0, 160, 0), 8192);
  outer.replace(64, 4096, collection(sound()));
  EXPECT_EQ(refused([&] { check(outer); }), "heap of texts at byte 64: expected heaps beside each other, found one within another");
}

TEST(Hdf5Superblock, IsThatOfTheWriter) {
  const std::string good = "\x89HDF\r\n\x1a\n" + number(2, 1) + number(8, 1) + number(8, 1) + number(0, 37);
  const auto check_front = [](const std::string& bytes) { check_hdf5_superblock(std::as_bytes(std::span(bytes)), "s.h5"); };
  EXPECT_NO_THROW(check_front(good));
  const auto with = [&](size_t at, char value) {
    std::string bytes = good;
    bytes[at] = value;
    return refused([&] { check_front(bytes); });
  };
  EXPECT_EQ(with(1, 'h'), "file: expected an HDF5 file, found other bytes");
  EXPECT_EQ(with(8, 0), "superblock: expected version 2, found version 0");
  EXPECT_EQ(with(9, 4), "superblock: expected addresses and lengths of 8 bytes, found 4 and 8");
  EXPECT_EQ(with(10, 2), "superblock: expected addresses and lengths of 8 bytes, found 8 and 2");
  EXPECT_EQ(refused([&] { check_front(good.substr(0, 47)); }), "file: expected an HDF5 file, found 47 bytes");
}

}  // namespace
}  // namespace rolora
