// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/views/place_bar.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/base/format.h"
#include "widgets/base/theme.h"
#include "widgets/data/describe.h"
#include "widgets/data/pairs.h"

namespace rolora::widgets {

namespace {

constexpr int kCharactersOfALine = 90;  // with less room a remark has two lines

}  // namespace

PlaceBar::PlaceBar(const Workbench& workbench, QWidget* parent)
    : QWidget(parent), workbench_(workbench), remark_(new LinesLabel(1, this)), action_(new QPushButton(this)) {
  const int unit = fontMetrics().averageCharWidth();
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(unit, 0, unit, unit / 2);
  column->setSpacing(0);
  auto* row = new QHBoxLayout;
  row->setSpacing(unit / 2);
  const std::array<QString, 4> tips = {tr("Back to all layers and channels of this site"), tr("Back to every token of this site"),
                                       tr("Back to this channel, without the token"), tr("The selected token")};
  for (size_t i = 0; i < steps_.size(); ++i) {
    signs_[i] = new QLabel(QStringLiteral("›"), this);
    row->addWidget(signs_[i]);
    steps_[i] = new QToolButton(this);
    steps_[i]->setAutoRaise(true);
    steps_[i]->setToolTip(tips[i]);
    steps_[i]->setAccessibleDescription(tips[i]);
    steps_[i]->setFocusPolicy(Qt::TabFocus);
    row->addWidget(steps_[i]);
    connect(steps_[i], &QToolButton::clicked, this, [this, i] { climb_to(static_cast<Step>(i)); });
  }
  signs_[0]->hide();
  // Whatever is selected and remarked, the plot below begins at the same height: lines are kept free for it.
  row->addStretch(1);
  row->addWidget(action_);
  row->addStrut(action_->sizeHint().height());
  action_->setAccessibleName(tr("What can be done about it"));
  action_->hide();
  connect(action_, &QPushButton::clicked, this, &PlaceBar::action_asked);
  column->addLayout(row);
  column->addWidget(remark_);
  remark_->setContentsMargins(unit / 2, 0, 0, 0);
  colour_remark();
  show_place(workbench.selection->current());
}

void PlaceBar::climb_to(Step step) {
  Selection wanted = workbench_.selection->current();
  if (step < token) wanted.token = -1;
  if (step < channel) wanted.channel = -1;
  if (step < site) wanted.layer = -1;
  workbench_.selection->propose(wanted);
  emit page_asked(step == overview ? QStringLiteral("overview") : QStringLiteral("magnitude"));
}

void PlaceBar::show_place(const Selection& selection, int shown_layer) {
  const int layer = selection.layer >= 0 ? selection.layer : shown_layer;
  const std::array<QString, 4> texts = {
      tr("Overview"),
      layer < 0 ? tr("%1, all layers").arg(site_title(selection.site)) : tr("%1, layer %2").arg(site_title(selection.site)).arg(layer),
      selection.channel < 0 ? QString() : tr("channel %1").arg(selection.channel),
      selection.token < 0 ? QString() : tr("token %1").arg(grouped(selection.token))};
  for (size_t i = 0; i < steps_.size(); ++i) {
    steps_[i]->setText(texts[i]);
    steps_[i]->setAccessibleName(texts[i].isEmpty() ? tr("nothing selected") : texts[i]);
    steps_[i]->setVisible(!texts[i].isEmpty());
    signs_[i]->setVisible(i > 0 && !texts[i].isEmpty());
  }
}

void PlaceBar::set_remarks(const std::vector<Remark>& remarks) {
  QStringList warnings, others;
  for (const Remark& remark : remarks) {
    if (!remark.text.isEmpty()) (remark.warning ? warnings : others).append(remark.text);
  }
  warns_ = !warnings.isEmpty();
  remark_->set_text((warnings + others).join(QLatin1Char(' ')));
  colour_remark();
}

void PlaceBar::set_action(const QString& text, const QString& tip) {
  action_->setText(text);
  action_->setToolTip(tip);
  if (!text.isEmpty()) action_->setAccessibleName(text);
  action_->setVisible(!text.isEmpty());
}

void PlaceBar::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  remark_->set_lines(width() < fontMetrics().averageCharWidth() * kCharactersOfALine ? 2 : 1);
}

void PlaceBar::colour_remark() {
  const ThemeColours colours = theme_colours(palette());
  QPalette own = palette();
  own.setColor(QPalette::WindowText, warns_ ? colours.warning : colours.faint_text);
  if (remark_->palette().color(QPalette::WindowText) != own.color(QPalette::WindowText)) remark_->setPalette(own);
}

void PlaceBar::changeEvent(QEvent* event) {
  QWidget::changeEvent(event);
  if (event->type() == QEvent::PaletteChange) colour_remark();
}

Remark basis_remark(const Selection& s, const Workbench& workbench) {
  const bool by_channel = s.comparison == Comparison::difference || s.comparison == Comparison::ratio;
  if (!by_channel || !s.a.valid() || !s.b.valid() || !basis_was_rotated(s.a, s.b, *workbench.statistics)) return {};
  return {PlaceBar::tr("Channel by channel across a rotation: where it acts, a channel of one state is a mixture of the other's.")};
}

Remark scaling_remark(const Selection& s, const Workbench& workbench) {
  const bool both = s.a.valid() && s.b.valid() && s.comparison != Comparison::only_a && s.comparison != Comparison::only_b;
  if (!both || !scale_was_folded(s.a, s.b, s.site, *workbench.statistics)) return {};
  if (s.scaling == Scaling::over_rms)
    return {PlaceBar::tr("|x| / rms: folding moved the norm's gain out of this tensor, so only multiples of its rms compare.")};
  return {PlaceBar::tr("The scales differ: folding moved the norm's gain out of this tensor. |x| / rms compares them."), true};
}

}  // namespace rolora::widgets
