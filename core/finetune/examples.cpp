// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/finetune/examples.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <fstream>
#include <span>
#include <utility>

#include "core/base/error.h"
#include "core/base/random.h"
#include "core/finetune/conversation.h"
#include "core/storage/sha256.h"

namespace rolora {

bool Example::learns(int64_t position) const {
  const auto holds = [&](const std::pair<int64_t, int64_t>& range) { return position >= range.first && position < range.second; };
  return position >= std::max<int64_t>(1, first_label) && std::none_of(unlearned.begin(), unlearned.end(), holds);
}

int64_t Example::labels() const {
  const auto size = static_cast<int64_t>(ids.size()), first = std::max<int64_t>(1, first_label);
  int64_t count = std::max<int64_t>(0, size - first);
  for (const auto& [begin, end] : unlearned) count -= std::max<int64_t>(0, std::min(end, size) - std::max(begin, first));
  return count;
}

TrainingData packed_blocks(const IdStream& stream, int64_t block) {
  const auto tokens = static_cast<int64_t>(stream.ids.size());
  if (tokens < block) {
    throw InputError(stream.source, "tokens", "at least one block of " + std::to_string(block) + " (--block)", std::to_string(tokens));
  }
  TrainingData data;
  data.source = stream.source;
  data.hash = stream.text_hash;
  data.description = {{"format", "text"}, {"block", block}};
  for (int64_t begin = 0; begin + block <= tokens; begin += block) {
    data.examples.push_back({{stream.ids.begin() + begin, stream.ids.begin() + begin + block}, 1});
  }
  return data;
}

namespace {

void refuse_unread(const JsonObject& record, const Json& value) {
  for (const char* key : {"history", "system"}) {
    const auto found = value.find(key);
    if (found != value.end() && !found->is_null() && !found->empty() && *found != "") {
      record.refuse(key, "none or empty (this template has no place for earlier turns and system prompts; chat templates have)",
                    printable(found->dump()));
    }
  }
}

bool is_conversation(const JsonObject& record) {
  const bool conversation = record.has("messages") || record.has("conversations");
  if (conversation && record.has("instruction")) record.refuse("instruction", "none beside messages", "both");
  return conversation;
}

std::vector<Turn> turns_of(const JsonObject& record) {
  if (is_conversation(record)) {
    std::vector<Turn> turns = read_conversation(record);
    const std::string own = record.string_or("system", "");
    if (!own.empty() && turns.front().role == Role::system) record.refuse("system", "none beside a system message", "both");
    if (record.has("history") && !record.raw("history").empty()) record.refuse("history", "none beside messages", "both");
    if (!own.empty()) turns.insert(turns.begin(), {Role::system, own});
    return turns;
  }
  std::vector<Turn> turns;
  const std::string system = record.string_or("system", ""), input = record.string_or("input", "");
  if (!system.empty()) turns.push_back({Role::system, system});
  if (record.has("history")) {
    const Json& history = record.raw("history");
    if (!history.is_array()) record.refuse("history", "a list of [question, answer]", history.type_name());
    for (const Json& pair : history) {
      if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string())
        record.refuse("history", "a list of [question, answer]", printable(pair.dump()));
      turns.push_back({Role::user, pair[0].get<std::string>()});
      turns.push_back({Role::assistant, pair[1].get<std::string>()});
    }
  }
  turns.push_back({Role::user, record.string("instruction") + (input.empty() ? "" : "\n" + input)});
  turns.push_back({Role::assistant, record.string("output")});
  return turns;
}

// The commonest slip with this option deserves more than a parser's complaint.
void refuse_plain_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  in >> std::ws;
  const int first = in.peek();
  if (!in || !std::isalpha(first)) return;
  throw InputError(file.string(), "document", "a JSON list of records {instruction, input, output} (--format text reads plain text)",
                   "text that begins with " + printable(std::string(1, static_cast<char>(first))));
}

/// What a plain template has places for.
struct Instruction {
  std::string instruction, input, output;
};

Instruction read_instruction(const JsonObject& record, const Json& value) {
  refuse_unread(record, value);
  if (!is_conversation(record)) {
    return {record.string("instruction"), record.string_or("input", ""), record.string("output")};
  }
  const std::vector<Turn> turns = read_conversation(record);
  if (turns.size() != 2 || turns[0].role != Role::user) {
    record.refuse(record.has("messages") ? "messages" : "conversations",
                  "one from the user and one from the assistant (chat templates take more)",
                  std::to_string(turns.size()) + ", the first from the " + std::string(name_of(turns[0].role)));
  }
  return {turns[0].content, "", turns[1].content};
}

Example chat_example(const JsonObject& record, const Tokenizer& tokenizer, const ChatTemplate& chat) {
  const std::string key = record.has("conversations") ? "conversations" : "messages";
  const LearnedIds found = encode(render(chat, turns_of(record), tokenizer, false, record.file(), record.key_path(key)), tokenizer);
  Example example;
  example.ids = found.ids;
  const auto size = static_cast<int64_t>(found.ids.size());
  const auto learned = [&](int64_t i) { return found.learned[static_cast<size_t>(i)]; };
  example.first_label = std::find(found.learned.begin(), found.learned.end(), true) - found.learned.begin();
  for (int64_t i = example.first_label; i < size; ++i) {
    if (learned(i)) continue;
    const int64_t begin = i;
    while (i < size && !learned(i)) ++i;
    example.unlearned.emplace_back(begin, i);
  }
  return example;
}

