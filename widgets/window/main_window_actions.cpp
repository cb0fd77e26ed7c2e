// SPDX-License-Identifier: GPL-3.0-or-later
// The main window: its actions and menus.
#include <QActionGroup>
#include <QApplication>
#include <QClipboard>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>

#include "widgets/base/icons.h"
#include "widgets/base/theme.h"
#include "widgets/data/selection.h"
#include "widgets/jobs/jobs_panel.h"
#include "widgets/plots/plot.h"
#include "widgets/window/actions.h"
#include "widgets/window/centre.h"
#include "widgets/window/dock_host.h"
#include "widgets/window/finder.h"
#include "widgets/window/help.h"
#include "widgets/window/main_window.h"
#include "widgets/window/place_search.h"
#include "widgets/window/status_line.h"

namespace rolora::widgets {
namespace {

Plot* plot_of(const Centre* centre) {
  View* view = centre->current_view();
  return view == nullptr ? nullptr : qobject_cast<Plot*>(view->focus_widget());
}

}  // namespace

void MainWindow::make_actions() {
  make_file_actions();
  make_view_actions();
  make_plot_actions();
  make_panel_actions();
  make_help_actions();
}

void MainWindow::make_file_actions() {
  actions_->add({QStringLiteral("file.open"), tr("&Open model or run…"), tr("Open a model folder or a run folder"), QKeySequence::Open,
                 QStringLiteral("open")},
                [this] { ask_for_folder(); });
  actions_->add({QStringLiteral("file.statistics"), tr("Open &statistics…"), tr("Open an .h5 file of statistics"),
                 QKeySequence(QStringLiteral("Ctrl+Shift+O")), QStringLiteral("outliers")},
                [this] { ask_for_statistics(); });
  actions_->add({QStringLiteral("file.story"),
                 tr("Try the s&tory on the bundled model"),
                 tr("Fill in the recipe with the story on the bundled model, ready to start"),
                 {},
                 QStringLiteral("start")},
                [this] { prepare_story(); });
  actions_->add({QStringLiteral("file.save_statistics"),
                 tr("Save statistics as &HDF5…"),
                 tr("Copy the statistics file that is shown"),
                 {},
                 QStringLiteral("table")},
                [this] { save_statistics_copy(); });
  actions_->add({QStringLiteral("figure.dialog"), tr("&Figure…"), tr("The current view at paper size, with a live preview"),
                 QKeySequence(QStringLiteral("Ctrl+E")), QStringLiteral("figure")},
                [this] { show_figure_dialog(); });
  for (const auto& [format, text] : {std::pair("pdf", tr("Export as &PDF…")), std::pair("svg", tr("Export as &SVG…")),
                                     std::pair("png", tr("Export as P&NG…")), std::pair("csv", tr("Export data as &CSV…"))}) {
    const QString name = QLatin1String(format);
    actions_->add({QStringLiteral("figure.") + name, text, tr("Save the current view at paper width"), {}, QStringLiteral("export")},
                  [this, name] { export_figure(name); });
  }
  actions_->add(
      {QStringLiteral("figure.copy"), tr("&Copy figure"), tr("The current view as an image, its caption as text, to the clipboard"),
       QKeySequence(QStringLiteral("Ctrl+Shift+C")), QStringLiteral("copy")},
      [this] { copy_figure(); });
  actions_->add(
      {QStringLiteral("file.quit"), tr("&Quit"), tr("Close the window; jobs may go on"), QKeySequence::Quit, QStringLiteral("close")},
      [this] { close(); });
  actions_->add(
      {QStringLiteral("edit.copy_sentence"), tr("Copy selection as &text"), tr("The sentence of the status bar, to the clipboard"),
       QKeySequence(QStringLiteral("Ctrl+Alt+C")), QStringLiteral("copy")},
      [this] { QApplication::clipboard()->setText(status_->selection()); });
  actions_->add({QStringLiteral("edit.back"), tr("Selection &back"), tr("What was selected before"), QKeySequence(QStringLiteral("Ctrl+[")),
                 QStringLiteral("back")},
                [this] { workbench_.selection->go_back(); });
  actions_->add({QStringLiteral("edit.forward"), tr("Selection f&orward"), tr("What was selected after"),
                 QKeySequence(QStringLiteral("Ctrl+]")), QStringLiteral("forward")},
                [this] { workbench_.selection->go_forward(); });
  actions_->add({QStringLiteral("edit.search"), tr("&Find layer, site or channel…"), tr("Type where to go: l12 down 1415"),
                 QKeySequence::Find, QStringLiteral("search")},
                [this] { open_search(); });
  actions_->add({QStringLiteral("command.palette"), tr("Command &palette…"), tr("Find every command by typing"),
                 QKeySequence(QStringLiteral("Ctrl+Shift+P")), QStringLiteral("command")},
                [this] { open_palette(); });
}

void MainWindow::make_view_actions() {
  actions_->add({QStringLiteral("view.start"), tr("&Start page"), tr("Where to begin"), QKeySequence(QStringLiteral("Ctrl+0")), {}},
                [this] { centre_->show_start(); });
  int number = 1;
  for (const QString& id : centre_->ids()) {
    const QString title = centre_->title(id);
    actions_->add(
        {QStringLiteral("view.") + id, title, tr("Show the page %1").arg(title), QKeySequence(QStringLiteral("Ctrl+%1").arg(number++)), {}},
        [this, id] { show_view(id); });
    const View* view = centre_->view(id);
    for (const ViewPart& part : view != nullptr ? view->parts() : QVector<ViewPart>()) {
      actions_->add({QStringLiteral("view.") + part.id, part.title, tr("On the page %1").arg(title), {}, {}},
                    [this, part] { show_view(part.id); });
    }
  }
  auto* group = new QActionGroup(this);
  const std::pair<ThemeChoice, QString> themes[] = {
      {ThemeChoice::system, tr("Theme of the s&ystem")}, {ThemeChoice::light, tr("&Light theme")}, {ThemeChoice::dark, tr("&Dark theme")}};
  for (const auto& [choice, text] : themes) {
    QAction* action =
        actions_->add({QStringLiteral("theme.%1").arg(int(choice)), text, tr("Colours of the window"), {}, {}}, [this, choice] {
          theme_->choose(choice);
          settings_.set_theme(choice);
        });
    action->setCheckable(true);
    action->setChecked(theme_->choice() == choice);
    group->addAction(action);
  }
  const auto scale = [this](int by) {
    if (by == 0) {
      theme_->set_scale(1);
    } else {
      theme_->step_scale(by);
    }
    settings_.set_scale(theme_->scale());
  };
  QAction* larger =
      actions_->add({QStringLiteral("view.larger"), tr("Larger &text"), tr("Scale the whole window up"), {}, {}}, [scale] { scale(1); });
  larger->setShortcuts({QKeySequence(QStringLiteral("Ctrl++")), QKeySequence(QStringLiteral("Ctrl+="))});
  actions_->add(
      {QStringLiteral("view.smaller"), tr("S&maller text"), tr("Scale the whole window down"), QKeySequence(QStringLiteral("Ctrl+-")), {}},
      [scale] { scale(-1); });
  actions_->add(
      {QStringLiteral("view.normal"), tr("&Normal text"), tr("The system's text size"), QKeySequence(QStringLiteral("Ctrl+Alt+0")), {}},
      [scale] { scale(0); });
}

void MainWindow::make_plot_actions() {
  const auto add = [this](const char* id, const QString& text, const QString& tip, const char* key, void (Plot::*act)()) {
    QAction* action = actions_->add({QLatin1String(id), text, tip, QKeySequence(QLatin1String(key)), {}}, [this, act] {
      if (Plot* plot = plot_of(centre_)) (plot->*act)();
    });
    // Single letters belong to the views only: in trees and fields they are typed.
    removeAction(action);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    for (View* view : centre_->views()) view->addAction(action);
  };
  add("plot.fit", tr("&Fit view"), tr("Show all of the data"), "Home", &Plot::fit);
  add("plot.previous", tr("&Previous view"), tr("The zoom before this one"), "B", &Plot::previous_view);
  add("plot.next", tr("&Next view"), tr("The zoom after this one"), "Shift+B", &Plot::next_view);
  add("plot.out", tr("Zoom &out"), tr("See twice as much"), "O", &Plot::zoom_out);
  add("plot.log", tr("&Logarithmic axis"), tr("Switch between a logarithmic and a linear axis"), "L", &Plot::toggle_log);
  add("plot.colours", tr("Next &colour map"), tr("Cycle through the colour maps"), "C", &Plot::cycle_colours);
}

void MainWindow::make_panel_actions() {
  for (const Perspective& perspective : docks_->perspectives()) {
    actions_->add({QStringLiteral("perspective.") + perspective.id,
                   tr("Perspective: %1").arg(perspective.title),
                   perspective.tip,
                   {},
                   perspective.id},
                  [this, id = perspective.id] { switch_perspective(id); });
  }
  QAction* lock = actions_->add(
      {QStringLiteral("layout.lock"), tr("&Lock layout"), tr("Panels can no longer be moved or closed"), {}, QStringLiteral("lock")},
      [] {});
  lock->setCheckable(true);
  connect(lock, &QAction::toggled, docks_, &DockHost::set_locked);
  actions_->add({QStringLiteral("layout.dock_back"),
                 tr("&Dock floating panels back"),
                 tr("Every floating panel back into the window"),
                 {},
                 QStringLiteral("float")},
                [this] { docks_->dock_back(); });
  actions_->add({QStringLiteral("layout.reset"),
                 tr("&Reset layout"),
                 tr("All panels where they were at the first start"),
                 {},
                 QStringLiteral("reset")},
                [this] { reset_layout(); });
}

void MainWindow::make_help_actions() {
  actions_->add({QStringLiteral("help.keys"), tr("&Keys and mouse"), tr("What keys and mouse do in every plot"), QKeySequence::HelpContents,
                 QStringLiteral("help")},
                [this] { show_key_sheet(this); });
  actions_->add({QStringLiteral("help.about"), tr("&About RoLoRA Workbench"), tr("Version, licence, paper"), {}, {}},
                [this] { show_about_box(this); });
}

void MainWindow::make_menus() {
  const auto fill = [this](QMenu* menu, const QStringList& ids) {
    for (const QString& id : ids) {
      if (id.isEmpty()) {
        menu->addSeparator();
      } else if (QAction* action = actions_->at(id)) {
        menu->addAction(action);
      }
    }
  };
  const auto all = [this](const QString& prefix) {
    QStringList ids;
    for (const QAction* action : findChildren<QAction*>()) {
      if (action->objectName().startsWith(prefix)) ids += action->objectName();
    }
    return ids;
  };
  menuBar()->setAccessibleName(tr("Menus"));
  QMenu* file = menuBar()->addMenu(tr("&File"));
  fill(file, {QStringLiteral("file.open"), QStringLiteral("file.statistics")});
  recent_menu_ = file->addMenu(tr("&Recent"));
  fill(file, {QStringLiteral("file.story"), {}, QStringLiteral("file.save_statistics"), {}, QStringLiteral("file.quit")});
  QMenu* edit = menuBar()->addMenu(tr("&Edit"));
  fill(edit, {QStringLiteral("edit.copy_sentence"),
              {},
              QStringLiteral("edit.back"),
              QStringLiteral("edit.forward"),
              {},
              QStringLiteral("edit.search"),
              QStringLiteral("command.palette")});
  QMenu* view = menuBar()->addMenu(tr("&View"));
  QStringList pages = {QStringLiteral("view.start")};
  for (const QString& id : centre_->ids()) {
    pages += QStringLiteral("view.") + id;
    const View* page = centre_->view(id);
    for (const ViewPart& part : page != nullptr ? page->parts() : QVector<ViewPart>()) pages += QStringLiteral("view.") + part.id;
  }
  fill(view, pages + QStringList{{}} + all(QStringLiteral("plot.")) + QStringList{{}});
  QMenu* theme = view->addMenu(icon(QStringLiteral("theme")), tr("&Theme"));
  fill(theme, all(QStringLiteral("theme.")));
  fill(view, {QStringLiteral("view.larger"), QStringLiteral("view.smaller"), QStringLiteral("view.normal")});
  QMenu* figure = menuBar()->addMenu(tr("Fi&gure"));
  fill(figure, {QStringLiteral("figure.dialog"),
                {},
                QStringLiteral("figure.pdf"),
                QStringLiteral("figure.svg"),
                QStringLiteral("figure.png"),
                QStringLiteral("figure.csv"),
                {},
                QStringLiteral("figure.copy")});
  QMenu* jobs = menuBar()->addMenu(tr("&Jobs"));
  jobs->addActions(jobs_panel_->job_actions());
  QMenu* panels = menuBar()->addMenu(tr("&Panels"));
  for (const QString& id : docks_->ids()) panels->addAction(docks_->show_action(id));
  panels->addSeparator();
  QMenu* open = panels->addMenu(tr("&Open and close"));
  for (const QString& id : docks_->ids()) open->addAction(docks_->toggle_action(id));
  panels->addSeparator();
  fill(panels, all(QStringLiteral("perspective.")) +
                   QStringList{{}, QStringLiteral("layout.lock"), QStringLiteral("layout.dock_back"), QStringLiteral("layout.reset")});
  QMenu* help = menuBar()->addMenu(tr("&Help"));
  fill(help, {QStringLiteral("help.keys"), QStringLiteral("help.about")});
}

void MainWindow::update_actions() {
  const Selection& now = workbench_.selection->current();
  const auto reason = [this](const char* id, bool possible, const QString& why) {
    Actions::set_disabled(actions_->at(QLatin1String(id)), possible ? QString() : why);
  };
  const View* view = centre_->current_view();
  const QString no_view = tr("no view is open");
  for (const char* id : {"figure.dialog", "figure.pdf", "figure.svg", "figure.png", "figure.csv", "figure.copy"}) {
    reason(id, view != nullptr, no_view);
  }
  for (const char* id : {"plot.fit", "plot.previous", "plot.next", "plot.out", "plot.log", "plot.colours"}) {
    reason(id, plot_of(centre_) != nullptr, no_view);
  }
  const QString nothing_open = tr("no statistics are open");
  reason("file.save_statistics", now.a.valid(), nothing_open);
  reason("edit.copy_sentence", now.a.valid(), nothing_open);
  reason("edit.search", now.a.valid(), nothing_open);
  reason("edit.back", workbench_.selection->can_go_back(), tr("nothing was selected before"));
  reason("edit.forward", workbench_.selection->can_go_forward(), tr("nothing was selected after"));
  reason("layout.dock_back", docks_->any_floating(), tr("no panel floats"));
}

void MainWindow::open_palette() {
  update_actions();
  finder_->open(tr("Command palette"), tr("Type a command"), [this](const QString& text) { return actions_->find(text); });
}

void MainWindow::open_search() {
  finder_->open(tr("Find a place"), tr("Layer, site, channel, token, state: l12 down 1415"),
                [this](const QString& text) { return find_places(text, workbench_); });
}

}  // namespace rolora::widgets
