// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/model/generation_config.h"

#include "core/base/error.h"
#include "core/storage/json_file.h"
#include "core/storage/small_json.h"

namespace rolora {
namespace {

constexpr int64_t kMostId = int64_t{1} << 31;

void add_id(const JsonObject& json, const char* key, const char* expected, const Json& value, std::vector<int64_t>& ids) {
  if (!value.is_number_integer()) json.refuse(key, expected, printable(value.dump(-1, ' ', false, Json::error_handler_t::replace)));
  if (!value.is_number_unsigned()) return;  // negative: checkpoints write an absent token so
  if (value.get<uint64_t>() > static_cast<uint64_t>(kMostId)) json.refuse(key, expected, value.dump());
  ids.push_back(value.get<int64_t>());
}

}  // namespace

GenerationTokens read_generation_tokens(const std::filesystem::path& folder, const ModelConfig& config) {
  const std::filesystem::path file = folder / "generation_config.json";
  std::error_code failure;
  if (config.single_file || !std::filesystem::exists(file, failure)) return {config.bos, config.eos};
  const Json document = read_json_file(file, kSmallJson);
  if (!document.is_object()) throw InputError(file.string(), "document", "an object", document.type_name());
  const JsonObject json(document, file.string());
  GenerationTokens tokens;
  if (json.has("eos_token_id")) {
    const Json& value = json.raw("eos_token_id");
    for (const Json& id : value.is_array() ? value : Json::array({value})) {
      add_id(json, "eos_token_id", "a token id or a list of token ids", id, tokens.eos);
    }
  }
  if (json.has("bos_token_id")) {
    std::vector<int64_t> bos;
    add_id(json, "bos_token_id", "a token id", json.raw("bos_token_id"), bos);
    if (!bos.empty()) tokens.bos = bos.front();
  }
  return tokens;
}

}  // namespace rolora
