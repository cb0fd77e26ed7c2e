// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/tuned.h"

#include <algorithm>

#include "core/base/error.h"

namespace rolora {
namespace {

constexpr const char* kOwnBlock = "rolora";
constexpr const char* kKey = "tuned";

bool is_sha256(const std::string& text) {
  return text.size() == 64 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::optional<TunedMark> read_tuned_mark(const JsonObject& own) {
  if (!own.has(kKey)) return std::nullopt;
  const JsonObject json = own.object(kKey);
  const TunedMark mark{json.string("how"), json.string("sha256"), json.string("base_hash"), json.string_or("rotation", "")};
  if (mark.how != "lora" && mark.how != "full") json.refuse("how", "lora or full", printable(mark.how));
  if (!is_sha256(mark.sha256)) json.refuse("sha256", "64 hexadecimal digits", printable(mark.sha256));
  json.refuse_unknown();
  return mark;
}

std::optional<TunedMark> tuned_mark(const ModelConfig& config) {
  const auto own = config.raw.find(kOwnBlock);
  return own == config.raw.end() ? std::nullopt : read_tuned_mark(JsonObject(*own, "config.json", kOwnBlock));
}

void set_tuned_mark(Json& document, const std::optional<TunedMark>& mark) {
  if (mark) {
    Json& own = document[kOwnBlock];
    own["format"] = 1;
    own[kKey] = {{"how", mark->how},
                 {"sha256", mark->sha256},
                 {"base_hash", mark->base_hash},
                 {"rotation", mark->rotation.empty() ? Json() : Json(mark->rotation)}};
  } else if (const auto own = document.find(kOwnBlock); own != document.end()) {
    own->erase(kKey);
    if (!own->contains("kind")) document.erase(kOwnBlock);  // a plain folder has nothing else in it
  }
}

}  // namespace rolora
