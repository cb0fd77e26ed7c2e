// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/base/icons.h"

#include <QApplication>
#include <QDir>
#include <QFile>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QPixmapCache>
#include <QSvgRenderer>

static void load_icons() { Q_INIT_RESOURCE(icons); }  // must stand outside of a namespace

namespace rolora::widgets {
namespace {

QByteArray svg_of(const QString& name) {
  load_icons();
  QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
  return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// Strokes and fills that say "currentColor" get the palette's text colour.
class PaletteIcon : public QIconEngine {
 public:
  explicit PaletteIcon(const QString& name) : name_(name), svg_(svg_of(name)) {}

  void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override {
    const double ratio = painter->device() == nullptr ? 1 : painter->device()->devicePixelRatio();
    painter->drawPixmap(rect, scaledPixmap(rect.size() * ratio, mode, state, ratio));
  }
  QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override { return scaledPixmap(size, mode, state, 1); }
  QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State, qreal) override { return drawn(size, colour(mode)); }
  QIconEngine* clone() const override { return new PaletteIcon(*this); }
  QString key() const override { return QStringLiteral("rolora-palette-icon"); }
  QString iconName() override { return name_; }
  bool isNull() override { return svg_.isEmpty(); }

 private:
  static QColor colour(QIcon::Mode mode) {
    const QPalette palette = QApplication::palette();
    switch (mode) {
      case QIcon::Disabled:
        return palette.color(QPalette::Disabled, QPalette::WindowText);
      case QIcon::Selected:
        return palette.color(QPalette::HighlightedText);
      default:
        return palette.color(QPalette::WindowText);
    }
  }
  QPixmap drawn(const QSize& size, const QColor& colour) const {
    const QString key = QStringLiteral("rolora-icon-%1-%2x%3-%4").arg(name_).arg(size.width()).arg(size.height()).arg(colour.rgba(), 0, 16);
    QPixmap pixmap;
    if (QPixmapCache::find(key, &pixmap)) return pixmap;
    pixmap = QPixmap(size);
    pixmap.fill(Qt::transparent);
    QByteArray coloured = svg_;
    coloured.replace("currentColor", colour.name().toLatin1());
    QSvgRenderer renderer(coloured);
    QPainter painter(&pixmap);
    renderer.setAspectRatioMode(Qt::KeepAspectRatio);
    renderer.render(&painter);
    painter.end();
    QPixmapCache::insert(key, pixmap);
    return pixmap;
  }
  QString name_;
  QByteArray svg_;
};

}  // namespace

QIcon icon(const QString& name) { return QIcon(new PaletteIcon(name)); }

QIcon application_icon() {
  load_icons();
  return QIcon(new PaletteIcon(QStringLiteral("rolora-workbench")));
}

QStringList icon_names() {
  load_icons();
  QStringList names;
  for (const QString& file : QDir(QStringLiteral(":/icons")).entryList({QStringLiteral("*.svg")})) names += file.chopped(4);
  return names;
}

}  // namespace rolora::widgets
