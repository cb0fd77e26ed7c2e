// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/format.h"

#include <array>
#include <charconv>
#include <cmath>

namespace rolora::widgets {
namespace {

constexpr QChar kNarrowSpace(0x202F);  // does not break, narrower than a letter: what the SI brochure puts between groups
constexpr QChar kMinus(0x2212);

QString none() { return QStringLiteral("–"); }
QString infinite(double value) { return value < 0 ? QStringLiteral("−∞") : QStringLiteral("∞"); }

template <class T>
QString shortest(T value) {
  std::array<char, 64> text;
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return QString::fromLatin1(text.data(), end - text.data());
}

/// Value rounded to `digits` significant ones, never in scientific notation, without trailing zeros after the point if `trim`.
QString fixed(double value, int digits, bool trim) {
  const double size = std::fabs(value);
  int before = size < 1 ? (size == 0 ? 1 : static_cast<int>(std::floor(std::log10(size))) + 1) : static_cast<int>(std::log10(size)) + 1;
  int after = digits - before;
  if (after < 0) after = 0;
  QString text = QString::number(size, 'f', after);  // QString::number never uses the locale
  if (trim && text.contains(QLatin1Char('.'))) {
    while (text.endsWith(QLatin1Char('0'))) text.chop(1);
    if (text.endsWith(QLatin1Char('.'))) text.chop(1);
  }
  if (value < 0 && text != QStringLiteral("0")) text.prepend(kMinus);
  return text;
}

QString group_digits(QString digits) {
  for (qsizetype at = digits.size() - 3; at > 0; at -= 3) digits.insert(at, kNarrowSpace);
  return digits;
}

/// Rounds to `digits` significant ones, so that 999.7 becomes 1000 before a prefix is chosen.
double rounded(double value, int digits) { return value == 0 ? 0 : QString::number(value, 'e', digits - 1).toDouble(); }

struct Scaled {
  double value;
  QString prefix;
};

/// By powers of 1000 into [1, 1000); without prefix in [0.01, 1000) and outside of what the prefixes reach.
Scaled with_prefix(double value) {
  static const std::array<QString, 12> prefixes = {QStringLiteral("a"), QStringLiteral("f"), QStringLiteral("p"), QStringLiteral("n"),
                                                   QStringLiteral("µ"), QStringLiteral("m"), QString(),           QStringLiteral("k"),
                                                   QStringLiteral("M"), QStringLiteral("G"), QStringLiteral("T"), QStringLiteral("P")};
  const double size = std::fabs(value);
  if (size == 0 || (size >= 0.01 && size < 1000)) return {value, {}};
  int step = static_cast<int>(std::floor(std::log10(size) / 3));
  if (size >= std::pow(1000.0, step + 1)) step++;  // log10 rounds down at exact powers
  if (step < -6 || step > 5) return {value, {}};
  return {value / std::pow(1000.0, step), prefixes[static_cast<size_t>(step + 6)]};
}

QString scientific(double value, int digits) {
  QString text = QString::number(std::fabs(value), 'e', digits - 1);  // "2.00e-04"
  QString exponent = text.section(QLatin1Char('e'), 1);
  QString mantissa = text.section(QLatin1Char('e'), 0, 0);
  if (mantissa.contains(QLatin1Char('.'))) {
    while (mantissa.endsWith(QLatin1Char('0'))) mantissa.chop(1);
    if (mantissa.endsWith(QLatin1Char('.'))) mantissa.chop(1);
  }
  return (value < 0 ? QString(kMinus) : QString()) + mantissa + QLatin1Char('e') + QString::number(exponent.toInt());
}

bool beyond_prefixes(double value) {
  const double size = std::fabs(value);
  return size != 0 && (size >= 1e18 || size < 1e-18);
}

}  // namespace

QString si(double value, int digits) { return si_with_unit(value, {}, digits); }

QString si_with_unit(double value, const QString& unit, int digits) {
  if (std::isnan(value)) return none();
  const QString after = unit.isEmpty() ? QString() : kNarrowSpace + unit;
  if (std::isinf(value)) return infinite(value) + after;
  if (beyond_prefixes(value)) return scientific(value, digits) + after;
  const Scaled scaled = with_prefix(rounded(value, digits));
  const QString text = fixed(scaled.value, digits, true);
  return scaled.prefix.isEmpty() ? text + after : text + kNarrowSpace + scaled.prefix + unit;
}

QString number(double value, int digits) {
  if (std::isnan(value)) return none();
  if (std::isinf(value)) return infinite(value);
  const double near = rounded(value, digits), size = std::fabs(near);
  if (size != 0 && (size < 1e-3 || size >= 1e6)) return scientific(value, digits);
  if (size >= 1000) return grouped(static_cast<qint64>(std::llround(value)));
  return fixed(near, digits, false);
}

QString grouped(qint64 value) {
  const quint64 size = value < 0 ? ~static_cast<quint64>(value) + 1 : static_cast<quint64>(value);
  return (value < 0 ? QString(kMinus) : QString()) + group_digits(QString::number(size));
}

QString times(double ratio) {
  if (std::isnan(ratio)) return none();
  if (std::isinf(ratio)) return infinite(ratio) + QStringLiteral("×");
  const double near = rounded(ratio, 3), size = std::fabs(near);
  if (size >= 1000 && size < 1e6) return grouped(static_cast<qint64>(std::llround(near))) + QStringLiteral("×");
  if (size != 0 && (size < 1e-3 || size >= 1e6)) return scientific(ratio, 3) + QStringLiteral("×");
  return fixed(near, 3, false) + QStringLiteral("×");  // one below another they have as many digits
}

QString duration(double seconds) {
  if (!std::isfinite(seconds)) return none();
  if (seconds < 0) return kMinus + duration(-seconds);
  const auto joined = [](qint64 major, const char* first, qint64 minor, const char* second, bool pad) {
    const QString small = pad ? QStringLiteral("%1").arg(minor, 2, 10, QLatin1Char('0')) : QString::number(minor);
    return QString::number(major) + kNarrowSpace + QLatin1String(first) + QLatin1Char(' ') + small + kNarrowSpace + QLatin1String(second);
  };
  if (seconds < 1) return QString::number(std::lround(seconds * 1000)) + kNarrowSpace + QStringLiteral("ms");
  if (seconds < 59.95) return QString::number(seconds, 'f', seconds < 9.995 ? 1 : 0) + kNarrowSpace + QStringLiteral("s");
  const qint64 whole = std::llround(seconds);
  if (whole < 3600) return joined(whole / 60, "min", whole % 60, "s", true);
  const qint64 minutes = std::llround(seconds / 60);
  if (minutes < 24 * 60) return joined(minutes / 60, "h", minutes % 60, "min", true);
  const qint64 hours = std::llround(seconds / 3600);
  return joined(hours / 24, "d", hours % 24, "h", false);
}

QString bytes(qint64 count) {
  static const std::array<QString, 6> units = {QStringLiteral("KiB"), QStringLiteral("MiB"), QStringLiteral("GiB"),
                                               QStringLiteral("TiB"), QStringLiteral("PiB"), QStringLiteral("EiB")};
  if (count > -1024 && count < 1024) return grouped(count) + kNarrowSpace + QStringLiteral("B");
  double value = static_cast<double>(count) / 1024;
  size_t unit = 0;
  while (std::fabs(value) >= 999.5 && unit + 1 < units.size()) {
    value /= 1024;
    unit++;
  }
  return fixed(value, 3, false) + kNarrowSpace + units[unit];
}

QString exact(double value) { return shortest(value); }
QString exact(float value) { return shortest(value); }

}  // namespace rolora::widgets
