// SPDX-License-Identifier: GPL-3.0-or-later
// The main window: what is taken away.
#include <QClipboard>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QGuiApplication>

#include "widgets/plots/figure_background.h"
#include "widgets/views/view.h"
#include "widgets/window/centre.h"
#include "widgets/window/figure_dialog.h"
#include "widgets/window/main_window.h"
#include "widgets/window/message_bar.h"

namespace rolora::widgets {

FigurePtr MainWindow::current_figure() {
  const View* view = centre_->current_view();
  FigurePtr figure = view == nullptr ? nullptr : view->figure();
  if (figure == nullptr) messages_->tell(MessageBar::Kind::note, tr("This page has no figure to take away yet."));
  return figure;
}

void MainWindow::export_figure(const QString& format) {
  const FigurePtr figure = current_figure();
  if (figure == nullptr) return;
  const QString folder = settings_.text(QStringLiteral("figure/folder"), QDir::homePath());
  auto* dialog = new QFileDialog(this, tr("Export %1").arg(format.toUpper()),
                                 QStringLiteral("%1/%2.%3").arg(folder, figure_file_name(figure->name()), format),
                                 QStringLiteral("%1 (*.%2)").arg(format.toUpper(), format));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(format);
  connect(dialog, &QFileDialog::fileSelected, this, [this, figure](const QString& file) {
    settings_.set_text(QStringLiteral("figure/folder"), QFileInfo(file).absolutePath());
    save_figure_in_background(figure, figure_settings(settings_), file, this, [this, file](const Result<QString>& result) {
      if (!result.ok()) return tell_error(result.error);
      messages_->tell(MessageBar::Kind::note, tr("Saved: %1").arg(file));
    });
  });
  dialog->open();
}

void MainWindow::copy_figure() {
  const FigurePtr figure = current_figure();
  if (figure == nullptr) return;
  FigureSettings settings = figure_settings(settings_);
  settings.dots_per_inch = 200;
  copy_figure_in_background(figure, settings, this, [this](std::unique_ptr<QMimeData> data) {
    QGuiApplication::clipboard()->setMimeData(data.release());
    messages_->tell(MessageBar::Kind::note, tr("Copied: image, caption and data"));
  });
}

void MainWindow::show_figure_dialog() {
  if (figure_dialog_ == nullptr) {
    figure_dialog_ = new FigureDialog(
        settings_,
        [this]() -> FigurePtr {
          const View* view = centre_->current_view();
          return view == nullptr ? nullptr : view->figure();
        },
        this);
    figure_dialog_->setAttribute(Qt::WA_DeleteOnClose);
    connect(figure_dialog_, &FigureDialog::failed, this, &MainWindow::tell_error);
    connect(centre_, &Centre::current_changed, figure_dialog_, &FigureDialog::refresh);
    connect(workbench_.selection, &SelectionModel::changed, figure_dialog_, &FigureDialog::refresh);
  }
  figure_dialog_->show();
  figure_dialog_->raise();
  figure_dialog_->activateWindow();
}

}  // namespace rolora::widgets
