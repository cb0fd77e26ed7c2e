// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/accessible_chart.h"

#include <QAccessible>
#include <QAccessibleWidget>

namespace rolora::widgets {

namespace {

class AccessibleChart : public QAccessibleWidget {
 public:
  explicit AccessibleChart(QWidget* widget) : QAccessibleWidget(widget, QAccessible::Chart) {}
  QString text(QAccessible::Text what) const override {
    if (what == QAccessible::Value) return dynamic_cast<const SpokenChart*>(object())->sentence();
    return QAccessibleWidget::text(what);
  }
};

QAccessibleInterface* chart_factory(const QString&, QObject* object) {
  if (dynamic_cast<SpokenChart*>(object) == nullptr) return nullptr;
  auto* widget = qobject_cast<QWidget*>(object);
  return widget != nullptr ? new AccessibleChart(widget) : nullptr;
}

}  // namespace

void install_accessible_charts() {
  static const bool kInstalled = (QAccessible::installFactory(chart_factory), true);
  Q_UNUSED(kInstalled);
}

void announce_sentence(QWidget* chart, const QString& sentence) {
  if (!QAccessible::isActive()) return;
  QAccessibleValueChangeEvent event(chart, sentence);
  QAccessible::updateAccessibility(&event);
}

}  // namespace rolora::widgets
