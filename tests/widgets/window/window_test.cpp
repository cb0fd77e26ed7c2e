// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractButton>
#include <QAbstractItemModelTester>
#include <QClipboard>
#include <QComboBox>
#include <QDockWidget>
#include <QDoubleSpinBox>
#include <QDropEvent>
#include <QLineEdit>
#include <QMenuBar>
#include <QMimeData>
#include <QStatusBar>
#include <QUrl>
#include <algorithm>
#include <fstream>

#include "tests/widgets/window/window_fixture.h"
#include "widgets/base/watchdog.h"
#include "widgets/plots/plot.h"
#include "widgets/recipe/recipe_page.h"
#include "widgets/window/card_button.h"
#include "widgets/window/figure_dialog.h"
#include "widgets/window/figure_preview.h"
#include "widgets/window/finder.h"
#include "widgets/window/message_bar.h"
#include "widgets/window/start_page.h"
#include "widgets/window/status_line.h"

namespace rolora::widgets {
namespace {

/// And waits for the picture that is being drawn of it elsewhere.
void close_figure(FigureDialog* dialog) {
  dialog->close();
  QCoreApplication::sendPostedEvents(nullptr, QEvent::DeferredDelete);
  EXPECT_TRUE(QTest::qWaitFor([] {
    const QWidgetList windows = QApplication::topLevelWidgets();
    return std::none_of(windows.begin(), windows.end(), [](const QWidget* each) { return qobject_cast<const Plot*>(each) != nullptr; });
  }));
}

QString spoken(const MainWindow& window) { return window.statusBar()->findChild<StatusLine*>()->accessibleName(); }

TEST_F(WholeWindow, BeginsWithTheStartPageAlone) {
  EXPECT_TRUE(window_->centre()->shows_start());
  for (const QString& id : window_->docks()->ids()) EXPECT_FALSE(window_->docks()->is_shown(id)) << id.toStdString();
  EXPECT_EQ(spoken(*window_), QStringLiteral("Nothing is selected"));
}

TEST_F(WholeWindow, ARunByItsPathShowsBeforeAndAfter) {
  open_run();
  EXPECT_EQ(window_->centre()->current_id(), QStringLiteral("overview"));
  EXPECT_EQ(selection().a.state, QStringLiteral("plain"));
  EXPECT_EQ(selection().b.state, QStringLiteral("rotated"));
  EXPECT_TRUE(window_->docks()->is_shown(QStringLiteral("map")));
  EXPECT_TRUE(QTest::qWaitFor([&] { return spoken(*window_).contains(QStringLiteral("rotated")); }));
  EXPECT_EQ(window_->settings().recent(), QStringList{run_folder()});
  View* overview = window_->centre()->view(QStringLiteral("overview"));
  EXPECT_TRUE(QTest::qWaitFor([&] { return overview->figure() != nullptr; }));
}

TEST_F(WholeWindow, AskedViewIsShownAfterReading) {
  window_->open_path(statistics_file(), QStringLiteral("profile"));
  wait_until_read();
  EXPECT_EQ(window_->centre()->current_id(), QStringLiteral("profile"));
}

TEST_F(WholeWindow, DropOpensWhatItIs) {
  QMimeData data;
  data.setUrls({QUrl::fromLocalFile(statistics_file())});
  QDragEnterEvent enter(QPoint(10, 10), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(window_.get(), &enter);
  EXPECT_TRUE(enter.isAccepted());
  QDropEvent drop(QPointF(10, 10), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
  QApplication::sendEvent(window_.get(), &drop);
  wait_until_read();
  EXPECT_EQ(selection().a.file, statistics_file());
}

TEST_F(WholeWindow, WhatCannotBeOpenedIsSaidAndNothingElseHappens) {
  std::ofstream((scratch_ / "broken.h5").string()) << "this is no HDF5 file";
  for (const char* name : {"broken.h5", "nowhere"}) {
    window_->open_path(path(name));
    wait_until_read();
    EXPECT_TRUE(window_->messages()->text().contains(QLatin1String(name))) << name;
    EXPECT_FALSE(window_->messages()->text().contains(QLatin1Char('\n')));
  }
  EXPECT_TRUE(window_->centre()->shows_start());
  EXPECT_TRUE(window_->settings().recent().isEmpty());
  std::filesystem::resize_file(run_.folder() / "stations/outliers/statistics.h5", 3000);
  window_->open_path(statistics_file());
  wait_until_read();
  EXPECT_EQ(window_->messages()->count(), 3);
}

TEST_F(WholeWindow, EqualMessagesAreCounted) {
  window_->open_path(path("nowhere"));
  window_->open_path(path("nowhere"));
  EXPECT_EQ(window_->messages()->count(), 1);
}

TEST_F(WholeWindow, ARunWithDamagedStatisticsStillShowsTheRest) {
  test::write_text(run_.folder() / "stations/outliers/statistics.h5", "no HDF5");
  window_->open_path(run_folder());
  wait_until_read();
  EXPECT_EQ(window_->centre()->current_id(), QStringLiteral("training"));
  EXPECT_EQ(window_->messages()->count(), 1) << "told once";
  EXPECT_TRUE(window_->messages()->text().contains(QStringLiteral("statistics.h5")));
}

TEST_F(WholeWindow, AfterScalingUpAndBackEveryControlHasItsSizeAgain) {
  window_->open_path(run_folder());
  wait_until_read();
  QList<QWidget*> controls;
  for (QWidget* control : window_->findChildren<QWidget*>()) {
    if (qobject_cast<QComboBox*>(control) != nullptr || qobject_cast<QAbstractButton*>(control) != nullptr) controls += control;
  }
  std::vector<QSize> before;
  for (const QWidget* control : controls) before.push_back(control->sizeHint());
  theme_.set_scale(1.5);
  QCoreApplication::processEvents();
  theme_.set_scale(1);
  QCoreApplication::processEvents();
  for (qsizetype i = 0; i < controls.size(); ++i) {
    EXPECT_EQ(controls[i]->sizeHint(), before[static_cast<size_t>(i)])
        << controls[i]->metaObject()->className() << " " << controls[i]->accessibleName().toStdString();
  }
}

TEST_F(WholeWindow, MessagesPushNothingAwayAndNotesGoByThemselves) {
  window_->open_path(run_folder());
  wait_until_read();
  MessageBar* messages = window_->messages();
  const QRect before = window_->centre()->tabs()->geometry();
  messages->set_lifetime(50);
  messages->tell(MessageBar::Kind::error, QStringLiteral("an error"));
  EXPECT_EQ(window_->centre()->tabs()->geometry(), before);
  EXPECT_TRUE(window_->rect().contains(messages->geometry()));
  messages->tell(MessageBar::Kind::note, QStringLiteral("a note"));
  EXPECT_EQ(messages->count(), 2);
  ASSERT_TRUE(QTest::qWaitFor([&] { return messages->count() == 1; }));
  QTest::qWait(150);
  EXPECT_EQ(messages->text(), QStringLiteral("an error")) << "an error stays";
}

TEST_F(WholeWindow, TheStoryIsThreeClicksAway) {
  QTest::mouseClick(window_->centre()->start_page()->story_button(), Qt::LeftButton);
  EXPECT_EQ(window_->centre()->current_id(), QStringLiteral("recipe"));
  EXPECT_TRUE(window_->docks()->is_shown(QStringLiteral("jobs")));
  EXPECT_GT(window_->recipe()->document()->station_count(), 10);
  EXPECT_TRUE(window_->recipe()->document()->model().endsWith(QStringLiteral("bundled")));
}

TEST_F(WholeWindow, LayoutIsRememberedResetAndSurvivesDamage) {
  open_run();
  window_->docks()->toggle_action(QStringLiteral("inspector"))->trigger();
  EXPECT_FALSE(window_->docks()->is_shown(QStringLiteral("inspector")));
  window_->close();
  make_window();
  open_run();
  EXPECT_FALSE(window_->docks()->is_shown(QStringLiteral("inspector")));
  window_->action_registry()->at(QStringLiteral("layout.reset"))->trigger();
  EXPECT_TRUE(window_->docks()->is_shown(QStringLiteral("inspector")));
  window_->settings().set_bytes(QStringLiteral("layout/inspect"), QByteArray("rubbish"));
  window_->settings().set_text(QStringLiteral("window/perspective"), QStringLiteral("no such"));
  window_->settings().sync();
  make_window();
  open_run();
  EXPECT_TRUE(window_->docks()->is_shown(QStringLiteral("map")));
}

TEST_F(WholeWindow, EveryPerspectiveGoesRoundAndBack) {
  open_run();
  for (const Perspective& perspective : window_->docks()->perspectives()) {
    window_->action_registry()->at(QStringLiteral("perspective.") + perspective.id)->trigger();
    EXPECT_EQ(window_->docks()->current(), perspective.id);
    for (const QString& id : perspective.left + perspective.right + perspective.bottom) {
      EXPECT_TRUE(window_->docks()->is_shown(id)) << perspective.id.toStdString() << " " << id.toStdString();
    }
  }
  for (QWidget* widget : QApplication::topLevelWidgets()) {
    if (widget != window_.get() && qobject_cast<QDialog*>(widget) != nullptr) widget->close();
  }
}

TEST_F(WholeWindow, PaletteRunsAnAction) {
  open_run();
  press(Qt::Key_P, Qt::ControlModifier | Qt::ShiftModifier);
  ASSERT_TRUE(window_->finder()->isVisible());
  EXPECT_GT(window_->finder()->model()->rowCount(), 40);
  QTest::keyClicks(window_->finder()->input(), QStringLiteral("dark theme"));
  ASSERT_GE(window_->finder()->model()->rowCount(), 1);
  press(Qt::Key_Return);
  EXPECT_TRUE(theme_.dark());
  theme_.choose(ThemeChoice::light);
}

TEST_F(WholeWindow, PaletteFindsWhatIsOnAnotherPage) {
  open_run();
  window_->centre()->show_tab(QStringLiteral("magnitude"));
  const auto found = window_->action_registry()->find(QStringLiteral("overview kurtosis"));
  ASSERT_FALSE(found.empty());
  EXPECT_TRUE(found.front().elsewhere);
  found.front().run();
  EXPECT_EQ(window_->centre()->current_id().toStdString(), "overview");
  EXPECT_EQ(window_->workbench().selection->current().statistic.toStdString(), "kurtosis");
  const auto same = window_->action_registry()->find(QStringLiteral("kurtosis"));
  ASSERT_FALSE(same.empty());
  EXPECT_FALSE(same.front().elsewhere) << same.front().title.toStdString();
}

TEST_F(WholeWindow, DisabledActionsSayWhy) {
  window_->finder()->dismiss();
  for (const FinderEntry& entry : window_->action_registry()->find({})) {
    EXPECT_FALSE(!entry.enabled && entry.detail.size() < 12) << entry.title.toStdString();
  }
}

TEST_F(WholeWindow, EveryActionHasATipAndShortcutsAreUnique) {
  QMap<QString, QString> keys;
  for (const QAction* action : window_->findChildren<QAction*>()) {
    if (action->isSeparator() || action->menu() != nullptr || action->text().isEmpty()) continue;
    EXPECT_FALSE(action->statusTip().isEmpty() && action->toolTip() == plain_text(action)) << action->text().toStdString() << " has no tip";
    for (const QKeySequence& key : action->shortcuts()) {
      if (key.isEmpty() || action->shortcutContext() != Qt::WindowShortcut) continue;
      EXPECT_FALSE(keys.contains(key.toString()))
          << key.toString().toStdString() << ": " << action->text().toStdString() << " and " << keys.value(key.toString()).toStdString();
      keys.insert(key.toString(), action->text());
    }
  }
}

TEST_F(WholeWindow, SearchGoesToAPlace) {
  open_run();
  press(Qt::Key_F, Qt::ControlModifier);
  ASSERT_TRUE(window_->finder()->isVisible());
  QTest::keyClicks(window_->finder()->input(), QStringLiteral("l1 down 2 plain"));
  ASSERT_GE(window_->finder()->model()->rowCount(), 1);
  press(Qt::Key_Return);
  EXPECT_EQ(selection().layer, 1);
  EXPECT_EQ(selection().site, SiteKind::down_in);
  EXPECT_EQ(selection().channel, 2);
  EXPECT_EQ(selection().a.state, QStringLiteral("plain"));
  window_->action_registry()->at(QStringLiteral("edit.search"))->trigger();
  QTest::keyClicks(window_->finder()->input(), QStringLiteral("nonsense"));
  ASSERT_EQ(window_->finder()->model()->rowCount(), 1);
  EXPECT_FALSE(window_->finder()->model()->entry(0).enabled);
  press(Qt::Key_Escape);
}

TEST_F(WholeWindow, SentenceGoesToTheClipboard) {
  open_run();
  ASSERT_TRUE(QTest::qWaitFor([&] { return !window_->sentence().isEmpty(); }));
  window_->action_registry()->at(QStringLiteral("edit.copy_sentence"))->trigger();
  EXPECT_EQ(QApplication::clipboard()->text(), window_->sentence());
}

TEST_F(WholeWindow, FigureDialogPreviewsAtTrueSizeAndFollows) {
  open_run();
  View* overview = window_->centre()->view(QStringLiteral("overview"));
  ASSERT_TRUE(QTest::qWaitFor([&] { return overview->figure() != nullptr; }));
  window_->action_registry()->at(QStringLiteral("figure.dialog"))->trigger();
  auto* dialog = window_->findChild<FigureDialog*>();
  ASSERT_NE(dialog, nullptr);
  EXPECT_FALSE(dialog->isModal());
  ASSERT_NE(dialog->preview(), nullptr);
  const double inches = dialog->chosen().width_inches;
  const QSize hint = dialog->preview()->sizeHint();
  EXPECT_GE(hint.width(), inches * dialog->preview()->dots_per_inch());
  EXPECT_LE(hint.width(), inches * dialog->preview()->dots_per_inch() + 60);
  const QComboBox* widths = nullptr;
  for (const QComboBox* each : dialog->findChildren<QComboBox*>()) {
    if (each->accessibleName() == QStringLiteral("Paper width")) widths = each;
  }
  ASSERT_NE(widths, nullptr);
  EXPECT_EQ(widths->itemText(0), QStringLiteral("One column · 3.25 in"));
  for (const QDoubleSpinBox* each : dialog->findChildren<QDoubleSpinBox*>()) {
    EXPECT_FALSE(each->isVisible() && each->accessibleName() == QStringLiteral("Width")) << "the paper's line says it";
  }
  close_figure(dialog);
}

TEST_F(WholeWindow, AFigureThatIsWiderThanItsPreviewIsShownWhole) {
  open_run();
  View* overview = window_->centre()->view(QStringLiteral("overview"));
  ASSERT_TRUE(QTest::qWaitFor([&] { return overview->figure() != nullptr; }));
  window_->settings().set_text(QStringLiteral("figure/width"), QStringLiteral("6.75"));
  window_->action_registry()->at(QStringLiteral("figure.dialog"))->trigger();
  auto* dialog = window_->findChild<FigureDialog*>();
  ASSERT_NE(dialog, nullptr);
  const FigurePreview* preview = dialog->preview();
  dialog->resize(dialog->minimumSizeHint());
  ASSERT_TRUE(QTest::qWaitFor([&] { return preview->width() < preview->sizeHint().width(); }));
  EXPECT_LT(preview->scale(), 1);
  EXPECT_TRUE(preview->rect().contains(preview->sheet()));
  dialog->resize(preview->sizeHint() + QSize(900, 500));
  ASSERT_TRUE(QTest::qWaitFor([&] { return preview->scale() == 1; })) << "true size where there is room";
  close_figure(dialog);
}

// Pooling hangs on the resolution: what is previewed has the file's, and what is set is set again next time.
TEST_F(WholeWindow, ThePreviewHasTheFilesResolutionAndEverySettingIsRemembered) {
  open_run();
  View* overview = window_->centre()->view(QStringLiteral("overview"));
  ASSERT_TRUE(QTest::qWaitFor([&] { return overview->figure() != nullptr; }));
  window_->action_registry()->at(QStringLiteral("figure.dialog"))->trigger();
  auto* dialog = window_->findChild<FigureDialog*>();
  ASSERT_NE(dialog, nullptr);
  const FigurePreview* preview = dialog->preview();
  for (QSpinBox* each : dialog->findChildren<QSpinBox*>()) each->setValue(200);
  FigureSettings settings = dialog->chosen();
  EXPECT_EQ(settings.dots_per_inch, 200);
  const int wide = qRound(settings.width_inches * 200);
  ASSERT_TRUE(QTest::qWaitFor([&] { return std::abs(preview->whole().width() - wide) <= 1; })) << preview->whole().width();
  settings.transparent = false;
  EXPECT_EQ(preview->whole(), figure_image(*overview->figure(), settings));
  for (QCheckBox* each : dialog->findChildren<QCheckBox*>()) each->setChecked(true);
  ASSERT_TRUE(QTest::qWaitFor([&] { return figure_settings(window_->settings()).text_outlines; }));
  EXPECT_TRUE(figure_settings(window_->settings()).transparent);
  close_figure(dialog);
}

TEST_F(WholeWindow, PartsOfAPageAreShownByTheirName) {
  open_run();
  for (const auto& [part, page] : {std::pair("perplexity", "profile"), std::pair("errors", "profile"), std::pair("surface", "magnitude")}) {
    window_->centre()->show_start();
    window_->action_registry()->at(QStringLiteral("view.") + QLatin1String(part))->trigger();
    EXPECT_EQ(window_->centre()->current_id(), QLatin1String(page)) << part;
  }
  window_->show_view(QStringLiteral("perplexity"));
  EXPECT_EQ(window_->centre()->current_view()->figure()->name(), QStringLiteral("perplexity"));
  bool found = false;
  for (const FinderEntry& entry : window_->action_registry()->find(QStringLiteral("perplexity by state"))) {
    found = found || entry.title.contains(QStringLiteral("Perplexity by state"));
  }
  EXPECT_TRUE(found);
}

TEST_F(WholeWindow, KeyboardAloneGoesThroughTheMainWorkflow) {
  open_run();
  View* overview = window_->centre()->view(QStringLiteral("overview"));
  ASSERT_TRUE(QTest::qWaitFor([&] { return overview->figure() != nullptr; }));
  press(Qt::Key_1, Qt::ControlModifier);
  EXPECT_EQ(QApplication::focusWidget(), overview->focus_widget());
  press(Qt::Key_Right);  // the cursor, cell by cell
  press(Qt::Key_Right);
  EXPECT_GE(selection().layer, 0);
  const int channel = selection().channel;
  EXPECT_GE(channel, 0);
  press(Qt::Key_Right);
  EXPECT_EQ(selection().channel, channel + 1);
  press(Qt::Key_Return);
  EXPECT_EQ(window_->centre()->current_id(), QStringLiteral("magnitude"));
  press(Qt::Key_3, Qt::AltModifier);
  EXPECT_TRUE(window_->docks()->panel(QStringLiteral("outliers"))->isAncestorOf(QApplication::focusWidget()))
      << QApplication::focusWidget()->metaObject()->className() << " " << QApplication::focusWidget()->accessibleName().toStdString();
  press(Qt::Key_2, Qt::AltModifier);
  EXPECT_TRUE(window_->docks()->panel(QStringLiteral("map"))->isAncestorOf(QApplication::focusWidget()));
  for (int page = 1; page <= window_->centre()->ids().size(); page++) {
    press(static_cast<Qt::Key>(Qt::Key_0 + page), Qt::ControlModifier);
    EXPECT_EQ(window_->centre()->current_id(), window_->centre()->ids()[page - 1]);
  }
  press(Qt::Key_0, Qt::ControlModifier);
  EXPECT_TRUE(window_->centre()->shows_start());
  window_->centre()->start_page()->story_button()->setFocus();
  press(Qt::Key_Space);
  EXPECT_EQ(window_->centre()->current_id(), QStringLiteral("recipe"));
}

TEST_F(WholeWindow, NeverDeafWhileReading) {
  Watchdog watchdog(100, {});
  ASSERT_TRUE(QTest::qWaitFor([&] { return watchdog.answers() > 5; }));
  watchdog.reset();
  open_run();
  for (const QString& id : window_->centre()->ids()) {
    window_->show_view(id);
    const int answers = watchdog.answers();
    ASSERT_TRUE(QTest::qWaitFor([&] { return watchdog.answers() > answers + 8; }));
  }
  // Other processes may hold the processor: what counts is how long the thread itself was at work without listening.
  EXPECT_LT(watchdog.longest().busy_ms, 100) << "longest silence " << watchdog.longest().ms << " ms";
}

}  // namespace
}  // namespace rolora::widgets
