// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/trees/map_items.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <limits>

#include "widgets/base/format.h"
#include "widgets/data/describe.h"

namespace rolora::widgets {
namespace {

QString words(const char* text) { return QCoreApplication::translate("rolora::map", text); }

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double measured(const TensorFigures& f, MapMeasure measure) {
  return measure == MapMeasure::absmax ? f.absmax : measure == MapMeasure::kurtosis ? f.kurtosis : f.token_ratio();
}
double measured(const LinearStatistics& l, MapMeasure measure) {
  return measure == MapMeasure::absmax ? l.absmax : measure == MapMeasure::kurtosis ? l.kurtosis : kNone;
}

double figure(const StateSummary* state, SiteKey key, MapMeasure measure, bool without_first) {
  if (state == nullptr) return kNone;
  const auto found = state->sites.find(key);
  if (found == state->sites.end()) return kNone;
  return measured(without_first ? found->second.without_first : found->second.all, measure);
}

const LinearStatistics* linear(const StateSummary* state, const std::string& name) {
  if (state == nullptr) return nullptr;
  const auto found = std::find_if(state->linears.begin(), state->linears.end(), [&](const auto& l) { return l.name == name; });
  return found == state->linears.end() ? nullptr : &*found;
}

QString shown(double value, MapMeasure measure) {
  if (!std::isfinite(value)) return {};
  return measure == MapMeasure::token_ratio ? times(value) : number(value);
}

TreeCell value_cell(const TreeBar& bar, MapMeasure measure) {
  TreeCell cell{shown(bar.value, measure), {}};
  if (cell.text.isEmpty()) return cell;
  cell.tip = words("%1: %2").arg(measure_title(measure), cell.text);
  if (!std::isfinite(bar.tick)) return cell;
  cell.tip = words("%1: %2 in A, %3 in B").arg(measure_title(measure), cell.text, shown(bar.tick, measure));
  cell.text += QStringLiteral(" | ") + shown(bar.tick, measure);
  return cell;
}

// A group reaches as far as its farthest member.
void gather(TreeItem& group, MapMeasure measure) {
  for (const TreeItem& child : group.children) {
    group.bar.value = std::fmax(group.bar.value, child.bar.value);
    group.bar.tick = std::fmax(group.bar.tick, child.bar.tick);
  }
  group.cells.resize(2);
  group.cells[kMapBar] = value_cell(group.bar, measure);
}

struct Maker {
  const StateSummary *state, *beside;
  MapMeasure measure;
  bool without_first;

