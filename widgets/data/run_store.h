// SPDX-License-Identifier: GPL-3.0-or-later
// Runs as the window reads them: the folder that `rolora run` writes (core/jobs/run_folder.h), finished or still growing.
#pragma once

#include <QDateTime>
#include <QObject>
#include <QString>
#include <QStringList>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "widgets/data/result.h"
#include "widgets/data/statistics_store.h"

namespace rolora::widgets {

struct TrainingCurve {
  QString station, model;  ///< "lora-rotated", "rotated-0"
  std::vector<double> step, loss, learning_rate, gradient_norm;
  std::vector<double> evaluation_step, evaluation_loss;
  /// "layers.0.down_in" → (step, kurtosis), where the training was told to measure sites.
  std::map<QString, std::vector<std::pair<double, double>>> kurtosis;
};

struct LinearError {
  QString linear;  ///< "model.layers.0.mlp.down_proj"
  int layer = 0;
  QString kind;  ///< "down_proj"
  int weight_bits = 16, activation_bits = 16;
  double weight_mse = 0, weight_relative_error = 0;
  double output_error_weights = 0, output_error_activations = 0, output_error_both = 0;  ///< NaN where not measured
  double sqnr_db = 0, gptq_loss = 0;                                                     ///< NaN where there is none
};

struct QuantizedLook {
  QString station, model, method;  ///< "gptq-w4a4-rotated", "tuned-rotated", "gptq"
  int weight_bits = 16, activation_bits = 16;
  std::vector<LinearError> linears;
};

struct PerplexityRow {
  QString station, state;  ///< "rotated-0-w4a4-evaluation"; the state in words: "rotated (seed 0), RTN W4A4"
  QString model;           ///< that was evaluated: "base" or the station that made it
  QString text;
  double perplexity = 0, nll = 0;
  int64_t tokens = 0;
  double full_precision = 0;  ///< of the same weights unquantized on the same text; NaN where it was not measured
};

/// A state that a statistics station measured, with where its outliers are worst: the linears' input with the largest ratio of the
/// largest to the median token.
struct MeasuredState {
  QString station, file, label, model;
  QString title;  ///< the model in words: "rotated (seed 0) + LoRA"
  int worst_layer = -1;
  QString worst_site;      ///< "down_in"
  double worst_ratio = 0;  ///< NaN where nothing was measured
};

struct RunData {
  QString folder, name;
  QString state;                ///< "running", "stopped", "failed", "finished", or "interrupted": it said running and no process is at work
  QString failure;              ///< the one line, when it failed
  QString model, model_sha256;  ///< name of the model folder, identity of the model
  nlohmann::json job, inputs;
  QStringList statistics_files;
  std::vector<TrainingCurve> trainings;
  std::vector<QuantizedLook> quantized;
  std::vector<PerplexityRow> perplexities;
  std::vector<MeasuredState> measured;
  struct StationLine {
    QString id, kind;
    bool done = false;
    bool at_work = false;  ///< the first one that is not done, while the run is running
    qint64 bytes = 0;      ///< of its folder, when it is done
    QString damage;        ///< the one line, where it was done and cannot be read any more
  };
  std::vector<StationLine> stations;
};
/// What the states of one of its files of statistics are called, by label.
StateTitles titles_in(const RunData& run, const QString& file);
using RunDataPtr = std::shared_ptr<const RunData>;

/// Reads a run folder on the calling thread; the error is one line naming file and key. Stations that are not done are left out, but for
/// the live curves of a training.
Result<RunDataPtr> read_run(const QString& folder);

/// Open runs. Reading happens on a background thread; `updated` follows a run that grows, at most once a second.
class RunStore : public QObject {
  Q_OBJECT
 public:
  explicit RunStore(QObject* parent = nullptr);
  ~RunStore() override;
  void open(const QString& folder, QObject* receiver, std::function<void(const Result<RunDataPtr>&)> done);
  void close(const QString& folder);
  RunDataPtr run(const QString& folder) const;  ///< nullptr when not open
  QStringList open_runs() const;
  QString error(const QString& folder) const;  ///< why an open run cannot be read any more; empty when it can
  void refresh(const QString& folder);

 signals:
  void opened(const QString& folder);
  void updated(const QString& folder);
  void failed(const QString& folder, const QString& error);  ///< an open run cannot be read any more; what was read stays
  void closed(const QString& folder);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace rolora::widgets
