// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/tokenizer/oniguruma.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/tokenizer/utf8.h"

namespace rolora {
namespace {

// What stands inside brackets for each of Oniguruma's sets. \w has six numbers of Latin-1 more than its definition (measured).
constexpr std::string_view kDigit = R"(\p{Nd})", kSpace = R"(\p{White_Space})", kHex = "0-9A-Fa-f";
constexpr std::string_view kWord = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\x{B2}\x{B3}\x{B9}\x{BC}-\x{BE})";

using NamedSet = std::pair<std::string_view, std::string_view>;
constexpr std::array<NamedSet, 10> kPosixSets = {{{"alpha", R"(\p{Alphabetic})"},
                                                  {"digit", kDigit},
                                                  {"alnum", R"(\p{Alphabetic}\p{Nd})"},
                                                  {"space", kSpace},
                                                  {"word", kWord},
                                                  {"upper", R"(\p{Uppercase})"},
                                                  {"lower", R"(\p{Lowercase})"},
                                                  {"punct", R"(\p{P}\p{S})"},
                                                  {"cntrl", R"(\p{Cc})"},
                                                  {"xdigit", kHex}}};
constexpr std::array<NamedSet, 16> kLongNames = {{{"letter", "L"},
                                                  {"uppercaseletter", "Lu"},
                                                  {"lowercaseletter", "Ll"},
                                                  {"titlecaseletter", "Lt"},
                                                  {"modifierletter", "Lm"},
                                                  {"otherletter", "Lo"},
                                                  {"mark", "M"},
                                                  {"nonspacingmark", "Mn"},
                                                  {"number", "N"},
                                                  {"decimalnumber", "Nd"},
                                                  {"punctuation", "P"},
                                                  {"punct", "P"},
                                                  {"symbol", "S"},
                                                  {"separator", "Z"},
                                                  {"other", "C"},
                                                  {"control", "Cc"}}};
constexpr std::string_view kCategories =
    " L Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp C Cc Cf Cn Co Cs ";

template <size_t N>
std::optional<std::string_view> look_up(const std::array<NamedSet, N>& sets, std::string_view name) {
  for (const NamedSet& set : sets) {
    if (set.first == name) return set.second;
  }
  return std::nullopt;
}

std::string bracketed(std::string_view set, bool negated) { return (negated ? "[^" : "[") + std::string(set) + "]"; }

class Translator {
 public:
  explicit Translator(std::string_view pattern) : in_(pattern) {}

  std::string translate() {
    groups_.push_back({0, 0});
    while (at_ < in_.size()) step();
    if (groups_.size() != 1) throw RegexError("a group is not closed");
    close_options();
    return std::move(out_);
  }

 private:
  struct Group {
    size_t start;       ///< where the group begins in the output
    int option_groups;  ///< groups opened for isolated options such as (?i), which reach to the end of the enclosing group
  };

  bool next_is(std::string_view text) const { return in_.substr(at_).starts_with(text); }

  void step() {
    const char c = in_[at_];
    switch (c) {
      case '\\':
        start_atom(), escape();
        break;
      case '[':
        start_atom(), bracket();
        break;
      case '(':
        open_group();
        break;
      case ')':
        close_group();
        break;
      case '|':
        out_ += in_[at_++], atom_.reset();
        break;
      case '*':
      case '+':
      case '?':
        out_ += in_[at_++], suffix();
        break;
      case '{':
        interval();
        break;
      default:
        start_atom();
        const size_t length = character_length(in_, at_);
        out_ += in_.substr(at_, length);
        at_ += length;
    }
  }

  void start_atom() { atom_ = out_.size(); }

  // "?" makes lazy and "+" possessive, in both syntaxes.
  void suffix() {
    if (next_is("?") || next_is("+")) out_ += in_[at_++];
  }

  void open_group() {
    Group group{out_.size(), 0};
    if (next_is("(*")) throw RegexError("(* has no meaning in this syntax");
    if (!next_is("(?")) {
      out_ += in_[at_++];
    } else if (next_is("(?#")) {
      const size_t end = in_.find(')', at_);
      if (end == std::string_view::npos) throw RegexError("a comment is not closed");
      at_ = end + 1;
      return;
    } else if (!copy_plain_group_head() && options()) {
      return;
    }
    atom_.reset();
    groups_.push_back(group);
  }

  bool copy_plain_group_head() {
    for (const std::string_view head : {"(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"}) {
      if (next_is(head)) {
        out_ += head;
        at_ += head.size();
        return true;
      }
    }
    return false;
  }

