// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/start_page.h"

#include <QDir>
#include <QEvent>
#include <QGridLayout>
#include <QLabel>
#include <QListView>
#include <QStringListModel>
#include <QVBoxLayout>

#include "widgets/base/style_shapes.h"
#include "widgets/window/card_button.h"

namespace rolora::widgets {
namespace {

QLabel* wrapped(const QString& text, QWidget* parent, QPalette::ColorRole role = QPalette::PlaceholderText) {
  auto* label = new QLabel(text, parent);
  label->setWordWrap(true);
  label->setForegroundRole(role);
  label->setAlignment(Qt::AlignLeft | Qt::AlignTop);
  return label;
}

/// "runs/story — /home/u/work": the end of a path says most.
QString short_path(const QString& path) {
  const QDir folder(path);
  const QString home = QDir::homePath();
  QString shown = path.startsWith(home + QLatin1Char('/')) ? QStringLiteral("~") + path.mid(home.size()) : path;
  const QString name = shown.section(QLatin1Char('/'), -2, -1);
  const QString place = shown.section(QLatin1Char('/'), 0, -3);
  return place.isEmpty() ? name : QStringLiteral("%1   —   %2").arg(name, place);
}

}  // namespace

StartPage::StartPage(QWidget* parent) : QScrollArea(parent) {
  setObjectName(QStringLiteral("start"));
  setAccessibleName(tr("Start page"));
  setFrameShape(QFrame::NoFrame);
  setWidgetResizable(true);
  setFocusPolicy(Qt::NoFocus);
  auto* body = new QWidget(this);
  auto* outer = new QGridLayout(body);
  const int unit = qRound(style_unit());
  title_ = wrapped(tr("Where do the outliers sit, and what does rotation do to them?"), body, QPalette::WindowText);
  subtitle_ = wrapped(tr("Rotate a LLaMA-family model, tune it, quantize it and evaluate it. Every step leaves numbers that you can "
                         "look at, compare and take into a paper."),
                      body);
  auto* page = new QWidget(body);
  page->setMaximumWidth(unit * 62);
  auto* inner = new QGridLayout(page);
  inner->setContentsMargins(0, 0, 0, 0);
  inner->setHorizontalSpacing(unit * 2);
  inner->addWidget(title_, 0, 0, 1, 2);
  inner->addWidget(subtitle_, 1, 0, 1, 2);
  inner->setRowMinimumHeight(2, unit);
  inner->addWidget(make_cards(), 3, 0);
  inner->addWidget(make_side(), 3, 1);
  inner->setColumnStretch(0, 6);
  inner->setColumnStretch(1, 5);
  outer->setContentsMargins(unit * 2, unit * 2, unit * 2, unit);
  outer->setRowStretch(0, 1);
  outer->setRowStretch(2, 2);
  outer->setColumnStretch(0, 1);
  outer->setColumnStretch(1, 100);
  outer->setColumnStretch(2, 1);
  outer->addWidget(page, 1, 1);
  setWidget(body);
  style_texts();
}

QWidget* StartPage::make_cards() {
  auto* column = new QWidget(this);
  auto* layout = new QVBoxLayout(column);
  layout->setContentsMargins(0, 0, 0, 0);
  const auto add = [&](const char* icon, const QString& title, const QString& text, void (StartPage::*asked)()) {
    auto* card = new CardButton(QLatin1String(icon), title, text, column);
    connect(card, &QAbstractButton::clicked, this, asked);
    layout->addWidget(card);
    return card;
  };
  story_ =
      add("start", tr("Try the story on the bundled model"),
          tr("A small model with real outliers is rotated, tuned, quantized and evaluated next to its plain self. Everything is filled "
             "in; press Start. It takes some minutes."),
          &StartPage::story_asked);
  story_->set_leading(true);
  add("model", tr("Open a model…"), tr("A Hugging Face folder of LLaMA, Mistral, Qwen or Phi-3: config.json, weights, tokenizer."),
      &StartPage::model_asked);
  add("open", tr("Open a run…"), tr("A folder that the workbench or “rolora run” wrote, finished or still at work."),
      &StartPage::run_asked);
  add("outliers", tr("Open statistics…"), tr("An .h5 file of “rolora statistics”, to look at its outliers."), &StartPage::statistics_asked);
  layout->addWidget(wrapped(tr("Or drop a folder or file anywhere on this window."), column));
  layout->addStretch();
  return column;
}

QWidget* StartPage::make_side() {
  auto* column = new QWidget(this);
  auto* layout = new QVBoxLayout(column);
  layout->setContentsMargins(0, 0, 0, 0);
  steps_title_ = wrapped(tr("Three clicks to before | after"), column, QPalette::WindowText);
  layout->addWidget(steps_title_);
  layout->addWidget(wrapped(tr("<ol style='margin-left:0; -qt-list-indent:1'><li>Open a model, or take the bundled one.</li>"
                               "<li>Start the story. Jobs shows how far it is; look around meanwhile.</li>"
                               "<li>Open the finished run: plain and rotated side by side, on one scale.</li></ol>"),
                            column));
  recent_title_ = wrapped(tr("Recent"), column, QPalette::WindowText);
  layout->addWidget(recent_title_);
  recent_model_ = new QStringListModel(this);
  recent_ = new QListView(column);
  recent_->setModel(recent_model_);
  recent_->setFrameShape(QFrame::NoFrame);
  recent_->setEditTriggers(QAbstractItemView::NoEditTriggers);
  recent_->setTextElideMode(Qt::ElideRight);
  recent_->setAccessibleName(tr("Recently opened"));
  recent_->setToolTip(tr("Open again with a click or Enter"));
  recent_->viewport()->setAutoFillBackground(false);
  recent_->setUniformItemSizes(true);
  recent_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
  const auto choose = [this](const QModelIndex& index) {
    if (index.isValid()) emit recent_chosen(recent_paths_[index.row()]);
  };
  connect(recent_, &QListView::activated, this, choose);
  connect(recent_, &QListView::clicked, this, choose);
  layout->addWidget(recent_);
  layout->addStretch(1);
  set_recent({});
  return column;
}

void StartPage::set_recent(const QStringList& paths) {
  recent_paths_ = paths;
  QStringList shown;
  for (const QString& path : paths) shown += short_path(path);
  recent_model_->setStringList(shown);
  const int rows = std::min<int>(static_cast<int>(paths.size()), 8);
  recent_->setFixedHeight(std::max(1, rows) * std::max(recent_->sizeHintForRow(0), qRound(style_unit() * 1.5)) + 2);
  recent_->setVisible(!paths.isEmpty());
  recent_title_->setVisible(!paths.isEmpty());
}

void StartPage::style_texts() {
  if (steps_title_ == nullptr) return;
  const QFont base = font();
  const auto sized = [&base](double factor) {
    QFont out = base;
    if (base.pointSizeF() > 0) {
      out.setPointSizeF(base.pointSizeF() * factor);
    } else {
      out.setPixelSize(qRound(base.pixelSize() * factor));
    }
    out.setWeight(QFont::DemiBold);
    return out;
  };
  title_->setFont(sized(1.65));
  steps_title_->setFont(sized(1.08));
  recent_title_->setFont(sized(1.08));
}

void StartPage::changeEvent(QEvent* event) {
  if (event->type() == QEvent::FontChange) style_texts();
  QScrollArea::changeEvent(event);
}

}  // namespace rolora::widgets
