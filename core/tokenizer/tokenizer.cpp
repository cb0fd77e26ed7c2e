// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/tokenizer.h"

#include <array>

#include "core/base/error.h"
#include "core/tokenizer/sentencepiece.h"
#include "core/tokenizer/tokenizer_json.h"

namespace rolora {
namespace {

constexpr std::array<const char*, 2> kFiles = {"tokenizer.json", "tokenizer.model"};

}  // namespace

bool has_tokenizer(const std::filesystem::path& folder) {
  for (const char* name : kFiles) {
    if (std::filesystem::is_regular_file(folder / name)) return true;
  }
  return false;
}

std::unique_ptr<Tokenizer> open_tokenizer(const std::filesystem::path& folder_or_file) {
  std::filesystem::path file = folder_or_file;
  if (std::filesystem::is_directory(folder_or_file)) {
    file /= kFiles[0];
    if (!std::filesystem::is_regular_file(file)) file = folder_or_file / kFiles[1];
    if (!std::filesystem::is_regular_file(file)) {
      throw InputError(folder_or_file.string(), "tokenizer", "tokenizer.json or tokenizer.model", "neither");
    }
  }
  if (!std::filesystem::exists(file))
    throw InputError(file.string(), "tokenizer", "a folder, a tokenizer.json or a .model file", "nothing there");
  return file.extension() == ".json" ? open_tokenizer_json(file) : open_sentencepiece(file);
}

}  // namespace rolora
