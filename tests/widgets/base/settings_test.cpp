// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/settings.h"

#include <gtest/gtest.h>

#include <QDir>
#include <QFile>
#include <QTemporaryDir>

namespace rolora::widgets {
namespace {

TEST(Settings, RemembersBetweenStarts) {
  const QTemporaryDir folder;
  const QString file = folder.filePath(QStringLiteral("w.ini"));
  {
    Settings settings(file);
    EXPECT_EQ(settings.theme(), ThemeChoice::system);
    EXPECT_EQ(settings.scale(), 1.0);
    settings.set_theme(ThemeChoice::dark);
    settings.set_scale(1.3);
    settings.set_bytes(QStringLiteral("layout/a"), QByteArray("\0\1\2", 3));
  }
  Settings settings(file);
  EXPECT_EQ(settings.theme(), ThemeChoice::dark);
  EXPECT_EQ(settings.scale(), 1.3);
  EXPECT_EQ(settings.bytes(QStringLiteral("layout/a")), QByteArray("\0\1\2", 3));
  EXPECT_EQ(settings.keys(QStringLiteral("layout")), QStringList{QStringLiteral("a")});
}

TEST(Settings, DamagedFileMeansDefaults) {
  const QTemporaryDir folder;
  const QString name = folder.filePath(QStringLiteral("w.ini"));
  QFile file(name);
  ASSERT_TRUE(file.open(QIODevice::WriteOnly));
  file.write("\x00\xff[[[\nlook/scale=\xfe\xff\n[look\n[look]\nscale=nan\ntheme=17\n");
  file.close();
  const Settings settings(name);
  EXPECT_EQ(settings.theme(), ThemeChoice::system);
  EXPECT_EQ(settings.scale(), 1.0);
  EXPECT_TRUE(settings.recent().isEmpty());
}

TEST(Settings, RecentIsNewestFirstWithoutWhatIsGone) {
  const QTemporaryDir folder;
  Settings settings(folder.filePath(QStringLiteral("w.ini")));
  QStringList made;
  for (int i = 0; i < Settings::kRecent + 3; i++) {
    made += folder.filePath(QStringLiteral("run%1").arg(i));
    QDir().mkpath(made.last());
    settings.add_recent(made.last());
  }
  settings.add_recent(made[5]);
  QStringList recent = settings.recent();
  ASSERT_EQ(recent.size(), Settings::kRecent);
  EXPECT_EQ(recent[0], made[5]);
  EXPECT_EQ(recent[1], made.last());
  EXPECT_EQ(recent.count(made[5]), 1);
  QDir(made[5]).removeRecursively();
  EXPECT_FALSE(settings.recent().contains(made[5]));
  settings.clear_recent();
  EXPECT_TRUE(settings.recent().isEmpty());
}

}  // namespace
}  // namespace rolora::widgets
