// SPDX-License-Identifier: GPL-3.0-or-later
// packaging/examine-skips.sh: what may be skipped, from results as googletest writes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "tests/core/jobs/tree.h"

namespace rolora {
namespace {

using ::testing::HasSubstr;

struct Answer {
  int code = -1;
  std::string text;  ///< stdout and stderr
};

Answer examine(const std::filesystem::path& results, const std::filesystem::path& shared) {
  const std::string script = (test::source_folder() / "packaging/examine-skips.sh").string();
  const std::string command = "sh '" + script + "' '" + results.string() + "' '" + shared.string() + "' 2>&1";
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run sh");
  Answer answer;
  char part[512];
  while (const size_t n = std::fread(part, 1, sizeof part, pipe)) answer.text.append(part, n);
  const int status = ::pclose(pipe);
  answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return answer;
}

std::string testcase(const std::string& name, const std::string& message) {
  return "    <testcase name=\"" + name + "\" status=\"run\" result=\"skipped\" time=\"0\">\n      <skipped message=\"a_test.cpp:62&#x0A;" +
         message + "\"><![CDATA[a_test.cpp:62\n" + message + "]]></skipped>\n    </testcase>\n";
}

class Skips : public ::testing::Test {
 protected:
  void results(const std::string& file, const std::string& cases) {
    test::put(folder_ / "results" / file,
              "<testsuites>\n  <testsuite name=\"A\">\n    <testcase name=\"runs\" status=\"run\" result=\"completed\" />\n" + cases +
                  "  </testsuite>\n</testsuites>\n");
  }
  Answer with_reference() {
    std::filesystem::create_directories(folder_ / "shared/reference");
    return examine(folder_ / "results", folder_ / "shared");
  }
  Answer without_reference() const { return examine(folder_ / "results", folder_ / "elsewhere"); }

  test::TempFolder folder_;
};

TEST_F(Skips, NoneIsFine) {
  results("a.xml", "");
  const Answer answer = with_reference();
  EXPECT_EQ(answer.code, 0) << answer.text;
  EXPECT_EQ(answer.text, "0 tests skipped\n");
}

TEST_F(Skips, OnlyCudaMayBeMissingBesideTheReference) {
  results("a.xml",
          testcase("One", "cuda: GPU: expected one, found &lt;none&gt;") + testcase("Two", "cuda: GPU: expected one, found &lt;none&gt;"));
  const Answer fine = with_reference();
  EXPECT_EQ(fine.code, 0) << fine.text;
  EXPECT_THAT(fine.text, HasSubstr("2 tests skipped\n"));
  EXPECT_THAT(fine.text, HasSubstr("2 cuda: GPU: expected one, found <none>\n"));

  results("b.xml", testcase("Three", "terminal: none here"));
  EXPECT_EQ(with_reference().code, ::access("/dev/pts/ptmx", F_OK) == 0 ? 1 : 0) << "only where the system has none";

  results("b.xml", testcase("Three", "missing: shared/reference/typo.json"));
  const Answer wrong = with_reference();
  EXPECT_EQ(wrong.code, 1) << wrong.text;
  EXPECT_THAT(wrong.text, HasSubstr("3 tests skipped\n"));
  EXPECT_THAT(wrong.text, HasSubstr("found: missing: shared/reference/typo.json\n"));
}

TEST_F(Skips, WithoutTheReferenceItsTestsMayBeSkippedAndNothingElse) {
  results("a.xml", testcase("One", "missing: shared/reference/goldens.json"));
  const Answer fine = without_reference();
  EXPECT_EQ(fine.code, 0) << fine.text;
  EXPECT_THAT(fine.text, HasSubstr("1 missing: shared/reference/goldens.json"));
  results("b.xml", testcase("Two", "not today"));
  EXPECT_EQ(without_reference().code, 1);
}

TEST_F(Skips, ResultsThatSayNothingAreRefused) {
  EXPECT_EQ(without_reference().code, 1) << "no results at all";
  results("a.xml", "    <testcase name=\"One\" status=\"run\" result=\"skipped\" time=\"0\">\n    </testcase>\n");
  const Answer answer = without_reference();
  EXPECT_EQ(answer.code, 1) << "a skip without a reason";
  EXPECT_THAT(answer.text, HasSubstr("expected a reason for each of 1 skipped tests, found 0"));
}

}  // namespace
}  // namespace rolora