  void add_site(TreeItem& group, SiteKey key) const {
    if (!state->sites.contains(key)) return;
    TreeItem item;
    item.key = QString::fromStdString(std::string(name_of(key.site)));
    item.bar = {figure(state, key, measure, without_first), figure(beside, key, measure, without_first)};
    item.cells = {{site_title(key.site), words("%1 of layer %2").arg(site_title(key.site)).arg(key.layer)}, value_cell(item.bar, measure)};
    item.payload = QVariant::fromValue(MapRow{key.layer, true, key.site});
    item.search = QStringLiteral("%1 l%2 layer%2 input activation").arg(item.key).arg(key.layer);
    group.children.push_back(std::move(item));
  }
  void add_weight(TreeItem& group, int layer, const char* module, const char* name, SiteKind reads) const {
    const std::string full = "model.layers." + std::to_string(layer) + "." + module + "." + name;
    const LinearStatistics *l = linear(state, full), *b = linear(beside, full);
    if (l == nullptr) return;
    TreeItem item;
    item.key = QString::fromLatin1(name);
    item.bar = {measured(*l, measure), b != nullptr ? measured(*b, measure) : kNone};
    item.cells = {{words("%1 weight").arg(item.key), words("%1 × %2; rounded to 4 bits its relative error is %3")
                                                         .arg(grouped(l->rows), grouped(l->columns), number(l->rtn_relative_error))},
                  value_cell(item.bar, measure)};
    item.payload = QVariant::fromValue(MapRow{layer, true, reads});
    item.search = QStringLiteral("l%1 layer%1 weight").arg(layer);
    item.faint = true;
    group.children.push_back(std::move(item));
  }
  TreeItem layer(int n) const {
    TreeItem item, attention, mlp;
    attention.key = QStringLiteral("attention");
    attention.cells = {{words("Attention"), {}}};
    mlp.key = QStringLiteral("mlp");
    mlp.cells = {{words("MLP"), {}}};
    add_site(item, {n, SiteKind::residual_in});
    add_site(attention, {n, SiteKind::qkv_in});
    for (const char* name : {"q_proj", "k_proj", "v_proj"}) add_weight(attention, n, "self_attn", name, SiteKind::qkv_in);
    for (const SiteKind site : {SiteKind::q_out, SiteKind::k_out, SiteKind::v_out, SiteKind::o_in}) add_site(attention, {n, site});
    add_weight(attention, n, "self_attn", "o_proj", SiteKind::o_in);
    add_site(mlp, {n, SiteKind::gate_up_in});
    for (const char* name : {"gate_proj", "up_proj"}) add_weight(mlp, n, "mlp", name, SiteKind::gate_up_in);
    add_site(mlp, {n, SiteKind::down_in});
    add_weight(mlp, n, "mlp", "down_proj", SiteKind::down_in);
    for (TreeItem* module : {&attention, &mlp}) {
      if (module->children.empty()) continue;
      gather(*module, measure);
      module->payload = QVariant::fromValue(MapRow{n, false, SiteKind::down_in});
      module->search = QStringLiteral("l%1 layer%1").arg(n);
      item.children.push_back(std::move(*module));
    }
    item.key = QStringLiteral("layer:%1").arg(n);
    item.cells = {{words("Layer %1").arg(n), {}}};
    item.search = QStringLiteral("l%1 layer%1").arg(n);
    item.payload = QVariant::fromValue(MapRow{n, false, SiteKind::down_in});
    gather(item, measure);
    return item;
  }
};

double largest(const std::vector<TreeItem>& items) {
  double most = kNone;
  for (const TreeItem& item : items) {
    for (const double value : {item.bar.value, item.bar.tick, largest(item.children)}) {
      if (std::isfinite(value)) most = std::fmax(most, value);
    }
  }
  return most;
}

bool is_module(SiteKind site, bool* attention) {
  *attention = site != SiteKind::gate_up_in && site != SiteKind::down_in;
  return site != SiteKind::residual_in;
}

}  // namespace

QString measure_title(MapMeasure measure) {
  switch (measure) {
    case MapMeasure::absmax:
      return words("Largest |x|");
    case MapMeasure::token_ratio:
      return words("Largest / median token");
    case MapMeasure::kurtosis:
      return words("Kurtosis");
  }
  return {};
}

QString measure_tip(MapMeasure measure) {
  switch (measure) {
    case MapMeasure::absmax:
      return words("max |x| over all tokens and channels; of a weight, max |w|");
    case MapMeasure::token_ratio:
      return words("max over tokens of max |x|, divided by its median over tokens");
    case MapMeasure::kurtosis:
      return words("m4 / m2² over all elements, biased; 3 for a Gaussian");
  }
  return {};
}

std::vector<TreeItem> map_items(const StateSummary* state, const StateSummary* beside, MapMeasure measure, bool without_first) {
  std::vector<TreeItem> items;
  if (state == nullptr) return items;
  const Maker maker{state, beside, measure, without_first};
  for (int n = 0; n < state->layers(); ++n) {
    TreeItem layer = maker.layer(n);
    if (!layer.children.empty()) items.push_back(std::move(layer));
  }
  return items;
}

double map_most(const std::vector<TreeItem>& items) { return largest(items); }

QString map_scale(double most, MapMeasure measure) {
  return std::isfinite(most) && most > 0 ? words("0 – %1").arg(shown(most, measure)) : QString();
}

QStringList keys_of_layer(int layer) { return {QStringLiteral("layer:%1").arg(layer)}; }

QStringList keys_of_site(int layer, SiteKind site) {
  QStringList keys = keys_of_layer(layer);
  bool attention = false;
  if (is_module(site, &attention)) keys.append(attention ? QStringLiteral("attention") : QStringLiteral("mlp"));
  keys.append(QString::fromStdString(std::string(name_of(site))));
  return keys;
}

}  // namespace rolora::widgets
