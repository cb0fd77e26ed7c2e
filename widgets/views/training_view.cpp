// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/training_view.h"

#include <QMenu>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>
#include <array>
#include <set>
#include <utility>

#include "widgets/data/describe.h"
#include "widgets/data/site_words.h"
#include "widgets/plots/from_statistics.h"
#include "widgets/views/plot_binding.h"

namespace rolora::widgets {
namespace {

constexpr std::array kSmoothing = {0.0, 0.6, 0.9, 0.98};
constexpr int kUsualSmoothing = 2;

}  // namespace

TrainingView::TrainingView(const Workbench& workbench, QWidget* parent)
    : View(workbench, parent), plot_(new TrainingPlot(this)), bar_(new ChoiceBar(workbench, 0, this)) {
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(bar_);
  column->addWidget(plot_, 1);
  const int unit = fontMetrics().averageCharWidth();
  note_ = new QLabel(this);
  note_->setWordWrap(true);
  note_->setContentsMargins(unit, 0, unit, unit / 2);
  note_->setForegroundRole(QPalette::PlaceholderText);
  column->addWidget(note_);
  add_curve_menu();
  add_choices();
  bind_plot(this, plot_, workbench);
  connect(plot_, &TrainingPlot::form_changed, this, &TrainingView::show_form);
  connect(workbench.selection, &SelectionModel::changed, plot_, [this](const Selection& now) { plot_->set_selection(now); });
  for (const auto signal : {&RunStore::opened, &RunStore::updated, &RunStore::closed}) {
    connect(workbench.runs, signal, this, &TrainingView::runs_changed);
  }
  runs_changed();
}

void TrainingView::add_curve_menu() {
  which_ = new QToolButton(bar_);
  menu_ = new QMenu(which_);
  which_->setText(tr("Trainings"));
  which_->setToolTip(tr("Which trainings of the open runs are drawn"));
  which_->setAccessibleName(which_->text());
  which_->setAccessibleDescription(which_->toolTip());
  which_->setPopupMode(QToolButton::InstantPopup);
  which_->setFocusPolicy(Qt::StrongFocus);
  which_->setMenu(menu_);
  bar_->add_control(which_);
}

void TrainingView::add_choices() {
  QStringList names;
  for (const double beta : kSmoothing) names << (beta == 0 ? tr("none") : tr("β = %1").arg(beta));
  smoothing_ =
      bar_->add_choice(tr("S&moothing"), tr("Exponential moving average of the loss, bias-corrected; the raw loss stays behind it"), names);
  smoothing_->setCurrentIndex(kUsualSmoothing);
  site_ = bar_->add_choice(tr("&Kurtosis of"), tr("Site of the panel of kurtosis by layer, where the training measured it"));
  values_ = bar_->add_switch(tr("&Log values"), tr("Logarithmic loss, learning rate and gradient norm (L)"));
  steps_ = bar_->add_switch(tr("Log &steps"), tr("Logarithmic steps"));
  connect(smoothing_, &QComboBox::activated, this, &TrainingView::take_form);
  connect(values_, &QCheckBox::clicked, this, &TrainingView::take_form);
  connect(steps_, &QCheckBox::clicked, this, &TrainingView::take_form);
  connect(site_, &QComboBox::activated, this, &TrainingView::runs_changed);
}

void TrainingView::take_form() {
  TrainingForm form = plot_->form();
  form.smoothing = kSmoothing[static_cast<size_t>(smoothing_->currentIndex())];
  form.logarithmic_values = values_->isChecked();
  form.logarithmic_steps = steps_->isChecked();
  plot_->set_form(form);
}

void TrainingView::show_form() {
  values_->setChecked(plot_->form().logarithmic_values);
  steps_->setChecked(plot_->form().logarithmic_steps);
}

std::vector<TrainingView::Curve> TrainingView::curves() const {
  std::vector<Curve> all;
  const QStringList folders = workbench().runs->open_runs();
  for (const QString& folder : folders) {
    const RunDataPtr run = workbench().runs->run(folder);
    if (!run) continue;
    for (const TrainingCurve& curve : run->trainings) {
      const QString state = model_in_words(curve.station, *run);  // what it makes, as everywhere else
      const bool alone = std::count_if(run->trainings.begin(), run->trainings.end(),
                                       [&](const TrainingCurve& other) { return model_in_words(other.station, *run) == state; }) == 1;
      QString name = alone ? state : QStringLiteral("%1 (%2)").arg(state, curve.station);
      if (folders.size() > 1) name = QStringLiteral("%1: %2").arg(run_title(folder, folders), name);
      all.push_back({folder + QLatin1Char('\n') + curve.station, name, &curve, run});
    }
  }
  return all;
}

void TrainingView::runs_changed() {
  const std::vector<Curve> all = curves();
  fill_menu(all);
  TrainingData data;
  QStringList drawn;
  std::set<QString> facts;
  for (const Curve& curve : all) {
    if (!is_drawn(curve)) continue;
    drawn += curve.id;
    data.series.push_back({curve.name, *curve.curve});
    facts.insert(run_facts(*curve.run));
  }
  const QStringList sites = TrainingPlot::kurtosis_sites(data);
  show_sites(sites);
  if (!sites.isEmpty()) data.kurtosis_site = site_->currentData().toString();
  note_->setText(missing_kurtosis(data));
  note_->setVisible(!note_->text().isEmpty());
  for (const QString& fact : facts) data.facts += (data.facts.isEmpty() ? QString() : QStringLiteral(" ")) + fact;
  plot_->set_data(std::move(data));
  if (drawn != std::exchange(drawn_, drawn)) plot_->fit();  // the axes are those of what is drawn
}

void TrainingView::show_run(const QString& folder) {
  const RunDataPtr run = workbench().runs->run(folder);
  if (run == nullptr || run->trainings.empty()) return;
  folder_ = folder;
  chosen_.clear();
  menu_->clear();
  runs_changed();
}

bool TrainingView::is_drawn(const Curve& curve) const {
  if (const auto chosen = chosen_.find(curve.id); chosen != chosen_.end()) return *chosen;
  return folder_.isEmpty() || curve.run->folder == folder_ || curve.run->state == QStringLiteral("running");
}

void TrainingView::show_sites(const QStringList& sites) {
  ChoiceBar::set_shown(site_, sites.size() > 1);
  QStringList now;
  for (int i = 0; i < site_->count(); ++i) now << site_->itemData(i).toString();
  if (now == sites) return;
  const QSignalBlocker quiet(site_);
  const QVariant current = site_->count() > 0 ? site_->currentData() : QVariant(plot_->data().kurtosis_site);
  site_->clear();
  for (const QString& site : sites) site_->addItem(site_words(site), site);
  site_->setCurrentIndex(std::max(0, site_->findData(current)));
}

/// The panel of kurtosis is missing without a word otherwise.
QString TrainingView::missing_kurtosis(const TrainingData& data) const {
  QStringList without;
  for (const TrainingSeries& series : data.series) {
    if (series.curve.kurtosis.empty()) without << series.name;
  }
  if (without.isEmpty()) return {};
  const QString why = tr("“Outliers every” (site_statistics_every) of the Tune station was 0; a number of steps draws it.");
  if (without.size() == static_cast<qsizetype>(data.series.size())) return tr("No kurtosis by layer: %1").arg(why);
  return tr("No kurtosis by layer of %1: %2").arg(without.join(tr(" and ")), why);
}

void TrainingView::fill_menu(const std::vector<Curve>& curves) {
  QStringList ids;
  for (const QAction* action : menu_->actions()) ids << action->data().toString();
  QStringList wanted;
  for (const Curve& curve : curves) wanted << curve.id;
  ChoiceBar::set_shown(which_, curves.size() > 1);
  if (ids == wanted) return;
  menu_->clear();
  for (const Curve& curve : curves) {
    QAction* action = menu_->addAction(curve.name);
    action->setCheckable(true);
    action->setChecked(is_drawn(curve));
    action->setData(curve.id);
    connect(action, &QAction::toggled, this, [this, id = curve.id](bool on) {
      chosen_[id] = on;
      runs_changed();
    });
  }
}

}  // namespace rolora::widgets
