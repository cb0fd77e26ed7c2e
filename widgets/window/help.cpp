// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/window/help.h"

#include <QCoreApplication>
#include <QDialog>
#include <QMessageBox>
#include <QTextBrowser>
#include <QVBoxLayout>
#include <utility>
#include <vector>

#include "widgets/base/icons.h"
#include "widgets/base/style_shapes.h"

namespace rolora::widgets {
namespace {

QString words(const char* text) { return QCoreApplication::translate("Help", text); }

QString table(const QString& title, const std::vector<std::pair<QString, QString>>& rows) {
  QString html = QStringLiteral("<h3>%1</h3><table width='100%' cellspacing='0' cellpadding='3'>").arg(title.toHtmlEscaped());
  for (const auto& [key, meaning] : rows) {
    html += QStringLiteral("<tr><td width='28%'><b>%1</b></td><td>%2</td></tr>").arg(key.toHtmlEscaped(), meaning.toHtmlEscaped());
  }
  return html + QStringLiteral("</table>");
}

QString key_sheet() {
  return table(words("In every plot"),
               {{words("Click"), words("selects what is there; of a pooled pixel, its largest value")},
                {words("Double-click, Enter"), words("one level down: model, site, values; Backspace goes up")},
                {words("Shift+Click, Shift+Enter"),
                 words("marks a place beside the selected one as group G2, G3, …; with Ctrl in the last group")},
                {words("Drag"), words("zooms into a rectangle; Ctrl+drag selects the largest in one; middle button or Space+drag moves")},
                {words("Wheel"), words("zooms at the pointer; with Ctrl along x only, with Shift along y only")},
                {words("Arrow keys"), words("move the cursor; with Ctrl to the next outlier; Page keys change the layer")},
                {QStringLiteral("B, Shift+B"), words("zoom before and after; O zooms out; Home shows all")},
                {QStringLiteral("L, C, T"), words("logarithmic axis, next colours, table of outliers")},
                {QStringLiteral("Esc"), words("clears the selection, then the zoom")}}) +
         table(words("In the window"), {{QStringLiteral("Ctrl+Shift+P"), words("every command, by typing")},
                                        {QStringLiteral("Ctrl+F"), words("goes to a layer, site or channel: l12 down 1415")},
                                        {QStringLiteral("Ctrl+1 … 6"), words("the pages; Ctrl+0 the start page")},
                                        {QStringLiteral("Alt+1 … 6"), words("the panels")},
                                        {QStringLiteral("Ctrl+[  Ctrl+]"), words("selection before and after")},
                                        {QStringLiteral("Ctrl+E"), words("figure at paper size")},
                                        {QStringLiteral("Ctrl + −"), words("larger and smaller text")}}) +
         table(words("Recipe, jobs, prompt"),
               {{QStringLiteral("Ctrl+Return"), words("starts the recipe; opens the chosen job's run; runs the prompt")},
                {QStringLiteral("Ctrl+Shift+J, K"), words("saves the recipe as a job; copies it as a command")},
                {QStringLiteral("Ctrl+Shift+R, S, X"), words("goes on with a job; stops and saves it; cancels it")}});
}

}  // namespace

void show_key_sheet(QWidget* window) {
  auto* sheet = new QDialog(window);
  sheet->setObjectName(QStringLiteral("keys"));
  sheet->setAttribute(Qt::WA_DeleteOnClose);
  sheet->setModal(false);
  sheet->setWindowTitle(words("Keys and mouse"));
  auto* text = new QTextBrowser(sheet);
  text->setAccessibleName(words("Keys and mouse"));
  text->setFrameShape(QFrame::NoFrame);
  text->setHtml(key_sheet());
  auto* layout = new QVBoxLayout(sheet);
  layout->addWidget(text);
  sheet->resize(qRound(style_unit() * 44), qRound(style_unit() * 34));
  sheet->show();
}

void show_about_box(QWidget* window) {
  auto* box = new QMessageBox(window);
  box->setAttribute(Qt::WA_DeleteOnClose);
  box->setModal(false);
  box->setWindowTitle(words("About RoLoRA Workbench"));
  box->setIconPixmap(application_icon().pixmap(qRound(style_unit() * 4)));
  box->setText(QStringLiteral("<b>RoLoRA Workbench %1</b>").arg(QCoreApplication::applicationVersion()));
  box->setInformativeText(
      words("Rotated, outlier-free weights and activations for effective quantization: implements RoLoRA "
            "(arXiv 2407.08044). Free software under the GNU General Public License, version 3 or later."));
  box->setStandardButtons(QMessageBox::Close);
  box->show();
}

}  // namespace rolora::widgets
