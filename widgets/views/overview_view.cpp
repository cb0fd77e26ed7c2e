// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/overview_view.h"

#include "widgets/data/describe.h"
#include "widgets/plots/from_statistics.h"
#include "widgets/views/plot_binding.h"

namespace rolora::widgets {

namespace {

bool same_values(const Selection& x, const Selection& y) {
  return x.a == y.a && x.b == y.b && x.site == y.site && x.statistic == y.statistic && x.without_first == y.without_first;
}

}  // namespace

OverviewView::OverviewView(const Workbench& workbench, QWidget* parent) : View(workbench, parent) {
  bar_ = new ChoiceBar(workbench,
                       ChoiceBar::site | ChoiceBar::statistic | ChoiceBar::comparison | ChoiceBar::scaling | ChoiceBar::first_tokens, this);
  plot_ = new OverviewPlot(this);
  plot_->set_empty_text(tr("Open a run or a file of statistics to see where its outliers are: layer by layer, channel by channel."));
  bar_->add_scale_controls(plot_);
  place_ = new PlaceBar(workbench, this);
  connect(place_, &PlaceBar::page_asked, this, &View::page_asked);
  put_in_column(this, {bar_, place_, plot_});
  bind_plot(this, plot_, workbench);
  connect(workbench.selection, &SelectionModel::changed, this, &OverviewView::follow);
  follow_files(this, workbench, [this] { ask(); });
  ask();
}

void OverviewView::set_style(const PlotStyle& style) {
  PlotStyle own = style;
  own.colours = plot_->style().colours;
  plot_->set_style(own);
}

void OverviewView::show_remarks() {
  const Selection& now = workbench().selection->current();
  place_->show_place(now);
  place_->set_remarks({is_magnitude(now.statistic) ? scaling_remark(now, workbench()) : Remark{}, basis_remark(now, workbench())});
}

void OverviewView::follow(const Selection& now, const Selection& before) {
  bar_->show_selection(now);
  show_remarks();
  if (!same_values(now, before)) {
    ask();
  } else if (!pair_.waits() && (now.comparison != before.comparison || now.scaling != before.scaling)) {
    show_data();
  } else {
    plot_->set_selection(now);
  }
}

void OverviewView::ask() {
  asked_ = workbench().selection->current();
  bar_->show_selection(asked_);
  show_remarks();
  pair_.begin();
  const auto ask_for = [&](const StateRef& ref, MatrixPtr& into) {
    if (!ref.valid() || workbench().statistics->summary(ref.file) == nullptr) return;
    workbench().statistics->overview(ref, asked_.site, asked_.statistic, asked_.without_first, this,
                                     pair_.take(into, [this] { show_data(); }));
  };
  ask_for(asked_.a, pair_.a);
  ask_for(asked_.b, pair_.b);
  if (!pair_.waits()) show_data();
}

ComparedState OverviewView::state_of(const StateRef& ref, const MatrixPtr& values, bool over_rms) const {
  ComparedState out{name_of_state(ref, asked_, workbench()), values, {}, {}};
  const SummaryPtr summary = workbench().statistics->summary(ref.file);
  const StateSummary* state = summary ? summary->find(ref.state) : nullptr;
  if (values == nullptr || state == nullptr) return out;
  for (int64_t layer = 0; layer < values->rows; ++layer) {
    const auto found = state->sites.find(SiteKey{static_cast<int>(layer), asked_.site});
    const bool known = found != state->sites.end();
    const TensorFigures figures = !known ? TensorFigures{} : asked_.without_first ? found->second.without_first : found->second.all;
    if (over_rms) out.divisors.push_back(known ? figures.rms : std::nan(""));
    out.token_medians.push_back(known ? figures.token_median : std::nan(""));
  }
  return out;
}

void OverviewView::show_data() {
  const Selection& now = workbench().selection->current();
  OverviewData data;
  data.over_rms = now.scaling == Scaling::over_rms && is_magnitude(now.statistic);
  if (pair_.a) data.a = state_of(now.a, pair_.a, data.over_rms);
  if (pair_.b) data.b = state_of(now.b, pair_.b, data.over_rms);
  data.comparison = now.comparison;
  data.statistic = now.statistic;
  data.site = QString::fromStdString(std::string(name_of(now.site)));
  data.caption = caption(data);
  if (data.a.empty() && data.b.empty() && !pair_.error.isEmpty()) plot_->set_empty_text(pair_.error);
  const bool same = same_values(now, shown_) && now.scaling == shown_.scaling;
  const bool keep_view = plot_->data().site == data.site;
  shown_ = now;
  plot_->set_data(std::move(data), keep_view, same);
  plot_->set_title(tr("Overview of %1: layer × channel").arg(site_title(now.site)));
  plot_->set_selection(now);
}

QString OverviewView::caption(const OverviewData& data) const {
  const Selection& now = workbench().selection->current();
  QString text = tr("%1 of each channel of %2 by layer%3.")
                     .arg(statistic_title(data.statistic), site_title(now.site),
                          data.over_rms ? tr(", divided by the rms of the layer's site") : QString());
  text[0] = text[0].toUpper();
  if (now.without_first) text += tr(" Without the first token of each window.");
  if (!data.a.empty() && !data.b.empty()) {
    if (now.comparison == Comparison::difference) text += tr(" %1 minus %2; red: larger in %1.").arg(data.a.name, data.b.name);
    if (now.comparison == Comparison::ratio) text += tr(" %1 over %2, in powers of two; red: larger in %1.").arg(data.a.name, data.b.name);
    if (now.comparison == Comparison::side_by_side) text += tr(" Both panels share one scale.");
  }
  return text + facts_of_selection(now, workbench());
}

}  // namespace rolora::widgets
