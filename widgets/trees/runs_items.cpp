// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/runs_items.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "widgets/base/format.h"
#include "widgets/data/describe.h"

namespace rolora::widgets {
namespace {

QString words(const char* text) { return QCoreApplication::translate("rolora::runs", text); }

QString state_of_run(const QString& state) {
  if (state == QStringLiteral("running")) return words("running");
  if (state == QStringLiteral("stopped")) return words("stopped");
  if (state == QStringLiteral("failed")) return words("failed");
  if (state == QStringLiteral("interrupted")) return words("interrupted");
  return words("finished");
}

QString kind_in_words(const QString& kind) {
  if (kind == QStringLiteral("rotate")) return words("rotation");
  if (kind == QStringLiteral("statistics")) return words("outlier statistics");
  if (kind == QStringLiteral("finetune")) return words("training");
  if (kind == QStringLiteral("merge")) return words("merge");
  if (kind == QStringLiteral("quantize")) return words("quantization");
  if (kind == QStringLiteral("evaluate")) return words("evaluation");
  return kind;
}

// The text on which most models were evaluated unquantized: perplexities of a column are of one text.
QString text_of_column(const RunData& run) {
  std::map<QString, int> count;
  for (const PerplexityRow& row : run.perplexities) count[row.text] += row.full_precision == row.perplexity ? 1 : 0;
  const auto most = std::max_element(count.begin(), count.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return most == count.end() ? QString() : most->first;
}

TreeCell perplexity_cell(const RunData& run, const QString& model) {
  const QString text = text_of_column(run);
  const PerplexityRow* shown = nullptr;
  QStringList lines;
  for (const PerplexityRow& row : run.perplexities) {
    if (row.model != model) continue;
    lines.append(words("%1 on %2: perplexity %3").arg(row.state, row.text, number(row.perplexity, 4)));
    const bool unquantized = row.full_precision == row.perplexity;
    if (unquantized && row.text == text) shown = &row;
  }
  return {shown != nullptr ? number(shown->perplexity, 4) : QString(), lines.join(QLatin1Char('\n'))};
}

TreeCell worst_cell(int layer, const QString& site, double ratio) {
  if (layer < 0 || !std::isfinite(ratio)) return {};
  const auto kind = site_of_name(site.toStdString());
  const QString where = kind ? site_title(*kind) : site;
  return {words("%1 (%2)").arg(layer).arg(times(ratio)),
          words("Layer %1, %2: the largest token is %3 the median token, the most of all inputs of linears")
              .arg(layer)
              .arg(where, times(ratio))};
}

void mark(TreeItem& item, const StateRef& state, const Selection& selection) {
  item.strong = state == selection.a || state == selection.b;
  if (state == selection.a && selection.b.valid()) {
    item.icon = QStringLiteral("flag");
    item.cells[kRunsName].tip = words("A: the baseline that others are compared with");
  } else if (item.strong) {
    item.icon = QStringLiteral("inspect");
    item.cells[kRunsName].tip = selection.b.valid() ? words("B: shown beside the baseline") : words("The state that is shown");
  }
}

TreeItem state_item(const RunData& run, const MeasuredState& m, const RunsInput& input) {
  TreeItem item;
  const StateRef ref{m.file, m.label};
  item.key = QStringLiteral("state:") + m.station + QLatin1Char('/') + m.label;
  const QString damage = input.errors.value(m.file);
  item.cells = {{m.title, m.label},
                damage.isEmpty() ? TreeCell() : TreeCell{words("cannot be read"), damage},
                perplexity_cell(run, m.model),
                worst_cell(m.worst_layer, m.worst_site, m.worst_ratio),
                {}};
  item.payload = QVariant::fromValue(RunsRow{RunsRow::Kind::state, run.folder, m.station, ref});
  mark(item, ref, input.selection);
  if (!damage.isEmpty()) item.icon = QStringLiteral("warning");
  return item;
}

TreeItem station_item(const RunData& run, const RunData::StationLine& line) {
  TreeItem item;
  item.key = QStringLiteral("station:") + line.id;
  const QString state = line.done               ? words("done")
                        : line.at_work          ? words("at work")
                        : line.damage.isEmpty() ? words("waiting")
                                                : words("damaged");
  if (!line.damage.isEmpty()) item.icon = QStringLiteral("warning");
  item.cells = {{line.id, kind_in_words(line.kind)}, {state, line.damage}, {}, {}, {line.done ? bytes(line.bytes) : QString(), {}}};
  for (const PerplexityRow& row : run.perplexities) {
    if (row.station != line.id) continue;
    const QString value = number(row.perplexity, 4);
    item.cells[kRunsPerplexity] = {row.text == text_of_column(run) ? value : words("%1 (%2)").arg(value, row.text),
                                   words("%1 on %2, %3 tokens").arg(row.state, row.text, grouped(row.tokens))};
  }
  for (const QuantizedLook& look : run.quantized) {
    if (look.station != line.id) continue;
    const auto worst = std::max_element(look.linears.begin(), look.linears.end(), [](const LinearError& a, const LinearError& b) {
      return a.weight_relative_error < b.weight_relative_error;
    });
    if (worst == look.linears.end()) continue;
    item.cells[kRunsWorst] = {
        QString::number(worst->layer),
        words("%1: relative error of the weights %2, the most of all linears").arg(worst->linear, number(worst->weight_relative_error))};
  }
  item.search = line.kind;
  item.faint = !line.done;
  item.payload = QVariant::fromValue(RunsRow{RunsRow::Kind::station, run.folder, line.id, {}});
  return item;
}

TreeItem stations_item(const RunData& run) {
  TreeItem item;
  item.key = QStringLiteral("stations");
  qint64 sum = 0;
  const auto done = std::count_if(run.stations.begin(), run.stations.end(), [](const auto& s) { return s.done; });
  for (const auto& line : run.stations) {
    sum += line.bytes;
    item.children.push_back(station_item(run, line));
  }
  item.cells = {{words("Stations"), {}}, {words("%1 of %2").arg(done).arg(run.stations.size()), {}}, {}, {}, {bytes(sum), {}}};
  item.payload = QVariant::fromValue(RunsRow{RunsRow::Kind::run, run.folder, {}, {}});
  item.faint = true;
  return item;
}

// The first thing of a run that is there and cannot be read; empty for a whole one.
QString damage_of(const RunData& run, const RunsInput& input) {
  if (const QString own = input.errors.value(run.folder); !own.isEmpty()) return own;
  for (const RunData::StationLine& line : run.stations) {
    if (!line.damage.isEmpty()) return line.damage;
  }
  for (const QString& file : run.statistics_files) {
    if (const QString error = input.errors.value(file); !error.isEmpty()) return error;
  }
  return {};
}

QStringList open_folders(const RunsInput& input) {
  QStringList folders;
  for (const RunDataPtr& run : input.runs) folders += run->folder;
  return folders;
}

TreeItem run_item(const RunData& run, const RunsInput& input) {
  TreeItem item;
  item.key = QStringLiteral("run:") + run.folder;
  const auto done = std::count_if(run.stations.begin(), run.stations.end(), [](const auto& s) { return s.done; });
  QString state = state_of_run(run.state);
  if (run.state != QStringLiteral("finished")) state = words("%1, %2 of %3").arg(state).arg(done).arg(run.stations.size());
  qint64 sum = 0;
  for (const auto& line : run.stations) sum += line.bytes;
  const QString damage = damage_of(run, input);
  if (!damage.isEmpty()) state = words("damaged");
  item.cells = {
      {run_title(run.folder, open_folders(input)), run.folder}, {state, damage.isEmpty() ? run.failure : damage}, {}, {}, {bytes(sum), {}}};
  const MeasuredState* worst = nullptr;
  for (const MeasuredState& m : run.measured) {
    item.children.push_back(state_item(run, m, input));
    if (std::isfinite(m.worst_ratio) && (worst == nullptr || m.worst_ratio > worst->worst_ratio)) worst = &m;
  }
  if (worst != nullptr) item.cells[kRunsWorst] = worst_cell(worst->worst_layer, worst->worst_site, worst->worst_ratio);
  item.children.push_back(stations_item(run));
  const bool pinned = input.pinned.contains(run.folder);
  const bool broken = !damage.isEmpty() || run.state == QStringLiteral("failed");
  item.icon = pinned ? QStringLiteral("star-filled") : broken ? QStringLiteral("warning") : QStringLiteral("jobs");
  item.payload = QVariant::fromValue(RunsRow{RunsRow::Kind::run, run.folder, {}, {}});
  return item;
}

TreeItem file_item(const StatisticsSummary& file, const RunsInput& input) {
  TreeItem item;
  item.key = QStringLiteral("file:") + file.file;
  item.cells = {{QFileInfo(file.file).fileName(), file.file}, {words("statistics"), {}}, {}, {}, {}};
  for (const StateSummary& s : file.states) {
    TreeItem child;
    const StateRef ref{file.file, s.label};
    child.key = QStringLiteral("state:") + s.label;
    int layer = -1;
    QString site;
    double ratio = std::nan("");
    for (const auto& [key, figures] : s.sites) {
      const double here = figures.all.token_ratio();
      const bool input_of_linears =
          key.site == SiteKind::qkv_in || key.site == SiteKind::o_in || key.site == SiteKind::gate_up_in || key.site == SiteKind::down_in;
      if (!input_of_linears || std::isnan(here) || here <= ratio) continue;
      ratio = here;
      layer = key.layer;
      site = QString::fromStdString(std::string(name_of(key.site)));
    }
    child.cells = {{state_title(s), {}}, {}, {}, worst_cell(layer, site, ratio), {}};
    child.payload = QVariant::fromValue(RunsRow{RunsRow::Kind::state, {}, {}, ref});
    mark(child, ref, input.selection);
    item.children.push_back(std::move(child));
  }
  item.icon = input.pinned.contains(file.file) ? QStringLiteral("star-filled") : QStringLiteral("file");
  item.payload = QVariant::fromValue(RunsRow{RunsRow::Kind::file, {}, {}, {file.file, {}}});
  return item;
}

// Two prompts may have one text: the model that answered tells them apart, else a number.
void tell_apart(std::vector<TreeItem>& files) {
  const auto name_of = [](const TreeItem& item) { return item.cells[kRunsName].text; };
  const auto doubled = [&](const TreeItem& item) {
    return std::count_if(files.begin(), files.end(), [&](const TreeItem& other) { return name_of(other) == name_of(item); }) > 1;
  };
  std::vector<TreeItem*> alike;
  for (TreeItem& item : files) {
    if (doubled(item)) alike.push_back(&item);
  }
  for (TreeItem* item : alike) {
    if (item->children.size() == 1) item->cells[kRunsName].text += QStringLiteral(" · ") + name_of(item->children.front());
  }
  std::map<QString, int> seen;
  for (TreeItem* item : alike) {
    const int number = ++seen[name_of(*item)];
    if (number > 1) item->cells[kRunsName].text += QStringLiteral(" (%1)").arg(number);
  }
}

// One model has one identity, whatever its folder is called.
QString model_key(const RunData& run) { return QStringLiteral("model:") + (run.model_sha256.isEmpty() ? run.folder : run.model_sha256); }

void pinned_first(std::vector<TreeItem>& items) {
  std::stable_partition(items.begin(), items.end(), [](const TreeItem& item) { return item.icon == QStringLiteral("star-filled"); });
}

bool belongs_to_run(const RunsInput& input, const QString& file) {
  return std::any_of(input.runs.begin(), input.runs.end(), [&](const RunDataPtr& run) { return run->statistics_files.contains(file); });
}

bool is_open(const RunsInput& input, const QString& path) {
  const auto of_run = [&](const RunDataPtr& run) { return run->folder == path; };
  const auto of_file = [&](const SummaryPtr& file) { return file->file == path; };
  return std::any_of(input.runs.begin(), input.runs.end(), of_run) || std::any_of(input.files.begin(), input.files.end(), of_file) ||
         std::any_of(input.models.begin(), input.models.end(), [&](const QString& model) { return model == path; });
}

TreeItem place_item(const KnownPlace& place, const QStringList& folders) {
  TreeItem item;
  item.key = QStringLiteral("place:") + place.path;
  const bool model = place.kind == KnownPlace::Kind::model, file = place.kind == KnownPlace::Kind::statistics;
  const QString does = model  ? words("A click takes it into the recipe")
                       : file ? words("A click opens it")
                              : words("A click opens it: before and after, losses, errors");
  const QString state = place.missing           ? words("missing")
                        : model                 ? words("model")
                        : file                  ? words("statistics")
                        : place.state.isEmpty() ? words("damaged")
                                                : state_of_run(place.state);
  item.cells = {
      {run_title(place.path, folders), QStringLiteral("%1\n%2").arg(place.path, place.missing ? words("It is not there any more") : does)},
      {state, {}},
      {},
      {},
      {}};
  item.icon = place.missing ? QStringLiteral("warning")
              : model       ? QStringLiteral("model")
              : file        ? QStringLiteral("file")
                            : QStringLiteral("jobs");
  item.faint = place.missing;
  item.payload = QVariant::fromValue(RunsRow{RunsRow::Kind::place, place.path, {}, {}});
  return item;
}

// What one click away is, below what is open.
TreeItem known_item(const RunsInput& input) {
  TreeItem group;
  group.key = QStringLiteral("known");
  group.cells = {{words("Recent"), words("What was open before, and the runs of the runs folder: a click opens one")}, {}, {}, {}, {}};
  group.payload = QVariant::fromValue(RunsRow{RunsRow::Kind::group, {}, {}, {}});
  QStringList folders = open_folders(input);
  for (const KnownPlace& place : input.known) folders += place.path;
  for (const KnownPlace& place : input.known) {
    if (!is_open(input, place.path)) group.children.push_back(place_item(place, folders));
  }
  return group;
}

}  // namespace

QStringList runs_columns() {
  return {words("Model, run, state"), words("State"), words("Perplexity"), words("Worst layer"), words("Size")};
}

std::vector<TreeItem> runs_items(const RunsInput& input) {
  std::vector<TreeItem> models;
  for (const RunDataPtr& run : input.runs) {
    const QString key = model_key(*run);
    auto found = std::find_if(models.begin(), models.end(), [&](const TreeItem& item) { return item.key == key; });
    if (found == models.end()) {
      TreeItem item;
      item.key = key;
      item.icon = QStringLiteral("model");
      const QString lies = input.models.value(run->folder);
      const QString tip = lies.isEmpty() ? run->model_sha256 : words("%1\nA click takes it into the recipe").arg(lies);
      item.cells = {{run->model.isEmpty() ? run->name : run->model, tip}, {}, {}, {}, {}};
      item.payload = QVariant::fromValue(RunsRow{RunsRow::Kind::model, lies, {}, {}});
      models.push_back(std::move(item));
      found = models.end() - 1;
    }
    found->children.push_back(run_item(*run, input));
  }
  for (TreeItem& model : models) pinned_first(model.children);
  std::vector<TreeItem> files;
  for (const SummaryPtr& file : input.files) {
    if (!belongs_to_run(input, file->file)) files.push_back(file_item(*file, input));
  }
  tell_apart(files);
  pinned_first(files);
  models.insert(models.end(), files.begin(), files.end());
  TreeItem known = known_item(input);
  if (!known.children.empty()) models.push_back(std::move(known));
  return models;
}

QStringList keys_of_state(const RunsInput& input, const StateRef& state) {
  for (const RunDataPtr& run : input.runs) {
    for (const MeasuredState& m : run->measured) {
      if (m.file != state.file || m.label != state.state) continue;
      return {model_key(*run), QStringLiteral("run:") + run->folder, QStringLiteral("state:") + m.station + QLatin1Char('/') + m.label};
    }
  }
  return {QStringLiteral("file:") + state.file, QStringLiteral("state:") + state.state};
}

}  // namespace rolora::widgets
