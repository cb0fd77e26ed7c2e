// SPDX-License-Identifier: GPL-3.0-or-later
// A workbench with a sample run and its statistics open.
#pragma once

#include <gtest/gtest.h>

#include <QDir>
#include <QTest>
#include <QWidget>

#include "tests/support/sample_run.h"
#include "widgets/base/theme.h"
#include "widgets/data/pairs.h"
#include "widgets/data/run_store.h"
#include "widgets/data/selection.h"
#include "widgets/data/statistics_store.h"
#include "widgets/data/workbench.h"

namespace rolora::widgets {

class OpenWorkbench : public testing::Test {
 protected:
  void SetUp() override {
    selection_.set_rule(scaling_rule(statistics_));
    run_.finish_all();
    run_.set_state("finished");
  }
  void open_run() {
    bool there = false;
    show_run(workbench_, folder_of_run(), nullptr, [&](const QString& error) {
      EXPECT_EQ(error.toStdString(), "");
      there = true;
    });
    ASSERT_TRUE(QTest::qWaitFor([&] { return there; }));
  }
  QString folder_of_run() const { return QString::fromStdString(run_.folder().string()); }
  QString file() const { return folder_of_run() + QStringLiteral("/stations/outliers/statistics.h5"); }
  StateRef plain() const { return {file(), QStringLiteral("plain")}; }
  StateRef rotated() const { return {file(), QStringLiteral("rotated")}; }
  /// A picture to look at, where ROLORA_SHOTS names a folder.
  static void shoot(QWidget& widget, const char* name) {
    const QString folder = qEnvironmentVariable("ROLORA_SHOTS");
    if (folder.isEmpty()) return;
    QDir().mkpath(folder);
    const bool dark = qEnvironmentVariableIsSet("ROLORA_SHOTS_DARK");
    Theme theme;
    theme.choose(dark ? ThemeChoice::dark : ThemeChoice::light);
    QTest::qWait(50);  // a picture for people: layouts and palettes have settled
    EXPECT_TRUE(widget.grab().save(QStringLiteral("%1/%2.png").arg(folder, QLatin1String(name))));
  }

  test::TempFolder scratch_;
  test::SampleRun run_{scratch_ / "run"};
  SelectionModel selection_;
  StatisticsStore statistics_;
  RunStore runs_;
  Workbench workbench_{&selection_, &statistics_, &runs_};
};

}  // namespace rolora::widgets
