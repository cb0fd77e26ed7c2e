// SPDX-License-Identifier: GPL-3.0-or-later
// The whole window with a sample run to open, and settings and runs of its own.
#pragma once

#include <gtest/gtest.h>

#include <QDir>
#include <QTest>
#include <memory>

#include "tests/support/sample_run.h"
#include "widgets/base/theme.h"
#include "widgets/data/run_store.h"
#include "widgets/data/selection.h"
#include "widgets/data/statistics_store.h"
#include "widgets/window/actions.h"
#include "widgets/window/centre.h"
#include "widgets/window/dock_host.h"
#include "widgets/window/main_window.h"

namespace rolora::widgets {

class WholeWindow : public testing::Test {
 protected:
  void SetUp() override {
    run_.finish_all();
    run_.set_state("finished");
    make_window();
  }
  void TearDown() override { window_.reset(); }

  void make_window() {
    window_.reset();
    const WindowOptions options{path("settings.ini"), path("runs"), false, QSize(1400, 900)};
    window_ = std::make_unique<MainWindow>(&theme_, options);
    window_->show();
    window_->activateWindow();
    ASSERT_TRUE(QTest::qWaitForWindowActive(window_.get()));
  }
  QString path(const char* name) const { return QString::fromStdString((scratch_ / name).string()); }
  QString run_folder() const { return QString::fromStdString(run_.folder().string()); }
  QString statistics_file() const { return run_folder() + QStringLiteral("/stations/outliers/statistics.h5"); }
  const Selection& selection() const { return window_->workbench().selection->current(); }
  void wait_until_read() {
    ASSERT_TRUE(QTest::qWaitFor([this] { return !window_->is_opening(); }, 20000));
  }
  void open_run() {
    window_->open_path(run_folder());
    wait_until_read();
    ASSERT_TRUE(selection().a.valid());
  }
  /// A key where the focus is.
  static void press(Qt::Key key, Qt::KeyboardModifiers modifiers = Qt::NoModifier) {
    QWidget* target = QApplication::focusWidget();
    ASSERT_NE(target, nullptr) << "nothing has the keyboard";
    QTest::keyClick(target, key, modifiers);
  }

  test::TempFolder scratch_;
  test::SampleRun run_{scratch_ / "run"};
  Theme theme_;
  std::unique_ptr<MainWindow> window_;
};

}  // namespace rolora::widgets
