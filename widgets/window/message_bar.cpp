// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/message_bar.h"

#include <QAccessible>
#include <QApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenuBar>
#include <QPushButton>
#include <QToolButton>
#include <algorithm>

#include "widgets/base/icons.h"
#include "widgets/base/style_shapes.h"

namespace rolora::widgets {
namespace {

constexpr int kLifetimeMs = 15'000;
constexpr int kCharacters = 72;       // where there are no menus beside
constexpr int kLeastCharacters = 45;  // right of the menus; with less room it lies below them

}  // namespace

MessageBar::MessageBar(QWidget* window, QMenuBar* menus)
    : QFrame(window),
      menus_(menus),
      icon_(new QLabel(this)),
      label_(new QLabel(this)),
      more_(new QLabel(this)),
      button_(new QPushButton(this)),
      close_(new QToolButton(this)) {
  setObjectName(QStringLiteral("messages"));
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::ToolTipBase);
  setFrameShape(QFrame::StyledPanel);
  label_->setWordWrap(true);
  label_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  label_->setAccessibleName(tr("Message"));
  more_->setForegroundRole(QPalette::PlaceholderText);
  button_->setAccessibleName(tr("Act on the message"));
  close_->setAutoRaise(true);
  close_->setIcon(icon(QStringLiteral("close")));
  close_->setAccessibleName(tr("Close message"));
  close_->setToolTip(tr("Close this message"));
  auto* layout = new QHBoxLayout(this);
  const int gap = qRound(style_unit() * 0.4);
  layout->setContentsMargins(gap, 1, gap, 1);
  layout->addWidget(icon_, 0, Qt::AlignTop);
  layout->addWidget(label_, 1);
  layout->addWidget(more_);
  layout->addWidget(button_);
  layout->addWidget(close_, 0, Qt::AlignTop);
  connect(close_, &QToolButton::clicked, this, &MessageBar::close_newest);
  connect(button_, &QPushButton::clicked, this, [this] {
    const std::function<void()> action = messages_.back().action;
    close_newest();
    if (action) action();
  });
  lifetime_.setSingleShot(true);
  lifetime_.setInterval(kLifetimeMs);
  connect(&lifetime_, &QTimer::timeout, this, &MessageBar::close_newest);
  fresh_.setSingleShot(true);
  fresh_.setInterval(kLifetimeMs);
  connect(&fresh_, &QTimer::timeout, this, &MessageBar::place);
  connect(qApp, &QApplication::focusChanged, this, [this](QWidget* before, QWidget* now) {
    if ((before != nullptr && isAncestorOf(before)) || (now != nullptr && isAncestorOf(now))) place();
  });
  window->installEventFilter(this);
  hide();
}

bool MessageBar::eventFilter(QObject* watched, QEvent* event) {
  if (watched == parent() && event->type() == QEvent::Resize) place();
  return QFrame::eventFilter(watched, event);
}

void MessageBar::enterEvent(QEnterEvent* event) {
  lifetime_.stop();
  place();
  QFrame::enterEvent(event);
}

void MessageBar::leaveEvent(QEvent* event) {
  if (!messages_.empty() && goes_by_itself(messages_.back())) lifetime_.start();
  QFrame::leaveEvent(event);
  place();
}

/// The free end of the menus' row; below it where the menus take all of it or stand elsewhere.
QRect MessageBar::row() const {
  const int margin = qRound(style_unit() * 0.3), letter = fontMetrics().averageCharWidth(), right = parentWidget()->width() - margin;
  if (menus_ == nullptr || !menus_->isVisible() || menus_->actions().isEmpty())
    return {QPoint(std::max(margin, right - letter * kCharacters), 0), QPoint(right, sizeHint().height())};
  const QRect last = menus_->actionGeometry(menus_->actions().last()).translated(menus_->mapTo(parentWidget(), QPoint()));
  const int left = last.right() + letter * 4, below = menus_->geometry().bottom() + 1;
  if (right - left < letter * kLeastCharacters) return {QPoint(margin, below), QPoint(right, below + menus_->height())};
  return {QPoint(left, 0), QPoint(right, below - 1)};
}

/// All of a long message is shown while it is new and while somebody is at it; otherwise it is a line.
bool MessageBar::is_open() const {
  const QWidget* focus = QApplication::focusWidget();
  return fresh_.isActive() || underMouse() || (focus != nullptr && isAncestorOf(focus));
}

void MessageBar::place() {
  if (messages_.empty()) return;
  const QRect free = row();
  const Message& message = messages_.back();
  const QString whole = message.times > 1 ? tr("%1 (%2 times)").arg(message.text).arg(message.times) : message.text;
  int beside = layout()->contentsMargins().left() + layout()->contentsMargins().right() + icon_->sizeHint().width();
  for (const QWidget* widget : {static_cast<QWidget*>(more_), static_cast<QWidget*>(button_), static_cast<QWidget*>(close_)}) {
    if (!widget->isHidden()) beside += widget->sizeHint().width();
  }
  const int gaps = layout()->spacing() * 5, words = label_->fontMetrics().horizontalAdvance(whole) + fontMetrics().averageCharWidth();
  const int room = free.width() - beside - gaps;
  const bool wraps = words > room && is_open();
  label_->setWordWrap(wraps);
  label_->setText(wraps ? whole : label_->fontMetrics().elidedText(whole, Qt::ElideMiddle, room));
  label_->setToolTip(whole);
  const int width = std::min(free.width(), words + beside + gaps);
  int height = std::max(free.height(), sizeHint().height());
  if (wraps) height = std::max(height, layout()->heightForWidth(width));
  setGeometry(free.right() - width + 1, free.top(), width, height);
  raise();
}

void MessageBar::tell(Kind kind, const QString& text, const QString& action_text, std::function<void()> action, const QString& about) {
  for (size_t i = 0; i < messages_.size(); i++) {
    if (messages_[i].text != text) continue;
    Message again = std::move(messages_[i]);
    messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(i));
    again.times++;
    messages_.push_back(std::move(again));
    return show_newest();
  }
  messages_.push_back({kind, text, action_text, about, std::move(action)});
  show_newest();
}

void MessageBar::forget(const QString& about) {
  if (std::erase_if(messages_, [&](const Message& one) { return one.about == about; }) > 0) show_newest();
}

QString MessageBar::text() const { return messages_.empty() ? QString() : messages_.back().text; }

void MessageBar::show_newest() {
  lifetime_.stop();
  if (messages_.empty()) return hide();
  const Message& message = messages_.back();
  const int size = qRound(style_unit() * 1.2);
  icon_->setPixmap(icon(message.kind == Kind::error ? QStringLiteral("warning") : QStringLiteral("inspector")).pixmap(QSize(size, size)));
  more_->setText(messages_.size() > 1 ? tr("%1 more").arg(messages_.size() - 1) : QString());
  more_->setVisible(messages_.size() > 1);
  button_->setText(message.action_text);
  button_->setAccessibleName(message.action_text);
  button_->setToolTip(message.action_text);
  button_->setVisible(!message.action_text.isEmpty());
  fresh_.start();
  place();  // first: where it is shown is where the mouse may be
  show();
  if (goes_by_itself(message) && !underMouse()) lifetime_.start();
  setAccessibleName(message.text);
  QAccessibleEvent event(this, QAccessible::Alert);
  QAccessible::updateAccessibility(&event);
}

bool MessageBar::goes_by_itself(const Message& message) { return message.kind == Kind::note && message.action_text.isEmpty(); }

void MessageBar::close_newest() {
  if (!messages_.empty()) messages_.pop_back();
  show_newest();
}

}  // namespace rolora::widgets
