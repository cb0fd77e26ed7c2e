// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/plot_figure.h"

#include <cmath>

#include "widgets/plots/painter_bridge.h"
#include "widgets/plots/plot_interaction.h"

namespace rolora::widgets {

PlotFigure::PlotFigure(std::unique_ptr<Plot> plot, QVector<QCPRange> ranges) : plot_(std::move(plot)), ranges_(std::move(ranges)) {
  plot_->interaction_->follows_palette = false;
  plot_->overlay_layer()->setVisible(false);
  plot_->data_changed(false);
  plot_->set_view_ranges(ranges_);
}

PlotFigure::~PlotFigure() = default;

QString PlotFigure::name() const { return plot_->file_name(); }
QString PlotFigure::caption() const { return plot_->caption(); }
double PlotFigure::height_to_width() const { return plot_->height_to_width(); }
FigureTable PlotFigure::table() const { return plot_->table(); }

void PlotFigure::paint(QPainter& painter, QSizeF size, const PlotStyle& style) const {
  const int width = static_cast<int>(std::lround(size.width())), height = static_cast<int>(std::lround(size.height()));
  if (width < 1 || height < 1) return;
  const QString colours = plot_->style_.colours;  // chosen on the screen, kept on paper
  plot_->style_ = style;
  plot_->style_.colours = colours;
  plot_->setViewport(QRect(0, 0, width, height));
  plot_->data_changed(false);
  plot_->set_view_ranges(ranges_);
  painter.save();
  painter.scale(size.width() / width, size.height() / height);
  {
    PainterBridge bridge(painter, QSizeF(width, height));
    QCPPainter inner(&bridge);
    inner.setModes(QCPPainter::pmVectorized | QCPPainter::pmNoCaching | QCPPainter::pmNonCosmetic);
    plot_->toPainter(&inner, width, height);
  }
  painter.restore();
}

}  // namespace rolora::widgets
