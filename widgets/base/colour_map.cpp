// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/colour_map.h"

#include <QCoreApplication>
#include <cmath>
#include <map>
#include <span>

namespace rolora::widgets {

namespace {

#include "widgets/base/colour_stops.inc"

/// Straight lines between equally spaced stops.
ColourTable interpolated(std::span<const QRgb> stops) {
  ColourTable table{};
  for (size_t i = 0; i < table.size(); ++i) {
    const double at = static_cast<double>(i) / static_cast<double>(table.size() - 1) * static_cast<double>(stops.size() - 1);
    const size_t low = std::min(static_cast<size_t>(at), stops.size() - 2);
    const double share = at - static_cast<double>(low);
    const auto mix = [share](int a, int b) { return static_cast<int>(std::lround(a + (b - a) * share)); };
    table[i] = qRgb(mix(qRed(stops[low]), qRed(stops[low + 1])), mix(qGreen(stops[low]), qGreen(stops[low + 1])),
                    mix(qBlue(stops[low]), qBlue(stops[low + 1])));
  }
  return table;
}

const std::map<QString, ColourTable>& tables() {
  static const std::map<QString, ColourTable> kTables = {{QStringLiteral("cividis"), interpolated(kCividis)},
                                                         {QStringLiteral("viridis"), interpolated(kViridis)},
                                                         {QStringLiteral("magma"), interpolated(kMagma)},
                                                         {QStringLiteral("greys"), interpolated(kGreys)},
                                                         {QStringLiteral("diverging"), interpolated(kDiverging)}};
  return kTables;
}

}  // namespace

QStringList colour_map_names() {
  return {QStringLiteral("cividis"), QStringLiteral("viridis"), QStringLiteral("magma"), QStringLiteral("greys")};
}

QString next_colour_map(const QString& name) {
  const QStringList names = colour_map_names();
  return names[(names.indexOf(name) + 1) % names.size()];
}

QString colour_map_title(const QString& name) {
  const auto text = [](const char* source) { return QCoreApplication::translate("ColourMap", source); };
  if (name == QLatin1String("viridis")) return text("Viridis");
  if (name == QLatin1String("magma")) return text("Magma");
  if (name == QLatin1String("greys")) return text("Greys");
  if (name == QLatin1String("diverging")) return text("Blue – white – red");
  return text("Cividis");
}

const ColourTable& colour_table(const QString& name) {
  const auto found = tables().find(name);
  return found != tables().end() ? found->second : tables().at(QStringLiteral("cividis"));
}

QCPColorGradient colour_gradient(const QString& name) {
  const ColourTable& table = colour_table(name);
  QMap<double, QColor> stops;
  for (size_t i = 0; i < table.size(); i += 5) stops.insert(static_cast<double>(i) / 255.0, QColor(table[i]));
  QCPColorGradient gradient;
  gradient.setColorStops(stops);
  gradient.setColorInterpolation(QCPColorGradient::ciRGB);
  gradient.setLevelCount(256);
  gradient.setNanHandling(QCPColorGradient::nhNanColor);
  gradient.setNanColor(not_a_number_colour());
  return gradient;
}

QColor not_a_number_colour() { return QColor(0x8c, 0xff, 0x66); }

}  // namespace rolora::widgets
