// SPDX-License-Identifier: GPL-3.0-or-later
// The base of every plot in two dimensions: zoom, pan, history of views, crosshair, keys, export and accessibility are here, once. A new
// plot is a subclass in one file: its data, draw(), hit() and table().
//
// How to write one:
//   * draw() finds an empty plot (no layout elements, plottables, items; xAxis and yAxis are null) and adds panels with add_panel(), texts
//     with add_text(), and its plottables with explicit axes. It sets no ranges.
//   * Zoom and pan act on a panel's range-zoom axes (QCPAxisRect::setRangeZoomAxes; bottom and left unless set otherwise). Panels that
//     share an axis call link_axes() in draw().
//   * hit() answers for the nearest thing within reach(); the base does the rest (crosshair, text beside the pointer, click, keys).
//   * When data arrive: keep them, call data_changed(). Never call replot() for hovering or selecting.
//   * Axes are new after each draw(): keep no pointers to them beyond it (members set in draw() are fine).
#pragma once

#include <qcustomplot.h>

#include <QElapsedTimer>
#include <QString>
#include <QVector>
#include <functional>
#include <memory>
#include <optional>

#include "widgets/data/selection.h"
#include "widgets/plots/accessible_chart.h"
#include "widgets/plots/figure.h"
#include "widgets/plots/plot_keys.h"

namespace rolora::widgets {

/// What lies under a position, in the true cell: where values were pooled, the one that the pixel shows.
struct Hit {
  Selection selection;  ///< the current one, moved to this cell
  QString text;         ///< "layer 3 · channel 115 · absmax 87.96 (184× median)"
  QPointF position;     ///< of the cell's centre, in plot units
  QCPAxisRect* panel = nullptr;
};

class Plot : public QCustomPlot, public SpokenChart {
  Q_OBJECT
 public:
  explicit Plot(QWidget* parent = nullptr);
  ~Plot() override;

  /// The same data and ranges, frozen.
  FigurePtr figure() const;
  void set_style(const PlotStyle& style);
  const PlotStyle& style() const { return style_; }
  /// What the accessible name, the empty state and file names call it.
  void set_title(const QString& title);
  const QString& title() const { return title_; }
  /// Shown in place of a plot without data: what to do to get some.
  void set_empty_text(const QString& text);
  /// Marks the selected cell; subclasses draw it on the overlay layer in mark().
  void set_selection(const Selection& selection);
  const Selection& selection() const { return selection_; }
  /// The sentence that a screen reader speaks: the last hit or what the plot shows.
  QString sentence() const override;
  /// Crosshair of a linked plot (dashed), by data coordinates; NaN leaves a direction out.
  void show_linked_crosshair(double key, double value);

 public slots:
  void fit();
  void previous_view();
  void next_view();
  void zoom_out();
  virtual void toggle_log() {}
  virtual void cycle_colours() {}

 signals:
  void hovered(const rolora::widgets::Hit& hit);
  void left();                                                 ///< the pointer left the plot
  void told(const QString& message);                           ///< why a key did nothing
  void proposed(const rolora::widgets::Selection& selection);  ///< click, arrow keys
  void drilled(const rolora::widgets::Selection& selection);   ///< double click, Enter
  void climbed();                                              ///< Backspace
  void table_asked();                                          ///< T
  void layer_stepped(int by);                                  ///< Page Up and Down
  void view_changed();
  void form_changed();  ///< how the data are shown, by a key or a control
  void menu_asked(const QPoint& global, const rolora::widgets::Hit& hit, bool has_hit);

