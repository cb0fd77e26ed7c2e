// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/data/live_events.h"

#include <fstream>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/storage/json_file.h"

namespace rolora::widgets {
namespace {

constexpr std::streamoff kAtOnce = 8 << 20;

bool has(std::string_view line, const char* event) { return line.find(event) != std::string_view::npos; }

bool may_matter(std::string_view line) { return has(line, "\"metric\"") || has(line, "\"failed\"") || has(line, "\"start\""); }

}  // namespace

void LiveEvents::follow(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  if (!in) return;
  const auto size = static_cast<int64_t>(in.tellg());
  if (size < position_) *this = {};  // a run that was started anew
  std::vector<char> buffer;
  while (position_ < size) {
    buffer.resize(static_cast<size_t>(std::min<int64_t>(kAtOnce, size - position_)));
    in.seekg(position_);
    in.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const std::string_view text(buffer.data(), static_cast<size_t>(in.gcount()));
    const size_t end = text.rfind('\n');
    if (end == std::string_view::npos) {
      if (static_cast<std::streamoff>(text.size()) == kAtOnce) position_ += static_cast<int64_t>(text.size());  // no event is that long
      return;
    }
    size_t begin = 0;
    while (begin <= end) {
      const size_t stop = text.find('\n', begin);
      take(text.substr(begin, stop - begin));
      begin = stop + 1;
    }
    position_ += static_cast<int64_t>(end) + 1;
  }
}

void LiveEvents::take(std::string_view line) {
  if (!may_matter(line) && !(goes_on_ && has(line, "\"progress\""))) return;
  try {
    const Json event = parse_json(line, "events.jsonl");
    const JsonObject o(event, "events.jsonl");
    const std::string kind = o.string("event");
    if (kind == "metric") {
      const std::string station = o.string("station");
      const int64_t step = o.integer("step", 0, int64_t{1} << 52);
      if (step < last_step_[station]) drop_after(station, step - 1);
      last_step_[station] = step;
      metrics_[station][o.string("name")][step] = o.number("value");
      goes_on_ = false;
    } else if (kind == "progress" && o.string("stage") == "finetune: step") {
      drop_after(o.string("station"), o.integer("step", 0, int64_t{1} << 52));
      goes_on_ = false;
    } else if (kind == "failed") {
      failure_ = o.string("message");
    } else if (kind == "start") {
      failure_.clear();
      goes_on_ = o.boolean_or("resumed", false);
      if (!goes_on_) metrics_.clear();
    }
  } catch (const InputError&) {
    // A cut line; what it said is in the results of its station.
  }
}

// What an attempt did after its last checkpoint is done again: its points are of a course that is no more.
void LiveEvents::drop_after(const std::string& station, int64_t step) {
  for (auto& [name, series] : metrics_[station]) series.erase(series.upper_bound(step), series.end());
  last_step_[station] = step;
}

}  // namespace rolora::widgets
