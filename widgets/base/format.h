// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers as the window shows them: short for the eye, the same in every locale. `exact` is for files and the clipboard.
#pragma once

#include <QString>
#include <QtGlobal>

namespace rolora::widgets {

/// "812", "1.42 k", "3.7 M", "0.0312", "4.2 µ": `digits` significant ones, SI prefixes from 1000 up and below 0.01. "–" for NaN.
QString si(double value, int digits = 3);
/// The same with a unit: "1.42 ktokens/s", "812 V".
QString si_with_unit(double value, const QString& unit, int digits = 3);
/// A quantity without unit, as papers print it: "812", "1 415", "0.0312", "2e-4", "1.3e7".
QString number(double value, int digits = 3);
/// "1 415 000": groups of three from four digits on, narrow no-break spaces between.
QString grouped(qint64 value);
/// "184×", "1.84×", "12 400×", "0.0312×".
QString times(double ratio);
/// "340 ms", "1.5 s", "12 s", "3 min 20 s", "2 h 05 min", "1 d 4 h". "–" for NaN and infinities.
QString duration(double seconds);
/// "512 B", "3.70 MiB".
QString bytes(qint64 count);
/// The shortest text that reads back as the same value: "0.1", "nan", "-inf".
QString exact(double value);
QString exact(float value);

}  // namespace rolora::widgets
