// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/page_controls.h"

#include <QAbstractButton>
#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QPointer>
#include <QTabBar>
#include <functional>
#include <utility>

namespace rolora::widgets {
namespace {

QString words(const char* text) { return QCoreApplication::translate("rolora::page_controls", text); }

QString without_mnemonic(QString text) {
  const QChar kept(0x01);
  text.replace(QStringLiteral("&&"), kept).remove(QLatin1Char('&')).replace(kept, QLatin1Char('&'));
  return text;
}

class Collector {
 public:
  Collector(QString title, const QWidget* page) : title_(std::move(title)), page_(page) {}

  template <class W>
  QList<W*> shown() const {
    QList<W*> out;
    for (W* widget : page_->findChildren<W*>()) {
      if (widget->isVisibleTo(page_) && widget->isEnabled()) out.append(widget);
    }
    return out;
  }

  void add(const QString& what, const QString& tip, bool on, std::function<void()> run) {
    FinderEntry entry;
    entry.title = words("%1: %2").arg(title_, what);
    entry.detail = on ? words("On. %1").arg(tip) : tip;
    entry.enabled = true;
    entry.run = std::move(run);
    entries.push_back(std::move(entry));
  }

  std::vector<FinderEntry> entries;

 private:
  QString title_;
  const QWidget* page_;
};

void add_rows(Collector& to, QComboBox* box) {
  if (box->isEditable()) return;
  const QString name = without_mnemonic(box->accessibleName());
  for (int i = 0; i < box->count(); ++i) {
    const QString own = box->itemData(i, Qt::ToolTipRole).toString();  // of the row: other words for it
    to.add(words("%1: %2").arg(name, box->itemText(i)), own.isEmpty() ? box->toolTip() : own, i == box->currentIndex(),
           [box = QPointer<QComboBox>(box), i] {
             if (!box) return;
             box->setCurrentIndex(i);
             emit box->activated(i);
           });
  }
}

void add_tabs(Collector& to, QTabBar* tabs) {
  for (int i = 0; i < tabs->count(); ++i) {
    to.add(without_mnemonic(tabs->tabText(i)), tabs->tabToolTip(i), i == tabs->currentIndex(), [tabs = QPointer<QTabBar>(tabs), i] {
      if (tabs) tabs->setCurrentIndex(i);
    });
  }
}

}  // namespace

std::vector<FinderEntry> page_controls(const QString& title, const QWidget* page) {
  Collector out(title, page);
  for (QTabBar* tabs : out.shown<QTabBar>()) add_tabs(out, tabs);
  for (QComboBox* box : out.shown<QComboBox>()) add_rows(out, box);
  for (QAbstractButton* button : out.shown<QAbstractButton>()) {
    const QString name = without_mnemonic(button->text().isEmpty() ? button->accessibleName() : button->text());
    const bool own = qobject_cast<const QTabBar*>(button->parentWidget()) == nullptr;  // a tab bar's arrows scroll it
    if (name.isEmpty() || !own) continue;
    out.add(name, button->toolTip(), button->isChecked(), [button = QPointer<QAbstractButton>(button)] {
      if (button) button->click();
    });
  }
  return out.entries;
}

}  // namespace rolora::widgets
