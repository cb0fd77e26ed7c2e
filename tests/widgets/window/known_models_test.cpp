// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/known_models.h"

#include <gtest/gtest.h>

#include <QTest>

#include "tests/support/sample_run.h"

namespace rolora::widgets {
namespace {

class KnownModels : public testing::Test {
 protected:
  void SetUp() override {
    run_.finish_all();
    bool there = false;
    runs_.open(folder(), nullptr, [&](const auto&) { there = true; });
    ASSERT_TRUE(QTest::qWaitFor([&] { return there; }));
  }
  QString folder() const { return QString::fromStdString(run_.folder().string()); }
  QString make_model(const std::string& where) {
    std::filesystem::create_directories(scratch_ / where);
    test::write_text(scratch_ / where / "config.json", "{}");
    return QString::fromStdString((scratch_ / where).string());
  }
  StateRef state(const char* label) const { return {folder() + QStringLiteral("/stations/outliers/statistics.h5"), QLatin1String(label)}; }
  test::TempFolder scratch_;
  test::SampleRun run_{scratch_ / "run"};
  RunStore runs_;
};

TEST_F(KnownModels, AFolderThatIsNotThereIsNotOffered) {
  EXPECT_FALSE(known_models(runs_, {QStringLiteral("/nowhere/m")}).contains(QStringLiteral("/nowhere/m")));
  EXPECT_FALSE(known_models(runs_, {}).contains(folder() + QStringLiteral("/m")));
  const QString model = make_model("run/m");  // the sample's job names its model "m"
  EXPECT_TRUE(known_models(runs_, {}).contains(model));
}

TEST_F(KnownModels, AStateIsOfTheModelThatWasMeasured) {
  EXPECT_EQ(model_of_state(state("plain"), runs_, {}), QString());
  const QString elsewhere = make_model("other/m"), rotated = make_model("run/stations/rotated-0/model");
  EXPECT_EQ(model_of_state(state("plain"), runs_, {elsewhere}), elsewhere) << "a folder of the same name";
  EXPECT_EQ(model_of_state(state("rotated"), runs_, {}), rotated);
  EXPECT_EQ(model_of_state(state("nothing"), runs_, {elsewhere}), QString());
  const QString own = make_model("run/m");
  EXPECT_EQ(model_of_state(state("plain"), runs_, {elsewhere}), own) << "where the job says, first";
}

}  // namespace
}  // namespace rolora::widgets
