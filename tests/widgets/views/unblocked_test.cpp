// SPDX-License-Identifier: GPL-3.0-or-later
// A site as large as those of a small model, in every way it can be looked at: the GUI thread never computes for 100 ms without listening.
#include <gtest/gtest.h>

#include <QComboBox>
#include <QTest>
#include <algorithm>

#include "tests/widgets/trees/workbench_fixture.h"
#include "widgets/base/watchdog.h"
#include "widgets/views/magnitude_view.h"
#include "widgets/views/overview_view.h"

namespace {

using namespace rolora::widgets;

class LargeSite : public OpenWorkbench {
 protected:
  void SetUp() override {
    OpenWorkbench::SetUp();
    rolora::test::SampleShape shape;
    shape.layers = 1;
    shape.windows = 2;
    shape.context = 400;
    shape.wide = 1024;
    shape.kept = 800;
    rolora::test::write_sample(run_.folder() / "stations/outliers/statistics.h5", shape);
    open_run();
    watchdog_ = std::make_unique<Watchdog>(100, [](const Block&) {});
    rest();
    watchdog_->reset();
  }
  /// Until the thread has listened some times, and nothing is being drawn any more.
  void rest() {
    const int answers = watchdog_->answers();
    ASSERT_TRUE(QTest::qWaitFor([&] { return watchdog_->answers() > answers + 8; }));
  }
  /// Other processes may hold the processor: what counts is how long the thread itself was at work without listening.
  void expect_listening(const char* after) {
    rest();
    EXPECT_LT(watchdog_->longest().busy_ms, 100) << after;
    watchdog_->reset();
  }
  void change(const std::function<void(Selection&)>& how) {
    Selection s = selection_.current();
    how(s);
    selection_.propose(s);
  }
  std::unique_ptr<Watchdog> watchdog_;
};

TEST_F(LargeSite, MagnitudesAndSurfaceNeverBlock) {
  MagnitudeView view(workbench_);
  view.resize(1200, 700);
  view.show();
  change([&](Selection& s) {
    s.a = plain();
    s.b = rotated();
    s.site = rolora::SiteKind::down_in;
    s.layer = 0;
  });
  const auto shows = [&](size_t panels) { return view.surface()->scene().panels.size() == panels && !view.surface()->is_waiting(); };
  ASSERT_TRUE(QTest::qWaitFor([&] { return shows(2); }, 20000));
  ASSERT_EQ(view.surface()->scene().panels[0].source->columns(), 1024);
  expect_listening("reading");
  for (QWidget* tab : {static_cast<QWidget*>(view.plot()), static_cast<QWidget*>(view.surface())}) {
    view.tabs()->setCurrentWidget(tab);
    ASSERT_TRUE(QTest::qWaitFor([&] { return shows(2); }, 20000));
    expect_listening("the tab");
    for (const Comparison comparison : {Comparison::difference, Comparison::ratio, Comparison::side_by_side}) {
      change([&](Selection& s) { s.comparison = comparison; });
      ASSERT_TRUE(QTest::qWaitFor([&] { return shows(comparison == Comparison::side_by_side ? 2 : 1); }, 20000));
      expect_listening("another comparison");
    }
    change([](Selection& s) { s.scaling = s.scaling == Scaling::over_rms ? Scaling::absolute : Scaling::over_rms; });
    ASSERT_TRUE(
        QTest::qWaitFor([&] { return view.plot()->data().over_rms == (selection_.current().scaling == Scaling::over_rms); }, 20000));
    expect_listening("another scaling");
  }
  for (int i = 0; i < 6; ++i) {
    QTest::keyClick(view.surface(), i % 2 == 0 ? Qt::Key_Left : Qt::Key_Up);
    expect_listening("turning");
  }
}

}  // namespace
