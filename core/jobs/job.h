// SPDX-License-Identifier: GPL-3.0-or-later
// One JSON file describes a run: a model, its texts and stations in order. Format 1; the schema for people is resources/jobs/README.md.
//
// {"format": 1, "name": "story", "model": {"path": "../bundled", "sha256": "…"}, "seed": 0, "dtype": "float32",
//  "texts": {"calibration": {"file": "../texts/calibration.txt", "corpus": "text", "sha256": "…"}, …},
//  "stations": [{"id": "rotated", "kind": "rotate", "model": "base", …}, …]}
//
// Paths are relative to the job file. Unknown keys are refused. A station names a model that stands before it: "base", or the id of an
// earlier rotate, finetune (its base with the adapter beside it), merge or quantize. Settings carry the names of the command's options in
// snake_case and have the command's defaults.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/finetune/training_settings.h"
#include "core/quantization/spec.h"
#include "core/rotation/record.h"
#include "core/storage/json_file.h"

namespace rolora {

inline constexpr int kJobFormat = 1;
inline constexpr std::string_view kBaseModel = "base";

/// A file that the job names, as written there and where it lies.
struct JobInput {
  std::string written;         ///< as the job file has it; of an absolute path or an override the name alone
  std::filesystem::path path;  ///< resolved against the job file's folder
  std::string sha256;          ///< given or filled in by inspect_inputs; empty = not known yet
};

/// A text of the run. corpus: text | wikitext2 | c4 | ptb (conventions of core/evaluation/corpus.h), or ids ({"ids": […]}, no tokenizer).
struct JobText {
  JobInput input;
  std::string corpus = "text";
};

/// All of quantize's options; also the fake-quantized look of an evaluation.
struct QuantizeSettings {
  QuantizationSpec spec;
  std::optional<std::string> calibration;  ///< name of a text; GPTQ and output errors need one
  CalibrationWindows windows;              ///< of that text
  std::vector<std::string> idle;           ///< keys that the job gives though they say how to calibrate and nothing is calibrated
};

struct StatisticsState {
  std::string label;  ///< the state's group in the HDF5 file: "plain", "folded", "rotated", "tuned"
  std::string model;
};

struct StatisticsStation {
  std::vector<StatisticsState> states;  ///< on the same tokens, into one file
  std::string text;
  std::optional<int64_t> context;
  int64_t windows = 0;             ///< first N windows; 0 = all
  std::vector<std::string> sites;  ///< kinds ("down_in"); empty = all
  std::vector<std::string> keep;   ///< sites whose values are kept, token by token
  int64_t keep_tokens = 0;         ///< of those, of the first N tokens; 0 = all
};

struct RotateStation {
  std::string model;
  RotationSettings rotation;         ///< its seed is the station's
  std::optional<std::string> store;  ///< default: the input's type
  std::optional<std::string> text;   ///< the gate also runs on 512 tokens of it
};

struct FinetuneStation {
  std::string model;
  std::string data;                          ///< name of a text
  std::string format = "alpaca";             ///< alpaca | text
  std::string prompt_template = "stanford";  ///< of records (core/finetune/templates.h)
  std::optional<int64_t> block;              ///< ids of a packed block of a text; default min(2048, model's limit)
  std::optional<int64_t> cutoff;             ///< ids kept of a record; default min(1024, model's limit)
  TrainingSettings training;                 ///< its seed is the station's; validation defaults to 0.1 for shuffled records
  std::optional<int64_t> save_every;         ///< steps between checkpoints; 0 = only when stopped; default usual_save_interval
  std::optional<std::string> store;          ///< of a full training's model; default: the input's type
};

struct MergeStation {
  std::string model;                 ///< a finetune
  std::optional<std::string> store;  ///< default: the input's type
};

struct QuantizeStation {
  std::string model;
  QuantizeSettings how;
};

struct EvaluateStation {
  std::string model;
  std::string text;
  std::optional<int64_t> context;
  bool keep_tail = false;
  int64_t windows = 0;                           ///< first N windows; 0 = all
  std::optional<QuantizeSettings> quantization;  ///< a fake-quantized look without saving
};

using StationSettings = std::variant<StatisticsStation, RotateStation, FinetuneStation, MergeStation, QuantizeStation, EvaluateStation>;

struct Station {
  std::string id;
  uint64_t seed = 0;  ///< of this station; default: the job's
  StationSettings settings;
  std::string_view kind() const;
  /// Ids of the models it reads, in order ("base" or stations).
  std::vector<std::string> models() const;
  /// Names of the texts it reads.
  std::vector<std::string> texts() const;
};

struct Job {
  std::string file;  ///< where it was read, for messages; not part of it
  std::string name;
  JobInput model;
  uint64_t seed = 0;
  std::string dtype = "float32";
  std::map<std::string, JobText> texts;
  std::vector<Station> stations;
  /// What the base is, as the run's inputs.json tells once it was opened; not part of the file.
  struct Base {
    std::string label = "plain";
    bool rotated = false, quantized = false;
  } base;
  const Station& station(std::string_view id) const;  ///< Error when there is none
};

/// "stations[ID]", as messages about a station's settings name it.
std::string station_key(const Station& station);

/// What the command line puts in place of the job's own: the same job on a researcher's checkpoint.
struct JobOverrides {
  std::optional<std::filesystem::path> model;
  std::map<std::string, std::filesystem::path> texts;
  std::optional<uint64_t> seed;
  std::optional<std::string> dtype;
};

/// Reads and validates a job without opening what it names. InputError(file, key, expected, found) for everything that is not right.
Job read_job(const std::filesystem::path& file, const JobOverrides& overrides = {});
Job parse_job(const Json& document, const std::string& file, const JobOverrides& overrides = {});
/// The complete job: every setting written out. Reads back to the same job.
Json job_json(const Job& job);

}  // namespace rolora
