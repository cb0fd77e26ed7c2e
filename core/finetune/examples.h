// SPDX-License-Identifier: GPL-3.0-or-later
// Training texts as token ids with the part that is learned: packed blocks of a plain text, or instruction records whose prompt is masked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/monitor.h"
#include "core/evaluation/corpus.h"
#include "core/finetune/templates.h"
#include "core/model/config.h"
#include "core/storage/json_file.h"
#include "core/tokenizer/tokenizer.h"

namespace rolora {

/// One row. The tokens at positions max(1, first_label) … end are predicted and enter the loss; earlier ones are only read, and so are
/// those of `unlearned`: ranges [begin, end) behind first_label, in order (a conversation's later questions).
struct Example {
  std::vector<int64_t> ids;
  int64_t first_label = 1;
  std::vector<std::pair<int64_t, int64_t>> unlearned = {};
  bool learns(int64_t position) const;
  int64_t labels() const;  ///< number of predicted tokens
};

struct TrainingData {
  std::vector<Example> examples;
  std::string source;  ///< file name, for messages and records
  std::string hash;    ///< SHA-256 of the file
  int64_t cut = 0;     ///< records cut at the right
  int64_t without_label = 0;
  Json description;  ///< how the file became examples (format, block, template, cut-off)
};

/// The stream cut into contiguous blocks in order, the tail dropped. InputError when not even one block fits.
TrainingData packed_blocks(const IdStream& stream, int64_t block);

struct AlpacaOptions {
  const PromptTemplate* prompt = nullptr;
  int64_t cutoff = 1024;  ///< tokens kept of a record, from the left
  int64_t eos = 0;        ///< appended after the response
};
/// A JSON list of {instruction, input (optional), output}, or of conversations ({messages} or ShareGPT's {conversations}; conversation.h).
/// With a plain template the prompt and the response are tokenized as one string behind the tokenizer's prefix (BOS), EOS is appended, and
/// the first |prefix + ids of the prompt alone| tokens are masked; a conversation must be one question and its answer. With a chat template
/// the ids are those of the rendered conversation, nothing put around them, every response learned with the token that ends it;
/// instruction and input, a line each, are what the user says, and `system` and `history` ([question, answer] pairs) are read. Other keys
/// are not read, but a record whose system message or history the template has no place for is refused: dropping it would change the task.
/// InputError gives file, record and key.
TrainingData alpaca_records(const std::filesystem::path& file, const Tokenizer& tokenizer, const AlpacaOptions& options);

/// The end-of-sequence id: the first of config.json, else the tokenizer's. InputError (config.json: eos_token_id) when neither has one.
int64_t end_of_sequence(const ModelConfig& config, const Tokenizer& tokenizer, const std::filesystem::path& folder);

/// SHA-256 over all ids and labels: what tokenizer, template and cut made of the file.
std::string examples_hash(const TrainingData& data);

/// InputError naming example and id when an id is outside the vocabulary (a tokenizer that is not this model's).
void require_vocabulary(const TrainingData& data, int64_t vocabulary);

struct Split {
  TrainingData training, validation;
};
/// Takes ceil(fraction · n) examples out by a seeded random choice; both parts keep the file's order. InputError when none would be left.
Split split_validation(TrainingData data, double fraction, uint64_t seed);

}  // namespace rolora
