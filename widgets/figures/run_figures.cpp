// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/figures/run_figures.h"

#include <algorithm>

#include "widgets/figures/statistics_figures.h"
#include "widgets/plots/error_plot.h"
#include "widgets/plots/from_statistics.h"
#include "widgets/plots/perplexity_plot.h"
#include "widgets/plots/training_plot.h"

namespace rolora::widgets {
namespace {

using Take = std::function<void(const FigurePtr&)>;

/// The same figure under a name that says more: bits of an error figure, the second statistics file of a run.
class NamedFigure : public Figure {
 public:
  NamedFigure(FigurePtr figure, QString added) : figure_(std::move(figure)), added_(std::move(added)) {}
  QString name() const override { return figure_->name() + QLatin1Char('-') + added_; }
  QString caption() const override { return figure_->caption(); }
  double height_to_width() const override { return figure_->height_to_width(); }
  FigureTable table() const override { return figure_->table(); }
  void paint(QPainter& painter, QSizeF size, const PlotStyle& style) const override { figure_->paint(painter, size, style); }

 private:
  FigurePtr figure_;
  QString added_;
};

void errors(const RunData& run, const Take& take) {
  QStringList bits;
  const auto bits_of = [](const QuantizedLook& look) { return QStringLiteral("w%1a%2").arg(look.weight_bits).arg(look.activation_bits); };
  for (const QuantizedLook& look : run.quantized) {
    if (!bits.contains(bits_of(look))) bits << bits_of(look);
  }
  for (const QString& width : bits) {
    ErrorData data;
    data.facts = run_facts(run);
    for (const QuantizedLook& look : run.quantized) {
      if (bits_of(look) == width) data.series.push_back(error_series(look, run));
    }
    ErrorPlot plot;
    plot.set_data(std::move(data), false);
    for (const ErrorMeasure measure : {ErrorMeasure::relative_error, ErrorMeasure::sqnr}) {
      for (const ErrorCause cause : {ErrorCause::both, ErrorCause::weights, ErrorCause::activations}) {
        if (measure == ErrorMeasure::sqnr && cause != ErrorCause::both) continue;
        plot.set_form({cause, measure, true});
        if (const FigurePtr figure = plot.figure()) take(std::make_shared<NamedFigure>(figure, width));
      }
    }
  }
}

void training(const RunData& run, const Take& take) {
  TrainingData data;
  data.facts = run_facts(run);
  for (const TrainingCurve& curve : run.trainings) data.series.push_back({model_in_words(curve.station, run), curve});
  const QStringList sites = TrainingPlot::kurtosis_sites(data);
  if (!sites.isEmpty() && !sites.contains(data.kurtosis_site)) data.kurtosis_site = sites.front();
  TrainingPlot plot;
  plot.set_data(std::move(data));
  take(plot.figure());
}

void perplexity(const RunData& run, const Take& take) {
  PerplexityPlot plot;
  plot.set_data({run.perplexities, run_facts(run)}, false);
  take(plot.figure());
}

}  // namespace

const QStringList& figure_templates() {
  static const QStringList names = {QStringLiteral("overview"), QStringLiteral("kurtosis"),  QStringLiteral("distribution"),
                                    QStringLiteral("profile"),  QStringLiteral("surface"),   QStringLiteral("errors"),
                                    QStringLiteral("training"), QStringLiteral("perplexity")};
  return names;
}

void for_each_run_figure(const RunData& run, const QString& only, const Take& take) {
  const auto wants = [&only](const char* name) { return only.isEmpty() || only == QLatin1String(name); };
  const Take take_if_drawn = [&take](const FigurePtr& figure) {
    if (figure) take(figure);
  };
  bool first_file = true;
  for (const QString& file : run.statistics_files) {
    const auto measured = std::find_if(run.measured.begin(), run.measured.end(), [&](const MeasuredState& m) { return m.file == file; });
    const QString station = measured != run.measured.end() ? measured->station : file.section(QLatin1Char('/'), -2, -2);
    const bool plain_name = first_file;
    const Take named = [&](const FigurePtr& figure) {
      if (figure) take(plain_name ? figure : std::make_shared<NamedFigure>(figure, station));
    };
    statistics_figures(file, run, wants, named);
    first_file = false;
  }
  if (wants("errors")) errors(run, take_if_drawn);
  if (wants("training")) training(run, take_if_drawn);
  if (wants("perplexity")) perplexity(run, take_if_drawn);
}

std::vector<FigurePtr> run_figures(const RunData& run, const QString& only) {
  std::vector<FigurePtr> figures;
  for_each_run_figure(run, only, [&](const FigurePtr& figure) { figures.push_back(figure); });
  return figures;
}

}  // namespace rolora::widgets
