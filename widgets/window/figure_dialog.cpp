// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/figure_dialog.h"

#include <QCheckBox>
#include <QClipboard>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDir>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QFontDatabase>
#include <QFormLayout>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <cmath>

#include "widgets/base/style.h"
#include "widgets/base/style_shapes.h"
#include "widgets/plots/figure_background.h"
#include "widgets/window/figure_preview.h"

namespace rolora::widgets {
namespace {

QString key(const char* name) { return QStringLiteral("figure/") + QLatin1String(name); }

void describe_control(QWidget* control, const QString& name, const QString& tip) {
  control->setAccessibleName(name);
  control->setToolTip(tip);
}

}  // namespace

FigureSettings figure_settings(const Settings& settings) {
  FigureSettings used;
  const auto read = [&settings](const char* name, double otherwise, double least, double most) {
    bool ok = false;
    const double value = settings.text(key(name)).toDouble(&ok);
    return ok && value >= least && value <= most ? value : otherwise;
  };
  used.width_inches = read("width", used.width_inches, 1, 40);
  used.height_inches = read("height", 0, 0, 40);
  used.tick_points = read("tick", used.tick_points, 3, 40);
  used.label_points = read("label", used.label_points, 3, 40);
  used.line_points = read("line", used.line_points, 0.1, 10);
  used.dots_per_inch = static_cast<int>(read("dpi", used.dots_per_inch, 50, 2400));
  used.font = settings.text(key("font"));
  used.transparent = settings.flag(key("transparent"));
  used.text_outlines = settings.flag(key("outlines"));
  return used;
}

void remember_figure_settings(Settings& settings, const FigureSettings& used) {
  settings.set_text(key("width"), QString::number(used.width_inches));
  settings.set_text(key("height"), QString::number(used.height_inches));
  settings.set_text(key("tick"), QString::number(used.tick_points));
  settings.set_text(key("label"), QString::number(used.label_points));
  settings.set_text(key("line"), QString::number(used.line_points));
  settings.set_text(key("dpi"), QString::number(used.dots_per_inch));
  settings.set_text(key("font"), used.font);
  settings.set_flag(key("transparent"), used.transparent);
  settings.set_flag(key("outlines"), used.text_outlines);
}

FigureDialog::FigureDialog(Settings& settings, std::function<FigurePtr()> figure, QWidget* parent)
    : QDialog(parent), settings_(settings), figure_(std::move(figure)), preview_(new FigurePreview(this)) {
  setObjectName(QStringLiteral("figure.dialog"));
  setWindowTitle(tr("Figure"));
  setModal(false);
  const int unit = qRound(style_unit());
  auto* layout = new QHBoxLayout(this);
  layout->setContentsMargins(unit, unit, unit, unit);
  layout->setSpacing(unit);
  layout->addWidget(preview_, 1);
  layout->addWidget(make_form());
  soon_.setSingleShot(true);
  soon_.setInterval(120);
  connect(&soon_, &QTimer::timeout, this, &FigureDialog::redraw);
  connect(preview_, &FigurePreview::scale_changed, this, &FigureDialog::say_size);
  redraw();
}

void FigureDialog::add_size_rows(QFormLayout* form) {
  const FigureSettings last = figure_settings(settings_);
  widths_ = new QComboBox(this);
  for (const PaperWidth& paper : paper_widths()) widths_->addItem(tr("%1 · %2 in").arg(paper.name).arg(paper.inches), paper.inches);
  widths_->addItem(tr("Custom"), 0.0);
  describe_control(widths_, tr("Paper width"), tr("Widths that papers use"));
  width_ = new QDoubleSpinBox(this);
  width_->setRange(1, 40);
  width_->setDecimals(3);
  width_->setSingleStep(0.25);
  width_->setSuffix(tr(" in"));
  width_->setValue(last.width_inches);
  describe_control(width_, tr("Width"), tr("Of the whole figure, in inches"));
  height_ = new QDoubleSpinBox(this);
  height_->setRange(0, 40);
  height_->setDecimals(2);
  height_->setSingleStep(0.25);
  height_->setSuffix(tr(" in"));
  height_->setSpecialValueText(tr("By the figure"));
  height_->setValue(last.height_inches);
  describe_control(height_, tr("Height"), tr("0 takes the figure's own shape"));
  int index = widths_->count() - 1;
  for (int i = 0; i + 1 < widths_->count(); i++) {
    if (std::fabs(widths_->itemData(i).toDouble() - last.width_inches) < 1e-6) index = i;
  }
  widths_->setCurrentIndex(index);
  form->addRow(tr("&Paper"), widths_);
  form->addRow(tr("&Width"), width_);
  form->addRow(tr("&Height"), height_);
  form->setRowVisible(width_, index + 1 == widths_->count());
  connect(widths_, &QComboBox::activated, this, &FigureDialog::choose_width);
  // The paper's line names its width already.
  connect(widths_, &QComboBox::currentIndexChanged, this,
          [this, form](int at) { form->setRowVisible(width_, at + 1 == widths_->count()); });
}

void FigureDialog::add_text_rows(QFormLayout* form) {
  const FigureSettings last = figure_settings(settings_);
  font_ = new QComboBox(this);
  font_->addItem(tr("Sans"), QString());
  for (const QString& family : QFontDatabase::families(QFontDatabase::Latin)) {
    if (QFontDatabase::isSmoothlyScalable(family) && !QFontDatabase::isPrivateFamily(family)) font_->addItem(family, family);
  }
  font_->setCurrentIndex(std::max(0, font_->findData(last.font)));
  font_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
  font_->setMinimumContentsLength(16);
  describe_control(font_, tr("Font"), tr("Embedded in PDF, by name in SVG"));
  form->addRow(tr("&Font"), font_);
  const auto points = [&](const QString& label, const QString& tip, double value, double least) {
    auto* box = new QDoubleSpinBox(this);
    box->setRange(least, 40);
    box->setSingleStep(0.5);
    box->setDecimals(1);
    box->setSuffix(tr(" pt"));
    box->setValue(value);
    QString name = label;
    describe_control(box, name.remove(QLatin1Char('&')), tip);
    form->addRow(label, box);
    return box;
  };
  tick_ = points(tr("&Tick text"), tr("Numbers at the axes, as they come out on paper"), last.tick_points, 3);
  label_ = points(tr("&Label text"), tr("Names of axes and legends"), last.label_points, 3);
  line_ = points(tr("L&ines"), tr("Width of curves"), last.line_points, 0.1);
  dpi_ = new QSpinBox(this);
  dpi_->setRange(50, 2400);
  dpi_->setSingleStep(50);
  dpi_->setSuffix(tr(" dpi"));
  dpi_->setValue(last.dots_per_inch);
  describe_control(dpi_, tr("PNG resolution"), tr("Dots per inch of PNG files"));
  form->addRow(tr("P&NG"), dpi_);
  transparent_ = new QCheckBox(tr("&Transparent ground"), this);
  transparent_->setChecked(last.transparent);
  describe_control(transparent_, tr("Transparent ground"), tr("PNG and SVG without the white sheet"));
  outlines_ = new QCheckBox(tr("Text as &outlines (SVG)"), this);
  outlines_->setChecked(last.text_outlines);
  describe_control(outlines_, tr("Text as outlines"), tr("For programs that do not have the font"));
  form->addRow(QString(), transparent_);
  form->addRow(QString(), outlines_);
}

QWidget* FigureDialog::make_form() {
  auto* side = new QWidget(this);
  auto* column = new QVBoxLayout(side);
  column->setContentsMargins(0, 0, 0, 0);
  auto* form = new QFormLayout;
  form->setLabelAlignment(Qt::AlignLeft);
  add_size_rows(form);
  add_text_rows(form);
  column->addLayout(form);
  auto* caption_label = new QLabel(tr("&Caption"), side);
  caption_ = new QPlainTextEdit(side);
  caption_->setReadOnly(true);
  caption_->setTabChangesFocus(true);
  caption_->setMinimumHeight(qRound(style_unit() * 6));
  caption_label->setBuddy(caption_);
  describe_control(caption_, tr("Caption"), tr("Model, site, tokens, statistic and seed, to paste below the figure"));
  column->addWidget(caption_label);
  column->addWidget(caption_, 1);
  note_ = new QLabel(side);
  note_->setForegroundRole(QPalette::PlaceholderText);
  note_->setWordWrap(true);
  column->addWidget(note_);
  auto* buttons = new QHBoxLayout;
  save_ = new QPushButton(tr("&Save…"), side);
  save_->setProperty(kPrimaryButton, true);
  describe_control(save_, tr("Save figure"), tr("As PDF, SVG, PNG or CSV, by the ending of the file name"));
  copy_ = new QPushButton(tr("Cop&y"), side);
  describe_control(copy_, tr("Copy figure"), tr("Image, caption and data to the clipboard"));
  auto* close = new QPushButton(tr("Close"), side);
  describe_control(close, tr("Close"), tr("Close the figure dialog"));
  buttons->addWidget(copy_);
  buttons->addWidget(close);
  buttons->addStretch();
  buttons->addWidget(save_);
  column->addLayout(buttons);
  connect(save_, &QPushButton::clicked, this, &FigureDialog::ask_where_to_save);
  connect(copy_, &QPushButton::clicked, this, &FigureDialog::copy);
  connect(close, &QPushButton::clicked, this, &QDialog::close);
  for (QDoubleSpinBox* box : {width_, height_, tick_, label_, line_})
    connect(box, &QDoubleSpinBox::valueChanged, this, &FigureDialog::refresh);
  connect(font_, &QComboBox::currentIndexChanged, this, &FigureDialog::refresh);
  connect(dpi_, &QSpinBox::valueChanged, this, &FigureDialog::refresh);
  for (QCheckBox* box : {transparent_, outlines_}) connect(box, &QCheckBox::toggled, this, &FigureDialog::refresh);
  connect(width_, &QDoubleSpinBox::valueChanged, this, [this](double inches) {
    if (std::fabs(widths_->currentData().toDouble() - inches) > 1e-6) widths_->setCurrentIndex(widths_->count() - 1);
  });
  return side;
}

void FigureDialog::choose_width(int index) {
  const double inches = widths_->itemData(index).toDouble();
  if (inches > 0) {
    width_->setValue(inches);
  } else {
    width_->setFocus();
  }
}

FigureSettings FigureDialog::chosen() const {
  FigureSettings out;
  out.width_inches = width_->value();
  out.height_inches = height_->value();
  out.tick_points = tick_->value();
  out.label_points = label_->value();
  out.line_points = line_->value();
  out.font = font_->currentData().toString();
  out.dots_per_inch = dpi_->value();
  out.transparent = transparent_->isChecked();
  out.text_outlines = outlines_->isChecked();
  return out;
}

void FigureDialog::refresh() { soon_.start(); }

void FigureDialog::redraw() {
  shown_ = figure_();
  const FigureSettings settings = chosen();
  preview_->show_figure(shown_, settings);
  save_->setEnabled(shown_ != nullptr);
  copy_->setEnabled(shown_ != nullptr);
  caption_->setPlainText(shown_ == nullptr ? QString() : shown_->caption());
  say_size();
  remember_figure_settings(settings_, settings);
}

/// The width is chosen above: the height follows from it, and whether there is room to show both as they are.
void FigureDialog::say_size() {
  if (shown_ == nullptr) return note_->clear();
  const double height = chosen().size(*shown_).height() / 72, scale = preview_->scale();
  note_->setText(scale > 0.995 ? tr("%1 in high, shown at true size").arg(height, 0, 'f', 2)
                               : tr("%1 in high, shown at %2 % of its size").arg(height, 0, 'f', 2).arg(qRound(100 * scale)));
}

void FigureDialog::ask_where_to_save() {
  if (shown_ == nullptr) return;
  const QString folder = settings_.text(key("folder"), QDir::homePath());
  auto* dialog =
      new QFileDialog(this, tr("Save figure"), folder + QLatin1Char('/') + figure_file_name(shown_->name()) + QStringLiteral(".pdf"),
                      tr("PDF (*.pdf);;SVG (*.svg);;PNG (*.png);;Data (*.csv *.tsv)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(QStringLiteral("pdf"));
  connect(dialog, &QFileDialog::filterSelected, dialog,
          [dialog](const QString& filter) { dialog->setDefaultSuffix(filter.section(QStringLiteral("*."), 1, 1).left(3)); });
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& file) {
    settings_.set_text(key("folder"), QFileInfo(file).absolutePath());
    const FigurePtr figure = figure_();  // its own: the one that is shown may be painted again meanwhile
    if (figure == nullptr) return;
    save_figure_in_background(figure, chosen(), file, this, [this, file](const Result<QString>& result) {
      note_->setText(result.ok() ? tr("Saved: %1").arg(file) : result.error);
      if (result.ok()) {
        emit saved(file);
      } else {
        emit failed(result.error);
      }
    });
  });
  dialog->open();
}

void FigureDialog::copy() {
  if (shown_ == nullptr) return;
  FigureSettings settings = chosen();
  settings.dots_per_inch = std::min(settings.dots_per_inch, 300);
  const FigurePtr figure = figure_();
  if (figure == nullptr) return;
  copy_figure_in_background(figure, settings, this, [this, dots = settings.dots_per_inch](std::unique_ptr<QMimeData> data) {
    QGuiApplication::clipboard()->setMimeData(data.release());
    note_->setText(tr("Copied: image at %1 dpi, caption and data").arg(dots));
  });
}

}  // namespace rolora::widgets
