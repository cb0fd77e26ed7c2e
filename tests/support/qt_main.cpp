// SPDX-License-Identifier: GPL-3.0-or-later
// Runs GoogleTest inside one offscreen QApplication with a fixed style and palette. A warning of Qt that nobody expected fails the test
// during which it came.
#include <gtest/gtest.h>

#include <QApplication>
#include <QLocale>
#include <QStandardPaths>
#include <QStyleFactory>
#include <QThreadPool>
#include <QWidget>

#include "tests/support/qt_warnings.h"

namespace {

class NothingLeft : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo&) override {
    QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
    for (QWidget* widget : QApplication::topLevelWidgets()) {
      ADD_FAILURE() << "a window is left behind: " << widget->metaObject()->className() << " " << widget->objectName().toStdString();
      widget->deleteLater();
    }
    EXPECT_TRUE(QThreadPool::globalInstance()->waitForDone(5000)) << "a background job is left behind";
  }
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QStandardPaths::setTestModeEnabled(true);
  QApplication application(argc, argv);
  QApplication::setOrganizationName(QStringLiteral("rolora-test"));
  QApplication::setStyle(QStyleFactory::create(QStringLiteral("Fusion")));
  QLocale::setDefault(QLocale::c());
  rolora::test::fail_on_qt_warnings();
  testing::UnitTest::GetInstance()->listeners().Append(new NothingLeft);
  return RUN_ALL_TESTS();
}
