// SPDX-License-Identifier: GPL-3.0-or-later
// What a job names, opened and checked before anything is written: model, texts, hashes, and settings that hang on the model.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/monitor.h"
#include "core/evaluation/corpus.h"
#include "core/finetune/examples.h"
#include "core/jobs/events.h"
#include "core/jobs/job.h"
#include "core/jobs/open_model.h"

namespace rolora {

struct RunInputs {
  OpenedModel base;
  std::string base_hash;
  std::map<std::string, IdStream> streams;                             ///< of every text that is read as a stream of tokens
  std::map<std::string, std::shared_ptr<const TrainingData>> records;  ///< by finetune station, of those that train on records
  Json facts;  ///< inputs.json: shapes of the model; bytes, tokens and roles of the texts; lines they share
};

/// Opens and hashes everything, compares given hashes, tokenizes the texts, and completes `job`: hashes filled in, contexts and stored
/// types written out. InputError for whatever would fail a station later: a text shorter than a window, a wrong hash, bits that no
/// quantizer takes, sites or linears that the model does not have, records that cannot be read or tokenized.
RunInputs inspect_inputs(Job& job, Monitor& monitor);

/// Settings whose defaults come from the model, and the checks that need it: the last part of inspect_inputs, for inputs made otherwise.
void complete_job(Job& job, RunInputs& inputs);

/// Work of every station, for estimates of time.
std::vector<StationForecast> forecasts(const Job& job, const RunInputs& inputs);

/// The tokens of a text that is read as a stream.
const IdStream& stream_of(const Job& job, const RunInputs& inputs, const std::string& text);
/// Windows of an evaluation's text; those of all other texts are whole_windows.
Windows evaluation_windows(const Job& job, const RunInputs& inputs, const EvaluateStation& settings);

}  // namespace rolora