 protected:
  /// Removes everything and draws the data anew with this style. Called when data, style or size class change; never on hover.
  virtual void draw(const PlotStyle& style) = 0;
  /// A plot without parent holding the same data.
  virtual std::unique_ptr<Plot> copy() const = 0;
  virtual bool has_data() const = 0;
  virtual std::optional<Hit> hit(QPointF position) const = 0;
  virtual FigureTable table() const = 0;
  virtual QString file_name() const = 0;
  virtual QString caption() const = 0;
  virtual double height_to_width() const { return 0.62; }
  /// The cell one step from the selected one; to_outlier: to the next one above the threshold in that direction.
  virtual std::optional<Hit> stepped(int dx, int dy, bool to_outlier) const;
  /// What to say where stepped() found nothing.
  virtual QString nothing_found(bool) const { return {}; }
  /// Whether panels are filled by an image, on which only black and white are seen everywhere.
  virtual bool is_image() const { return false; }
  /// Draws the selected cell on overlay_layer().
  virtual void mark(const PlotStyle& style);
  /// A ring at a hit, on overlay_layer().
  void mark_hit(const Hit& hit, const PlotStyle& style);
  /// The most prominent thing within a rectangle of a panel: what Ctrl+drag selects.
  virtual std::optional<Hit> hit_in(QCPAxisRect* panel, const QRectF& rectangle) const;
  /// Whether the place of a mark belongs to what this plot shows.
  virtual bool shows(const Mark& mark) const { return mark.site == selection_.site; }
  /// A hit was chosen by click or keys and is proposed next: what a selection cannot say of it may be remembered.
  virtual void chosen(const Hit&) {}
  /// Where the selection lies in this plot, for the mark, the keys and the sentence; nothing when it shows no such thing.
  virtual std::optional<Hit> hit_of_selection() const { return {}; }
  /// A wish for an axis, cut to what makes sense (a heat map does not leave its data).
  virtual QCPRange limited(const QCPAxis* axis, const QCPRange& wanted) const;
  /// Ranges that show all data, for all axes.
  virtual void set_full_ranges() = 0;

  /// Call after the data changed: draws, keeps the ranges if `keep_view`.
  void data_changed(bool keep_view);
  /// Axes of different panels that move together.
  void link_axes(const QList<QCPAxis*>& axes);
  QCPLayer* overlay_layer() const;  ///< buffered, above the data
  void redraw_overlay();            ///< nothing before the first replot, which draws it anyway
  /// An axis rectangle in the layout's cell with bottom and left axes in this style; grid lines as asked for.
  QCPAxisRect* add_panel(int row, int column, const PlotStyle& style, bool grid = true);
  void style_axis(QCPAxis* axis, const PlotStyle& style, bool grid = true) const;
  /// A line of text in the layout's cell: a panel's title or a badge.
  QCPTextElement* add_text(int row, int column, const QString& text, const QFont& font, const QColor& colour,
                           Qt::Alignment alignment = Qt::AlignLeft | Qt::AlignVCenter);
  /// How near a click must be, in plot units.
  double reach() const { return 6; }
  /// Ranges of all panels' axes, in the layout's order.
  QVector<QCPRange> view_ranges() const;
  /// A change of ranges that enters the history of views.
  void change_view(const std::function<void()>& change);

  bool event(QEvent* event) override;
  void mousePressEvent(QMouseEvent* event) override;
  void mouseMoveEvent(QMouseEvent* event) override;
  void mouseReleaseEvent(QMouseEvent* event) override;
  void mouseDoubleClickEvent(QMouseEvent* event) override;
  void wheelEvent(QWheelEvent* event) override;
  void keyPressEvent(QKeyEvent* event) override;
  void keyReleaseEvent(QKeyEvent* event) override;
  void leaveEvent(QEvent* event) override;
  void contextMenuEvent(QContextMenuEvent* event) override;

 private:
  void mark_all();
  void mark_group(const Hit& place, int group);
  void choose(const Hit& hit, const Selection& wanted);
  friend class PlotFigure;
  friend class PlotOverlay;
  struct Interaction;
  void redraw();
  void set_view_ranges(const QVector<QCPRange>& ranges);
  void step_history(bool back);
  void show_hit(const std::optional<Hit>& hit, bool announce);
  void zoom_at(QPointF position, double factor, bool x, bool y);
  void pan(QCPAxisRect* panel, QPointF from, QPointF to);
  void zoom_to(QCPAxisRect* panel, const QRectF& rectangle);
  bool act(const PlotKey& key, bool again);
  void move_cursor(const PlotKey& key);
  void clear_or_fit();
  std::optional<Hit> cursor() const;
  PlotStyle style_;
  Selection selection_;
  QString title_, empty_text_;
  std::unique_ptr<Interaction> interaction_;
};

}  // namespace rolora::widgets

Q_DECLARE_METATYPE(rolora::widgets::Hit)
