// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/choice_bar.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <QToolButton>
#include <array>
#include <cmath>
#include <optional>

#include "widgets/base/colour_map.h"
#include "widgets/base/format.h"
#include "widgets/data/describe.h"
#include "widgets/plots/heat_plot.h"
#include "widgets/plots/surface_plot.h"
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
  add_parts(parts);
}

void ChoiceBar::add_parts(int parts) {
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
    struct Way {
      QString name, tip;  // other words for it stand in the tip, where the palette looks too
    };
    const std::array<Way, 5> ways = {Way{tr("A | B"), tr("side by side: before and after on one scale, compare both")},
                                     Way{tr("A"), tr("A alone: only before")}, Way{tr("B"), tr("B alone: only after")},
                                     Way{tr("A − B"), tr("difference, A - B, A minus B: red is larger in A")},
                                     Way{tr("A / B"), tr("ratio, A ÷ B, A over B, quotient, in powers of two: red is larger in A")}};
    for (int i = 0; i < 5; ++i) {
      comparison_->addItem(ways[static_cast<size_t>(i)].name, i);
      comparison_->setItemData(i, ways[static_cast<size_t>(i)].tip, Qt::ToolTipRole);
    }
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
    first_ = add_switch(tr("First to&kens"), tr("With the first token of each window, which carries massive values in many models"), true);
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
  scaled_ = plot;
  struct Button {
    QString text, tip;
    void (ScaledPlot::*act)();
  };
  for (const Button& b : {Button{tr("Fit scale"), tr("Colours over all values of both states"), &ScaledPlot::fit_scale},
                          Button{tr("Fit visible"), tr("Colours over the values in the view (F)"), &ScaledPlot::fit_scale_to_visible},
                          Button{tr("1–99 %"), tr("Colours over the middle 98 % of the values in the view (P); others are marked"),
                                 &ScaledPlot::fit_scale_percentiles}}) {
    QToolButton* button = scale_button(this, b.text, b.tip);
    connect(button, &QToolButton::clicked, this, [this, act = b.act] { (scaled_->*act)(); });
    add_control(button);
  }
  log_ = add_switch(tr("L&og"), tr("Logarithmic colours, of a surface heights too (L)"), plot->scale().logarithmic);
  connect(log_, &QCheckBox::clicked, this, [this] { scaled_->toggle_log(); });
  colours_ = add_choice(tr("&Colours"), tr("Colour map of magnitudes (C)"));
  for (const QString& name : colour_map_names()) colours_->addItem(colour_map_title(name), name);
  connect(colours_, &QComboBox::activated, this, [this](int at) { scaled_->set_colours(colours_->itemData(at).toString()); });
  add_threshold();
  add_arrangement(plot);
  follow_scale(plot);
  show_scale();
}

void ChoiceBar::add_threshold() {
  threshold_ =
      add_field(tr("O&utliers ≥"), tr("Ctrl and an arrow key go to the next value from here on (the mark at the scale). Empty: ten times "
                                      "the median of what is shown or, where nothing reaches that, its 99.9 % quantile"));
  connect(threshold_, &QLineEdit::editingFinished, this, &ChoiceBar::take_threshold);
}

void ChoiceBar::take_threshold() {
  if (!threshold_->isModified()) return;
  threshold_->setModified(false);
  QString text = threshold_->text();
  text.remove(QChar(0x202F)).remove(QChar(0xD7)).remove(QLatin1Char(' '));
  bool is_number = false;
  const double value = text.toDouble(&is_number), magnitude = scaled_->scale().powers ? std::fabs(std::log2(value)) : std::fabs(value);
  scaled_->set_threshold(is_number && std::isfinite(magnitude) ? std::optional(magnitude) : std::nullopt);
  show_scale();
}

void ChoiceBar::add_arrangement(HeatPlot* plot) {
  QComboBox* place =
      add_choice(tr("B stan&ds"), tr("Where the second state is drawn: beside the first, below it, or as the window's shape suits"),
                 {tr("as it fits"), tr("right of A"), tr("below A")});
  place->setCurrentIndex(static_cast<int>(plot->arrangement()));
  connect(place, &QComboBox::activated, plot, [plot](int at) { plot->set_arrangement(static_cast<Arrangement>(at)); });
  connect(plot, &HeatPlot::arrangement_changed, place, [place](Arrangement now) { place->setCurrentIndex(static_cast<int>(now)); });
}

template <class AnyPlot>
void ChoiceBar::follow_scale(AnyPlot* plot) {
  all_scaled_.push_back(plot);
  connect(plot, &AnyPlot::scale_changed, this, &ChoiceBar::show_scale);
  connect(plot, &AnyPlot::threshold_changed, this, &ChoiceBar::show_scale);
  connect(plot, &AnyPlot::colours_changed, this, [this](const QString& map) {
    for (ScaledPlot* other : all_scaled_) {
      if (other->colours() != map) other->set_colours(map);
    }
    show_scale();
  });
}

void ChoiceBar::also_scales(SurfacePlot* surface) { follow_scale(surface); }

void ChoiceBar::control(ScaledPlot* plot) {
  scaled_ = plot;
  show_scale();
}

void ChoiceBar::show_scale() {
  if (scaled_ == nullptr) return;
  const HeatScale& scale = scaled_->scale();
  log_->setChecked(scale.logarithmic && !scale.powers);
  log_->setEnabled(!scale.powers);
  log_->setToolTip(scale.powers ? tr("Ratios are drawn in powers of two already") : log_->accessibleDescription());
  select_data(colours_, scaled_->colours());
  const double threshold = scaled_->threshold();
  if (!threshold_->hasFocus() || !threshold_->isModified()) {
    threshold_->setText(!(threshold > 0) ? QString() : scale.powers ? times(std::exp2(threshold)) : number(threshold));
  }
}

QWidget* ChoiceBar::add_labelled(const QString& label, const QString& tip, QWidget* control) {
  auto* group = new QWidget(this);
  auto* line = new QHBoxLayout(group);
  line->setContentsMargins(0, 0, 0, 0);
  line->setSpacing(fontMetrics().averageCharWidth() / 2);
  auto* text = new QLabel(label, group);
  control->setToolTip(tip);
  control->setAccessibleName(QString(label).remove(QLatin1Char('&')));
  control->setAccessibleDescription(tip);
  control->setProperty(kGroup, QVariant::fromValue<QObject*>(group));
  text->setBuddy(control);
  text->setToolTip(tip);
  line->addWidget(text);
  line->addWidget(control);
  row_->addWidget(group);
  return group;
}

QComboBox* ChoiceBar::add_choice(const QString& label, const QString& tip, const QStringList& items) {
  auto* box = new QComboBox;
  box->addItems(items);
  box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
  add_labelled(label, tip, box);
  return box;
}

QLineEdit* ChoiceBar::add_field(const QString& label, const QString& tip) {
  auto* field = new QLineEdit;
  field->setMaximumWidth(fontMetrics().averageCharWidth() * 9);
  add_labelled(label, tip, field);
  return field;
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
