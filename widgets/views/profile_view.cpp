// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/profile_view.h"

#include <QScrollArea>
#include <QStackedWidget>

#include "widgets/data/describe.h"
#include "widgets/plots/from_statistics.h"
#include "widgets/views/distribution_view.h"
#include "widgets/views/plot_binding.h"

namespace rolora::widgets {
namespace {

QString bits_of(const QuantizedLook& look) { return QStringLiteral("W%1A%2").arg(look.weight_bits).arg(look.activation_bits); }

QStringList page_names() {
  return {ProfileView::tr("Token maxima and kurtosis"), ProfileView::tr("Quantization error"), ProfileView::tr("Perplexity by state")};
}

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
  bar_ = new ChoiceBar(workbench, 0, bars_);
  run_bar_ = new ChoiceBar(workbench, 0, bars_);
  profile_ = new ProfilePlot(pages_);
  errors_ = new ErrorPlot(pages_);
  perplexity_ = new PerplexityPlot(pages_);
  bars_->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
  place_ = new PlaceBar(workbench, this);
  connect(place_, &PlaceBar::page_asked, this, &View::page_asked);
  put_in_column(this, {bars_, place_, pages_});
  add_page_choices();  // in the same place on every page
  bar_->add_parts(ChoiceBar::site | ChoiceBar::scaling | ChoiceBar::first_tokens);
  add_run_choices();
  bars_->addWidget(bar_);
  bars_->addWidget(run_bar_);
  pages_->addWidget(profile_);
  pages_->addWidget(errors_);
  pages_->addWidget(scrolled_perplexity());
  for (Plot* plot : plots()) bind_plot(this, plot, workbench);
  disconnect(perplexity_, &Plot::drilled, this, nullptr);  // below a perplexity lies no place
  show_page(Page::layers);
  connect_stores();
  selection_changed();
  runs_changed();
}

void ProfileView::connect_stores() {
  const Workbench& workbench = this->workbench();
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
}

void ProfileView::add_page_choices() {
  const QString tip =
      tr("The tokens' largest magnitudes and the kurtosis of a site, what quantization costs in each linear, or what it costs in "
         "perplexity");
  page_ = bar_->add_choice(tr("S&how"), tip, page_names());
  run_page_ = run_bar_->add_choice(tr("S&how"), tip, page_names());
  for (QComboBox* box : {page_, run_page_}) {
    connect(box, &QComboBox::activated, this, [this](int index) { show_page(static_cast<Page>(index)); });
  }
}

void ProfileView::add_run_choices() {
  run_ = run_bar_->add_choice(tr("&Run"), tr("Which open run"));
  bits_ = run_bar_->add_choice(tr("&Bits"), tr("Bits of weights and activations"));
  cause_ = run_bar_->add_choice(tr("&Quantized"), tr("What is rounded while the error of a linear's output is measured"),
                                {tr("weights"), tr("activations"), tr("both")});
  cause_->setCurrentIndex(2);
  measure_ = run_bar_->add_choice(tr("&Measure"), tr("‖Y − Ŷ‖ / ‖Y‖ of the output, or the ratio of signal to error in dB"),
                                  {tr("relative error"), tr("SQNR")});
  connect(run_, &QComboBox::activated, this, &ProfileView::show_run);
  connect(bits_, &QComboBox::activated, this, &ProfileView::show_run);
  const auto take_form = [this] {
    errors_->set_form({static_cast<ErrorCause>(cause_->currentIndex()), static_cast<ErrorMeasure>(measure_->currentIndex()),
                       errors_->form().logarithmic});
  };
  connect(cause_, &QComboBox::activated, this, take_form);
  connect(measure_, &QComboBox::activated, this, take_form);
}

ProfileView::Page ProfileView::page() const { return static_cast<Page>(pages_->currentIndex()); }

std::array<Plot*, 3> ProfileView::plots() const { return {profile_, errors_, perplexity_}; }

Plot* ProfileView::shown_plot() const { return plots()[static_cast<size_t>(page())]; }

/// A run of many states has more rows than a low window.
QWidget* ProfileView::scrolled_perplexity() {
  auto* scroll = new QScrollArea(pages_);
  scroll->setWidget(perplexity_);
  scroll->setWidgetResizable(true);
  scroll->setFrameShape(QFrame::NoFrame);
  scroll->setFocusPolicy(Qt::NoFocus);
  connect(perplexity_, &Plot::hovered, scroll,
          [scroll](const Hit& hit) { scroll->ensureVisible(0, qRound(hit.position.y()), 0, scroll->fontMetrics().height()); });
  return scroll;
}

void ProfileView::show_page(Page page) {
  const int index = static_cast<int>(page);
  page_->setCurrentIndex(index);
  run_page_->setCurrentIndex(index);
  bars_->setCurrentIndex(page == Page::layers ? 0 : 1);
  pages_->setCurrentIndex(index);
  place_->setVisible(page == Page::layers);  // linears and perplexities have no site
  for (QComboBox* box : {bits_, cause_, measure_}) {
    ChoiceBar::set_shown(box, page == Page::errors && (box != bits_ || bits_->count() > 1));
  }
}

QString ProfileView::shown_title() const { return page() == Page::layers ? title() : page_names()[static_cast<qsizetype>(page())]; }

QVector<ViewPart> ProfileView::parts() const {
  const QStringList names = page_names();
  return {{QStringLiteral("errors"), names[1]}, {QStringLiteral("perplexity"), names[2]}};
}

void ProfileView::show_part(const QString& id) { show_page(id == QLatin1String("errors") ? Page::errors : Page::perplexity); }

void ProfileView::set_style(const PlotStyle& style) {
  for (Plot* plot : plots()) plot->set_style(style);
}

QWidget* ProfileView::focus_widget() { return shown_plot(); }

void ProfileView::selection_changed() {
  const Selection& now = workbench().selection->current();
  bar_->show_selection(now);
  place_->show_place(now);
  place_->set_remarks({scaling_remark(now, workbench())});
  for (Plot* plot : plots()) plot->set_selection(now);
  if (const QString file = now.a.file; file != followed_) {  // errors and perplexities are of the run that is looked at
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
    show_run();
  }
}

RunDataPtr ProfileView::run() const { return workbench().runs->run(run_->currentData().toString()); }

void ProfileView::runs_changed() {
  const QString current = run_->currentData().toString();
  const QSignalBlocker quiet(run_);
  run_->clear();
  for (const QString& folder : workbench().runs->open_runs()) {
    const RunDataPtr open = workbench().runs->run(folder);
    if (open && !(open->quantized.empty() && open->perplexities.empty()))
      run_->addItem(run_title(folder, workbench().runs->open_runs()), folder);
  }
  run_->setCurrentIndex(std::max(0, run_->findData(current)));
  if (current.isEmpty()) follow_run();
  ChoiceBar::set_shown(run_, run_->count() > 1);
  show_run();
}

void ProfileView::show_run() {
  const RunDataPtr open = run();
  QStringList bits;
  if (open) {
    for (const QuantizedLook& look : open->quantized) {
      if (!bits.contains(bits_of(look))) bits << bits_of(look);
    }
  }
  set_items(bits_, bits);
  ChoiceBar::set_shown(bits_, page() == Page::errors && bits.size() > 1);
  const bool same_run = shown_run_ && open && shown_run_->folder == open->folder;
  if (open != shown_run_) {
    PerplexityData data;
    if (open) data = {open->perplexities, run_facts(*open)};
    perplexity_->set_data(std::move(data), same_run);
  }
  if (open != shown_run_ || bits_->currentText() != bits_shown_) {
    ErrorData data;
    if (open) data.facts = run_facts(*open);
    for (size_t i = 0; open && i < open->quantized.size(); ++i) {
      const QuantizedLook& look = open->quantized[i];
      if (bits_of(look) == bits_->currentText()) data.series.push_back(error_series(look, *open));
    }
    errors_->set_data(std::move(data), same_run && bits_->currentText() == bits_shown_);
  }
  shown_run_ = open;
  bits_shown_ = bits_->currentText();
}

}  // namespace rolora::widgets
