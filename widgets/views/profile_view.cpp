// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/profile_view.h"

#include <QStackedWidget>
#include <QVBoxLayout>

#include "widgets/data/describe.h"
#include "widgets/plots/from_statistics.h"
#include "widgets/views/distribution_view.h"
#include "widgets/views/plot_binding.h"

namespace rolora::widgets {
namespace {

QString bits_of(const QuantizedLook& look) { return QStringLiteral("W%1A%2").arg(look.weight_bits).arg(look.activation_bits); }

QStringList page_names() { return {ProfileView::tr("token maxima and kurtosis"), ProfileView::tr("quantization error")}; }

/// What the values of the profile hang on.
Selection relevant(const Selection& selection) {
  Selection s;
  s.a = selection.a;
  s.b = selection.b;
  s.comparison = selection.comparison;
  s.scaling = selection.scaling;
  s.site = selection.site;
  s.without_first = selection.without_first;
  return s;
}

}  // namespace

ProfileView::ProfileView(const Workbench& workbench, QWidget* parent) : View(workbench, parent) {
  bars_ = new QStackedWidget(this);
  pages_ = new QStackedWidget(this);
  bar_ = new ChoiceBar(workbench, ChoiceBar::site | ChoiceBar::scaling | ChoiceBar::first_tokens, bars_);
  error_bar_ = new ChoiceBar(workbench, 0, bars_);
  profile_ = new ProfilePlot(pages_);
  errors_ = new ErrorPlot(pages_);
  bars_->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  place_ = new PlaceBar(workbench, this);
  connect(place_, &PlaceBar::page_asked, this, &View::page_asked);
  column->addWidget(bars_);
  column->addWidget(place_);
  column->addWidget(pages_, 1);
  add_error_choices();
  add_page_choices();
  bars_->addWidget(bar_);
  bars_->addWidget(error_bar_);
  pages_->addWidget(profile_);
  pages_->addWidget(errors_);
  bind_plot(this, profile_, workbench);
  bind_plot(this, errors_, workbench);
  connect(workbench.selection, &SelectionModel::changed, this, &ProfileView::selection_changed);
  for (const auto signal : {&StatisticsStore::opened, &StatisticsStore::closed}) {
    connect(workbench.statistics, signal, this, [this] {
      shown_.reset();
      selection_changed();
    });
  }
  for (const auto signal : {&RunStore::opened, &RunStore::updated, &RunStore::closed}) {
    connect(workbench.runs, signal, this, &ProfileView::runs_changed);
  }
  selection_changed();
  runs_changed();
}

void ProfileView::add_page_choices() {
  const QString tip = tr("The tokens' largest magnitudes and the kurtosis of a site, or what quantization costs in each linear");
  page_ = bar_->add_choice(tr("S&how"), tip, page_names());
  error_page_ = error_bar_->add_choice(tr("S&how"), tip, page_names());
  error_page_->setCurrentIndex(1);
  connect(page_, &QComboBox::activated, this, [this](int index) { show_errors(index == 1); });
  connect(error_page_, &QComboBox::activated, this, [this](int index) { show_errors(index == 1); });
}

void ProfileView::add_error_choices() {
  run_ = error_bar_->add_choice(tr("&Run"), tr("Which open run"));
  bits_ = error_bar_->add_choice(tr("&Bits"), tr("Bits of weights and activations"));
  cause_ = error_bar_->add_choice(tr("&Quantized"), tr("What is rounded while the error of a linear's output is measured"),
                                  {tr("weights"), tr("activations"), tr("both")});
  cause_->setCurrentIndex(2);
  measure_ = error_bar_->add_choice(tr("&Measure"), tr("‖Y − Ŷ‖ / ‖Y‖ of the output, or the ratio of signal to error in dB"),
                                    {tr("relative error"), tr("SQNR")});
  connect(run_, &QComboBox::activated, this, &ProfileView::show_run_errors);
  connect(bits_, &QComboBox::activated, this, &ProfileView::show_run_errors);
  const auto take_form = [this] {
    errors_->set_form(static_cast<ErrorCause>(cause_->currentIndex()), static_cast<ErrorMeasure>(measure_->currentIndex()));
  };
  connect(cause_, &QComboBox::activated, this, take_form);
  connect(measure_, &QComboBox::activated, this, take_form);
}

bool ProfileView::shows_errors() const { return pages_->currentWidget() == errors_; }

void ProfileView::show_errors(bool errors) {
  page_->setCurrentIndex(errors ? 1 : 0);
  error_page_->setCurrentIndex(errors ? 1 : 0);
  bars_->setCurrentIndex(errors ? 1 : 0);
  pages_->setCurrentIndex(errors ? 1 : 0);
  place_->setVisible(!errors);  // linears have no site
}

void ProfileView::set_style(const PlotStyle& style) {
  profile_->set_style(style);
  errors_->set_style(style);
}

QWidget* ProfileView::focus_widget() { return pages_->currentWidget(); }

void ProfileView::selection_changed() {
  const Selection& now = workbench().selection->current();
  bar_->show_selection(now);
  place_->show_place(now);
  place_->set_remarks({shows_errors() ? Remark{} : scaling_remark(now, workbench())});
  profile_->set_selection(now);
  errors_->set_selection(now);
  if (const QString file = now.a.file; file != followed_) {  // the errors are of the run that is looked at
    followed_ = file;
    follow_run();
  }
  if (shown_ == relevant(now)) return;
  shown_ = relevant(now);
  show_profile();
}

void ProfileView::show_profile() {
  const Selection& now = workbench().selection->current();
  const ShownStates states = shown_states(now);
  ProfileData data;
  data.site = QString::fromUtf8(name_of(now.site).data());
  data.scaling = now.scaling;
  data.without_first = now.without_first;
  QStringList facts;
  for (const bool is_a : {true, false}) {
    const StateRef& ref = is_a ? states.a : states.b;
    const SummaryPtr summary = ref.valid() ? workbench().statistics->summary(ref.file) : nullptr;
    const StateSummary* state = summary ? summary->find(ref.state) : nullptr;
    if (state == nullptr) continue;
    (is_a ? data.a : data.b) = profile_series(name_of_state(ref, now, workbench()), *state, now.site, now.without_first);
    const bool one_file = states.a.file == states.b.file;
    const QString fact = facts_of(*summary, one_file ? QStringList{states.a.state, states.b.state} : QStringList{ref.state}, workbench());
    if (!facts.contains(fact)) facts << fact;
  }
  data.facts = facts.join(QLatin1Char(' '));
  const auto being_read = [this](const StateRef& ref) { return ref.valid() && workbench().statistics->summary(ref.file) == nullptr; };
  profile_->set_empty_text(being_read(states.a) || being_read(states.b) ? tr("Reading the statistics…")
                           : states.a.valid() || states.b.valid()       ? tr("This site was not measured here.")
                                                                  : tr("Select a model with statistics to see its layers side by side."));
  profile_->set_data(std::move(data), false);
}

void ProfileView::follow_run() {
  for (int i = 0; i < run_->count(); ++i) {
    const RunDataPtr open = workbench().runs->run(run_->itemData(i).toString());
    if (!open || !open->statistics_files.contains(followed_) || i == run_->currentIndex()) continue;
    run_->setCurrentIndex(i);
    show_run_errors();
  }
}

RunDataPtr ProfileView::run() const { return workbench().runs->run(run_->currentData().toString()); }

void ProfileView::runs_changed() {
  const QString current = run_->currentData().toString();
  const QSignalBlocker quiet(run_);
  run_->clear();
  for (const QString& folder : workbench().runs->open_runs()) {
    const RunDataPtr open = workbench().runs->run(folder);
    if (open && !open->quantized.empty()) run_->addItem(open->name, folder);
  }
  run_->setCurrentIndex(std::max(0, run_->findData(current)));
  if (current.isEmpty()) follow_run();
  ChoiceBar::set_shown(run_, run_->count() > 1);
  show_run_errors();
}

void ProfileView::show_run_errors() {
  const RunDataPtr open = run();
  QStringList bits;
  if (open) {
    for (const QuantizedLook& look : open->quantized) {
      if (!bits.contains(bits_of(look))) bits << bits_of(look);
    }
  }
  set_items(bits_, bits);
  ChoiceBar::set_shown(bits_, bits.size() > 1);
  if (open == errors_of_ && bits_->currentText() == bits_shown_) return;
  ErrorData data;
  if (open) {
    for (const QuantizedLook& look : open->quantized) {
      if (bits_of(look) == bits_->currentText()) data.series.push_back(error_series(look, *open));
    }
    data.facts = tr("Run %1.").arg(open->name);
  }
  const bool same_run = errors_of_ && open && errors_of_->folder == open->folder && bits_->currentText() == bits_shown_;
  errors_of_ = open;
  bits_shown_ = bits_->currentText();
  errors_->set_data(std::move(data), same_run);
}

}  // namespace rolora::widgets
