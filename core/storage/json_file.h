// SPDX-License-Identifier: GPL-3.0-or-later
// JSON from outside: bounded, strict, and read through a view that names file and key in every refusal.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace rolora {

using Json = nlohmann::json;

struct JsonLimits {
  uint64_t bytes = 256ull << 20;
  int depth = 64;
  uint64_t values = 20'000'000;  ///< bounds the memory of texts like [[],[],[],…
};

/// Reads a whole file. Refuses (InputError) what cannot be read, is larger than the limits, nests too deep, is not UTF-8 JSON, has a key
/// twice or a number outside the range of double. The error's key is "line L column C" (columns in characters), or the path of a repeated
/// key.
Json read_json_file(const std::filesystem::path& file, const JsonLimits& limits = {});
/// The same for a text in memory; `name` stands where the file would in messages.
Json parse_json(std::string_view text, std::string_view name, const JsonLimits& limits = {});
/// Two-space indented, sorted keys, newline at the end: the one form in which this program writes JSON files. Doubles read back exactly,
/// one that is not finite becomes null, bytes that are not UTF-8 become U+FFFD.
std::string json_text(const Json& value);

/// A checked view of one JSON object, which must outlive it. Every getter raises InputError(file, path.key, expected, found). Tracks which
/// keys were read. Integers written as floats (1.0) are refused where an integer is asked for; number() takes both. The …_or getters take
/// the fallback for a missing key and for null.
class JsonObject {
 public:
  JsonObject(const Json& object, std::string file, std::string path = "");
  bool has(std::string_view key) const;         ///< present and not null
  const Json& raw(std::string_view key) const;  ///< any type; refuses a missing key
  std::string string(std::string_view key) const;
  int64_t integer(std::string_view key, int64_t least, int64_t most) const;
  double number(std::string_view key) const;  ///< finite
  double number(std::string_view key, double least, double most) const;
  bool boolean(std::string_view key) const;
  JsonObject object(std::string_view key) const;
  std::vector<JsonObject> objects(std::string_view key) const;
  std::vector<int64_t> integers(std::string_view key) const;
  std::vector<std::string> strings(std::string_view key) const;
  std::string string_or(std::string_view key, std::string fallback) const;
  int64_t integer_or(std::string_view key, int64_t fallback, int64_t least, int64_t most) const;
  double number_or(std::string_view key, double fallback) const;
  bool boolean_or(std::string_view key, bool fallback) const;
  /// Refuses keys that no getter asked for (schemas of this program's own files). Call it last.
  void refuse_unknown() const;
  const std::string& file() const { return file_; }
  std::string key_path(std::string_view key) const;
  [[noreturn]] void refuse(std::string_view key, std::string_view expected, std::string_view found) const;

 private:
  const Json* object_;
  std::string file_, path_;
  mutable std::set<std::string, std::less<>> seen_;
};

}  // namespace rolora