Example alpaca_example(const JsonObject& record, const Json& value, const Tokenizer& tokenizer, const AlpacaOptions& options) {
  if (options.prompt->chat != nullptr) return chat_example(record, tokenizer, *options.prompt->chat);
  const Instruction given = read_instruction(record, value);
  const std::string prompt = fill_prompt(*options.prompt, given.instruction, given.input);
  Example example;
  example.ids = tokenizer.prefix();
  const std::vector<int64_t> whole = tokenizer.encode(prompt + given.output, false);
  // A prompt that ends in a space shares its last token with the response's first word, which is to be learned: the prompt is what both
  // encodings begin with.
  const std::vector<int64_t> alone = tokenizer.encode(prompt, false);
  const auto apart = std::mismatch(alone.begin(), alone.end(), whole.begin(), whole.end()).first;
  example.first_label = static_cast<int64_t>(example.ids.size()) + (apart - alone.begin());
  example.ids.insert(example.ids.end(), whole.begin(), whole.end());
  example.ids.push_back(options.eos);
  return example;
}

}  // namespace

TrainingData alpaca_records(const std::filesystem::path& file, const Tokenizer& tokenizer, const AlpacaOptions& options) {
  refuse_plain_text(file);
  const Json document = read_json_file(file, {.bytes = 4ull << 30, .depth = 64});
  const std::string name = file.filename().string();
  if (!document.is_array() || document.empty()) {
    throw InputError(file.string(), "document", "a list of records {instruction, input, output}", document.type_name());
  }
  TrainingData data;
  data.source = name;
  data.hash = sha256_of_file(file);
  data.description = {{"format", "alpaca"}, {"template", options.prompt->name}, {"cutoff", options.cutoff}};
  int64_t labels = 0;
  for (size_t i = 0; i < document.size(); ++i) {
    const std::string place = "[" + std::to_string(i) + "]";
    if (!document[i].is_object()) throw InputError(file.string(), place, "an object {instruction, input, output}", document[i].type_name());
    const JsonObject record(document[i], file.string(), place);
    Example example = alpaca_example(record, document[i], tokenizer, options);
    if (static_cast<int64_t>(example.ids.size()) > options.cutoff) {
      example.ids.resize(static_cast<size_t>(options.cutoff));
      ++data.cut;
    }
    if (example.labels() == 0) ++data.without_label;
    labels += example.labels();
    data.examples.push_back(std::move(example));
  }
  if (labels == 0) throw InputError(file.string(), "--cutoff", "room for at least one token of a response", std::to_string(options.cutoff));
  return data;
}

int64_t end_of_sequence(const ModelConfig& config, const Tokenizer& tokenizer, const std::filesystem::path& folder) {
  if (!config.eos.empty()) return config.eos.front();
  if (tokenizer.eos()) return *tokenizer.eos();
  throw InputError((folder / "config.json").string(), "eos_token_id", "an id that ends a response (the tokenizer has none either)",
                   "nothing");
}

std::string examples_hash(const TrainingData& data) {
  Sha256 sum;
  for (const Example& example : data.examples) {
    const std::array<int64_t, 2> frame = {static_cast<int64_t>(example.ids.size()), example.first_label};
    sum.add(std::as_bytes(std::span(frame)));
    sum.add(std::as_bytes(std::span(example.ids)));
    for (const auto& [begin, end] : example.unlearned) {
      const std::array<int64_t, 2> range = {begin, end};
      sum.add(std::as_bytes(std::span(range)));
    }
  }
  return sum.hex();
}

void require_vocabulary(const TrainingData& data, int64_t vocabulary) {
  for (size_t i = 0; i < data.examples.size(); ++i) {
    for (const int64_t id : data.examples[i].ids) {
      if (id >= 0 && id < vocabulary) continue;
      throw InputError(data.source, "ids of example " + std::to_string(i),
                       "ids below the model's vocabulary of " + std::to_string(vocabulary), std::to_string(id));
    }
  }
}

Split split_validation(TrainingData data, double fraction, uint64_t seed) {
  Split split;
  const auto n = static_cast<int64_t>(data.examples.size());
  const auto taken = static_cast<int64_t>(std::ceil(static_cast<double>(n) * fraction));
  if (taken >= n) {
    throw InputError(data.source, "--validation", "a share that leaves something to train on",
                     std::to_string(taken) + " of " + std::to_string(n) + " examples");
  }
  split.validation.source = data.source;
  split.validation.hash = data.hash;
  if (taken > 0) {
    std::vector<int64_t> chosen = Random(seed, "finetune validation").permutation(n);
    std::vector<bool> out(static_cast<size_t>(n), false);
    for (int64_t i = 0; i < taken; ++i) out[static_cast<size_t>(chosen[static_cast<size_t>(i)])] = true;
    std::vector<Example> kept;
    for (int64_t i = 0; i < n; ++i) {
      Example& example = data.examples[static_cast<size_t>(i)];
      (out[static_cast<size_t>(i)] ? split.validation.examples : kept).push_back(std::move(example));
    }
    data.examples = std::move(kept);
  }
  split.training = std::move(data);
  return split;
}

}  // namespace rolora
