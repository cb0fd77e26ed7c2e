// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/opening.h"

#include <gtest/gtest.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>

namespace rolora::widgets {
namespace {

class OpeningTest : public testing::Test {
 protected:
  QString make(const QString& name, const QByteArray& bytes = "{}") {
    const QString path = folder_.filePath(name);
    QDir().mkpath(QFileInfo(path).absolutePath());
    QFile file(path);
    EXPECT_TRUE(file.open(QIODevice::WriteOnly));
    file.write(bytes);
    return path;
  }
  QString at(const char* name) const { return folder_.filePath(QLatin1String(name)); }
  QTemporaryDir folder_;
};

TEST_F(OpeningTest, Runs) {
  make(QStringLiteral("run/run.json"));
  make(QStringLiteral("run/job.json"), R"({"format": 1, "stations": []})");
  make(QStringLiteral("run/report.html"));
  make(QStringLiteral("run/stations/a/result.json"));
  for (const char* path : {"run", "run/", "run/run.json", "run/job.json", "run/report.html", "run/stations", "run/stations/a"}) {
    const Opening found = recognise(at(path));
    EXPECT_EQ(found.kind, PathKind::run) << path << " " << found.error.toStdString();
    EXPECT_EQ(found.path, at("run")) << path;
  }
}

TEST_F(OpeningTest, StatisticsAndModelsInsideARun) {
  make(QStringLiteral("run/run.json"));
  make(QStringLiteral("run/job.json"));
  const QString file = make(QStringLiteral("run/stations/outliers/statistics.h5"));
  make(QStringLiteral("run/stations/rotated/model/config.json"));
  EXPECT_EQ(recognise(file).kind, PathKind::statistics);
  EXPECT_EQ(recognise(at("run/stations/outliers")).path, file);
  EXPECT_EQ(recognise(at("run/stations/rotated")).kind, PathKind::model);
  EXPECT_EQ(recognise(at("run/stations/rotated")).path, at("run/stations/rotated/model"));
}

TEST_F(OpeningTest, Models) {
  make(QStringLiteral("m/config.json"));
  const QString shard = make(QStringLiteral("m/model-00001-of-00002.safetensors"));
  EXPECT_EQ(recognise(at("m")).kind, PathKind::model);
  EXPECT_EQ(recognise(shard).kind, PathKind::model);
  EXPECT_EQ(recognise(shard).path, at("m"));
  EXPECT_EQ(recognise(at("m/config.json")).path, at("m"));
}

TEST_F(OpeningTest, ModelsOfOneFile) {
  // Written by llama2.c's export.py and read by the command's tests.
  const QString fixtures = qEnvironmentVariable("ROLORA_SOURCE") + QStringLiteral("/tests/core/model/llama2c_fixtures/");
  for (const char* name : {"tied.bin", "untied.bin", "version1.bin"}) {
    const Opening found = recognise(fixtures + QLatin1String(name));
    EXPECT_EQ(found.kind, PathKind::model) << name << " " << found.error.toStdString();
    EXPECT_EQ(found.path, QDir::cleanPath(fixtures + QLatin1String(name)));
  }
  make(QStringLiteral("m/config.json"));
  EXPECT_EQ(recognise(make(QStringLiteral("m/pytorch_model.bin"), "PK\x03\x04 as torch.save begins, and more")).path, at("m"));
  EXPECT_EQ(recognise(make(QStringLiteral("other.bin"), QByteArray(400, 'x'))).kind, PathKind::nothing);
  EXPECT_EQ(recognise(make(QStringLiteral("zeros.bin"), QByteArray(400, '\0'))).kind, PathKind::nothing);
}

TEST_F(OpeningTest, GgufIsRefusedByName) {
  const QString file = make(QStringLiteral("g/model.gguf"), "GGUF");
  const QString renamed = make(QStringLiteral("model.bin"), "GGUF" + QByteArray(400, '\1'));
  for (const QString& path : {file, renamed, at("g")}) {
    const Opening found = recognise(path);
    EXPECT_EQ(found.kind, PathKind::nothing);
    EXPECT_TRUE(found.error.contains(QStringLiteral("GGUF"))) << found.error.toStdString();
  }
}

TEST_F(OpeningTest, Jobs) {
  EXPECT_EQ(recognise(make(QStringLiteral("j.json"), R"({"format": 1, "name": "x", "stations": []})")).kind, PathKind::job);
  EXPECT_EQ(recognise(make(QStringLiteral("other.json"), R"({"a": 1})")).kind, PathKind::nothing);
}

TEST_F(OpeningTest, RefusalsSayWhatWasExpected) {
  EXPECT_TRUE(recognise(at("nowhere")).error.contains(QStringLiteral("nowhere")));
  const QString stray = make(QStringLiteral("stray/model.safetensors"));
  EXPECT_EQ(recognise(stray).kind, PathKind::nothing);
  EXPECT_TRUE(recognise(stray).error.contains(QStringLiteral("config.json")));
  make(QStringLiteral("notes/readme.txt"));
  EXPECT_EQ(recognise(at("notes")).kind, PathKind::nothing);
  EXPECT_FALSE(recognise(at("notes/readme.txt")).error.isEmpty());
}

}  // namespace
}  // namespace rolora::widgets
