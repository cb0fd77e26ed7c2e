// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/storage/json_file.h"

#include <cmath>
#include <limits>
#include <utility>

#include "core/base/error.h"

namespace rolora {
namespace {

// What stands there, in words that fit one line.
std::string described(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "a list of " + std::to_string(value.size());
    case Json::value_t::string:
      return "the text \"" + printable(value.get_ref<const std::string&>()) + "\"";
    case Json::value_t::null:
    case Json::value_t::boolean:
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float:
      return value.dump();
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  return "something else";
}

// The integer, when it is one that fits int64.
std::optional<int64_t> as_integer(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
  return value.get<int64_t>();
}

std::string integer_range(int64_t least, int64_t most) {
  const bool below = least > std::numeric_limits<int64_t>::min(), above = most < std::numeric_limits<int64_t>::max();
  if (below && above) return "an integer from " + std::to_string(least) + " to " + std::to_string(most);
  if (below) return "an integer of at least " + std::to_string(least);
  if (above) return "an integer of at most " + std::to_string(most);
  return "an integer";
}

}  // namespace

std::string json_text(const Json& value) { return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

JsonObject::JsonObject(const Json& object, std::string file, std::string path)
    : object_(&object), file_(std::move(file)), path_(std::move(path)) {
  if (!object.is_object()) throw InputError(file_, path_.empty() ? "top level" : path_, "an object", described(object));
}

std::string JsonObject::key_path(std::string_view key) const {
  const std::string name = printable(key, 200);
  return path_.empty() ? name : path_ + "." + name;
}

void JsonObject::refuse(std::string_view key, std::string_view expected, std::string_view found) const {
  throw InputError(file_, key_path(key), expected, found);
}

bool JsonObject::has(std::string_view key) const {
  seen_.emplace(key);
  const auto found = object_->find(key);
  return found != object_->end() && !found->is_null();
}

const Json& JsonObject::raw(std::string_view key) const {
  seen_.emplace(key);
  const auto found = object_->find(key);
  if (found == object_->end()) refuse(key, "a value", "no such key");
  return *found;
}

std::string JsonObject::string(std::string_view key) const {
  const Json& value = raw(key);
  if (!value.is_string()) refuse(key, "a text", described(value));
  return value.get<std::string>();
}

int64_t JsonObject::integer(std::string_view key, int64_t least, int64_t most) const {
  const Json& value = raw(key);
  const std::optional<int64_t> number = as_integer(value);
  if (!number || *number < least || *number > most) refuse(key, integer_range(least, most), described(value));
  return *number;
}

double JsonObject::number(std::string_view key) const {
  const Json& value = raw(key);
  if (!value.is_number() || !std::isfinite(value.get<double>())) refuse(key, "a finite number", described(value));
  return value.get<double>();
}

double JsonObject::number(std::string_view key, double least, double most) const {
  const double value = number(key);
  if (!(value >= least && value <= most)) {
    refuse(key, "a number from " + Json(least).dump() + " to " + Json(most).dump(), described(raw(key)));
  }
  return value;
}

bool JsonObject::boolean(std::string_view key) const {
  const Json& value = raw(key);
  if (!value.is_boolean()) refuse(key, "true or false", described(value));
  return value.get<bool>();
}

JsonObject JsonObject::object(std::string_view key) const { return JsonObject(raw(key), file_, key_path(key)); }

std::vector<JsonObject> JsonObject::objects(std::string_view key) const {
  const Json& value = raw(key);
  if (!value.is_array()) refuse(key, "a list of objects", described(value));
  std::vector<JsonObject> list;
  list.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) list.emplace_back(value[i], file_, key_path(key) + "[" + std::to_string(i) + "]");
  return list;
}

std::vector<int64_t> JsonObject::integers(std::string_view key) const {
  const Json& value = raw(key);
  if (!value.is_array()) refuse(key, "a list of integers", described(value));
  std::vector<int64_t> list;
  list.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    const std::optional<int64_t> number = as_integer(value[i]);
    if (!number) refuse(std::string(key) + "[" + std::to_string(i) + "]", "an integer", described(value[i]));
    list.push_back(*number);
  }
  return list;
}

std::vector<std::string> JsonObject::strings(std::string_view key) const {
  const Json& value = raw(key);
  if (!value.is_array()) refuse(key, "a list of texts", described(value));
  std::vector<std::string> list;
  list.reserve(value.size());
  for (size_t i = 0; i < value.size(); ++i) {
    if (!value[i].is_string()) refuse(std::string(key) + "[" + std::to_string(i) + "]", "a text", described(value[i]));
    list.push_back(value[i].get<std::string>());
  }
  return list;
}

std::string JsonObject::string_or(std::string_view key, std::string fallback) const { return has(key) ? string(key) : std::move(fallback); }

int64_t JsonObject::integer_or(std::string_view key, int64_t fallback, int64_t least, int64_t most) const {
  return has(key) ? integer(key, least, most) : fallback;
}

double JsonObject::number_or(std::string_view key, double fallback) const { return has(key) ? number(key) : fallback; }

bool JsonObject::boolean_or(std::string_view key, bool fallback) const { return has(key) ? boolean(key) : fallback; }

void JsonObject::refuse_unknown() const {
  for (const auto& [key, value] : object_->items()) {
    if (seen_.find(key) == seen_.end()) refuse(key, "no such key", described(value));
  }
}

}  // namespace rolora
