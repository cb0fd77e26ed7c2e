// SPDX-License-Identifier: GPL-3.0-or-later
// The recipe page: job files that it opens and saves, and the command that does the same.
#include <QApplication>
#include <QClipboard>
#include <QFile>
#include <QFileDialog>

#include "core/storage/atomic_file.h"
#include "widgets/jobs/dialog_folder.h"
#include "widgets/jobs/job_queue.h"
#include "widgets/jobs/worker_program.h"
#include "widgets/recipe/inputs_form.h"
#include "widgets/recipe/recipe_command.h"
#include "widgets/recipe/recipe_page.h"

namespace rolora::widgets {

QString RecipePage::command() const {
  const QString folder = queue_->unused_folder(document_->name());
  const CommandPlace place{worker_program(), folder + QStringLiteral(".job.json"), folder, inputs_->device(), inputs_->threads()};
  return recipe_command(document_->job(), place);
}

void RecipePage::copy_command() {
  const QString folder = queue_->unused_folder(document_->name()), file = folder + QStringLiteral(".job.json");
  bool needs_file = false;
  const QString line =
      recipe_command(document_->job(), {worker_program(), file, folder, inputs_->device(), inputs_->threads()}, &needs_file);
  if (needs_file) {
    const Result<bool> saved = save_job(file);
    if (!saved.ok()) return emit message(saved.error);
  }
  QApplication::clipboard()->setText(line);
  emit message(needs_file ? tr("Copied; its job file is %1").arg(file) : tr("Copied: %1").arg(line));
}

Result<bool> RecipePage::save_job(const QString& file) const {
  try {
    write_file_atomically(QFile::encodeName(file).toStdString(), document_->text().toStdString());
  } catch (const std::exception& e) {
    return {false, QString::fromUtf8(e.what())};
  }
  return {true, {}};
}

void RecipePage::ask_where_to_save() {
  auto* dialog =
      new QFileDialog(this, tr("Save as job"), dialog_folder({}, {queue_->folder() + QStringLiteral("/x")}), tr("Job files (*.json)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setAcceptMode(QFileDialog::AcceptSave);
  dialog->setDefaultSuffix(QStringLiteral("json"));
  dialog->selectFile(document_->name() + QStringLiteral(".json"));
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& file) {
    remember_dialog_folder(file);
    const Result<bool> saved = save_job(file);
    emit message(saved.ok() ? tr("Saved %1").arg(file) : saved.error);
  });
  dialog->open();
}

void RecipePage::ask_what_to_open() {
  auto* dialog =
      new QFileDialog(this, tr("Open job"), dialog_folder({}, {queue_->folder() + QStringLiteral("/x")}), tr("Job files (*.json)"));
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  dialog->setFileMode(QFileDialog::ExistingFile);
  connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& file) {
    remember_dialog_folder(file);
    const Result<bool> opened = open_job(file);
    if (!opened.ok()) emit message(opened.error);
  });
  dialog->open();
}

}  // namespace rolora::widgets
