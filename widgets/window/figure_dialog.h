// SPDX-License-Identifier: GPL-3.0-or-later
// The current view on paper: width, fonts, lines, with the figure as it will come out.
#pragma once

#include <QDialog>
#include <QTimer>
#include <functional>

#include "widgets/base/settings.h"
#include "widgets/plots/figure_exporter.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFontComboBox;
class QFormLayout;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;

namespace rolora::widgets {

class FigurePreview;

/// The settings as they were used last.
FigureSettings figure_settings(const Settings& settings);
void remember_figure_settings(Settings& settings, const FigureSettings& used);

class FigureDialog : public QDialog {
  Q_OBJECT
 public:
  /// `figure` is asked again whenever refresh() is called.
  FigureDialog(Settings& settings, std::function<FigurePtr()> figure, QWidget* parent);
  void refresh();  ///< soon
  FigureSettings chosen() const;
  FigurePreview* preview() const { return preview_; }

 signals:
  void saved(const QString& file);
  void failed(const QString& error);

 private:
  QWidget* make_form();
  void add_size_rows(QFormLayout* form);
  void add_text_rows(QFormLayout* form);
  void choose_width(int index);
  void redraw();
  void say_size();
  void ask_where_to_save();
  void copy();
  Settings& settings_;
  std::function<FigurePtr()> figure_;
  FigurePtr shown_;
  QTimer soon_;
  FigurePreview* preview_;
  QComboBox* widths_ = nullptr;
  QDoubleSpinBox *width_ = nullptr, *height_ = nullptr, *tick_ = nullptr, *label_ = nullptr, *line_ = nullptr;
  QComboBox* font_ = nullptr;
  QSpinBox* dpi_ = nullptr;
  QCheckBox *transparent_ = nullptr, *outlines_ = nullptr;
  QPlainTextEdit* caption_ = nullptr;
  QLabel* note_ = nullptr;
  QPushButton *save_ = nullptr, *copy_ = nullptr;
};

}  // namespace rolora::widgets
