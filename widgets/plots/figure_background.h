// SPDX-License-Identifier: GPL-3.0-or-later
// Figures painted, tabulated, compressed and written away from the GUI thread. What only the GUI thread can paint (plots) is painted there
// at once, the rest follows elsewhere. `done` runs on the GUI thread unless `receiver` is gone. The figure must not be painted by anybody
// else meanwhile.
#pragma once

#include <QImage>
#include <QMimeData>
#include <QObject>
#include <functional>
#include <memory>

#include "widgets/plots/figure_exporter.h"

namespace rolora::widgets {

void save_figure_in_background(const FigurePtr& figure, const FigureSettings& settings, const QString& file, QObject* receiver,
                               std::function<void(const Result<QString>&)> done);
void figure_image_in_background(const FigurePtr& figure, const FigureSettings& settings, QObject* receiver,
                                std::function<void(const QImage&)> done);
/// Its table as CSV.
void figure_csv_in_background(const FigurePtr& figure, QObject* receiver, std::function<void(const QByteArray&)> done);
/// Image, caption and data for the clipboard, as figure_clipboard() makes them.
void copy_figure_in_background(const FigurePtr& figure, const FigureSettings& settings, QObject* receiver,
                               std::function<void(std::unique_ptr<QMimeData>)> done);

}  // namespace rolora::widgets
