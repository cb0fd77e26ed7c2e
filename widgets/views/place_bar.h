// SPDX-License-Identifier: GPL-3.0-or-later
// The line above a plot: where one is (overview › site › channel › token, each a way back), and what must be known of what is drawn.
#pragma once

#include <QLabel>
#include <QPushButton>
#include <QString>
#include <QStringList>
#include <QToolButton>
#include <QWidget>
#include <array>

#include "widgets/base/lines_label.h"
#include "widgets/data/selection.h"
#include "widgets/data/workbench.h"

namespace rolora::widgets {

struct Remark {
  QString text;
  bool warning = false;
};

class PlaceBar : public QWidget {
  Q_OBJECT
 public:
  explicit PlaceBar(const Workbench& workbench, QWidget* parent = nullptr);
  /// `shown_layer`: the layer that is drawn while none is selected; −1: all.
  void show_place(const Selection& selection, int shown_layer = -1);
  /// Empty remarks are left out; those that warn come first.
  void set_remarks(const std::vector<Remark>& remarks);
  QString remarks() const { return remark_->whole_text(); }
  /// What can be done about a remark, as a button beside the steps; empty `text`: nothing.
  void set_action(const QString& text, const QString& tip = {});
  QPushButton* action() const { return action_; }
  enum Step { overview, site, channel, token };
  QToolButton* step(Step which) const { return steps_[which]; }

 signals:
  void action_asked();
  void page_asked(const QString& id);  ///< the page that shows the step that was clicked

 protected:
  void changeEvent(QEvent* event) override;
  void resizeEvent(QResizeEvent* event) override;

 private:
  void climb_to(Step step);
  void colour_remark();
  Workbench workbench_;
  std::array<QToolButton*, 4> steps_{};
  std::array<QLabel*, 4> signs_{};
  LinesLabel* remark_;
  QPushButton* action_;
  bool warns_ = false;
};

/// What a difference or ratio by channel across a rotation is not.
Remark basis_remark(const Selection& selection, const Workbench& workbench);
/// Why |x| / rms is on for a pair that a fold set apart, or a warning where it is off.
Remark scaling_remark(const Selection& selection, const Workbench& workbench);

}  // namespace rolora::widgets
