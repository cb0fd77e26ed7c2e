// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/rotation_text.h"

#include <sstream>

namespace rolora::app {
namespace {

std::string part_line(const char* name, const Json& part) {
  if (part.is_null()) return std::string("  ") + name + "  none\n";
  std::ostringstream out;
  out << "  " << name << "  " << part["kind"].get<std::string>() << " of order " << part["order"] << ", "
      << part["construction"].get<std::string>() << (part["signs"].get<bool>() ? ", random signs" : "") << ", checksum "
      << part["checksum"].get<std::string>().substr(0, 12) << "\n";
  return out.str();
}

}  // namespace

std::string rotation_text(const Json& rotation) {
  std::string text;
  for (const char* name : {"r1", "r2", "r3", "r4"}) text += part_line(name, rotation[name]);
  return text;
}

}  // namespace rolora::app
