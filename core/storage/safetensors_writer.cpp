// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/storage/atomic_file.h"
#include "core/storage/safetensors.h"
#include "core/storage/safetensors_header.h"
#include "core/storage/system_error.h"
#include "core/storage/unnamed_file.h"

namespace rolora {
namespace {

using Declared = SafetensorsWriter::Declared;

// The tensors' places in the data section, wider types first (see the header); returns the section's size.
uint64_t lay_out(const std::vector<Declared>& declared, std::vector<TensorEntry>& entries, std::vector<size_t>& order,
                 const std::string& file) {
  order.resize(declared.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return bytes_of(declared[a].type) > bytes_of(declared[b].type); });
  entries.resize(declared.size());
  uint64_t next = 0;
  for (const size_t i : order) {
    const std::optional<uint64_t> size = stored_bytes(declared[i].type, declared[i].shape);
    if (!size) throw Error(file + ": " + declared[i].name + ": its shape is negative or too large to store");
    entries[i] = {declared[i].type, declared[i].shape, next, next + *size};
    if (__builtin_add_overflow(next, *size, &next) || next > static_cast<uint64_t>(INT64_MAX)) {
      throw Error(file + ": the tensors together are too large to store");
    }
  }
  return next;
}

// 8 bytes of length, then JSON padded with spaces so that the data starts at a multiple of 8.
std::string header_bytes(const std::vector<Declared>& declared, const std::vector<TensorEntry>& entries, const std::vector<size_t>& order,
                         const std::map<std::string, std::string>& metadata, const std::string& file) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  if (!metadata.empty()) json["__metadata__"] = metadata;
  for (const size_t i : order) {
    if (json.contains(declared[i].name) || declared[i].name == "__metadata__") {
      throw Error(file + ": " + declared[i].name + ": declared twice or a reserved name");
    }
    json[declared[i].name] = {
        {"dtype", name_of(entries[i].type)}, {"shape", entries[i].shape}, {"data_offsets", {entries[i].begin, entries[i].end}}};
  }
  std::string text;
  try {
    text = json.dump();
  } catch (const nlohmann::json::exception&) {
    throw Error(file + ": a tensor name or metadata is not UTF-8");
  }
  text.append((8 - text.size() % 8) % 8, ' ');
  if (text.size() > kMostHeaderBytes) throw Error(file + ": the header exceeds the format's 100 MB");
  const uint64_t size = text.size();
  std::string bytes(sizeof size, '\0');
  std::memcpy(bytes.data(), &size, sizeof size);
  return bytes + text;
}

}  // namespace

struct SafetensorsWriter::State {
  std::filesystem::path target;
  std::vector<Declared> declared;
  std::vector<TensorEntry> entries;
  uint64_t data_begin = 0;
  size_t next = 0;
  std::optional<PendingFile> pending;
  std::optional<FileDescriptor> file;
};

SafetensorsWriter::SafetensorsWriter(std::filesystem::path target, std::vector<Declared> tensors,
                                     std::map<std::string, std::string> metadata)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.target = std::move(target);
  s.declared = std::move(tensors);
  s.pending.emplace(s.target);
  begin(s.pending->path(), metadata);
}

SafetensorsWriter::SafetensorsWriter(const UnnamedFile& file, std::vector<Declared> tensors) : state_(std::make_unique<State>()) {
  state_->target = file.folder();  // what messages name
  state_->declared = std::move(tensors);
  begin(file.path(), {});
}

void SafetensorsWriter::begin(const std::filesystem::path& opened, const std::map<std::string, std::string>& metadata) {
  State& s = *state_;
  std::vector<size_t> order;
  const uint64_t data_size = lay_out(s.declared, s.entries, order, s.target.string());
  const std::string header = header_bytes(s.declared, s.entries, order, metadata, s.target.string());
  s.data_begin = header.size();
  s.file.emplace(::open(opened.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!s.file->open()) throw_write_failure(s.target, "create", errno);
  // Ask for the whole space now: hours of work should not end at a full disk. File systems that cannot reserve say so and are left alone.
  const auto size = static_cast<off_t>(s.data_begin + data_size);
  if (::fallocate(s.file->get(), 0, 0, size) != 0 && (errno == ENOSPC || errno == EFBIG || errno == EDQUOT)) {
    throw_write_failure(s.target, "reserve " + std::to_string(size) + " bytes", errno);
  }
  write_all(s.file->get(), header.data(), header.size(), 0, s.target);
}

SafetensorsWriter::~SafetensorsWriter() = default;

void SafetensorsWriter::write(const std::string& name, std::span<const std::byte> bytes) {
  State& s = *state_;
  const auto wrong = [&](const std::string& what) { throw Error(s.target.string() + ": " + name + ": " + what); };
  if (!s.file) wrong("written after the file was finished");
  if (s.next == s.declared.size()) wrong("written after the last declared tensor");
  if (s.declared[s.next].name != name) wrong("written where " + s.declared[s.next].name + " was declared");
  const TensorEntry& entry = s.entries[s.next];
  if (bytes.size() != entry.end - entry.begin) {
    wrong("declared with " + std::to_string(entry.end - entry.begin) + " bytes, written with " + std::to_string(bytes.size()));
  }
  write_all(s.file->get(), reinterpret_cast<const char*>(bytes.data()), bytes.size(), static_cast<int64_t>(s.data_begin + entry.begin),
            s.target);
  ++s.next;
}

void SafetensorsWriter::finish() {
  State& s = *state_;
  if (!s.file) throw Error(s.target.string() + ": finished twice");
  if (s.next != s.declared.size()) throw Error(s.target.string() + ": " + s.declared[s.next].name + ": declared but never written");
  const int code = s.file->close();
  s.file.reset();
  if (code != 0) throw_write_failure(s.target, "write", code);
  if (s.pending) s.pending->commit();
}

}  // namespace rolora
