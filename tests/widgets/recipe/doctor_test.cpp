// SPDX-License-Identifier: GPL-3.0-or-later
#include <QFile>
#include <QLabel>
#include <QRegularExpression>

#include "tests/widgets/jobs/job_fixture.h"
#include "tests/widgets/recipe/shots.h"
#include "widgets/base/format.h"
#include "widgets/base/watchdog.h"
#include "widgets/recipe/doctor_page.h"
#include "widgets/recipe/doctor_text.h"

namespace rolora::widgets::test {
namespace {

// The bundled model, by the worker: numbers of its config.json and of the constructions of its widths.
TEST(DoctorPage, TellsWhatTheModelIsAndWhatRotatesIt) {
  DoctorPage page;
  page.resize(900, 700);
  page.set_model(bundled_model());
  EXPECT_FALSE(page.is_busy()) << "nothing is asked for a page that nobody sees";
  Watchdog watchdog(100, {});
  page.show();
  ASSERT_TRUE(wait_for([&] { return !page.is_busy() && page.text().contains(QStringLiteral("Hadamard")); })) << page.text().toStdString();
  EXPECT_LT(watchdog.longest().busy_ms, 100);
  const QString text = page.text().remove(QRegularExpression(QStringLiteral("(?<=\\d)[\\s\\x{202F}](?=\\d{3})")));
  QFile file(bundled_model() + QStringLiteral("/config.json"));
  ASSERT_TRUE(file.open(QIODevice::ReadOnly));
  const nlohmann::json config = nlohmann::json::parse(file.readAll().toStdString());
  for (const char* key : {"hidden_size", "intermediate_size", "vocab_size", "num_hidden_layers"})
    EXPECT_TRUE(text.contains(QString::number(config[key].get<int>()))) << key;
  for (const char* said : {"llama", "Additions a row", "What can be rotated", "R1", "R4", "residual stream", "What cannot, and why", "RoPE",
                           "Memory of the weights", "Tokenizer"})
    EXPECT_TRUE(text.contains(QLatin1String(said))) << said;
  save_shot(page, "doctor");
}

TEST(DoctorPage, AFolderThatIsNoModelIsAnError) {
  const rolora::testing::TemporaryFolder folder;
  DoctorPage page;
  page.set_model(path_of(folder.path()));
  page.show();
  ASSERT_TRUE(wait_for([&] { return !page.is_busy(); }));
  bool told = false;
  for (const QLabel* label : page.findChildren<QLabel*>()) told = told || label->text().contains(QStringLiteral("config.json"));
  EXPECT_TRUE(told);
  EXPECT_TRUE(page.text().trimmed().isEmpty());
}

TEST(DoctorText, SumsAndArithmeticOfAForecastAreShown) {
  const nlohmann::json forecast = nlohmann::json::parse(R"({"recipe": "rolora", "assumptions": ["1 000 steps & no more"],
    "stations": [
      {"id": "tune", "kind": "finetune", "seconds": 125.0, "peak_bytes": 3e9, "vram_bytes": 2e9, "disk_bytes": 1e6, "work_tokens": 4e5,
       "memory": [{"what": "all weights", "arithmetic": "1,000 × 4 bytes", "bytes": 2.5e9}]},
      {"id": "gptq", "kind": "quantize", "seconds": 60.0, "peak_bytes": 1e9, "vram_bytes": 5e8, "disk_bytes": 1e6, "work_tokens": 1e5, "memory": []}],
    "seconds": 185.0, "seconds_low": 150.0, "seconds_high": 240.0, "peak_bytes": 3e9, "vram_bytes": 2e9, "disk_bytes": 2e6,
    "program_bytes": 1e8, "pace": {"tokens": 4096, "layers": 4, "head_share": 0.7, "layer_seconds": 0.06, "seconds_per_token": 1e-4}})");
  const QString html = doctor_forecast(forecast);
  for (const QString& said : {bytes(3'000'000'000), bytes(2'000'000'000), duration(125), QStringLiteral("1,000 × 4 bytes"),
                              QStringLiteral("about 2–4 min"), QStringLiteral("1 000 steps &amp; no more"), grouped(500'000)})
    EXPECT_TRUE(html.contains(said)) << said.toStdString() << "\n" << html.toStdString();
  EXPECT_TRUE(html.contains(QStringLiteral("<b>tune</b> needs most")));
  EXPECT_TRUE(doctor_forecast(nlohmann::json()).isEmpty());
  EXPECT_FALSE(doctor_text(nlohmann::json::object()).isEmpty()) << "an older worker says less";
}

}  // namespace
}  // namespace rolora::widgets::test