  // (?i:…), (?i), (?-i), (?m) …; Ruby's m is PCRE2's s. True when it was an isolated option, which opens no group of its own.
  bool options() {
    std::string letters;
    size_t i = at_ + 2;
    for (; i < in_.size() && in_[i] != ':' && in_[i] != ')'; ++i) {
      if (in_[i] != 'i' && in_[i] != 'm' && in_[i] != '-')
        throw RegexError("group (?" + printable(in_.substr(at_ + 2, 3)) + " is not supported");
      letters += in_[i] == 'm' ? 's' : in_[i];
    }
    if (i == in_.size()) throw RegexError("a group is not closed");
    const bool isolated = in_[i] == ')';
    at_ = i + 1;
    out_ += "(?" + letters + ":";
    if (isolated) ++groups_.back().option_groups;
    return isolated;
  }

  void close_options() { out_.append(static_cast<size_t>(groups_.back().option_groups), ')'); }

  void close_group() {
    if (groups_.size() == 1) throw RegexError("an unmatched )");
    close_options();
    atom_ = groups_.back().start;
    groups_.pop_back();
    out_ += in_[at_++];
  }

  void interval() {
    size_t i = at_ + 1;
    const auto digits = [&] {
      const size_t from = i;
      while (i < in_.size() && in_[i] >= '0' && in_[i] <= '9') ++i;
      return std::string(in_.substr(from, i - from));
    };
    const std::string low = digits();
    const bool comma = i < in_.size() && in_[i] == ',';
    if (comma) ++i;
    const std::string high = comma ? digits() : low;
    if (i >= in_.size() || in_[i] != '}' || (low.empty() && high.empty())) {
      start_atom();
      out_ += "\\{";
      ++at_;
      return;
    }
    if (!atom_) throw RegexError("an interval has nothing to repeat");
    at_ = i + 1;
    out_ += "{" + (low.empty() ? "0" : low) + (comma ? "," + high : "") + "}";
    const bool repeats = next_is("+") || (next_is("?") && !comma);
    if (repeats) {
      out_.insert(*atom_, "(?:");
      out_ += ')';
      out_ += in_[at_++];
    } else if (next_is("?")) {
      out_ += in_[at_++];
    }
  }

  void escape() {
    if (at_ + 1 >= in_.size()) throw RegexError("it ends in a backslash");
    const char c = in_[at_ + 1];
    constexpr std::string_view word_edge[] = {"(?:(?<=", ")(?!", ")|(?<!", ")(?="}, no_edge[] = {"(?:(?<=", ")(?=", ")|(?<!", ")(?!"};
    switch (c) {
      case 'b':
      case 'B': {
        for (const std::string_view part : c == 'b' ? word_edge : no_edge) out_ += std::string(part) + bracketed(kWord, false);
        out_ += "))";
        at_ += 2;
        return;
      }
      case 'w':
      case 'W':
        out_ += bracketed(kWord, c == 'W'), at_ += 2;
        return;
      case 'h':
      case 'H':
        out_ += bracketed(kHex, c == 'H'), at_ += 2;
        return;
      case 'A':
      case 'z':
      case 'Z':
        out_ += in_.substr(at_, 2), at_ += 2;
        return;
      default:
        common_escape();
    }
  }

  // Escapes that mean the same inside and outside of brackets.
  void common_escape() {
    const char c = in_[at_ + 1];
    switch (c) {
      case 'd':
        out_ += kDigit, at_ += 2;
        return;
      case 'D':
        out_ += R"(\P{Nd})", at_ += 2;
        return;
      case 's':
        out_ += kSpace, at_ += 2;
        return;
      case 'S':
        out_ += R"(\P{White_Space})", at_ += 2;
        return;
      case 'v':
        out_ += R"(\x0B)", at_ += 2;
        return;
      case 'n':
      case 't':
      case 'r':
      case 'f':
      case 'a':
      case 'e':
        out_ += in_.substr(at_, 2), at_ += 2;
        return;
      case 'p':
      case 'P':
        property();
        return;
      case 'x':
      case 'u':
        code_point();
        return;
      default:
        break;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter) throw RegexError("escape \\" + std::string(1, c) + " is not supported here");
    const bool ascii = static_cast<unsigned char>(c) < 0x80;
    const size_t length = ascii ? 1 : character_length(in_, at_ + 1);
    if (ascii) out_ += '\\';
    out_ += in_.substr(at_ + 1, length);
    at_ += 1 + length;
  }

