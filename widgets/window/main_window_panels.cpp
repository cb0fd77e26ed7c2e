// SPDX-License-Identifier: GPL-3.0-or-later
// The main window: what stands in it, and what one part's signal means for the others.
#include <QDir>
#include <QFileInfo>
#include <QLabel>
#include <QMenu>
#include <QTabWidget>
#include <algorithm>

#include "widgets/base/format.h"
#include "widgets/base/icons.h"
#include "widgets/base/places.h"
#include "widgets/data/describe.h"
#include "widgets/data/pairs.h"
#include "widgets/data/run_store.h"
#include "widgets/data/selection.h"
#include "widgets/data/statistics_store.h"
#include "widgets/jobs/job_queue.h"
#include "widgets/jobs/jobs_panel.h"
#include "widgets/jobs/measure_service.h"
#include "widgets/jobs/worker_program.h"
#include "widgets/recipe/doctor_page.h"
#include "widgets/recipe/prompt_panel.h"
#include "widgets/recipe/recipe_page.h"
#include "widgets/trees/inspector_panel.h"
#include "widgets/trees/map_panel.h"
#include "widgets/trees/outlier_panel.h"
#include "widgets/trees/runs_panel.h"
#include "widgets/views/distribution_view.h"
#include "widgets/views/magnitude_view.h"
#include "widgets/views/overview_view.h"
#include "widgets/views/profile_view.h"
#include "widgets/views/training_view.h"
#include "widgets/window/actions.h"
#include "widgets/window/centre.h"
#include "widgets/window/dock_host.h"
#include "widgets/window/figure_dialog.h"
#include "widgets/window/known_models.h"
#include "widgets/window/main_window.h"
#include "widgets/window/message_bar.h"
#include "widgets/window/page_controls.h"
#include "widgets/window/start_page.h"
#include "widgets/window/status_line.h"

