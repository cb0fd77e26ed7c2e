// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/known_places.h"

#include <QScrollBar>
#include <QSignalSpy>
#include <QTreeView>

#include "tests/widgets/trees/workbench_fixture.h"
#include "widgets/trees/runs_panel.h"

namespace rolora::widgets {
namespace {

class KnownPlaces : public OpenWorkbench {
 protected:
  QString path(const char* name) const { return QString::fromStdString((scratch_ / name).string()); }
  void write(const char* name, const std::string& text) const {
    std::filesystem::create_directories((scratch_ / name).parent_path());
    test::write_text(scratch_ / name, text);
  }
  void SetUp() override {
    OpenWorkbench::SetUp();
    write("runs/ptq/run.json", R"({"format": 1, "state": "finished"})");
    write("runs/ptq-2/run.json", R"({"format": 1, "state": "failed"})");
    write("runs/damaged/run.json", "{");
    write("runs/no-run/notes.txt", "");
    write("model/config.json", "{}");
  }
};

TEST_F(KnownPlaces, AreWhatWasOpenAndTheRunsOfTheFolder) {
  write("stories.bin", "a model of one file");
  const auto places = known_places({path("runs/ptq"), path("model"), path("gone"), path("stories.bin")}, path("runs"));
  ASSERT_EQ(places.size(), 6U);
  EXPECT_EQ(places[3].kind, KnownPlace::Kind::model);
  EXPECT_EQ(places[0].path, path("runs/ptq"));
  EXPECT_EQ(places[0].state, QStringLiteral("finished"));
  EXPECT_EQ(places[1].kind, KnownPlace::Kind::model);
  EXPECT_TRUE(places[2].missing);
  EXPECT_TRUE(places[2].remembered);
  for (const size_t i : {4U, 5U}) {
    EXPECT_FALSE(places[i].remembered);
    EXPECT_TRUE(places[i].path == path("runs/ptq-2") || places[i].path == path("runs/damaged")) << places[i].path.toStdString();
  }
}

TEST_F(KnownPlaces, StandInTheTreeUntilTheyAreOpenAndAreOpenedByAClick) {
  RunsPanel panel(workbench_);
  panel.resize(panel.fontMetrics().averageCharWidth() * 60, panel.fontMetrics().height() * 24);
  panel.show();
  auto places = known_places({path("model"), path("gone")}, path("runs"));
  KnownPlace open;
  open.path = folder_of_run();
  places.push_back(open);
  panel.set_known(places, {});
  const auto row = [&](const QString& of) { return panel.model()->find({QStringLiteral("known"), QStringLiteral("place:") + of}); };
  const auto cell = [&](const QString& of, int column) { return row(of).siblingAtColumn(column).data().toString().toStdString(); };
  EXPECT_EQ(cell(path("runs/ptq-2"), kRunsName), "ptq-2");
  EXPECT_EQ(cell(path("runs/ptq-2"), kRunsState), "failed");
  EXPECT_EQ(cell(path("runs/damaged"), kRunsState), "damaged");
  EXPECT_EQ(cell(path("model"), kRunsState), "model");
  EXPECT_EQ(cell(path("gone"), kRunsState), "missing");
  EXPECT_TRUE(row(folder_of_run()).isValid());
  shoot(panel, "runs-known");
  QSignalSpy asked(&panel, &RunsPanel::place_activated);
  emit panel.view()->clicked(row(path("runs/ptq-2")));
  ASSERT_EQ(asked.count(), 1);
  EXPECT_EQ(asked.at(0).at(0).toString(), path("runs/ptq-2"));
  open_run();
  EXPECT_FALSE(row(folder_of_run()).isValid()) << "it stands above, open";
  EXPECT_TRUE(row(path("runs/ptq-2")).isValid());
  QCoreApplication::processEvents();
  EXPECT_FALSE(panel.view()->horizontalScrollBar()->isVisible());
  shoot(panel, "runs-known-and-open");
}

// The model that a run began with is one click away too.
TEST_F(KnownPlaces, TheModelOfARunLeadsToItsFolder) {
  RunsPanel panel(workbench_);
  open_run();
  panel.set_known(known_places({path("model")}, {}), {{folder_of_run(), path("model")}});
  EXPECT_FALSE(panel.model()->find({QStringLiteral("known")}).isValid()) << "nothing stands twice";
  QSignalSpy asked(&panel, &RunsPanel::place_activated);
  emit panel.view()->clicked(panel.model()->find({QStringLiteral("model:abc")}));
  ASSERT_EQ(asked.count(), 1);
  EXPECT_EQ(asked.at(0).at(0).toString(), path("model"));
}

}  // namespace
}  // namespace rolora::widgets
