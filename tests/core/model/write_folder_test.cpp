// SPDX-License-Identifier: GPL-3.0-or-later
// What goes along with the weights: the files of a tokenizer as transformers' save_pretrained lays them out, and nothing else.
#include "core/model/write_folder.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/support/folders.h"

namespace rolora {
namespace {

namespace fs = std::filesystem;

std::set<std::string> files_of(const fs::path& folder) {
  std::set<std::string> found;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) found.insert(entry.path().lexically_relative(folder).string());
  }
  return found;
}

TEST(Companions, AdditionalChatTemplatesGoAlong) {
  const test::TempFolder from, to;
  const fs::path templates = from / "additional_chat_templates";
  fs::create_directories(templates / "folder.jinja");
  test::write_text(from / "chat_template.jinja", "a");
  test::write_text(from / "additional_chat_templates.txt", "other");
  test::write_text(templates / "tool_use.jinja", "{{ messages }}");
  test::write_text(templates / "rag.jinja", "bc");
  test::write_text(templates / "notes.txt", "other");
  test::write_text(templates / ".hidden.jinja", "other");
  test::write_text(templates / "folder.jinja/inner.jinja", "other");
  fs::create_symlink(templates / "nowhere", templates / "broken.jinja");
  copy_companions(from.path(), to.path());
  EXPECT_EQ(files_of(to.path()), (std::set<std::string>{"additional_chat_templates/rag.jinja", "additional_chat_templates/tool_use.jinja",
                                                        "chat_template.jinja"}));
  EXPECT_EQ(test::read_text(to / "additional_chat_templates/tool_use.jinja"), "{{ messages }}");
  EXPECT_EQ(companion_bytes(from.path()), 1U + 14U + 2U);
}

TEST(Companions, WithoutTemplatesNoFolderIsMade) {
  const test::TempFolder from, to;
  test::write_text(from / "tokenizer.json", "{}");
  copy_companions(from.path(), to.path());
  EXPECT_EQ(files_of(to.path()), std::set<std::string>{"tokenizer.json"});
  EXPECT_FALSE(fs::exists(to / "additional_chat_templates"));
}

}  // namespace
}  // namespace rolora