namespace rolora::widgets {
namespace {

const QString kPinned = QStringLiteral("runs/pinned"), kWorker = QStringLiteral("worker/program");

}  // namespace

void MainWindow::make_views() {
  centre_->add_view(QStringLiteral("overview"), icon(QStringLiteral("overview")), new OverviewView(workbench_));
  centre_->add_view(QStringLiteral("magnitude"), icon(QStringLiteral("surface")), new MagnitudeView(workbench_));
  centre_->add_view(QStringLiteral("distribution"), icon(QStringLiteral("distribution")), new DistributionView(workbench_));
  centre_->add_view(QStringLiteral("profile"), icon(QStringLiteral("profile")), new ProfileView(workbench_));
  centre_->add_view(QStringLiteral("training"), icon(QStringLiteral("train")), new TrainingView(workbench_));
  const QString arrangement = QStringLiteral("view/arrangement");
  for (HeatPlot* plot : centre_->findChildren<HeatPlot*>()) {  // two heat maps beside or below each other, as it was left
    plot->set_arrangement(static_cast<Arrangement>(std::clamp(settings_.text(arrangement, QStringLiteral("0")).toInt(), 0, 2)));
    connect(plot, &HeatPlot::arrangement_changed, this, [this, arrangement](Arrangement now) {
      settings_.set_text(arrangement, QString::number(static_cast<int>(now)));
      for (HeatPlot* other : centre_->findChildren<HeatPlot*>()) other->set_arrangement(now);
    });
  }
  recipe_ = new RecipePage(jobs_);
  const QString resources = resources_folder();
  if (!resources.isEmpty()) {
    std::map<QString, QString> texts;
    for (const char* name : {"calibration", "tuning", "evaluation", "heldout"}) {
      texts[QLatin1String(name)] = QStringLiteral("%1/texts/%2.txt").arg(resources, QLatin1String(name));
    }
    recipe_->set_default_texts(texts);
  }
  centre_->add_page(QStringLiteral("recipe"), icon(QStringLiteral("recipe")), tr("Recipe"), recipe_);
  doctor_ = new DoctorPage;
  centre_->add_page(QStringLiteral("doctor"), icon(QStringLiteral("model")), tr("Model"), doctor_);
}

void MainWindow::make_panels() {
  const auto add = [this](const char* id, const QString& title, const QString& tip, const char* icon_name, const char* key,
                          QWidget* panel) {
    docks_->add(QLatin1String(id), title, tip, icon(QLatin1String(icon_name)), QKeySequence(QLatin1String(key)), panel);
  };
  measure_ = new MeasureService(workbench_.statistics, this);
  runs_panel_ = new RunsPanel(workbench_, this);
  set_worker_program(settings_.text(kWorker));
  if (const QString notice = worker_notice(); !notice.isEmpty()) messages_->tell(MessageBar::Kind::note, notice);
  jobs_panel_ = new JobsPanel(jobs_, this);
  connect(jobs_panel_, &JobsPanel::worker_chosen, this, [this](const QString& program) { settings_.set_text(kWorker, program); });
  outlier_panel_ = new OutlierPanel(workbench_, this);
  add("runs", tr("Runs and models"), tr("What is open and what was: models, runs, measured states"), "model", "Alt+1", runs_panel_);
  add("map", tr("Model map"), tr("Layers, modules and sites with their outliers"), "map", "Alt+2", new ModelMapPanel(workbench_, this));
  add("outliers", tr("Outliers"), tr("The largest values as a table"), "table", "Alt+3", outlier_panel_);
  add("jobs", tr("Jobs"), tr("What runs, waits and has ended"), "jobs", "Alt+4", jobs_panel_);
  add("inspector", tr("Inspector"), tr("Every number of the selection and where it comes from"), "inspector", "Alt+5",
      new InspectorPanel(workbench_, this));
  prompt_ = new PromptPanel(measure_, this);
  add("prompt", tr("Prompt"), tr("Any text through both models: outliers and continuation"), "prompt", "Alt+6", prompt_);
}

void MainWindow::name_action_sources() {
  // The page that is shown first; what is on another one goes there before it does it.
  actions_->set_page([this] {
    if (centre_->shows_start()) return std::vector<FinderEntry>();
    const QString shown = centre_->current_id();
    std::vector<FinderEntry> all = page_controls(centre_->shown_title(), centre_->page(shown));
    for (const QString& id : centre_->ids()) {
      if (id == shown) continue;
      for (FinderEntry& entry : page_controls(centre_->title(id), centre_->page(id))) {
        entry.elsewhere = true;
        entry.run = [centre = centre_, id, run = std::move(entry.run)] {
          centre->show_tab(id);
          run();
        };
        all.push_back(std::move(entry));
      }
    }
    return all;
  });
  const auto add = [this](const QWidget* panel, const QString& name, const QString& reason) { actions_->add_source(panel, name, reason); };
  add(jobs_panel_, tr("Jobs"), tr("no job is chosen for which this makes sense"));
  actions_->add_source(recipe_, tr("Recipe"), tr("the recipe is not ready for it; its page says what is missing"), true);
  add(prompt_, tr("Prompt"), tr("there is no text, or it is already running"));
  add(runs_panel_, tr("Runs"), tr("no row is chosen for which this makes sense"));
  add(outlier_panel_, tr("Outliers"), tr("no rows are chosen"));
  add(docks_->panel(QStringLiteral("inspector")), tr("Inspector"), tr("nothing is selected"));
}

void MainWindow::connect_stores() {
  connect(sentence_, &SelectionSentence::changed, status_, &StatusLine::set_selection);
  connect(workbench_.selection, &SelectionModel::changed, this, [this](const Selection& now, const Selection& before) {
    setWindowTitle(now.a.valid() ? tr("%1 — RoLoRA Workbench").arg(source_title(now.a.file, workbench_)) : tr("RoLoRA Workbench"));
    update_actions();
    if (now.a != before.a || now.b != before.b) follow_states();
    if (!way_back_.second.isEmpty() && now.a.file != way_back_.second) messages_->forget(QStringLiteral("prompt"));
  });
  connect(workbench_.statistics, &StatisticsStore::opened, this, &MainWindow::update_actions);
  connect(workbench_.statistics, &StatisticsStore::closed, this, &MainWindow::update_actions);
  connect(workbench_.runs, &RunStore::failed, this, [this](const QString&, const QString& error) { tell_error(error); });
  connect(jobs_, &JobQueue::ended, this, &MainWindow::job_ended);
  connect(jobs_, &JobQueue::changed, this, [this](int row) {
    if (is_active(jobs_->at(row).state)) messages_->forget(jobs_->at(row).folder);  // it goes on: how it ended is over
  });
  connect(jobs_, &JobQueue::changed, this, &MainWindow::show_jobs_status);
  connect(jobs_, &JobQueue::inserted, this, &MainWindow::show_jobs_status);
  connect(jobs_, &JobQueue::removed, this, &MainWindow::show_jobs_status);
  for (const auto signal : {&RunStore::opened, &RunStore::updated, &RunStore::closed}) {
    connect(workbench_.runs, signal, &known_soon_, qOverload<>(&QTimer::start));
  }
  connect(jobs_, &JobQueue::ended, &known_soon_, qOverload<>(&QTimer::start));
  known_soon_.setSingleShot(true);
  known_soon_.setInterval(0);
  connect(&known_soon_, &QTimer::timeout, this, &MainWindow::renew_known_places);
  known_soon_.start();
  connect(jobs_, &JobQueue::notice_changed, this, [this](const QString& notice) {
    if (!notice.isEmpty()) messages_->tell(MessageBar::Kind::note, notice);
  });
  connect(workbench_.runs, &RunStore::opened, this, &MainWindow::offer_models);
  connect(workbench_.runs, &RunStore::updated, this, &MainWindow::offer_models);
  connect(workbench_.runs, &RunStore::updated, this, [this](const QString& folder) { open_new_statistics(workbench_, folder); });
  connect(workbench_.statistics, &StatisticsStore::failed, this, [this](const QString&, const QString& error) { tell_error(error); });
  show_jobs_status();
}

void MainWindow::show_jobs_status() {
  const int active = jobs_->active_count();
  jobs_status_->setText(active == 0 ? QString() : active == 1 ? tr("1 job at work") : tr("%1 jobs at work").arg(active));
  jobs_status_->setVisible(active > 0);
}

void MainWindow::connect_panels() {
  for (View* view : centre_->views()) {
    const QString id = centre_->id_of(view);
    connect(view, &View::sentence_changed, status_, &StatusLine::set_hover);
    connect(view, &View::drilled, this, [this, id] { drill(id); });
    connect(view, &View::climbed, this, [this, id] { climb(id); });
    connect(view, &View::table_asked, this, [this] {
      docks_->show(QStringLiteral("outliers"));
      outlier_panel_->focus_selection();
    });
    connect(view, &View::pointed_at, outlier_panel_, &OutlierPanel::point_at);
    connect(view, &View::pointed_away, outlier_panel_, [this] { outlier_panel_->point_at({}); });
    connect(view, &View::page_asked, this, &MainWindow::show_view);
    connect(view, &View::layer_filter_asked, this,
            [this](int layer) { outlier_panel_->filter()->setText(QStringLiteral("l%1").arg(layer)); });
    connect(view, &View::menu_opened, this, [this](QMenu* menu) {
      update_actions();
      for (const char* action : {"figure.dialog", "figure.copy", "figure.pdf", "figure.svg", "figure.png", "figure.csv"}) {
        menu->addAction(actions_->at(QLatin1String(action)));
      }
    });
  }
  connect(centre_, &Centre::current_changed, this, [this] {
    status_->set_hover({});
    if (!centre_->shows_start()) docks_->set_veiled(false);
    set_aside_for_the_page();
    update_actions();
  });
  const StartPage* start = centre_->start_page();
  connect(start, &StartPage::story_asked, this, &MainWindow::prepare_story);
  connect(start, &StartPage::model_asked, this, &MainWindow::ask_for_folder);
  connect(start, &StartPage::run_asked, this, &MainWindow::ask_for_folder);
  connect(start, &StartPage::statistics_asked, this, &MainWindow::ask_for_statistics);
  connect(start, &StartPage::recent_chosen, this, [this](const QString& path) { open_path(path); });
  connect(runs_panel_, &RunsPanel::station_activated, this, &MainWindow::show_station);
  connect(runs_panel_, &RunsPanel::message, this, &MainWindow::tell_error);
  connect(runs_panel_, &RunsPanel::place_activated, this, [this](const QString& path) { open_path(path); });
  connect(runs_panel_, &RunsPanel::place_forgotten, this, [this](const QString& path) {
    settings_.forget_recent(path);
    fill_recent();
  });
  runs_panel_->set_pinned(settings_.text(kPinned).split(QLatin1Char('\n'), Qt::SkipEmptyParts));
  connect(runs_panel_, &RunsPanel::pinned_changed, this,
          [this](const QStringList& folders) { settings_.set_text(kPinned, folders.join(QLatin1Char('\n'))); });
  connect(jobs_panel_, &JobsPanel::run_open_asked, this, [this](const QString& folder) { open_path(folder); });
  connect(jobs_panel_, &JobsPanel::new_job_asked, this, [this] { show_view(QStringLiteral("recipe")); });
  connect(recipe_, &RecipePage::job_added, this, [this](const QString& id) {
    jobs_panel_->show_job(id);
    docks_->raise(QStringLiteral("jobs"));
  });
  connect(recipe_, &RecipePage::message, this, [this](const QString& line) { messages_->tell(MessageBar::Kind::note, line); });
  connect(docks_, &DockHost::floating_changed, this, &MainWindow::update_actions);
  connect(docks_, &DockHost::perspective_changed, this, &MainWindow::set_aside_for_the_page, Qt::QueuedConnection);
}

/// Texts through models, and sites measured token by token: their values come as files of this session.
void MainWindow::connect_measuring() {
  connect(measure_, &MeasureService::progressed, this, [this](const QString& stage, qint64 done, qint64 total) {
    status_->set_hover(total > 0 ? tr("Measuring: %1, %2 of %3").arg(stage).arg(done).arg(total) : tr("Measuring: %1").arg(stage));
  });
  connect(prompt_, &PromptPanel::message, this, [this](const QString& line) { messages_->tell(MessageBar::Kind::note, line); });
  connect(prompt_, &PromptPanel::measured, this, [this](const StateRef& a, const StateRef& b, const SiteKey& site) {
    const Selection before = workbench_.selection->current();
    Selection selection = before;
    selection.a = a;
    selection.b = b;
    selection.site = site.site;
    // Every layer was measured: the one that is looked at stays, unless this model has none of that number.
    const SummaryPtr summary = workbench_.statistics->summary(a.file);
    const StateSummary* state = summary ? summary->find(a.state) : nullptr;
    if (state != nullptr && selection.layer >= state->layers()) selection.layer = -1;
    selection.channel = selection.token = -1;
    selection.scaling = default_scaling(a, b, site.site, *workbench_.statistics);
    const QString page = centre_->current_id();
    workbench_.selection->propose(selection);
    show_view(QStringLiteral("magnitude"));
    offer_way_back(before, page);
  });
  auto* magnitude = qobject_cast<MagnitudeView*>(centre_->view(QStringLiteral("magnitude")));
  connect(magnitude, &MagnitudeView::measure_asked, this, &MainWindow::measure_values);
}

/// What is asked for takes the place of what lacks it: when all is there, so that A and B stay on the same tokens.
void MainWindow::measure_values(const QVector<StateRef>& states, const SiteKey& site, int token) {
  const SummaryPtr summary = states.isEmpty() ? nullptr : workbench_.statistics->summary(states.first().file);
  const int64_t context = summary ? summary->provenance.context : 0;
  if (token >= 0 && context < 1) return;
  const int64_t window = token < 0 ? -1 : token / context;
  struct Asked {
    std::map<StateRef, StateRef> found;
    qsizetype open = 0;
  };
  auto asked = std::make_shared<Asked>();
  asked->open = states.size();
  const auto take = [this, asked, token, window, context](const StateRef& state, const Result<StateRef>& measured) {
    if (!measured.ok()) tell_error(measured.error);
    if (measured.ok()) asked->found[state] = measured.value;
    if (--asked->open > 0) return;
    status_->set_hover({});
    const Selection before = workbench_.selection->current();
    Selection selection = before;
    for (StateRef* shown : {&selection.a, &selection.b}) {
      if (const auto there = asked->found.find(*shown); there != asked->found.end()) *shown = there->second;
    }
    if (selection.a == before.a && selection.b == before.b) return;
    if (window > 0) selection.token = before.token == token ? static_cast<int>(token - window * context) : -1;
    workbench_.selection->propose(selection);
    if (window > 0) offer_whole_text(before, token, window, selection.token);
  };
  for (const StateRef& state : states) {
    measure_->measure_window(state, site, window, this, [take, state](const Result<StateRef>& measured) { take(state, measured); });
  }
}

/// Its tokens count from the window's first one: where they stand in the text is said, and the way back to it.
void MainWindow::offer_whole_text(const Selection& from, int token, int64_t window, int shown) {
  messages_->tell(
      MessageBar::Kind::note,
      tr("Window %1 was measured: token %2 of the text is its token %3.").arg(grouped(window), grouped(token), grouped(shown)),
      tr("Back to %1").arg(source_title(from.a.file, workbench_)), [this, from] { workbench_.selection->propose(from); },
      QStringLiteral("window"));
}

void MainWindow::offer_models() {
  known_soon_.start();  // the tree of runs names the models too
  const QStringList models = known_models(*workbench_.runs, settings_.recent());
  recipe_->set_known_models(models);
  doctor_->set_known_models(models);
  prompt_->set_known_models(models);
  follow_states();
}

/// A prompt takes the place of what was looked at: one click leads back, as long as the prompt is shown.
void MainWindow::offer_way_back(const Selection& from, const QString& page) {
  const QString about = QStringLiteral("prompt");
  const bool from_prompt =
      std::exchange(way_back_.second, workbench_.selection->current().a.file) == from.a.file && way_back_.first.a.valid();
  if (!from_prompt) way_back_.first = from;  // of several prompts it leads to what was there before the first
  const Selection back = way_back_.first;
  messages_->forget(about);
  if (!back.a.valid()) return;
  const QString run = source_title(back.a.file, workbench_);
  messages_->tell(
      MessageBar::Kind::note, tr("The views show the prompt."), tr("Back to %1").arg(run),
      [this, back, page] {
        workbench_.selection->propose(back);
        if (!page.isEmpty()) show_view(page);
      },
      about);
}

/// A text is run through the models whose states are looked at, unless somebody chose others for it.
void MainWindow::follow_states() {
  const Selection& now = workbench_.selection->current();
  const QStringList known = known_models(*workbench_.runs, settings_.recent());
  const QString a = model_of_state(now.a, *workbench_.runs, known), b = model_of_state(now.b, *workbench_.runs, known);
  if (!a.isEmpty()) prompt_->set_models(a, b);
}

/// One level down: the whole model, a site, its values.
void MainWindow::drill(const QString& from) {
  if (from == QStringLiteral("overview") || from == QStringLiteral("profile")) {
    show_view(QStringLiteral("magnitude"));
  } else if (from == QStringLiteral("magnitude")) {
    show_view(QStringLiteral("distribution"));
  }
}

void MainWindow::climb(const QString& from) {
  if (from == QStringLiteral("distribution")) {
    show_view(QStringLiteral("magnitude"));
  } else if (from == QStringLiteral("magnitude") || from == QStringLiteral("profile")) {
    show_view(QStringLiteral("overview"));
  }
}

}  // namespace rolora::widgets
