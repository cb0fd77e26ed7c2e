// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/recipe/prompt_panel.h"

#include <QAction>
#include <QComboBox>
#include <QFileInfo>
#include <QLineEdit>
#include <QSignalSpy>

#include "tests/widgets/jobs/job_fixture.h"
#include "tests/widgets/recipe/shots.h"
#include "widgets/jobs/measure_service.h"
#include "widgets/jobs/model_title.h"

namespace rolora::widgets::test {
namespace {

TEST(PromptPanel, ShowsBothModelsOnAText) {
  StatisticsStore store;
  MeasureService service(&store);
  PromptPanel panel(&service);
  panel.resize(900, 420);
  panel.show();
  panel.set_models(bundled_model(), bundled_model());
  panel.set_text(QStringLiteral("In the beginning God created"));
  QSignalSpy measured(&panel, &PromptPanel::measured);
  panel.run();
  EXPECT_TRUE(panel.is_busy());
  ASSERT_TRUE(wait_for([&] { return !panel.is_busy(); }));
  ASSERT_EQ(measured.count(), 1);
  EXPECT_FALSE(panel.continuation(0).isEmpty());
  EXPECT_EQ(panel.continuation(0), panel.continuation(1)) << "the same model goes on in the same way";
  const auto a = measured.at(0).at(0).value<StateRef>();
  ASSERT_TRUE(a.valid());
  const SummaryPtr summary = store.summary(a.file);
  ASSERT_NE(summary, nullptr);
  const StateSummary* state = summary->find(a.state);
  ASSERT_NE(state, nullptr);
  EXPECT_TRUE(state->sites.at(SiteKey{0, SiteKind::down_in}).kept);
  EXPECT_EQ(state->title, QStringLiteral("bundled")) << "the model's name";
  EXPECT_EQ(QFileInfo(a.file).completeBaseName(), QStringLiteral("“In the beginning God created”")) << "titles name the file";
  EXPECT_FALSE(panel.tokens_shown().isEmpty());
  save_shot(panel, "prompt");
}

// Every template is one that the worker knows, and a system message is offered only where the worker has a place for it.
TEST(PromptPanel, PutsTheTextIntoATemplate) {
  StatisticsStore store;
  MeasureService service(&store);
  PromptPanel panel(&service);
  panel.show();
  panel.set_models(bundled_model(), QString());
  panel.set_text(QStringLiteral("In the beginning"));
  const auto run = [&] {
    panel.run();
    EXPECT_TRUE(wait_for([&] { return !panel.is_busy(); }));
    return panel.tokens_shown();
  };
  QSignalSpy measured(&panel, &PromptPanel::measured);
  const QString plain = run();
  auto* templates = panel.findChildren<QComboBox*>().first();
  for (QComboBox* combo : panel.findChildren<QComboBox*>()) {
    if (combo->accessibleName() == QStringLiteral("Prompt template")) templates = combo;
  }
  QLineEdit* system = nullptr;
  for (QLineEdit* line : panel.findChildren<QLineEdit*>()) {
    if (line->accessibleName() == QStringLiteral("System message")) system = line;
  }
  ASSERT_NE(system, nullptr);
  ASSERT_GE(templates->count(), 10);
  EXPECT_FALSE(system->isEnabled());
  for (const char* name : {"stanford", "chatml"}) {
    panel.set_template(QString::fromLatin1(name));
    const QString asked = run();
    EXPECT_NE(asked, plain) << name;
    panel.set_template(QString::fromLatin1(name), QStringLiteral("Be kind."));
    EXPECT_EQ(run() != asked, system->isEnabled()) << name << ": " << asked.toStdString();
  }
  EXPECT_TRUE(system->isEnabled());
  EXPECT_EQ(measured.count(), 5);
}

TEST(PromptPanel, OffersModelsThatAreThereByTheirNames) {
  StatisticsStore store;
  MeasureService service(&store);
  PromptPanel panel(&service);
  panel.set_known_models({QStringLiteral("/runs/story/stations/gone/model"), bundled_model()});
  const auto* models = panel.findChildren<QComboBox*>().first();
  for (QComboBox* combo : panel.findChildren<QComboBox*>()) {
    if (combo->isEditable()) models = combo;
  }
  ASSERT_EQ(models->count(), 1);
  EXPECT_EQ(models->itemData(0).toString(), QStringLiteral("bundled"));
  EXPECT_EQ(model_title(QStringLiteral("/runs/story/stations/tuned-rotated/model")), QStringLiteral("story · tuned-rotated"));
}

TEST(PromptPanel, AFolderThatIsNoModelIsTold) {
  StatisticsStore store;
  MeasureService service(&store);
  PromptPanel panel(&service);
  panel.set_models(QStringLiteral("/no/such/model"), QString());
  panel.set_text(QStringLiteral("x"));
  QSignalSpy measured(&panel, &PromptPanel::measured);
  panel.run();
  ASSERT_TRUE(wait_for([&] { return !panel.is_busy(); }));
  EXPECT_EQ(measured.count(), 0);
}

TEST(MeasureService, MeasuresASiteThatARunDidNotKeep) {
  const rolora::testing::TemporaryFolder folder;
  nlohmann::json job = small_job();
  job["stations"] =
      nlohmann::json::array({{{"id", "rotated"}, {"kind", "rotate"}, {"model", "base"}},
                             {{"id", "outliers"},
                              {"kind", "statistics"},
                              {"text", "evaluation"},
                              {"context", 32},
                              {"windows", 2},
                              {"states", {{{"label", "plain"}, {"model", "base"}}, {{"label", "rotated"}, {"model", "rotated"}}}}}});
  JobQueue queue(path_of(folder / "runs"));
  const QString id = queue.add(request_of(QStringLiteral("outliers"), job)).value;
  ASSERT_TRUE(wait_for_state(queue, id, JobState::finished)) << queue.find(id)->message.toStdString();
  const StateRef state{queue.find(id)->folder + QStringLiteral("/stations/outliers/statistics.h5"), QStringLiteral("rotated")};
  const Result<StateOrigin> where = where_measured(state);
  ASSERT_TRUE(where.ok()) << where.error.toStdString();
  EXPECT_TRUE(where.value.model.endsWith(QStringLiteral("stations/rotated/model")));
  EXPECT_EQ(where.value.context, 32);

  StatisticsStore store;
  MeasureService service(&store);
  QObject receiver;
  Result<StateRef> found;
  int calls = 0;
  const auto take = [&](const Result<StateRef>& result) {
    found = result;
    ++calls;
  };
  const SiteKey site{1, SiteKind::down_in};
  service.measure(state, site, &receiver, take);
  ASSERT_TRUE(wait_for([&] { return calls == 1; }));
  ASSERT_TRUE(found.ok()) << found.error.toStdString();
  MatrixPtr values;
  QString error;
  store.full(found.value, site, &receiver, [&](const Result<MatrixPtr>& result) {
    values = result.value;
    error = result.error;
  });
  ASSERT_TRUE(wait_for([&] { return values || !error.isEmpty(); }));
  ASSERT_TRUE(values) << error.toStdString();
  EXPECT_EQ(values->rows, 32);
  service.measure(state, site, &receiver, take);
  EXPECT_EQ(calls, 2) << "answered from before";
  service.measure({QStringLiteral("/x/y.h5"), QStringLiteral("plain")}, site, &receiver, take);
  EXPECT_EQ(calls, 3);
  EXPECT_FALSE(found.ok());

  // Another window of the text: the run's figures by token say what its values must be.
  SiteDetailPtr detail;
  store.open(state.file, &receiver, [&](const Result<SummaryPtr>& opened) {
    ASSERT_TRUE(opened.ok()) << opened.error.toStdString();
    store.site(state, site, false, &receiver, [&](const Result<SiteDetailPtr>& result) { detail = result.value; });
  });
  ASSERT_TRUE(wait_for([&] { return detail != nullptr; }));
  ASSERT_EQ(detail->tokens.absmax.size(), 64U);
  service.measure_window(state, site, 1, &receiver, take);
  ASSERT_TRUE(wait_for([&] { return calls == 4; }));
  ASSERT_TRUE(found.ok()) << found.error.toStdString();
  EXPECT_TRUE(found.value.file.contains(QStringLiteral("window 1 of"))) << found.value.file.toStdString();
  values = nullptr;
  store.full(found.value, site, &receiver, [&](const Result<MatrixPtr>& result) { values = result.value; });
  ASSERT_TRUE(wait_for([&] { return values != nullptr; }));
  ASSERT_EQ(values->rows, 32);
  for (int64_t token = 0; token < 32; ++token) {
    float most = 0;
    for (int64_t channel = 0; channel < values->columns; ++channel)
      most = std::max(most, std::fabs(values->values[static_cast<size_t>(token * values->columns + channel)]));
    const auto expected = static_cast<double>(detail->tokens.absmax[static_cast<size_t>(32 + token)]);
    EXPECT_NEAR(static_cast<double>(most), expected, 1e-5 * expected) << token;
  }
  service.measure_window(state, site, 9, &receiver, take);
  EXPECT_EQ(calls, 5);
  EXPECT_TRUE(found.error.contains(QStringLiteral("window 9"))) << found.error.toStdString();
}

}  // namespace
}  // namespace rolora::widgets::test
