// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.json files carry regular expressions in Oniguruma's Ruby syntax; this program matches with PCRE2.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.h"

namespace rolora {

/// A regular expression that cannot be used, and why.
class RegexError : public Error {
 public:
  using Error::Error;
};

/// The same expression for PCRE2 with UTF, UCP and MULTILINE: `^` and `$` stand at lines, `\s` `\w` `\d` `\h` `\v` `\b` and POSIX brackets
/// mean Oniguruma's Unicode sets, `{n,m}+` is a repeated interval (not possessive), `{,n}` an interval, nested brackets a union. What has
/// no equivalent (intersections, negated nested sets, subexpression calls, back references, unknown escapes) raises RegexError by name.
std::string pcre2_from_oniguruma(std::string_view pattern);

}  // namespace rolora
