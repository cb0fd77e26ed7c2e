// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/magnitude_view.h"

#include <QCoreApplication>
#include <QHBoxLayout>
#include <QPointer>
#include <QThreadPool>
#include <QVBoxLayout>

#include "widgets/base/format.h"
#include "widgets/data/describe.h"
#include "widgets/plots/from_statistics.h"
#include "widgets/views/plot_binding.h"

namespace rolora::widgets {

namespace {

constexpr int64_t kCellsAtOnce = 50'000;  // of which contents are made on the GUI thread

bool same_values(const Selection& x, const Selection& y) { return x.a == y.a && x.b == y.b && x.site == y.site && x.layer == y.layer; }

bool same_look(const Selection& x, const Selection& y) {
  return x.without_first == y.without_first && x.scaling == y.scaling && x.comparison == y.comparison;
}

}  // namespace

MagnitudeView::MagnitudeView(const Workbench& workbench, QWidget* parent) : View(workbench, parent) {
  bar_ = new ChoiceBar(workbench, ChoiceBar::site | ChoiceBar::layer | ChoiceBar::comparison | ChoiceBar::scaling | ChoiceBar::first_tokens,
                       this);
  pages_ = new QStackedWidget(this);
  tabs_ = new QTabWidget(pages_);
  tabs_->setDocumentMode(true);
  tabs_->setAccessibleName(tr("Ways to draw the magnitudes"));
  plot_ = new MagnitudePlot(tabs_);
  surface_ = new SurfacePlot(tabs_);
  const QString empty = tr("Open a run or a file of statistics, then choose a layer in the overview to see every token's values.");
  plot_->set_empty_text(empty);
  surface_->set_empty_text(empty);
  tabs_->addTab(plot_, tr("&Heat map"));
  tabs_->addTab(surface_, tr("3-&D surface"));
  build_missing_page();
  pages_->addWidget(tabs_);
  pages_->addWidget(missing_);
  bar_->add_scale_controls(plot_);
  bar_->also_scales(surface_);
  place_ = new PlaceBar(workbench, this);
  connect(place_, &PlaceBar::page_asked, this, &View::page_asked);
  put_in_column(this, {bar_, place_, pages_});
  connect(place_, &PlaceBar::action_asked, this, &MagnitudeView::ask_for_missing);
  bind_plot(this, plot_, workbench);
  bind_plot(this, surface_, workbench);
  link_plots();
  connect(workbench.selection, &SelectionModel::changed, this, &MagnitudeView::follow);
  follow_files(this, workbench, [this] { ask(); });
  ask();
}

/// The scale's controls act on the tab that is shown, and each plot shows where the pointer is in the other.
void MagnitudeView::link_plots() {
  connect(tabs_, &QTabWidget::currentChanged, this,
          [this] { bar_->control(tabs_->currentWidget() == surface_ ? static_cast<ScaledPlot*>(surface_) : plot_); });
  connect(plot_, &MagnitudePlot::hovered, surface_,
          [this](const Hit& hit) { surface_->show_linked_place(hit.selection.token, hit.selection.channel); });
  connect(plot_, &MagnitudePlot::left, surface_, [this] { surface_->show_linked_place(-1, -1); });
  connect(surface_, &SurfacePlot::hovered, plot_,
          [this](const Hit& hit) { plot_->show_linked_crosshair(hit.selection.channel, hit.selection.token); });
  connect(surface_, &SurfacePlot::left, plot_, [this] { plot_->show_linked_crosshair(qQNaN(), qQNaN()); });
}

void MagnitudeView::build_missing_page() {
  const int gap = fontMetrics().height();
  missing_ = new QWidget(pages_);
  auto* column = new QVBoxLayout(missing_);
  column->setSpacing(gap);
  missing_text_ = new QLabel(missing_);
  missing_text_->setAlignment(Qt::AlignCenter);
  missing_text_->setWordWrap(true);
  missing_button_ = new QPushButton(missing_);
  missing_button_->setProperty("primary", true);
  column->addStretch(2);
  column->addWidget(missing_text_);
  column->addWidget(missing_button_, 0, Qt::AlignHCenter);
  column->addStretch(3);
  connect(missing_button_, &QPushButton::clicked, this, &MagnitudeView::ask_for_missing);
}

/// States whose file has no values of this site at all.
QVector<StateRef> MagnitudeView::states_without_values() const {
  QVector<StateRef> states;
  for (const StateRef& ref : {asked_.a, asked_.b}) {
    if (ref.valid() && !is_kept(ref, {asked_layer_, asked_.site})) states.append(ref);
  }
  return states;
}

/// Of one site all that is not there; else the window of the token that is not drawn, of both states: they are looked at side by side.
void MagnitudeView::ask_for_missing() {
  const SiteKey site{asked_layer_, asked_.site};
  if (const QVector<StateRef> without = states_without_values(); !without.isEmpty()) return emit measure_asked(without, site, -1);
  const Selection& now = workbench().selection->current();
  QVector<StateRef> both;
  for (const StateRef& ref : {now.a, now.b}) {
    if (ref.valid()) both.append(ref);
  }
  if (token_is_not_kept()) emit measure_asked(both, site, now.token);
}

FigurePtr MagnitudeView::figure() const {
  if (pages_->currentWidget() != tabs_) return nullptr;
  return tabs_->currentWidget() == surface_ ? surface_->figure() : plot_->figure();
}

void MagnitudeView::set_style(const PlotStyle& style) {
  PlotStyle own = style;
  own.colours = plot_->style().colours;
  plot_->set_style(own);
  surface_->set_style(own);
}

QVector<ViewPart> MagnitudeView::parts() const { return {{QStringLiteral("surface"), tr("3-D surface")}}; }

void MagnitudeView::show_part(const QString&) { tabs_->setCurrentWidget(surface_); }

QWidget* MagnitudeView::focus_widget() {
  if (pages_->currentWidget() == missing_) return missing_button_;
  return tabs_->currentWidget();
}

bool MagnitudeView::is_kept(const StateRef& ref, SiteKey site) const {
  const SummaryPtr summary = ref.valid() ? workbench().statistics->summary(ref.file) : nullptr;
  const StateSummary* state = summary ? summary->find(ref.state) : nullptr;
  if (state == nullptr) return false;
  const auto found = state->sites.find(site);
  return found != state->sites.end() && found->second.kept;
}

int MagnitudeView::shown_layer() const {
  const Selection& s = workbench().selection->current();
  if (s.layer >= 0) return s.layer;
  int farthest = 0;
  double most = -1;
  for (const StateRef& ref : {s.a, s.b}) {
    const SummaryPtr summary = ref.valid() ? workbench().statistics->summary(ref.file) : nullptr;
    const StateSummary* state = summary ? summary->find(ref.state) : nullptr;
    const bool shown = s.comparison != (ref == s.a ? Comparison::only_b : Comparison::only_a);
    if (state == nullptr || !shown) continue;
    for (const auto& [key, site] : state->sites) {
      const double absmax = (s.without_first ? site.without_first : site.all).absmax;
      if (key.site != s.site || !site.kept || !(absmax > most)) continue;
      most = absmax;
      farthest = key.layer;
    }
  }
  return farthest;
}

Remark MagnitudeView::layer_remark() const {
  if (workbench().selection->current().layer >= 0) return {};
  return {tr("All layers are selected: layer %1 is drawn, the one with the largest |x|.").arg(asked_layer_)};
}

/// A file keeps the first tokens of the text only: which, and whether the selected one is among them.
Remark MagnitudeView::kept_remark() const {
  const Selection& s = workbench().selection->current();
  const MatrixPtr& any = pair_.a ? pair_.a : pair_.b;
  const SummaryPtr text = workbench().statistics->summary(pair_.a ? s.a.file : s.b.file);
  if (any == nullptr || text == nullptr) return {};
  const int64_t window = text->provenance.context, windows = text->provenance.windows, kept = any->rows;
  if (window < 1 || kept >= window * windows) return {};
  const int64_t last = (kept - 1) / window;
  const QString which =
      last == 0 ? tr("window 0 of %1").arg(grouped(windows)) : tr("windows 0 to %1 of %2").arg(grouped(last), grouped(windows));
  if (!token_is_not_kept()) return {tr("The first %1 of %2 tokens are kept: %3.").arg(grouped(kept), grouped(window * windows), which)};
  return {tr("Token %1, in window %2, is not drawn: the first %3 of %4 tokens are kept.")
              .arg(grouped(s.token), grouped(s.token / window), grouped(kept), grouped(window * windows)),
          true};
}

bool MagnitudeView::token_is_not_kept() const {
  const MatrixPtr& any = pair_.a ? pair_.a : pair_.b;
  return any != nullptr && workbench().selection->current().token >= any->rows;
}

Remark MagnitudeView::lacking_remark() const {
  if (lacking_.isEmpty()) return {};
  return {tr("%1: values of layer %2, %3 were not kept.").arg(lacking_).arg(asked_layer_).arg(site_title(asked_.site)), true};
}

void MagnitudeView::show_remarks() {
  const Selection& now = workbench().selection->current();
  place_->show_place(now, asked_layer_);
  place_->set_remarks({lacking_remark(), kept_remark(), scaling_remark(now, workbench()), basis_remark(now, workbench()), layer_remark()});
  const SummaryPtr text = workbench().statistics->summary(now.a.valid() ? now.a.file : now.b.file);
  if (!lacking_.isEmpty()) {
    place_->set_action(missing_button_->text(), missing_button_->toolTip());
  } else if (token_is_not_kept() && text && text->provenance.context > 0) {
    place_->set_action(tr("&Measure window %1").arg(grouped(now.token / text->provenance.context)),
                       tr("Runs the models over the window of token %1 and draws its values").arg(grouped(now.token)));
  } else {
    place_->set_action({});
  }
}

void MagnitudeView::follow(const Selection& now, const Selection& before) {
  const bool other_layer = now.layer < 0 && shown_layer() != asked_layer_;
  const bool same_layer = before.layer < 0 && now.layer == asked_layer_;  // a click named the layer that is drawn already
  Selection was = before;
  if (same_layer) was.layer = now.layer;
  if (!same_values(now, was) || other_layer) return ask();
  if (same_layer) asked_.layer = shown_.layer = now.layer;
  bar_->show_selection(now, asked_layer_);
  if (same_look(now, before)) {
    plot_->set_selection(now);
    surface_->set_selection(now);
  } else if (!pair_.waits()) {
    prepare();
  }
  show_remarks();
}

void MagnitudeView::ask() {
  asked_ = workbench().selection->current();
  asked_layer_ = shown_layer();
  bar_->show_selection(asked_, asked_layer_);
  ++generation_;
  pair_.begin();
  const SiteKey site{asked_layer_, asked_.site};
  const auto ask_for = [&](const StateRef& ref, MatrixPtr& into) {
    if (!is_kept(ref, site)) return;
    workbench().statistics->full(ref, site, this, pair_.take(into, [this] { prepare(); }));
  };
  ask_for(asked_.a, pair_.a);
  ask_for(asked_.b, pair_.b);
  show_missing();
  show_remarks();
  if (!pair_.waits()) prepare();
}

void MagnitudeView::show_missing() {
  const SiteKey site{asked_layer_, asked_.site};
  QStringList lacking;
  int open = 0;
  for (const StateRef& ref : {asked_.a, asked_.b}) {
    if (!ref.valid() || workbench().statistics->summary(ref.file) == nullptr) continue;
    ++open;
    if (!is_kept(ref, site)) lacking.append(name_of_state(ref, asked_, workbench()));
  }
  const QString place = tr("layer %1, %2").arg(asked_layer_).arg(site_title(asked_.site));
  const bool none = open > 0 && lacking.size() == open, some = !none && !lacking.isEmpty();
  const QString button = tr("&Measure %1, layer %2").arg(site_title(asked_.site)).arg(asked_layer_);
  missing_text_->setText(
      tr("The values of %1 were not kept when this file was written: it has their figures, but not every token's values.\n\n"
         "Measuring reads the text once more, a few seconds for a small model.")
          .arg(place));
  missing_button_->setText(button);
  missing_button_->setToolTip(tr("Runs the model over the text and keeps the values of this site"));
  lacking_ = some ? lacking.join(QStringLiteral(", ")) : QString();
  pages_->setCurrentWidget(none ? missing_ : static_cast<QWidget*>(tabs_));
}

MagnitudeData MagnitudeView::gathered() const {
  const Selection& now = workbench().selection->current();
  const SiteKey site{asked_layer_, now.site};
  MagnitudeData data;
  const SummaryPtr text = workbench().statistics->summary(now.a.valid() ? now.a.file : now.b.file);
  if (text) {
    data.window = text->provenance.context;
    for (const QString& piece : text->token_texts) data.tokens.append(QString(piece).replace(QChar(0x2581), QLatin1Char(' ')));
  }
  data.comparison = now.comparison;
  data.site = QString::fromStdString(site_name(LayerIndex(asked_layer_), now.site));
  data.layer = asked_layer_;
  data.over_rms = now.scaling == Scaling::over_rms;
  data.without_first = now.without_first;
  const auto state_of = [&](const StateRef& ref, const MatrixPtr& values) {
    ComparedState out;
    const SummaryPtr summary = workbench().statistics->summary(ref.file);
    const StateSummary* state = summary ? summary->find(ref.state) : nullptr;
    if (values == nullptr || state == nullptr) return out;
    out.name = name_of_state(ref, now, workbench());
    out.values = values;
    const auto found = state->sites.find(site);
    if (found == state->sites.end()) return out;
    const TensorFigures& figures = now.without_first ? found->second.without_first : found->second.all;
    if (data.over_rms) out.divisors = {figures.rms};
    out.token_medians = {figures.token_median};
    return out;
  };
  data.a = state_of(now.a, pair_.a);
  data.b = state_of(now.b, pair_.b);
  data.caption = caption(data);
  return data;
}

void MagnitudeView::prepare() {
  const int generation = ++generation_;
  const MagnitudeData data = gathered();
  const auto make = [](MagnitudeData d) {
    if (d.without_first) {
      d.a.values = without_first_tokens(d.a.values, d.window);
      d.b.values = without_first_tokens(d.b.values, d.window);
    }
    return std::pair(d, MagnitudePlot::contents_of(d));
  };
  if (data.a.empty() && data.b.empty()) {
    if (!pair_.error.isEmpty()) plot_->set_empty_text(pair_.error);
    show_contents(generation, data, {});
    return;
  }
  const MatrixPtr& any = data.a.empty() ? data.b.values : data.a.values;
  if (any->rows * any->columns <= kCellsAtOnce) {
    const auto [d, contents] = make(data);
    show_contents(generation, d, contents);
    return;
  }
  QPointer<MagnitudeView> self(this);
  QThreadPool::globalInstance()->start([self, generation, data, make] {
    auto made = std::make_shared<decltype(make(data))>(make(data));
    QMetaObject::invokeMethod(QCoreApplication::instance(), [self, generation, made] {
      if (!self.isNull()) self->show_contents(generation, made->first, made->second);
    });
  });
}

void MagnitudeView::show_contents(int generation, const MagnitudeData& data, const HeatContents& contents) {
  if (generation != generation_) return;  // something newer is on its way
  const Selection& now = workbench().selection->current();
  const bool keep_scale = same_values(now, shown_) && now.scaling == shown_.scaling && shown_layer_ == asked_layer_;
  const auto& had = plot_->contents().panels;
  const bool same_shape = !had.empty() && !contents.panels.empty() && had[0].source->rows() == contents.panels[0].source->rows() &&
                          had[0].source->columns() == contents.panels[0].source->columns();
  const bool keep_view = now.site == shown_.site && same_shape;
  shown_ = now;
  shown_layer_ = asked_layer_;
  const QString place = tr("layer %1, %2").arg(asked_layer_).arg(site_title(now.site));
  plot_->set_title(tr("Magnitudes of %1: token × channel").arg(place));
  surface_->set_title(tr("Surface of %1: channel × token × magnitude").arg(place));
  plot_->set_data(data, contents, keep_view, keep_scale);
  surface_->set_data(data, contents, keep_view, keep_scale);
  plot_->set_selection(now);
  surface_->set_selection(now);
  show_remarks();
}

QString MagnitudeView::caption(const MagnitudeData& data) const {
  const Selection& now = workbench().selection->current();
  QString text = tr("Magnitudes of %1 in layer %2, token by channel%3.")
                     .arg(site_title(now.site))
                     .arg(asked_layer_)
                     .arg(data.over_rms ? tr(", divided by the rms of the site") : QString());
  if (data.without_first) text += tr(" Without the first token of each window.");
  const MatrixPtr& any = data.a.empty() ? data.b.values : data.a.values;
  if (any) text += tr(" Tokens 0 to %1 are shown.").arg(grouped(any->rows - 1));
  return text + facts_of_selection(now, workbench());
}

}  // namespace rolora::widgets
