// SPDX-License-Identifier: GPL-3.0-or-later
// Builds the document from the parser's events, so that depth, size and repeated keys are refused while reading, not afterwards.
#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/storage/atomic_file.h"
#include "core/storage/json_file.h"

namespace rolora {
namespace {

struct Fault {
  std::string where, expected, found;
};

class Builder final : public nlohmann::json_sax<Json> {
 public:
  Builder(std::string_view text, const JsonLimits& limits) : text_(text), limits_(limits) {}

  bool null() override { return put(nullptr) != nullptr; }
  bool boolean(bool value) override { return put(value) != nullptr; }
  bool number_integer(number_integer_t value) override { return put(value) != nullptr; }
  bool number_unsigned(number_unsigned_t value) override { return put(value) != nullptr; }
  bool number_float(number_float_t value, const string_t&) override { return put(value) != nullptr; }
  bool string(string_t& value) override { return put(std::move(value)) != nullptr; }
  bool binary(binary_t&) override { return false; }  // JSON text has none
  bool start_object(size_t) override { return open(Json::object()); }
  bool start_array(size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Open& top = open_.back();
    top.key = std::move(name);
    if (!top.value->contains(top.key)) return true;
    fault_ = {path(), "each key once", "it a second time"};
    return false;
  }

  bool parse_error(size_t position, const std::string& last_token, const nlohmann::json::exception& failure) override {
    fault_ = {place(position), "valid JSON", reason(failure.what(), last_token)};
    return false;
  }

  Json take() { return std::move(root_); }
  const Fault& fault() const { return fault_; }

  // 1-based line and column (in characters) of the byte that was read last when `position` bytes had been read.
  std::string place(size_t position) const {
    const std::string_view before = text_.substr(0, std::min(position == 0 ? 0 : position - 1, text_.size()));
    const size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto column = 1 + std::count_if(before.begin() + static_cast<std::ptrdiff_t>(line_start), before.end(),
                                          [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
    return "line " + std::to_string(line) + " column " + std::to_string(column);
  }

 private:
  struct Open {
    Json* value;
    std::string key;  // of the member being read
  };

  template <class Value>
  Json* put(Value&& value) {
    if (++values_ > limits_.values) {
      fault_ = {path(), "at most " + std::to_string(limits_.values) + " values", "more"};
      return nullptr;
    }
    if (open_.empty()) {
      root_ = Json(std::forward<Value>(value));
      return &root_;
    }
    Open& top = open_.back();
    if (top.value->is_array()) {
      top.value->push_back(Json(std::forward<Value>(value)));
      return &top.value->back();
    }
    return &((*top.value)[top.key] = Json(std::forward<Value>(value)));
  }

  bool open(Json container) {
    if (open_.size() >= static_cast<size_t>(std::max(limits_.depth, 0))) {
      fault_ = {path(), "at most " + std::to_string(limits_.depth) + " levels", "more"};
      return false;
    }
    Json* placed = put(std::move(container));
    if (placed == nullptr) return false;
    open_.push_back({placed, {}});
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::string path() const {
    std::string text;
    for (const Open& level : open_) {
      if (level.value->is_array()) {  // an open element is in its list already, the one that is refused is not
        text += "[" + std::to_string(level.value->size() - (&level == &open_.back() ? 0 : 1)) + "]";
      } else {
        if (!text.empty()) text += ".";
        text += level.key;
      }
    }
    return text.empty() ? "top level" : printable(text, 200);
  }

  // The library's text is "[…] parse error at …: syntax error while parsing value - REASON; last read: …": keep the reason.
  static std::string reason(std::string_view what, const std::string& last_token) {
    if (what.find("number overflow") != std::string_view::npos) return "a number outside the range of double, " + printable(last_token, 40);
    if (const size_t dash = what.find(" - "); dash != std::string_view::npos) what.remove_prefix(dash + 3);
    std::string text(what.substr(0, what.find(';')));
    if (text.find("end of input") == std::string::npos && text.find(last_token) == std::string::npos) {
      text += " at '" + printable(last_token, 40) + "'";
    }
    return printable(text, 160);
  }

  std::string_view text_;
  JsonLimits limits_;
  Json root_;
  std::vector<Open> open_;
  uint64_t values_ = 0;
  Fault fault_;
};

}  // namespace

Json parse_json(std::string_view text, std::string_view name, const JsonLimits& limits) {
  Builder builder(text, limits);
  if (text.size() > limits.bytes) {
    throw InputError(name, "size", "at most " + std::to_string(limits.bytes) + " bytes", std::to_string(text.size()));
  }
  // The library takes a NUL byte for the end of the text and would pass over what follows.
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    throw InputError(name, builder.place(nul + 1), "valid JSON", "a NUL byte");
  }
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    throw InputError(name, builder.fault().where, builder.fault().expected, builder.fault().found);
  }
  return builder.take();
}

Json read_json_file(const std::filesystem::path& file, const JsonLimits& limits) {
  return parse_json(read_file(file, limits.bytes), file.string(), limits);
}

}  // namespace rolora
