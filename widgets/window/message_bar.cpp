// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/message_bar.h"

#include <QAccessible>
#include <QApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "widgets/base/icons.h"
#include "widgets/base/style_shapes.h"

namespace rolora::widgets {
namespace {

constexpr int kLifetimeMs = 15'000;
constexpr int kCharacters = 72;       // where there are no menus beside
constexpr int kLeastCharacters = 45;  // right of the menus; with less room it lies below them

/// The file and the folder it lies in: more says little, and takes the line.
QString short_path(const QString& path) {
  const QStringList parts = path.split(QLatin1Char('/'), Qt::SkipEmptyParts);
  return parts.size() > 2 ? parts.mid(parts.size() - 2).join(QLatin1Char('/')) : path;
}

}  // namespace

QString message_line(const QString& text) {
  static const QRegularExpression path(QStringLiteral("(?<![^\\s“‘\"'(])/(?:[^/:\\n]+/)+[^/:\\n]+(?=:|$)"));
  static const QRegularExpression no_json(QStringLiteral("^(.*): (line \\d+, column \\d+|[^:]*): expected valid JSON, found .*$"),
                                          QRegularExpression::DotMatchesEverythingOption);
  QString line = text.section(QLatin1Char('\n'), 0, 0);
  for (auto found = path.match(line); found.hasMatch(); found = path.match(line, found.capturedStart() + 1))
    line.replace(found.capturedStart(), found.capturedLength(), short_path(found.captured()));
  if (const auto damaged = no_json.match(line); damaged.hasMatch())
    return MessageBar::tr("%1 is damaged: no valid JSON at %2").arg(damaged.captured(1), damaged.captured(2));
  return line;
}

MessageBar::MessageBar(QWidget* window, QMenuBar* menus)
    : QFrame(window),
      menus_(menus),
      icon_(new QLabel(this)),
      label_(new QLabel(this)),
      more_(new QLabel(this)),
      button_(new QPushButton(this)),
      unfold_(new QToolButton(this)),
      close_(new QToolButton(this)),
      details_(new QPlainTextEdit(this)) {
  setObjectName(QStringLiteral("messages"));
  setAutoFillBackground(true);
  setBackgroundRole(QPalette::ToolTipBase);
  setFrameShape(QFrame::StyledPanel);
  label_->setTextFormat(Qt::PlainText);
  label_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
  label_->setAccessibleName(tr("Message"));
  more_->setForegroundRole(QPalette::PlaceholderText);
  button_->setAccessibleName(tr("Act on the message"));
  close_->setAutoRaise(true);
  close_->setIcon(icon(QStringLiteral("close")));
  close_->setAccessibleName(tr("Close message"));
  close_->setToolTip(tr("Close this message"));
  unfold_->setText(tr("Details"));
  unfold_->setAccessibleName(tr("Details of the message"));
  unfold_->setToolTip(tr("All of what was found"));
  unfold_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
  unfold_->setArrowType(Qt::RightArrow);
  unfold_->setAutoRaise(true);
  unfold_->setCheckable(true);
  unfold_->setFocusPolicy(Qt::StrongFocus);
  details_->setReadOnly(true);
  details_->setFrameShape(QFrame::NoFrame);
  details_->setTabChangesFocus(true);
  details_->setAccessibleName(tr("All of the message"));
  details_->hide();
  connect(unfold_, &QToolButton::toggled, this, &MessageBar::place);
  auto* row = new QHBoxLayout;
  const int gap = qRound(style_unit() * 0.4);
  for (QWidget* widget : {static_cast<QWidget*>(icon_), static_cast<QWidget*>(label_), static_cast<QWidget*>(unfold_),
                          static_cast<QWidget*>(more_), static_cast<QWidget*>(button_), static_cast<QWidget*>(close_)})
    row->addWidget(widget, widget == label_ ? 1 : 0);
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(gap, 1, gap, 1);
  layout->setSpacing(0);
  layout->addLayout(row);
  layout->addWidget(details_);
  connect(close_, &QToolButton::clicked, this, &MessageBar::close_newest);
  connect(button_, &QPushButton::clicked, this, [this] {
    const std::function<void()> action = messages_.back().action;
    close_newest();
    if (action) action();
  });
  lifetime_.setSingleShot(true);
  lifetime_.setInterval(kLifetimeMs);
  connect(&lifetime_, &QTimer::timeout, this, &MessageBar::close_newest);
  window->installEventFilter(this);
  hide();
}

bool MessageBar::eventFilter(QObject* watched, QEvent* event) {
  if (watched == parent() && event->type() == QEvent::Resize) place();
  return QFrame::eventFilter(watched, event);
}

void MessageBar::enterEvent(QEnterEvent* event) {
  lifetime_.stop();
  QFrame::enterEvent(event);
}

void MessageBar::leaveEvent(QEvent* event) {
  if (!messages_.empty() && goes_by_itself(messages_.back())) lifetime_.start();
  QFrame::leaveEvent(event);
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

QString MessageBar::line() const {
  if (messages_.empty()) return {};
  const Message& message = messages_.back();
  const QString line = message_line(message.text);
  return message.times > 1 ? tr("%1 (%2 times)").arg(line).arg(message.times) : line;
}

/// One line always; who unfolds it gets all of it, on no more than a third of the window.
void MessageBar::place() {
  if (messages_.empty()) return;
  const QRect free = row();
  const QString whole = messages_.back().text, said = line();
  const auto room_for_words = [&] {
    int beside = layout()->contentsMargins().left() + layout()->contentsMargins().right() + icon_->sizeHint().width();
    for (const QWidget* widget :
         {static_cast<QWidget*>(unfold_), static_cast<QWidget*>(more_), static_cast<QWidget*>(button_), static_cast<QWidget*>(close_)}) {
      if (!widget->isHidden()) beside += widget->sizeHint().width();
    }
    return free.width() - beside - layout()->itemAt(0)->layout()->spacing() * 5;
  };
  const int words = label_->fontMetrics().horizontalAdvance(said) + fontMetrics().averageCharWidth();
  unfold_->setVisible(said != whole || words > room_for_words());
  const bool open = unfold_->isChecked() && !unfold_->isHidden();
  unfold_->setArrowType(open ? Qt::DownArrow : Qt::RightArrow);
  const int room = room_for_words();
  label_->setText(label_->fontMetrics().elidedText(said, Qt::ElideRight, room));
  label_->setToolTip(unfold_->isHidden() ? QString() : whole);
  const int width = open ? free.width() : std::min(free.width(), words + free.width() - room);
  details_->setVisible(open);
  int height = std::max(free.height(), layout()->itemAt(0)->sizeHint().height() + 2);
  if (open) {
    if (details_->toPlainText() != whole) details_->setPlainText(whole);
    const int letters = std::max(1, (width - 2 * fontMetrics().averageCharWidth()) / fontMetrics().averageCharWidth());
    const int lines = static_cast<int>(whole.size()) / letters + static_cast<int>(whole.count(QLatin1Char('\n'))) + 2;
    const int wanted = lines * details_->fontMetrics().lineSpacing() + 2 * static_cast<int>(details_->document()->documentMargin());
    const int most = std::max(3 * details_->fontMetrics().lineSpacing(), parentWidget()->height() / 3 - height);
    details_->setFixedHeight(std::min(wanted, most));
    height += details_->height();
  }
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
  unfold_->setChecked(false);
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
