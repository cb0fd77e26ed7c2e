// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/distribution_view.h"

#include <algorithm>
#include <array>
#include <set>

#include "widgets/data/describe.h"
#include "widgets/plots/from_statistics.h"
#include "widgets/views/plot_binding.h"

namespace rolora::widgets {
namespace {

constexpr std::array kBins = {2, 4, 8, 16, 32, 64};
constexpr int kUsualBins = 2;  // index of 8

}  // namespace

ShownStates shown_states(const Selection& selection) {
  ShownStates shown{selection.a, selection.b};
  if (selection.comparison == Comparison::only_a && selection.a.valid()) shown.b = {};
  if (selection.comparison == Comparison::only_b && selection.b.valid()) shown.a = {};
  return shown;
}

std::vector<int> layers_with(const ShownStates& states, SiteKind site, const StatisticsStore& store) {
  std::set<int> layers;
  for (const StateRef& ref : {states.a, states.b}) {
    const SummaryPtr summary = ref.valid() ? store.summary(ref.file) : nullptr;
    const StateSummary* state = summary ? summary->find(ref.state) : nullptr;
    if (state == nullptr) continue;
    for (const auto& [key, figures] : state->sites) {
      if (key.site == site) layers.insert(key.layer);
    }
  }
  return {layers.begin(), layers.end()};
}

DistributionView::DistributionView(const Workbench& workbench, QWidget* parent)
    : View(workbench, parent),
      plot_(new DistributionPlot(this)),
      bar_(new ChoiceBar(workbench, ChoiceBar::site | ChoiceBar::layer | ChoiceBar::scaling | ChoiceBar::first_tokens, this)) {
  place_ = new PlaceBar(workbench, this);
  connect(place_, &PlaceBar::page_asked, this, &View::page_asked);
  put_in_column(this, {bar_, place_, plot_});
  add_choices();
  bind_plot(this, plot_, workbench);
  connect(workbench.selection, &SelectionModel::changed, this, &DistributionView::selection_changed);
  connect(workbench.statistics, &StatisticsStore::opened, this, [this] {
    shown_.reset();
    selection_changed();
  });
  connect(plot_, &DistributionPlot::form_changed, this, &DistributionView::update_choices);
  selection_changed();
}

void DistributionView::add_choices() {
  QStringList bins;
  for (const int count : kBins) bins << tr("%1 an octave").arg(count);
  what_ = bar_->add_choice(tr("&Of"), tr("All values of the tensor, or only the largest magnitude of each token"),
                           {tr("all values"), tr("token maxima")});
  curve_ = bar_->add_choice(tr("S&how"), tr("Counts in bins, or the share of values at or above |x|"), {tr("counts"), tr("share above")});
  bins_ = bar_->add_choice(tr("&Bins"), tr("Width of the bins; the file holds 64 an octave, wider ones are sums of these"), bins);
  bins_->setCurrentIndex(kUsualBins);
  connect(what_, &QComboBox::activated, this, [this] { selection_changed(); });
  const auto take_form = [this] {
    DistributionForm form = plot_->form();
    form.share_above = curve_->currentIndex() == 1;
    form.bins_an_octave = kBins[static_cast<size_t>(bins_->currentIndex())];
    plot_->set_form(form);
    update_choices();
  };
  connect(curve_, &QComboBox::activated, this, take_form);
  connect(bins_, &QComboBox::activated, this, take_form);
}

void DistributionView::update_choices() {
  const Selection& now = workbench().selection->current();
  bar_->show_selection(now);
  place_->show_place(now);
  place_->set_remarks(
      {scaling_remark(now, workbench()), {now.layer < 0 ? tr("All layers are selected: each has a line of its own here.") : QString()}});
  ChoiceBar::set_shown(curve_, now.layer >= 0);
  ChoiceBar::set_shown(bins_, now.layer < 0 || curve_->currentIndex() == 0);
}

void DistributionView::selection_changed() {
  const Selection& now = workbench().selection->current();
  const ShownStates states = shown_states(now);
  const Shown wanted{states.a, states.b, now.site, now.layer, now.without_first, what_->currentIndex() == 1, now.scaling};
  update_choices();
  plot_->set_selection(now);
  if (shown_ == wanted) return;
  shown_ = wanted;
  ask();
}

void DistributionView::ask() {
  ++request_;
  waiting_ = 0;
  failure_.clear();
  coming_ = {};
  coming_.site = QString::fromUtf8(name_of(shown_->site).data());
  coming_.scaling = shown_->scaling;
  coming_.token_maxima = shown_->token_maxima;
  coming_.without_first = shown_->without_first;
  coming_.facts = facts();
  std::vector<int> layers = layers_with({shown_->a, shown_->b}, shown_->site, *workbench().statistics);
  if (shown_->layer >= 0) layers = {shown_->layer};
  for (const int layer : layers) coming_.rows.push_back({layer, {}, {}});
  for (size_t row = 0; row < layers.size(); ++row) {
    const SiteKey site{layers[row], shown_->site};
    if (shown_->a.valid()) ask_for(static_cast<int>(row), true, shown_->a, site);
    if (shown_->b.valid()) ask_for(static_cast<int>(row), false, shown_->b, site);
  }
  if (waiting_ == 0) show_values();
}

void DistributionView::ask_for(int row, bool is_a, const StateRef& state, SiteKey site) {
  const SummaryPtr summary = workbench().statistics->summary(state.file);
  const StateSummary* found = summary ? summary->find(state.state) : nullptr;
  if (found == nullptr || found->sites.count(site) == 0) return;
  ++waiting_;
  const int request = request_;
  workbench().statistics->site(state, site, shown_->without_first, this,
                               [this, request, row, is_a, name = state_title(*found)](const Result<SiteDetailPtr>& detail) {
                                 if (request == request_) got(row, is_a, name, detail);
                               });
}

void DistributionView::got(int row, bool is_a, const QString& name, const Result<SiteDetailPtr>& detail) {
  if (detail.ok()) {
    DistributionRow& target = coming_.rows[static_cast<size_t>(row)];
    (is_a ? target.a : target.b) = distribution_series(name, detail.value->figures, coming_.token_maxima);
  } else {
    failure_ = detail.error;
  }
  if (--waiting_ == 0) show_values();
}

void DistributionView::show_values() {
  std::erase_if(coming_.rows, [](const DistributionRow& row) { return !row.a && !row.b; });
  const auto being_read = [this](const StateRef& ref) { return ref.valid() && workbench().statistics->summary(ref.file) == nullptr; };
  const bool reading = being_read(shown_->a) || being_read(shown_->b);
  plot_->set_empty_text(!failure_.isEmpty() ? failure_
                        : reading           ? tr("Reading the statistics…")
                        : shown_->a.valid() || shown_->b.valid()
                            ? tr("This site was not measured here.")
                            : tr("Select a model with statistics to see how its values are distributed."));
  plot_->set_data(std::move(coming_), false);
  coming_ = {};
}

QString DistributionView::facts() const {
  QStringList sentences;
  for (const StateRef& ref : {shown_->a, shown_->b}) {
    const SummaryPtr summary = ref.valid() ? workbench().statistics->summary(ref.file) : nullptr;
    if (!summary) continue;
    QStringList states{ref.state};
    if (shown_->a.file == shown_->b.file) states = QStringList{shown_->a.state, shown_->b.state};
    const QString sentence = facts_of(*summary, states, workbench());
    if (!sentences.contains(sentence)) sentences << sentence;
  }
  return sentences.join(QLatin1Char(' '));
}

}  // namespace rolora::widgets
