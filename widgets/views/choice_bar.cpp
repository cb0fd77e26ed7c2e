// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/choice_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QToolButton>
#include <array>

#include "widgets/base/colour_map.h"
#include "widgets/data/describe.h"
#include "widgets/plots/heat_plot.h"
#include "widgets/views/flow_layout.h"
#include "widgets/views/plot_binding.h"

namespace rolora::widgets {
namespace {

constexpr char kGroup[] = "choice_group";
constexpr std::array kStatistics = {"absmax", "mean", "rms", "std", "kurtosis", "p50", "p99", "p999", "p9999"};

void select_data(QComboBox* box, const QVariant& value) {
  const QSignalBlocker quiet(box);
  box->setCurrentIndex(box->findData(value));
}

QToolButton* scale_button(QWidget* parent, const QString& text, const QString& tip) {
  auto* button = new QToolButton(parent);
  button->setText(text);
  button->setToolTip(tip);
  button->setAccessibleName(text);
  button->setAccessibleDescription(tip);
  button->setFocusPolicy(Qt::TabFocus);
  return button;
}

}  // namespace

ChoiceBar::ChoiceBar(const Workbench& workbench, int parts, QWidget* parent)
    : QWidget(parent), workbench_(workbench), row_(new FlowLayout(this)) {
  const int unit = fontMetrics().averageCharWidth();
  row_->setContentsMargins(unit, unit / 2, unit, unit / 2);
  row_->setSpacing(unit);
  add_selection_choices(parts);
  add_look_choices(parts);
}

void ChoiceBar::propose(const std::function<void(Selection&)>& change) {
  Selection wanted = workbench_.selection->current();
  change(wanted);
  workbench_.selection->propose(wanted);
}

void ChoiceBar::add_selection_choices(int parts) {
  if (parts & site) {
    site_ = add_choice(tr("&Site"), tr("Which tensor of a layer"));
    for (const SiteKind kind : kReportedSites) site_->addItem(site_title(kind), static_cast<int>(kind));
    connect(site_, &QComboBox::activated, this, [this](int at) {
      propose([&](Selection& s) {
        s.site = static_cast<SiteKind>(site_->itemData(at).toInt());
        s.channel = s.token = -1;  // of another tensor
      });
    });
  }
  if (parts & layer) {
    layer_ = add_choice(tr("La&yer"), tr("One layer, or all of them (Page Up and Page Down step through the layers)"));
    connect(layer_, &QComboBox::activated, this,
            [this](int at) { propose([&](Selection& s) { s.layer = layer_->itemData(at).toInt(); }); });
  }
  if (parts & statistic) {
    statistic_ = add_choice(tr("S&tatistic"), tr("What is taken of each channel over the tokens"));
    for (const char* name : kStatistics) statistic_->addItem(statistic_title(QString::fromLatin1(name)), QString::fromLatin1(name));
    connect(statistic_, &QComboBox::activated, this,
            [this](int at) { propose([&](Selection& s) { s.statistic = statistic_->itemData(at).toString(); }); });
  }
}

void ChoiceBar::add_look_choices(int parts) {
  if (parts & comparison) {
    comparison_ = add_choice(tr("S&how"), tr("How the two states are shown together"));
    const std::array<QString, 5> names = {tr("A | B"), tr("A"), tr("B"), tr("A − B"), tr("A / B")};
    for (int i = 0; i < 5; ++i) comparison_->addItem(names[static_cast<size_t>(i)], i);
    connect(comparison_, &QComboBox::activated, this,
            [this](int at) { propose([&](Selection& s) { s.comparison = static_cast<Comparison>(at); }); });
  }
  if (parts & scaling) {
    over_rms_ =
        add_switch(tr("|x| / &rms"), tr("Magnitudes as multiples of the tensor's root mean square: folding a norm's gain changes the "
                                        "scale of its site, and this takes the scale out"));
    connect(over_rms_, &QCheckBox::toggled, this,
            [this](bool on) { propose([on](Selection& s) { s.scaling = on ? Scaling::over_rms : Scaling::absolute; }); });
  }
  if (parts & first_tokens) {
    first_ = add_switch(tr("&First tokens"), tr("With the first token of each window, which carries massive values in many models"), true);
    connect(first_, &QCheckBox::toggled, this, [this](bool on) { propose([on](Selection& s) { s.without_first = !on; }); });
  }
}

void ChoiceBar::show_selection(const Selection& selection, int shown_layer) {
  if (site_ != nullptr) select_data(site_, static_cast<int>(selection.site));
  if (layer_ != nullptr) {
    const int layers = layers_of(workbench_);
    if (layer_->count() != layers + 1) {
      const QSignalBlocker quiet(layer_);
      layer_->clear();
      layer_->addItem(tr("all"), -1);
      for (int i = 0; i < layers; ++i) layer_->addItem(QString::number(i), i);
    }
    select_data(layer_, selection.layer >= 0 ? selection.layer : shown_layer);
  }
  if (statistic_ != nullptr) select_data(statistic_, selection.statistic);
  if (comparison_ != nullptr) {
    select_data(comparison_, static_cast<int>(selection.comparison));
    comparison_->setEnabled(selection.a.valid() && selection.b.valid());
  }
  for (QCheckBox* box : {over_rms_, first_}) {
    if (box == nullptr) continue;
    const QSignalBlocker quiet(box);
    box->setChecked(box == over_rms_ ? selection.scaling == Scaling::over_rms : !selection.without_first);
  }
}

void ChoiceBar::add_scale_controls(HeatPlot* plot) {
  QToolButton* fit = scale_button(this, tr("Fit scale"), tr("Colours over all values of both states"));
  QToolButton* visible = scale_button(this, tr("Fit visible"), tr("Colours over the values in the view (F)"));
  QToolButton* percentiles =
      scale_button(this, tr("1–99 %"), tr("Colours over the middle 98 % of the values in the view (P); others are marked"));
  connect(fit, &QToolButton::clicked, plot, &HeatPlot::fit_scale);
  connect(visible, &QToolButton::clicked, plot, &HeatPlot::fit_scale_to_visible);
  connect(percentiles, &QToolButton::clicked, plot, &HeatPlot::fit_scale_percentiles);
  for (QToolButton* button : {fit, visible, percentiles}) add_control(button);
  QCheckBox* log = add_switch(tr("L&og"), tr("Logarithmic colours (L)"), plot->scale().logarithmic);
  connect(log, &QCheckBox::clicked, plot, &HeatPlot::toggle_log);
  connect(plot, &HeatPlot::scale_changed, log, [log](const HeatScale& scale) {
    log->setChecked(scale.logarithmic);
    log->setEnabled(!scale.powers);  // ratios are in powers of two already
  });
  QComboBox* colours = add_choice(tr("&Colours"), tr("Colour map of magnitudes (C)"));
  for (const QString& name : colour_map_names()) colours->addItem(colour_map_title(name), name);
  select_data(colours, plot->style().colours);
  connect(colours, &QComboBox::activated, plot, [this, plot, colours](int at) {
    plot->set_colours(colours->itemData(at).toString());
    emit colours_chosen(colours->itemData(at).toString());
  });
  connect(plot, &HeatPlot::colours_changed, colours, [colours](const QString& name) { select_data(colours, name); });
}

QComboBox* ChoiceBar::add_choice(const QString& label, const QString& tip, const QStringList& items) {
  auto* group = new QWidget(this);
  auto* line = new QHBoxLayout(group);
  line->setContentsMargins(0, 0, 0, 0);
  line->setSpacing(fontMetrics().averageCharWidth() / 2);
  auto* text = new QLabel(label, group);
  auto* box = new QComboBox(group);
  box->addItems(items);
  box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  box->setToolTip(tip);
  box->setAccessibleName(QString(label).remove(QLatin1Char('&')));
  box->setAccessibleDescription(tip);
  box->setProperty(kGroup, QVariant::fromValue<QObject*>(group));
  text->setBuddy(box);
  text->setToolTip(tip);
  line->addWidget(text);
  line->addWidget(box);
  row_->addWidget(group);
  return box;
}

QCheckBox* ChoiceBar::add_switch(const QString& text, const QString& tip, bool on) {
  auto* box = new QCheckBox(text, this);
  box->setChecked(on);
  box->setToolTip(tip);
  box->setAccessibleName(QString(text).remove(QLatin1Char('&')));
  box->setAccessibleDescription(tip);
  row_->addWidget(box);
  return box;
}

void ChoiceBar::add_control(QWidget* control) { row_->addWidget(control); }

void ChoiceBar::set_shown(QWidget* control, bool shown) {
  auto* group = qobject_cast<QWidget*>(control->property(kGroup).value<QObject*>());
  (group != nullptr ? group : control)->setVisible(shown);
}

void set_items(QComboBox* box, const QStringList& items) {
  QStringList now;
  for (int i = 0; i < box->count(); ++i) now << box->itemText(i);
  if (now == items) return;
  const QSignalBlocker quiet(box);
  const QString current = box->currentText();
  box->clear();
  box->addItems(items);
  box->setCurrentIndex(std::max(0, box->findText(current)));
}

}  // namespace rolora::widgets
