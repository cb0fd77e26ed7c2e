// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/format.h"

#include <gtest/gtest.h>

#include <QLocale>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace rolora::widgets {
namespace {

// Tests write an ordinary space where the window has a narrow no-break one.
std::string plain(QString text) { return text.replace(QChar(0x202F), QLatin1Char(' ')).toStdString(); }

constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();

TEST(Format, SiPrefixes) {
  EXPECT_EQ(plain(si(0)), "0");
  EXPECT_EQ(plain(si(812.3)), "812");
  EXPECT_EQ(plain(si(812.3, 4)), "812.3");
  EXPECT_EQ(plain(si(999.4)), "999");
  EXPECT_EQ(plain(si(999.7)), "1 k");
  EXPECT_EQ(plain(si(1000)), "1 k");
  EXPECT_EQ(plain(si(1415)), "1.42 k");
  EXPECT_EQ(plain(si(-1415)), "−1.42 k");
  EXPECT_EQ(plain(si(3.7e6)), "3.7 M");
  EXPECT_EQ(plain(si(1e9)), "1 G");
  EXPECT_EQ(plain(si(0.0312)), "0.0312");
  EXPECT_EQ(plain(si(0.9)), "0.9");
  EXPECT_EQ(plain(si(0.0042)), "4.2 m");
  EXPECT_EQ(plain(si(4.2e-6)), "4.2 µ");
  EXPECT_EQ(plain(si(2e25)), "2e25");
  EXPECT_EQ(plain(si(kNan)), "–");
  EXPECT_EQ(plain(si(-kInfinity)), "−∞");
  EXPECT_EQ(plain(si_with_unit(1415, QStringLiteral("tokens/s"))), "1.42 ktokens/s");
  EXPECT_EQ(plain(si_with_unit(12, QStringLiteral("tokens/s"))), "12 tokens/s");
}

TEST(Format, NumbersWithoutUnit) {
  EXPECT_EQ(plain(number(87.96)), "88.0");
  EXPECT_EQ(plain(number(87.96, 4)), "87.96");
  EXPECT_EQ(plain(number(1415.4)), "1 415");
  EXPECT_EQ(plain(number(0.03123)), "0.0312");
  EXPECT_EQ(plain(number(2e-4)), "2e-4");
  EXPECT_EQ(plain(number(-1.3e7)), "−1.3e7");
  EXPECT_EQ(plain(number(0)), "0.00");
  EXPECT_EQ(plain(number(kNan)), "–");
}

TEST(Format, Thousands) {
  EXPECT_EQ(plain(grouped(0)), "0");
  EXPECT_EQ(plain(grouped(999)), "999");
  EXPECT_EQ(plain(grouped(1000)), "1 000");
  EXPECT_EQ(plain(grouped(-1234567)), "−1 234 567");
  EXPECT_EQ(plain(grouped(std::numeric_limits<qint64>::min())), "−9 223 372 036 854 775 808");
}

TEST(Format, Ratios) {
  EXPECT_EQ(plain(times(184.2)), "184×");
  EXPECT_EQ(plain(times(1.844)), "1.84×");
  EXPECT_EQ(plain(times(2)), "2.00×") << "three digits, as 1.84× above and below it";
  EXPECT_EQ(plain(times(15)), "15.0×");
  EXPECT_EQ(plain(times(12400)), "12 400×");
  EXPECT_EQ(plain(times(0.0312)), "0.0312×");
  EXPECT_EQ(plain(times(2.5e8)), "2.5e8×");
  EXPECT_EQ(plain(times(kNan)), "–");
  EXPECT_EQ(plain(times(kInfinity)), "∞×");
}

TEST(Format, Durations) {
  EXPECT_EQ(plain(duration(0)), "0 ms");
  EXPECT_EQ(plain(duration(0.34)), "340 ms");
  EXPECT_EQ(plain(duration(1)), "1.0 s");
  EXPECT_EQ(plain(duration(9.996)), "10 s");
  EXPECT_EQ(plain(duration(12.4)), "12 s");
  EXPECT_EQ(plain(duration(59.97)), "1 min 00 s");
  EXPECT_EQ(plain(duration(200)), "3 min 20 s");
  EXPECT_EQ(plain(duration(3599.8)), "1 h 00 min");
  EXPECT_EQ(plain(duration(7500)), "2 h 05 min");
  EXPECT_EQ(plain(duration(100000)), "1 d 4 h");
  EXPECT_EQ(plain(duration(kNan)), "–");
  EXPECT_EQ(plain(duration(kInfinity)), "–");
}

TEST(Format, Bytes) {
  EXPECT_EQ(plain(bytes(512)), "512 B");
  EXPECT_EQ(plain(bytes(1024)), "1.00 KiB");
  EXPECT_EQ(plain(bytes(3879731)), "3.70 MiB");
  EXPECT_EQ(plain(bytes(1023 * 1024)), "0.999 MiB");
  EXPECT_EQ(plain(bytes(qint64{85} << 30)), "85.0 GiB");
  EXPECT_EQ(plain(bytes(-2048)), "−2.00 KiB");
}

TEST(Format, ExactReadsBack) {
  std::mt19937_64 bits(7);
  for (int i = 0; i < 20000; i++) {
    const uint64_t pattern = bits();
    double value;
    std::memcpy(&value, &pattern, sizeof value);
    if (std::isnan(value)) continue;
    bool ok = false;
    const double back = exact(value).toDouble(&ok);
    if (std::isinf(value)) continue;
    ASSERT_TRUE(ok) << exact(value).toStdString();
    ASSERT_EQ(std::memcmp(&back, &value, sizeof value), 0) << exact(value).toStdString();
    const uint32_t half = static_cast<uint32_t>(pattern);
    float single;
    std::memcpy(&single, &half, sizeof single);
    if (!std::isfinite(single)) continue;
    const float single_back = exact(single).toFloat(&ok);
    ASSERT_TRUE(ok && std::memcmp(&single_back, &single, sizeof single) == 0) << exact(single).toStdString();
  }
  EXPECT_EQ(exact(0.1), QStringLiteral("0.1"));
  EXPECT_EQ(exact(0.1f), QStringLiteral("0.1"));
  EXPECT_EQ(exact(kNan), QStringLiteral("nan"));
  EXPECT_EQ(exact(-kInfinity), QStringLiteral("-inf"));
}

TEST(Format, SameInEveryLocale) {
  const QString before = si(1.5) + number(1234.5) + times(1.5) + exact(1.5) + bytes(1536) + duration(1.5);
  const QLocale old;
  QLocale::setDefault(QLocale(QLocale::German, QLocale::Germany));
  EXPECT_EQ(si(1.5) + number(1234.5) + times(1.5) + exact(1.5) + bytes(1536) + duration(1.5), before);
  QLocale::setDefault(QLocale(QLocale::Arabic, QLocale::Egypt));
  EXPECT_EQ(si(1.5) + number(1234.5) + times(1.5) + exact(1.5) + bytes(1536) + duration(1.5), before);
  QLocale::setDefault(old);
}

}  // namespace
}  // namespace rolora::widgets
