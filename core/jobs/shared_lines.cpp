// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/jobs/shared_lines.h"

#include <unordered_set>

#include "core/storage/atomic_file.h"

namespace rolora {
namespace {

constexpr uint64_t kLargestText = 256ull << 20;

using Lines = std::unordered_set<std::string>;

Lines long_lines(const std::string& text) {
  Lines lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin >= static_cast<size_t>(kSharedLineLength)) lines.insert(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

}  // namespace

Json shared_lines(const Job& job) {
  std::vector<std::pair<std::string, Lines>> texts;
  for (const auto& [name, text] : job.texts) {
    if (text.corpus == "ids" || std::filesystem::file_size(text.input.path) > kLargestText) continue;
    texts.emplace_back(name, long_lines(read_file(text.input.path)));
  }
  Json pairs = Json::array();
  for (size_t a = 0; a < texts.size(); ++a) {
    for (size_t b = a + 1; b < texts.size(); ++b) {
      int64_t both = 0;
      for (const std::string& line : texts[a].second) both += texts[b].second.contains(line) ? 1 : 0;
      pairs.push_back({{"a", texts[a].first},
                       {"b", texts[b].first},
                       {"lines", both},
                       {"lines_a", texts[a].second.size()},
                       {"lines_b", texts[b].second.size()}});
    }
  }
  return pairs;
}

std::vector<std::string> mixed_texts(const Json& texts) {
  std::vector<std::string> mixed;
  for (const auto& [name, text] : texts.items()) {
    size_t purposes = 0;  // the gate compares two models on a text; it chooses nothing
    for (const Json& role : text.at("roles")) purposes += role == "gate" ? 0 : 1;
    if (purposes > 1) mixed.push_back(name + " serves more than one purpose");
    for (const auto& [other, facts] : texts.items()) {
      if (name < other && text.at("sha256") == facts.at("sha256")) mixed.push_back(name + " and " + other + " are the same file");
    }
  }
  return mixed;
}

}  // namespace rolora
