// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"

#include <gtest/gtest.h>

#include <string>

#include "core/base/index.h"
#include "core/base/monitor.h"
#include "core/base/utf8.h"

namespace rolora {
namespace {

TEST(InputError, SaysFileKeyExpectedAndFoundInOneLine) {
  const InputError error("config.json", "hidden_size", "an integer from 1 to 65536", "-3");
  EXPECT_STREQ(error.what(), "config.json: hidden_size: expected an integer from 1 to 65536, found -3");
  EXPECT_EQ(error.file(), "config.json");
  EXPECT_EQ(error.key(), "hidden_size");
  EXPECT_EQ(error.expected(), "an integer from 1 to 65536");
  EXPECT_EQ(error.found(), "-3");
}

TEST(InputError, StaysOneLineWhateverTheFileIsCalled) {
  const InputError error("a\nb", "k\r", "x\x1b[31m", "y\xff");
  EXPECT_STREQ(error.what(), "a?b: k?: expected x?[31m, found y?");
  EXPECT_EQ(error.file(), "a\nb") << "the file itself keeps its name";
}

TEST(Errors, AreCaughtAsErrorAndKeepTheirKind) {
  EXPECT_THROW(throw DeviceError("x"), Error);
  EXPECT_THROW(throw UsageError("x"), Error);
  EXPECT_THROW(throw InputError("a", "b", "c", "d"), Error);
  EXPECT_THROW(throw NumericError("x"), std::runtime_error);
}

TEST(Printable, KeepsWholeCharactersAndDropsControls) {
  EXPECT_EQ(printable("plain"), "plain");
  EXPECT_EQ(printable("tab\tnl\n\x7f"), "tab?nl??");
  EXPECT_EQ(printable("\xC2\x9B[2J"), "?[2J") << "C1 control sequence introducer";
  EXPECT_EQ(printable("Ä日🙂"), "Ä日🙂");
  EXPECT_EQ(printable("\xff\xfe"), "??");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_EQ(printable("abc", 3), "abc");
  EXPECT_EQ(printable("aÄb", 2), "a…") << "a character is not cut in two";
  EXPECT_EQ(printable(""), "");
}

// Expected values: Python's bytes.decode("utf-8", "replace"), which follows the same rule.
TEST(WellFormedUtf8, ReplacesEachMaximalIllFormedPart) {
  EXPECT_EQ(well_formed_utf8("a\xC3\xA4z"), "aäz");
  EXPECT_EQ(well_formed_utf8("\x80"), "\uFFFD");
  EXPECT_EQ(well_formed_utf8("\xC3"), "\uFFFD");
  EXPECT_EQ(well_formed_utf8("\xC0\xAF"), "\uFFFD\uFFFD") << "overlong";
  EXPECT_EQ(well_formed_utf8("\xE2\x82"), "\uFFFD") << "two bytes of three are one part";
  EXPECT_EQ(well_formed_utf8("\xE2\x82z"), "\uFFFDz");
  EXPECT_EQ(well_formed_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
  EXPECT_EQ(well_formed_utf8("\xF0\x9F\x99\x82\xF4\x90\x80\x80"), "🙂\uFFFD\uFFFD\uFFFD\uFFFD") << "above U+10FFFF";
}

TEST(Utf8Step, OfNothingIsNothing) {
  EXPECT_EQ(utf8_step("").bytes, 0u);
  EXPECT_FALSE(utf8_step("").whole);
  EXPECT_EQ(utf8_step("日x").bytes, 3u);
  EXPECT_TRUE(utf8_step("日x").whole);
}

class StopAsked final : public Monitor {
 public:
  void progress(std::string_view, int64_t, int64_t) override {}
  void metric(std::string_view, int64_t, double) override {}
  void notice(std::string_view) override {}
  bool stop_requested() const override { return true; }
};

TEST(Monitor, StopBecomesCancelled) {
  EXPECT_NO_THROW(throw_if_stopped(SilentMonitor()));
  EXPECT_THROW(throw_if_stopped(StopAsked()), Cancelled);
}

TEST(Index, OrdersWithinOneKindOnly) {
  EXPECT_LT(LayerIndex(1), LayerIndex(2));
  EXPECT_EQ(TokenIndex(3), TokenIndex(3));
  static_assert(!std::is_convertible_v<LayerIndex, TokenIndex>);
  static_assert(!std::is_convertible_v<int64_t, LayerIndex>);
}

}  // namespace
}  // namespace rolora