  void code_point() {
    const bool unicode = in_[at_ + 1] == 'u', braced = !unicode && in_.substr(at_ + 2).starts_with("{");
    const size_t from = at_ + (braced ? 3 : 2), most = unicode ? 4 : braced ? 8 : 2;
    size_t end = from;
    while (end < in_.size() && end - from < most && std::string_view("0123456789abcdefABCDEF").find(in_[end]) != std::string_view::npos)
      ++end;
    const std::string digits(in_.substr(from, end - from));
    if (digits.empty() || (unicode && digits.size() != 4)) throw RegexError("a character code is incomplete");
    if (braced && (end >= in_.size() || in_[end] != '}')) throw RegexError("a character code is not closed");
    if (!unicode && !braced && std::stoul(digits, nullptr, 16) >= 0x80) throw RegexError("\\x" + digits + " names a byte, not a character");
    out_ += "\\x{" + digits + "}";
    at_ = end + (braced ? 1 : 0);
  }

  void property() {
    const size_t close = in_.find('}', at_);
    if (!in_.substr(at_ + 2).starts_with("{") || close == std::string_view::npos) throw RegexError("a property has no {name}");
    std::string_view name = in_.substr(at_ + 3, close - at_ - 3);
    bool negated = in_[at_ + 1] == 'P';
    if (name.starts_with("^")) {
      negated = !negated;
      name.remove_prefix(1);
    }
    out_ += (negated ? "\\P{" : "\\p{") + property_name(name) + "}";
    at_ = close + 1;
  }

  static std::string property_name(std::string_view name) {
    std::string plain;
    for (const char c : name) {
      if (c != ' ' && c != '_' && c != '-') plain += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    if (plain.empty() || plain.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") != std::string::npos) {
      throw RegexError("property {" + printable(name) + "} is not supported");
    }
    if (plain.size() <= 2) {
      std::string category = plain;
      category[0] = static_cast<char>(category[0] - 32);
      if (kCategories.find(" " + category + " ") != std::string_view::npos) return category;
    }
    if (const auto category = look_up(kLongNames, plain)) return std::string(*category);
    if (plain == "any") return "Any";
    if (plain == "alpha" || plain == "alphabetic") return "Alphabetic";
    if (plain == "space" || plain == "whitespace") return "White_Space";
    if (plain == "digit") return "Nd";
    if (plain == "upper" || plain == "uppercase") return "Uppercase";
    if (plain == "lower" || plain == "lowercase") return "Lowercase";
    if (plain == "cntrl") return "Cc";
    return "sc:" + plain;  // a script; PCRE2 refuses names that it does not know
  }

  void bracket() {
    int depth = 0;
    bool first = true;
    do {
      const char c = in_[at_];
      if (c == '[' && next_is("[:") && depth > 0) {
        posix_set();
      } else if (c == '[') {
        open_bracket(depth);
        ++depth;
        first = true;
        continue;
      } else if (c == ']' && !first) {
        if (--depth == 0) out_ += c;
        ++at_;
      } else if (next_is("&&")) {
        throw RegexError("intersections of sets (&&) are not supported");
      } else if (c == '\\') {
        bracket_escape();
      } else {
        if (c == ']') out_ += '\\';
        const size_t length = character_length(in_, at_);
        out_ += in_.substr(at_, length);
        at_ += length;
      }
      first = false;
    } while (depth > 0 && at_ < in_.size());
    if (depth > 0) throw RegexError("a bracket is not closed");
  }

  // A nested set that is not negated is a union: its members simply join the outer one's.
  void open_bracket(int depth) {
    const bool negated = next_is("[^");
    if (depth > 0 && negated) throw RegexError("negated sets inside brackets are not supported");
    if (depth == 0) out_ += negated ? "[^" : "[";
    at_ += negated ? 2 : 1;
  }

  void posix_set() {
    const size_t end = in_.find(":]", at_);
    if (end == std::string_view::npos) throw RegexError("a POSIX bracket is not closed");
    const std::string_view name = in_.substr(at_ + 2, end - at_ - 2);
    const auto set = look_up(kPosixSets, name);
    if (!set) throw RegexError("POSIX bracket [:" + printable(name) + ":] is not supported");
    out_ += *set;
    at_ = end + 2;
  }

  void bracket_escape() {
    if (at_ + 1 >= in_.size()) throw RegexError("it ends in a backslash");
    switch (in_[at_ + 1]) {
      case 'w':
        out_ += kWord, at_ += 2;
        return;
      case 'h':
        out_ += kHex, at_ += 2;
        return;
      case 'b':
        out_ += R"(\x08)", at_ += 2;
        return;
      default:
        common_escape();
    }
  }

  std::string_view in_;
  size_t at_ = 0;
  std::string out_;
  std::optional<size_t> atom_;  ///< where the last thing that can be repeated starts in the output
  std::vector<Group> groups_;
};

}  // namespace

std::string pcre2_from_oniguruma(std::string_view pattern) {
  if (!is_valid_utf8(pattern)) throw RegexError("it is not UTF-8");
  return Translator(pattern).translate();
}

}  // namespace rolora
